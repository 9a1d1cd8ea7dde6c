"""Which IP addresses are public, so that a picture's URL leads nowhere inside. Row 6: no I/O, standard library only.

The tables are IANA's special-purpose registries (IPv4 and IPv6) and the multicast and reserved blocks beside them,
read 2026-11. They stand here because `ipaddress.is_global` differs between Python versions, and calls multicast, 6to4,
site-local, local NAT64 and the unallocated nine tenths of IPv6 global. This module must not resolve a name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TypeAlias

__all__ = ["Network", "is_public", "is_within", "networks"]

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_PUBLIC_4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (CGNAT); some clouds' metadata service
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # looks public, and is Azure's host agent from within Azure
        "169.254.0.0/16",  # link-local; most clouds' metadata service
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# All that IANA has given out for use between hosts; loopback, ULA, link-local and multicast lie outside.
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
# Both write an IPv4 address in their last 32 bits, and lead there: the address of the one counts for the other.
# Other embeddings are no way to a picture: 6to4 and Teredo are tunnels past a firewall, and IPv4-compatible is gone.
_EMBEDS_4 = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))


def is_public(address: str) -> bool:
    """Whether an address, as text, is one that anybody on the internet may reach; False where it is no address.

    An IPv4 address inside an IPv6 one (IPv4-mapped, or NAT64 by the well-known prefix) counts as what it is.

    >>> [is_public(one) for one in ("8.8.8.8", "10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::808:808", "fe80::1%eth0")]
    [True, False, False, True, False]
    """
    found = _read(address)
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _NOT_PUBLIC_4)
    return found is not None and found in _UNICAST_6 and not any(found in network for network in _NOT_PUBLIC_6)


def is_within(address: str, allowed: Iterable[Network]) -> bool:
    """Whether an address lies in one of these networks; an embedded IPv4 address counts as itself.

    >>> is_within("::ffff:10.1.2.3", networks(["10.1.0.0/16"]))
    True
    """
    found = _read(address)
    return found is not None and any(found in network for network in allowed)


def networks(blocks: Iterable[str]) -> tuple[Network, ...]:
    """Networks from text: `10.1.0.0/16`, `fd00::/8`, or one address. Raises ValueError, which names the text.

    >>> networks(["10.1.2.3"])
    (IPv4Network('10.1.2.3/32'),)
    """
    return tuple(ipaddress.ip_network(block) for block in blocks)


def _read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            return None
        if any(found in network for network in _EMBEDS_4):
            return ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
    return found
