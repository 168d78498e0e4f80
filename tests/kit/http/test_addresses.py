"""The 44 addresses and spellings that must not be reached, and those that must (threats A.1: T-30, T-33)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network

import pytest

from tests.kit.http.servers import Server, answer, serving
from ugc.kit.errors import Outside
from ugc.kit.http.addresses import is_public, read_address
from ugc.kit.http.fetching import Fetcher
from ugc.kit.http.targets import Permits


def words(text: str) -> list[str]:
    return text.split()


V4 = words(
    "127.0.0.1 127.8.8.8 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.8 192.0.2.1 198.18.0.1 "
    "198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255"
)
V6 = words(
    ":: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe "
    "64:ff9b:1::a9fe:a9fe 2002:7f00:1:: 2002:a9fe:a9fe:: 2001::1 fec0::1 fe80::1 fe80::1%25eth0 fc00::1 ff02::1 2001:db8::1 "
    "100::1 3fff::1 5f00::1 ::5efe:10.0.0.1"
)
SPELLINGS = words("0177.0.0.1 0x7f.1 2130706433 127.1 127。0。0。1 ①②⑦.⓪.⓪.①")
EDGES = words("172.31.255.255 100.127.255.255 198.19.255.255 192.88.99.1 192.31.196.1 2001:1ff::1 2620:4f:8000::1 239.1.1.1")


@contextmanager
def canary() -> Iterator[Server]:
    """A server at every address of this machine; each hit is an address that should not have been reached."""
    with serving(answer(b"reached"), host="0.0.0.0") as server:
        yield server


def open_to(server: Server, *answers: str) -> Fetcher:
    """A fetcher that would take plain HTTP and the canary's port: only the table of addresses is in its way."""
    permits = Permits(http=True, ports=frozenset({server.port}))
    return Fetcher(permits, resolve=lambda host, port: list(answers) or [host])


def test_all_of_the_list_is_tried() -> None:
    assert len(V4) + len(V6) + len(SPELLINGS) == 44


@pytest.mark.parametrize("address", [*V4, *V6, *EDGES, "", "localhost", "1.2.3", "01.2.3.4"])
def test_t30_no_special_address_is_public(address: str) -> None:
    assert not is_public(address.replace("%25", "%"))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "172.15.0.1", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8"])
def test_t30_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [*V4, *V6, *SPELLINGS])
def test_t30_no_special_address_is_reached_as_it_is_written(address: str) -> None:
    with canary() as server:
        host = f"[{address}]" if ":" in address else address
        with pytest.raises(Outside) as refused:
            open_to(server).fetch(f"http://{host}:{server.port}/")
        assert refused.value.code in {"blocked_address", "bad_address"}
        assert refused.value.permanent
        assert server.hits == 0


@pytest.mark.parametrize("address", [*V4, *V6])
def test_t30_no_name_leads_to_a_special_address(address: str) -> None:
    with canary() as server:
        with pytest.raises(Outside) as refused:
            open_to(server, address.replace("%25", "%")).fetch(f"http://photos.example:{server.port}/")
        assert refused.value.code == "blocked_address"
        assert server.hits == 0


@pytest.mark.parametrize("spelling", [each for each in SPELLINGS if each.isascii()])
def test_t30_what_the_system_makes_of_a_spelling_is_refused_too(spelling: str) -> None:
    """The resolver of many systems reads these as 127.0.0.1; its answer is checked like any other."""
    found = {each[4][0] for each in socket.getaddrinfo(spelling, 80, type=socket.SOCK_STREAM)}
    assert not any(is_public(str(each)) for each in found)


def test_the_canary_sings_where_the_operator_opened_the_network() -> None:
    with canary() as server:
        opened = Permits(networks=(IPv4Network("127.0.0.0/8"),))
        assert Fetcher(opened).fetch(f"http://127.0.0.1:{server.port}/").body == b"reached"
        assert (
            Fetcher(opened, resolve=lambda host, port: ["127.8.8.8"]).fetch(f"http://a.example:{server.port}/").body == b"reached"
        )
        assert server.hits == 2


def test_an_address_in_other_clothes_is_the_same() -> None:
    assert read_address("::ffff:10.0.0.1") == read_address("10.0.0.1")
    assert read_address("fe80::1%eth0") is None
