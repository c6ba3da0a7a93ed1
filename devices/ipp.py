"""The little of IPP that asks a spooler how a queue and its jobs are: requests out, attributes in.

`lpstat` shows a cancelled job and a printed one alike and never shows a title, so what became of a job is asked
for in the spooler's own protocol (RFC 8010 for the bytes, RFC 8011 for the names).
"""

import http.client
import itertools
import os
import pwd
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GET_JOBS = 0x000A
GET_PRINTER = 0x000B
COMPLETED, CANCELED, ABORTED = 9, 7, 8
HELD, STOPPED_JOB = 4, 6
STOPPED_PRINTER = 5

_JOB_GROUP, _PRINTER_GROUP, _END = 0x02, 0x04, 0x03
_FIRST_DELIMITERS = 0x0F
_INTEGERS = frozenset({0x21, 0x23})
_BOOLEAN = 0x22
_TEXTS = frozenset(range(0x41, 0x4A))
_MOST_BYTES = 4_000_000
_numbers = itertools.count(1)

Value = int | bool | str
Attributes = dict[str, list[Value]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: its status (below 0x0100 is success) and one group of attributes a printer or job."""

    status: int
    groups: tuple[Attributes, ...]


def ask(
    server: str, operation: int, queue: str, wanted: Sequence[str], within_s: float, **more: str
) -> Answer:
    """One request about `queue` to `server` (`host:port`, or the path of a socket).

    `wanted` names the attributes to be told, `more` gives further keywords (`which_jobs="all"`). Raises OSError
    when the server cannot be reached in time and ValueError when its answer is no IPP.
    """
    uri = f"ipp://localhost/printers/{queue}"
    body = _request(operation, uri, wanted, {key.replace("_", "-"): value for key, value in more.items()})
    line = _connection(server, within_s)
    try:
        headers = {"Content-Type": "application/ipp"}
        line.request("POST", f"/printers/{queue}", body, headers)
        reply = line.getresponse()
        raw = reply.read(_MOST_BYTES)
    except http.client.HTTPException as fault:
        raise ValueError(f"no HTTP answer: {fault!r}") from fault
    finally:
        line.close()
    if reply.status != http.client.OK:
        raise ValueError(f"HTTP status {reply.status}")
    return parse(raw)


def parse(raw: bytes) -> Answer:
    """An IPP answer from its bytes; ValueError when they end too early."""
    try:
        status = struct.unpack_from(">H", raw, 2)[0]
        return Answer(status, tuple(_groups(raw)))
    except (struct.error, IndexError, UnicodeDecodeError) as fault:
        raise ValueError(f"an IPP answer of {len(raw)} bytes is cut off: {fault}") from fault


def _request(operation: int, uri: str, wanted: Sequence[str], more: dict[str, str]) -> bytes:
    parts = [struct.pack(">BBHI", 2, 0, operation, next(_numbers)), b"\x01"]
    parts.append(_attribute(0x47, "attributes-charset", "utf-8"))
    parts.append(_attribute(0x48, "attributes-natural-language", "en"))
    parts.append(_attribute(0x45, "printer-uri", uri))
    # Titles are told to the owner of a job alone.
    parts.append(_attribute(0x42, "requesting-user-name", _user()))
    parts += [_attribute(0x44, name, value) for name, value in more.items()]
    names = ["requested-attributes", *[""] * (len(wanted) - 1)]
    parts += [_attribute(0x44, name, value) for name, value in zip(names, wanted, strict=True)]
    return b"".join([*parts, b"\x03"])


def _user() -> str:
    """Who asks, by the name that `lp` gives a job."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "unknown"


def _attribute(tag: int, name: str, value: str) -> bytes:
    key, content = name.encode(), value.encode()
    return struct.pack(">BH", tag, len(key)) + key + struct.pack(">H", len(content)) + content


def _groups(raw: bytes) -> Iterator[Attributes]:
    at, group, name = 8, Attributes(), ""
    inside = False
    while (tag := raw[at]) != _END:
        at += 1
        if tag <= _FIRST_DELIMITERS:
            if inside:
                yield group
            group, inside = Attributes(), tag in (_JOB_GROUP, _PRINTER_GROUP)
            continue
        key, at = _piece(raw, at)
        content, at = _piece(raw, at)
        name = key.decode("utf-8") or name
        group.setdefault(name, []).append(_value(tag, content))
    if inside:
        yield group


def _piece(raw: bytes, at: int) -> tuple[bytes, int]:
    size = struct.unpack_from(">H", raw, at)[0]
    end = at + 2 + size
    if end > len(raw):
        raise IndexError(f"a piece of {size} bytes")
    return raw[at + 2 : end], end


def _value(tag: int, content: bytes) -> Value:
    if tag in _INTEGERS:
        return int(struct.unpack(">i", content)[0])
    if tag == _BOOLEAN:
        return content != b"\x00"
    return content.decode("utf-8", "replace") if tag in _TEXTS else content.hex()


def _connection(server: str, within_s: float) -> http.client.HTTPConnection:
    if server.startswith("/"):
        return _Local(server, within_s)
    host, _, port = server.rpartition(":")
    return http.client.HTTPConnection(
        host or server, int(port) if host and port.isdigit() else 631, timeout=within_s
    )


class _Local(http.client.HTTPConnection):
    """HTTP over the spooler's own socket file."""

    def __init__(self, path: str, within_s: float) -> None:
        super().__init__("localhost", timeout=within_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
