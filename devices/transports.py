"""Wires to printers and scales: connect, write all, read, each with a deadline; what fails is told with its way out."""

import contextlib
import errno
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from devices.errors import DeviceError

if TYPE_CHECKING:
    from devices.wires import Wire

_CHUNK = 4096
_SLICE = 65_536
_GOODBYE_S = 0.2


class Transport(Protocol):
    """A line to a device that can be opened again after it was lost. Every failure is a `DeviceError`."""

    @property
    def place(self) -> str:
        """Where it leads, as a person would say it."""
        ...

    def connect(self, within_s: float) -> None:
        """Open the line; nothing happens when it is open."""
        ...

    def write(self, payload: bytes, within_s: float) -> None:
        """Send all of it; when this fails, the last byte was not taken."""
        ...

    def read(self, within_s: float) -> bytes:
        """Bytes as soon as there are some; empty when none came in time."""
        ...

    def close(self) -> None:
        """Let go of the line; never fails."""
        ...


class TcpTransport:
    """A raw TCP port, such as a label printer's 9100. `what` begins every sentence: "Printer zebra"."""

    def __init__(self, what: str, host: str, port: int = 9100) -> None:
        self._what = what
        self._address = (host, port)
        self._socket: socket.socket | None = None

    @property
    def place(self) -> str:
        return f"{self._address[0]}:{self._address[1]}"

    def connect(self, within_s: float) -> None:
        if self._socket is not None:
            return
        with self._explained(within_s):
            until = time.monotonic() + within_s
            self._socket = _connected(_resolved(self._address, within_s), until)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, payload: bytes, within_s: float) -> None:
        rest, until = memoryview(payload), time.monotonic() + within_s
        with self._explained(within_s):
            while rest:
                line = self._open()
                line.settimeout(max(0.001, until - time.monotonic()))
                rest = rest[line.send(rest[:_SLICE]) :]

    def read(self, within_s: float) -> bytes:
        with self._explained(within_s):
            line = self._open()
            if not select.select([line], [], [], max(0.0, within_s))[0]:
                return b""
            chunk = line.recv(_CHUNK)
            if not chunk:
                raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
            return chunk

    def close(self) -> None:
        line, self._socket = self._socket, None
        if line is None:
            return
        with contextlib.suppress(OSError), line:
            # Closed with bytes unread, TCP resets the line, and the far side may drop what it has not read yet.
            line.shutdown(socket.SHUT_WR)
            until = time.monotonic() + _GOODBYE_S
            while (left := until - time.monotonic()) > 0 and select.select([line], [], [], left)[0]:
                if not line.recv(_CHUNK):
                    break

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionResetError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return self._socket

    @contextlib.contextmanager
    def _explained(self, within_s: float) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            self.close()
            raise self._refusal(fault, within_s) from fault

    def _refusal(self, fault: OSError, within_s: float) -> DeviceError:
        if isinstance(fault, TimeoutError):
            code, found = "device_silent", f"does not answer within {within_s:.3g} s"
            hint = "Look at its power, its cable and its address."
        elif isinstance(fault, ConnectionRefusedError):
            code, found = "device_refused", "refuses the connection"
            hint = "Switch it on and wait until it is ready; another computer may hold its port."
        elif isinstance(fault, ConnectionError):
            code, found, hint = "device_hung_up", "hung up", "Look at its power and its cable."
        elif isinstance(fault, socket.gaierror):
            code, found, hint = "device_unknown", "is no name this network knows", "Correct its host name."
        else:
            code, found = "device_unreachable", f"cannot be reached: {fault.strerror or fault}"
            hint = "Look at its power, its cable and this machine's network."
        return DeviceError(code, f"{self._what}: {self.place} {found}.", hint)


_Address = tuple[str, int]


