"""Reading SPF (RFC 7208): which servers a domain says may send for it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final

from mailer.delivery.engine.txt_records import Answer

#: Name and kind of record, to what is found there.
Ask = Callable[[str, str], Answer]

#: RFC 7208 4.6.4
MOST_LOOKUPS: Final = 10
_TERM: Final = re.compile(r"([+\-~?]?)([a-z0-9]+)(?:[:=]([^/\s]+))?(/\d+)?(?://\d+)?\Z", re.IGNORECASE)
_RESULTS: Final = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


@dataclass
class Reading:
    """What a domain's SPF comes to for one server.

    :param records: how many there are; only one may be
    :param result: ``pass``, ``fail``, ``softfail``, ``neutral``, ``none`` or ``permerror``
    :param lookups: DNS questions that a receiver has to ask
    :param included: the domains that it refers to
    """

    records: list[str] = field(default_factory=list)
    result: str = "none"
    lookups: int = 0
    included: list[str] = field(default_factory=list)
    is_unanswered: bool = False

    @property
    def record(self) -> str:
        """The record itself."""
        return self.records[0] if self.records else ""


def read_spf(domain: str, addresses: list[str], ask: Ask) -> Reading:
    """Return what a domain says of a server, walking all of it so that the look-ups are counted."""
    reading = Reading()
    answer = ask(domain, "TXT")
    reading.is_unanswered = not answer.is_authentic
    reading.records = [text for text in answer.texts if text.lower().startswith("v=spf1")]
    if len(reading.records) == 1:
        reading.result = _walk(domain, reading.record, addresses, ask, reading) or "neutral"
    elif reading.records:
        reading.result = "permerror"
    if reading.lookups > MOST_LOOKUPS:
        reading.result = "permerror"
    return reading


def _walk(domain: str, record: str, addresses: list[str], ask: Ask, reading: Reading) -> str:
    """Return the result of the first mechanism that matches; the others are walked all the same."""
    found = ""
    redirect = ""
    for term in record.split()[1:]:
        parsed = _TERM.match(term)
        if parsed is None or reading.lookups > MOST_LOOKUPS:
            continue
        sign, name, value, size = parsed[1], parsed[2].lower(), parsed[3] or "", parsed[4] or ""
        if name == "redirect":
            redirect = value
            continue
        matches = _matches(domain, name, value, size, addresses, ask, reading)
        if matches and not found:
            found = _RESULTS[sign or "+"]
    if redirect and not found:
        found = _follow(redirect, addresses, ask, reading)
    return found


def _matches(
    domain: str, name: str, value: str, size: str, addresses: list[str], ask: Ask, reading: Reading
) -> bool:
    match name:
        case "all":
            return True
        case "ip4" | "ip6":
            return _is_within(addresses, [value + size])
        case "include":
            reading.included.append(value)
            return _follow(value, addresses, ask, reading) == "pass"
        case "a":
            reading.lookups += 1
            return _is_within(addresses, [each + size for each in addresses_of(value or domain, ask)])
        case "mx":
            reading.lookups += 1
            hosts = [text.split()[-1] for text in ask(value or domain, "MX").texts]
            return _is_within(addresses, [each + size for host in hosts for each in addresses_of(host, ask)])
        case "exists" | "ptr":
            reading.lookups += 1
    return False


def _follow(name: str, addresses: list[str], ask: Ask, reading: Reading) -> str:
    reading.lookups += 1
    if reading.lookups > MOST_LOOKUPS or "%" in name:
        return ""
    records = [text for text in ask(name, "TXT").texts if text.lower().startswith("v=spf1")]
    return _walk(name, records[0], addresses, ask, reading) if len(records) == 1 else ""


def addresses_of(host: str, ask: Ask) -> list[str]:
    """Return the addresses of a host, of both kinds."""
    return [*ask(host, "A").texts, *ask(host, "AAAA").texts]


def _is_within(addresses: list[str], networks: list[str]) -> bool:
    for text in networks:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            continue
        if any(ip_address(each) in network for each in addresses):
            return True
    return False
