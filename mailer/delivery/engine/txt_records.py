"""Asking the DNS for a record, and saying in words why there is no answer."""

from dataclasses import dataclass
from typing import Final

import dns.resolver
from dns.exception import DNSException, Timeout
from dns.resolver import NXDOMAIN, NoAnswer, NoNameservers

_PATIENCE_SECONDS: Final = 6.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found under a name.

    :param texts: the records, each with its strings joined
    :param problem: why there are none; empty when there are
    :param is_authentic: whether the DNS said so; otherwise nobody could be asked
    """

    texts: tuple[str, ...] = ()
    problem: str = ""
    is_authentic: bool = True


def look_up(name: str, kind: str = "TXT") -> Answer:
    """Return the records of a kind under a name, as the resolver of this machine sees them."""
    try:
        found = dns.resolver.get_default_resolver().resolve(name, kind, lifetime=_PATIENCE_SECONDS)
    except (NXDOMAIN, NoAnswer):
        return Answer(problem=f"There is no {kind} record named {name} yet.")
    except NoNameservers:
        return Answer(problem=f"The name servers of {name} answered with an error.", is_authentic=False)
    except Timeout:
        return Answer(
            problem="The DNS did not answer in time. Is this machine connected to the internet?",
            is_authentic=False,
        )
    except (DNSException, OSError) as error:
        return Answer(problem=f"The DNS could not be asked from here: {error}.", is_authentic=False)
    if kind != "TXT":
        return Answer(tuple(record.to_text().rstrip(".") for record in found))
    return Answer(tuple(b"".join(record.strings).decode("utf-8", "replace") for record in found))
