"""Where an address leads and whether the service may go there: pure decisions over a URL and over the answers of the DNS."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urljoin

import idna
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from ugc.kit.http.addresses import is_public, read_address
from ugc.kit.http.errors import BadAddress, BlockedAddress

PORTS = {"https": 443, "http": 80}
MAX_URL = 8_000
# Whatever one parser might read as the end of the host and another not (T-33).
UNSAFE = re.compile(r"[\s\\\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]")
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
NUMERIC = re.compile(r"(?:\d+|0x[0-9a-f]*)")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connection would go, as the library that connects reads the URL."""

    scheme: str
    host: str
    """Small letters, ASCII, IPv6 without brackets."""
    port: int
    path: str
    """Path and query, as sent."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """Who gets what is sent; credentials stay with it."""
        return self.scheme, self.host, self.port


@dataclass(frozen=True, slots=True)
class Permits:
    """What the operator opened: private hosts by name, private networks, plain HTTP."""

    names: frozenset[str] = frozenset()
    """`host` is itself only; `.domain` is every host below it."""
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    http: bool = False
    ports: frozenset[int] = frozenset(PORTS.values())
    """The ports of public addresses."""

    def has_name(self, host: str) -> bool:
        """Whether a host was named, itself or by a domain above it; compared label by label."""
        labels = host.split(".")
        return host in self.names or any("." + ".".join(labels[start:]) in self.names for start in range(1, len(labels)))

    def has_address(self, address: str) -> bool:
        """Whether an address lies in a network that was named."""
        read = read_address(address)
        return read is not None and any(read in network for network in self.networks)


def read_permits(allow: Sequence[str], *, http: bool = False) -> Permits:
    """Permits from the words of the setting: networks, addresses, host names, `.domain`."""
    names, networks = set(), []
    for each in allow:
        try:
            networks.append(ip_network(each, strict=False))
        except ValueError:
            names.add(each.lower())
    return Permits(frozenset(names), tuple(networks), http)


def read_target(url: str) -> Target:
    """A URL in its parts, by the parser of the library that connects; raises BadAddress for whatever could be read in two ways."""
    if not isinstance(url, str) or len(url) > MAX_URL or UNSAFE.search(url):
        raise BadAddress()
    if not re.match(r"https?://[^/]", url, re.IGNORECASE):
        raise BadAddress("the address must begin with https://")
    authority = re.split(r"[/?#]", url.split("://", 1)[1], maxsplit=1)[0]
    if "@" in authority or "%" in authority:
        raise BadAddress("the address must not hold a user name or an encoded host")
    try:
        parts = parse_url(url)
        port = parts.port
    except (LocationParseError, ValueError) as cause:
        raise BadAddress() from cause
    scheme = parts.scheme or ""
    if parts.auth is not None or not parts.host or scheme not in PORTS or port == 0:
        raise BadAddress()
    return Target(scheme, read_host(parts.host), port or PORTS[scheme], parts.request_uri)


def redirected(url: str, location: str) -> str:
    """Where a redirect leads from a URL; raises BadAddress for what could be read in two ways (T-32)."""
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode()  # headers are read as Latin-1, and many servers send UTF-8
    if UNSAFE.search(location) or re.match(r"[a-z][a-z0-9+.-]*:(?!//)", location, re.IGNORECASE):
        raise BadAddress("the redirect leads to no readable address")
    try:
        return urljoin(url, location)
    except ValueError as cause:
        raise BadAddress("the redirect leads to no readable address") from cause


def read_host(host: str) -> str:
    """A host name in ASCII or an address in its one spelling; raises BadAddress."""
    if host.startswith("["):
        if read_address(host[1:-1]) is None:
            raise BadAddress()
        return host[1:-1].lower()
    if not host.isascii():
        host = in_ascii(host)
        if read_address(host):
            raise BadAddress("the address hides another one")
    host = host.lower()
    labels = host.split(".")
    if len(host) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise BadAddress()
    if NUMERIC.fullmatch(labels[-1]) and read_address(host) is None:
        raise BadAddress("a number is no host")  # the resolver would read 127.1, 0x7f.1 and 2130706433 as an address
    return host


def in_ascii(host: str) -> str:
    """An internationalised name as it stands in the DNS; strict, so that ① is no 1."""
    try:
        return idna.encode(host.lower(), strict=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError) as cause:
        raise BadAddress() from cause


def check_unresolved(target: Target, permits: Permits) -> None:
    """Refuse before the DNS is asked what no answer could allow; raises BlockedAddress."""
    literal = read_address(target.host)
    if literal is not None:
        check_answers(target, [str(literal)], permits)
    elif not permits.has_name(target.host) and not permits.networks:
        check_way(target, permits)


def check_answers(target: Target, addresses: Sequence[str], permits: Permits) -> None:
    """Every answer of the DNS must be public or named by the operator; raises BlockedAddress (T-30)."""
    if permits.has_name(target.host):
        return
    foreign = [address for address in addresses if not permits.has_address(address)]
    if not all(is_public(address) for address in foreign):
        raise BlockedAddress("this address leads into a private network")
    if foreign:
        check_way(target, permits)


def check_way(target: Target, permits: Permits) -> None:
    """The public Internet is reached by TLS on its usual port."""
    if target.scheme == "http" and not permits.http:
        raise BlockedAddress("only https:// addresses are fetched")
    if target.port not in permits.ports:
        raise BlockedAddress("only the usual ports 443 and 80 are reached")
