"""Which addresses an upstream may have: https anywhere, http on this machine, never link-local or a file."""

import ipaddress
import re
import socket
from collections.abc import Collection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from returns_station.connectors.api import ConnectorError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_HINT: Final = "Correct the upstream's url in the configuration."


def check_url(url: str, allow_http: bool = False, hosts: Collection[str] = ()) -> SplitResult:
    """The parts of a URL that may be talked to; raises ConnectorError with the reason for any other.

    With `hosts`, names and addresses in lower case, its host must be one of them.
    """
    shown = re.sub("//[^/]*@", "//…@", url)
    try:
        parts = urlsplit(url)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError as error:
        raise _refused(f"The upstream address {shown!r} cannot be read: {error}.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_right:
        raise _refused(f"The upstream address {shown!r} is not an https address with a host.")
    if parts.username is not None or parts.password is not None:
        raise _refused(f"The upstream address {shown!r} holds a user name or password; none is expected.")
    if parts.query or parts.fragment:
        raise _refused(f"The upstream address {shown!r} has a query or fragment; a base address is expected.")
    address = literal(parts.hostname)
    if address is not None and (why := forbidden(address)):
        raise _refused(f"The upstream address {shown!r} is {why}.")
    if parts.scheme == "http" and not allow_http and not _is_here(parts.hostname, address):
        raise _refused(f"The upstream address {shown!r} is plain http to another machine; https is expected.")
    if hosts and not allowed(parts.hostname, hosts):
        listed = ", ".join(sorted(hosts))
        raise _refused(
            f"The upstream address {shown!r} is not on the list of hosts that may be talked to: {listed}."
        )
    return parts


def allowed(host: str, hosts: Collection[str]) -> bool:
    """Whether a host is listed: its name without regard to case and a last dot, an address in any spelling."""
    address = literal(host)
    plain = host.lower().rstrip(".")
    return any(
        one.lower().rstrip(".") == plain or (address is not None and literal(one.strip("[]")) == address)
        for one in hosts
    )


def literal(host: str) -> IPAddress | None:
    """The address a host spells, in every spelling a resolver takes (decimal, hex, mapped IPv6)."""
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def forbidden(address: IPAddress) -> str | None:
    """Why nothing is ever sent to this address, or None."""
    if any(one.is_link_local or one in _METADATA for one in (address, *_inside(address))):
        return "link-local, where machines keep their own secrets"
    if address.is_unspecified or address.is_multicast:
        return "no address of one machine"
    return None


_METADATA: Final = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
"""Where clouds answer with a machine's secrets beside 169.254.169.254: AWS by IPv6, Alibaba, Oracle."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def _inside(address: IPAddress) -> list[IPAddress]:
    """The IPv4 addresses that an IPv6 one leads to: by NAT64 (RFC 6052) and 6to4 (RFC 3056)."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[IPAddress] = [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)] if address in _NAT64 else []
    return [*found, address.sixtofour] if address.sixtofour else found


def _is_here(host: str, address: IPAddress | None) -> bool:
    if address is not None:
        return address.is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _refused(sentence: str) -> ConnectorError:
    return ConnectorError("upstream.address", sentence, _HINT, retry=False)
