"""What can be known of an address before the first mail: a slip of the finger, a domain without mail."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import dns.resolver
from disposable_email_domains import blocklist
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer

#: Where most people have their mail; what differs from one of them by one stroke is meant to be it.
_COMMON: Final = (
    *("gmail.com", "googlemail.com", "yahoo.com", "yahoo.fr", "yahoo.de", "yahoo.es", "yahoo.co.uk"),
    *("hotmail.com", "hotmail.fr", "hotmail.de", "hotmail.es", "hotmail.co.uk", "outlook.com", "outlook.de"),
    *("live.com", "msn.com", "icloud.com", "aol.com", "gmx.de", "gmx.net", "gmx.at", "web.de"),
    *("t-online.de", "freenet.de", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr"),
    *("protonmail.com", "proton.me", "fastmail.com", "qq.com", "163.com", "126.com", "sina.com"),
)
_KNOWN: Final = frozenset({*_COMMON, "mail.com", "email.com", "ymail.com", "gmx.com", "me.com", "mac.com"})
_PATIENCE_SECONDS: Final = 1.5


def is_disposable(domain: str) -> bool:
    """Whether addresses there last for minutes and are meant to."""
    return domain in blocklist


def likely_meant(domain: str) -> str:
    """Return the well-known domain that somebody meant to type, or nothing: ``gmial.com`` → ``gmail.com``."""
    if domain in _KNOWN or len(domain) < 5:
        return ""
    return next((common for common in _COMMON if _is_one_slip_away(domain, common)), "")


@lru_cache(maxsize=20_000)
def takes_mail(domain: str) -> bool:
    """Whether the DNS knows a server for a domain's mail; when it cannot be asked, there is one.

    A domain may do with its address record (RFC 5321 5.1), or say that it takes none (RFC 7505).
    """
    resolve: Callable[..., dns.resolver.Answer] = dns.resolver.get_default_resolver().resolve
    try:
        answer = resolve(domain, "MX", lifetime=_PATIENCE_SECONDS)
        return any(str(record.exchange) != "." for record in answer)
    except NXDOMAIN:
        return False
    except NoAnswer:
        return _has_address(resolve, domain)
    except (DNSException, OSError):
        return True


def _has_address(resolve: Callable[..., dns.resolver.Answer], domain: str) -> bool:
    for kind in ("A", "AAAA"):
        try:
            resolve(domain, kind, lifetime=_PATIENCE_SECONDS)
        except (NXDOMAIN, NoAnswer):
            continue
        except (DNSException, OSError):
            return True
        return True
    return False


def _is_one_slip_away(typed: str, meant: str) -> bool:
    """Whether one letter is missing, doubled or wrong, or two have changed places."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    start = next(
        (number for number, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other),
        min(len(typed), len(meant)),
    )
    rest, other = typed[start:], meant[start:]
    return (
        rest[1:] == other[1:]
        or rest[1:] == other
        or rest == other[1:]
        or (rest[:2] == other[:2][::-1] and rest[2:] == other[2:])
    )
