"""Which addresses lie in the public Internet, by a table of our own: `ipaddress.is_global` changes between releases of Python."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast.
NOT_PUBLIC_4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# All that is given out for the public lies here; what leads on into IPv4 (NAT64, IPv4-compatible, ISATAP) lies outside.
PUBLIC_6 = IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry: Teredo and its kin, documentation, 6to4, AS112.
NOT_PUBLIC_6 = tuple(IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))

Address = IPv4Address | IPv6Address


def read_address(text: str) -> Address | None:
    """An address in its one usual spelling, an IPv4 address in IPv6 clothes unwrapped; None for anything else."""
    if "%" in text:  # a scope names an interface of this machine
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_public(address: str) -> bool:
    """Whether an address lies in the public Internet; what can't be read does not."""
    read = read_address(address)
    if isinstance(read, IPv4Address):
        return not any(read in network for network in NOT_PUBLIC_4)
    return read is not None and read in PUBLIC_6 and not any(read in network for network in NOT_PUBLIC_6)