def _resolved(address: _Address, within_s: float) -> list[tuple[int, tuple[object, ...]]]:
    """Family and address of every place a name stands for; in a thread, for a resolver knows no time-out."""
    found: list[list[tuple[int, tuple[object, ...]]] | OSError] = []

    def look() -> None:
        try:
            places = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
            found.append([(family, place) for family, _, _, _, place in places])
        except OSError as fault:
            found.append(fault)

    asking = threading.Thread(target=look, name=f"resolve {address[0]}", daemon=True)
    asking.start()
    asking.join(within_s)
    if not found:
        raise TimeoutError
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


def _connected(places: list[tuple[int, tuple[object, ...]]], until: float) -> socket.socket:
    """A socket to the first place that answers, all of them within the time."""
    fault: OSError = TimeoutError()
    for family, place in places:
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(max(0.001, until - time.monotonic()))
            line.connect(place)
        except OSError as error:
            line.close()
            fault = error
        else:
            return line
    raise fault


_SERIAL_CAUSES = {
    "scanner_busy": ("device_busy", "is in use by another program"),
    "scanner_denied": ("device_denied", "may not be opened by this account"),
    "scanner_missing": ("device_unplugged", "has nothing plugged in"),
    "scanner_not_serial": ("device_not_serial", "is not a serial port"),
    "scanner_settings": ("device_settings", "cannot be opened with this address and baud rate"),
    "scanner_unreachable": ("device_unreachable", "does not answer"),
}


class SerialTransport:
    """A serial port by any URL that pyserial opens, such as /dev/ttyUSB0 or socket://host:port.

    `xonxoff` lets the device hold the line while its memory is full; only for devices that are sent text alone.
    """

    def __init__(self, what: str, url: str, baud: int = 9600, *, xonxoff: bool = False) -> None:
        self._what = what
        self._url = url
        self._baud = baud
        self._xonxoff = xonxoff
        self._wire: Wire | None = None

    @property
    def place(self) -> str:
        return self._url

    def connect(self, within_s: float) -> None:
        """Open the port; a device file answers at once, a network URL within pyserial's own 5 s."""
        if self._wire is not None:
            return
        from devices.wires import open_wire

        try:
            self._wire = open_wire(self._what, self._url, self._baud, xonxoff=self._xonxoff)
        except DeviceError as error:
            code, found = _SERIAL_CAUSES.get(error.code, ("device_unreachable", "does not answer"))
            raise DeviceError(code, f"{self._what}: {self._url} {found}.", error.hint) from error

    def write(self, payload: bytes, within_s: float) -> None:
        until = time.monotonic() + within_s
        with self._explained(f"does not take {len(payload)} bytes"):
            for at in range(0, len(payload), _CHUNK):
                if time.monotonic() > until:
                    raise TimeoutError
                self._open().write(payload[at : at + _CHUNK])

    def read(self, within_s: float) -> bytes:
        until = time.monotonic() + within_s
        with self._explained("was unplugged"):
            while True:
                # Ports without a file descriptor (rfc2217://) return after moments, whatever they are told.
                left = max(0.0, until - time.monotonic())
                chunk = self._open().read(left)
                if chunk or not left:
                    return chunk

    def close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def _open(self) -> "Wire":
        if self._wire is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return self._wire

    @contextlib.contextmanager
    def _explained(self, found: str) -> Iterator[None]:
        from devices.wires import FAULTS

        try:
            yield
        except FAULTS as fault:
            self.close()
            hint = "Look at its power, its cable and its flow control; it is taken up again by itself."
            raise DeviceError("device_hung_up", f"{self._what}: {self._url} {found}.", hint) from fault


class Deadline:
    """A bound on several steps together, in seconds of the injected clock."""

    def __init__(self, within_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + within_s

    @property
    def left(self) -> float:
        """Seconds that are left, never less than nothing."""
        return max(0.0, self._until - self._clock())

    def within(self, most_s: float) -> float:
        """The smaller of what is left and `most_s`."""
        return min(self.left, most_s)
