"""A name server on loopback with the records that a test gives it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from mailer.delivery.engine.dkim_keys import zone_line


class Zone(dict[str, str]):
    """TXT records by name, others by name and kind (``bakery.example MX``), several one a line.

    ``rcode`` is what every answer says instead, ``is_silent`` that none comes.
    """

    rcode = dns.rcode.NOERROR
    is_silent = False


@contextmanager
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    """Answer from a zone for the length of the block, and have the product ask there."""
    zone = Zone()
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve, args=(listener, zone), daemon=True)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], listener.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    yield zone
    listener.sendto(b"", listener.getsockname())
    thread.join()
    listener.close()


def _serve(listener: socket.socket, zone: Zone) -> None:
    while True:
        data, client = listener.recvfrom(4096)
        if not data:
            return
        if not zone.is_silent:
            listener.sendto(_answer(dns.message.from_wire(data), zone).to_wire(), client)


def _answer(query: dns.message.Message, zone: Zone) -> dns.message.Message:
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.RA
    name = query.question[0].name.to_text().rstrip(".")
    if zone.rcode != dns.rcode.NOERROR:
        answer.set_rcode(zone.rcode)
    elif (kind := dns.rdatatype.to_text(query.question[0].rdtype)) != "TXT":
        lines = zone.get(f"{name} {kind}", "").splitlines()
        if lines:
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *lines))
    elif name not in zone:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    else:
        strings = zone_line(name, zone[name]).partition("(")[2].rpartition(")")[0]
        answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", strings.strip()))
    return answer
