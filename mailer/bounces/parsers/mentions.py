"""Finding addresses in what servers write."""

import re
from email.utils import getaddresses
from typing import Final

#: As servers write them: without quotes or comments, and never across white space.
ADDRESS: Final = re.compile(
    r"(?:\"[^\"\s@]{1,64}\"|[A-Za-z0-9\u0080-\U0010ffff!#$%&'*+/=?^_`{|}~.-]{1,128})"
    r"@(?:\[[0-9A-Fa-f.:]{2,45}\]"
    r"|[A-Za-z0-9\u00a1-\uffef](?:[A-Za-z0-9\u00a1-\uffef._-]{0,250}[A-Za-z0-9\u00a1-\uffef])?)"
)
_DAEMON: Final = re.compile(
    r"(mailer-?daemon|post_?master|poostmaster|mail[-_.]?daemon|mdaemon|double-?bounce|bounces?|no-?reply|"
    r"abuse|root|mailerdaemon|support|helpdesk)([+.-].*)?@",
    re.IGNORECASE,
)


def addresses_in(text: str) -> list[str]:
    """Return every address in a text, in order, each once."""
    return list(dict.fromkeys(clean(found) for found in ADDRESS.findall(text)))


def addresses_of(value: str) -> list[str]:
    """Return the addresses of a header such as To, in order, each once."""
    value = value[:20_000]
    try:
        listed = [address for _, address in getaddresses([value])]
    except (ValueError, IndexError):
        listed = []
    found = [clean(match[0]) for match in map(ADDRESS.search, listed) if match]
    return list(dict.fromkeys(found)) or addresses_in(value)


def clean(address: str) -> str:
    """Return an address without what a sentence put around it."""
    address = address.strip("<>'` \t,;:")
    if not address.startswith('"'):
        address = address.strip('"')
    local, _, domain = address.rpartition("@")
    local = re.sub(r"^(?i:mailto:|smtp=|rfc822[;=])", "", local)
    # RFC 3461 4.2 writes “+” and “=” as +2B and +3D, and some quote with a single apostrophe.
    # A sentence may go on without a space where it is written in Chinese or Japanese.
    domain = re.sub(r"(\.[A-Za-z]{2,24})[^\x00-\x7f].*$", r"\1", domain)
    return f"{local.lstrip(chr(39))}@{domain.rstrip('.')}"


def is_daemon(address: str) -> bool:
    """Whether an address is one of the mail system itself."""
    return bool(_DAEMON.match(address))
