"""Which addresses are public: the registries' blocks as a table, their edges, and Python's own word as a bound."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.client.addresses import is_public, is_within, networks

PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 168.63.129.17
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255
198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255
2606:4700:4700::1111 2a00:1450:4001::8a 2001:200::1 2001:4860:4860::8888 2003::1 3ffe:ffff::1
::ffff:8.8.8.8 64:ff9b::8.8.8.8
"""
NOT_PUBLIC = {
    "this host": "0.0.0.0 0.1.2.3 :: ",
    "private": "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.1 fc00::1 fdff:ffff::1",
    "loopback": "127.0.0.1 127.255.255.254 ::1",
    "link-local": "169.254.0.1 169.254.169.254 169.254.170.2 fe80::1 febf::1",
    "metadata": "100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254 fd20:ce::254",
    "carriers": "100.64.0.0 100.127.255.255",
    "multicast": "224.0.0.1 239.255.255.255 ff02::1 ff0e::1",
    "reserved": "192.0.0.9 240.0.0.1 255.255.255.255 198.18.0.1 198.19.255.255 100::1 2001:2::1 2001:1ff::1 5f00::1",
    "documentation": "192.0.2.1 198.51.100.7 203.0.113.9 2001:db8::1 3fff::1 3fff:fff:ffff::1",
    "site-local": "fec0::1",
    "unallocated": "1::1 4000::1 8000::1 e000::1",
    "6to4": "192.88.99.1 2002:808:808:: 2002:7f00:1::",
    "teredo": "2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "nat64": "64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::8.8.8.8",
    "mapped": "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:7f00:1 ::ffff:0:8.8.8.8",
    "compatible": "::8.8.8.8 ::127.0.0.1",
    "scoped": "fe80::1%eth0 2606:4700::1%1 ::1%lo",
    "no address": "localhost 127.1 2130706433 0x7f.0.0.1 010.0.0.1 1.1.1 1.1.1.1.1 8.8.8.8/32 [::1] -",
}


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("address", "kind"), [(address, kind) for kind, row in NOT_PUBLIC.items() for address in row.split()]
)
def test_not_public(address: str, kind: str) -> None:
    assert not is_public(address), kind


ADDRESSES = st.ip_addresses() | st.integers(0, 2**32 - 1).map(
    lambda number: ipaddress.IPv6Address((0x64FF9B << 96) + number)
)


@given(ADDRESSES)
def test_what_python_calls_local_is_never_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_private
        assert not address.is_loopback


@given(st.ip_addresses(v=4))
def test_an_embedded_address_counts_as_itself(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for prefix in (0xFFFF << 32, 0x64FF9B << 96):
        embedded = str(ipaddress.IPv6Address(prefix + number))
        assert is_public(embedded) == is_public(str(address))
        assert is_within(embedded, networks(["10.0.0.0/8"])) == (number >> 24 == 10)


def test_networks_are_read_or_named() -> None:
    assert is_within("10.1.2.3", networks(["fd00::/8", "10.1.0.0/16"]))
    assert is_within("fd00::1", networks(["fd00::/8"]))
    assert not is_within("10.2.0.1", networks(["10.1.0.0/16"]))
    assert not is_within("localhost", networks(["0.0.0.0/0", "::/0"]))
    with pytest.raises(ValueError, match=r"10\.1\.2\.3/16"):
        networks(["10.1.2.3/16"])
