"""Email addresses: checked once, compared by one key."""

import re
from functools import lru_cache
from typing import Final

import idna
from email_validator import EmailNotValidError, validate_email

from mailer.errors import Invalid

#: Nearly every address there is; the others, and those that the library writes in another way, take its way.
_PLAIN: Final = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)")
_ROLES_OF_DOMAINS: Final = frozenset(
    {
        "info",
        "marketing",
        "sales",
        "support",
        "abuse",
        "noc",
        "security",
        "postmaster",
        "hostmaster",
        "usenet",
        "news",
        "webmaster",
        "www",
        "uucp",
        "ftp",
    }
)
_LONGEST_LOCAL: Final = 64
_LONGEST: Final = 254


def clean_address(text: str) -> str:
    """Return an address as we keep it: trimmed, Unicode-normalised, domain in lower case.

    The local part keeps its case, since the receiving server may care (RFC 5321 2.4).

    :raises Invalid: with a sentence that says what is wrong with it
    """
    match = _PLAIN.fullmatch(text.strip())
    if match is not None and (domain := _plain_domain(match[2])):
        local = match[1]
        is_short = len(local) <= _LONGEST_LOCAL and len(local) + 1 + len(domain) <= _LONGEST
        if is_short and local.lower() not in _ROLES_OF_DOMAINS:
            return f"{local}@{domain}"
    try:
        # Whether a domain receives mail is found out by sending; a look-up here would
        # make every form wait for somebody else's DNS.
        checked = validate_email(
            text.strip(), check_deliverability=False, test_environment=True, allow_display_name=False
        )
    except EmailNotValidError as error:
        raise Invalid(f"“{text.strip()[:80]}” is not an email address: {_lower_first(str(error))}") from None
    return checked.normalized


def clean_domain(text: str) -> str:
    """Return the domain that someone typed, or that of an address, as A-labels in lower case (RFC 5890).

    :raises Invalid: it is none
    """
    domain = text.strip().rpartition("@")[2].removesuffix(".")
    try:
        checked = validate_email(f"mail@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Invalid(f"“{text.strip()[:80]}” is not a domain: {_lower_first(str(error))}") from None
    if not checked.ascii_domain:
        raise Invalid(f"“{text.strip()[:80]}” is not a domain.")
    return checked.ascii_domain.lower()


def ascii_domain(address: str) -> str:
    """Return an address with its domain as A-labels (RFC 5890), which every server understands.

    :raises Invalid: the domain cannot be written so
    """
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as error:
        raise Invalid(f"The domain of “{address}” cannot be written for mail: {error}.") from None


def split_mailbox(text: str) -> tuple[str, str]:
    """Return the name and the address of ``Ana <ana@example.com>``; the name may be missing.

    :raises Invalid: with a sentence that says what is wrong with it
    """
    name, opened, rest = text.strip().rpartition("<")
    if not opened:
        return "", clean_address(text)
    if not rest.endswith(">"):
        raise Invalid(f"“{text.strip()[:80]}” must look like “Ana <ana@example.com>”.")
    return name.strip().removeprefix('"').removesuffix('"').strip(), clean_address(rest[:-1])


def address_key(address: str) -> str:
    """Return the form by which two spellings of one address are recognised.

    Case is ignored throughout: no large provider tells ``Ana@`` from ``ana@``, and
    mailing both would mail one person twice.
    """
    return address.strip().casefold()


@lru_cache(maxsize=50_000)
def _plain_domain(domain: str) -> str:
    """Return a domain as it is kept, or nothing when it is none."""
    try:
        return validate_email(f"mail@{domain}", check_deliverability=False, test_environment=True).domain
    except EmailNotValidError:
        return ""


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
