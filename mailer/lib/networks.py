"""Networks of addresses: what is kept of where a request came from, and whose it is."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network
from typing import Final

#: Gateways that follow the links in mail before its reader does, by what their makers publish
#: for mail administrators to let through.
_GATEWAYS: Final = {
    "Barracuda": ("64.235.144.0/20", "209.222.80.0/21"),
    "Cisco": ("68.232.128.0/19", "184.94.240.0/20", "216.71.128.0/19"),
    "Forcepoint": ("85.115.32.0/19", "86.111.216.0/21", "116.50.56.0/21", "208.87.232.0/21"),
    "Messagelabs": (
        *("67.219.240.0/20", "85.158.136.0/21", "95.131.104.0/21", "117.120.16.0/21", "193.109.254.0/23"),
        *("194.106.220.0/23", "195.245.230.0/23", "216.82.240.0/20"),
    ),
    "Microsoft": ("40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17"),
    "Mimecast": (
        *("91.220.42.0/24", "146.101.78.0/24", "185.58.84.0/22", "195.130.217.0/24", "205.139.110.0/23"),
        *("207.211.30.0/23", "216.205.24.0/24"),
    ),
    "Proofpoint": ("67.231.144.0/20", "148.163.128.0/19", "185.132.180.0/22", "205.220.160.0/19"),
    "Trend Micro": ("150.70.0.0/16",),
}
_OF_GATEWAYS: Final = tuple(
    (network, name) for name, networks in _GATEWAYS.items() for network in map(IPv4Network, networks)
)


@lru_cache(maxsize=50_000)
def network_of(address: str) -> str:
    """Return the network of an address: its /24, or its /48 when it is IPv6; empty when it is none."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.strip())
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def forwarded_for(header: str, remote: str, hops: int) -> str:
    """Return who asked: behind ``hops`` proxies of ours, the address that the outermost of them saw."""
    passed = [address.strip() for address in header.split(",")] if hops and header else []
    return passed[-hops] if len(passed) >= hops > 0 else remote


@lru_cache(maxsize=10_000)
def gateway_of(network: str) -> str:
    """Return whose mail gateway sits in a network of :func:`network_of`, or an empty text."""
    try:
        found = IPv4Network(network)
    except ValueError:
        return ""
    return next((name for known, name in _OF_GATEWAYS if found.subnet_of(known)), "")
