"""When a sign-up looks like one of a flood: it then has to solve a riddle, or wait."""

from ipaddress import ip_address, ip_network
from typing import Final

from mailer.signup.traps import Pace
from mailer.web.limits import is_within

#: More than so many look like programs: from one network, for one domain, in all.
_FROM_NETWORK: Final = "8 per minute; 40 per hour"
_FOR_DOMAIN: Final = "60 per minute"
_IN_ALL: Final = "300 per minute"
#: One that was sent back within a second counts for several.
_HASTY_COST: Final = 4


def network_of(address: str) -> str:
    """Return whom a limit is about: an IPv4 /24, or an IPv6 /56, which is one household or more."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network((found, 24 if found.version == 4 else 56), strict=False))


def is_suspicious(pace: Pace, *, address: str, domain: str) -> bool:
    """Count one more sign-up, and say whether there are too many like it.

    :param address: of the network from which it came
    :param domain: of the mail address, which is a victim's if many are of one domain
    """
    cost = _HASTY_COST if pace is Pace.HASTY else 1
    is_usual = [
        is_within(_FROM_NETWORK, "sign-up", network_of(address), cost=cost),
        is_within(_FOR_DOMAIN, "sign-up", domain, cost=cost),
        is_within(_IN_ALL, "sign-up", cost=cost),
    ]
    return not all(is_usual)
