"""An open pyserial port read without losing a byte, and the sentence for one that cannot be opened."""

import contextlib
import errno
import os
import select
import socket
import termios
import threading
from typing import Any
from urllib.parse import urlsplit

import serial
from serial.urlhandler import protocol_socket, protocol_spy

from devices.errors import DeviceError

FAULTS = (OSError, termios.error)
"""What a device that goes away raises; SerialException is an OSError, termios.error is not."""

_POLL_S = 0.05
_CHUNK = 4096
_REFUSALS: tuple[tuple[str, frozenset[int], str, str], ...] = (
    (
        "scanner_busy",
        frozenset({errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK}),
        "is in use by another program",
        "Close the other station, terminal program or modem service, or give this scanner another port.",
    ),
    (
        "scanner_denied",
        frozenset({errno.EACCES, errno.EPERM}),
        "may not be opened by this account",
        "Add the account to the group that owns the port (dialout on Debian) and sign in again.",
    ),
    (
        "scanner_missing",
        frozenset({errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO}),
        "has nothing plugged in",
        "Plug it in: it is taken up again by itself. `doctor` lists the ports there are.",
    ),
    (
        "scanner_not_serial",
        frozenset({errno.ENOTTY, errno.EISDIR, errno.EINVAL}),
        "is not a serial port",
        "`doctor` lists the serial ports there are.",
    ),
)


class Wire:
    """One open port, read by one thread; `wake`, `write` and `close` may be called from any.

    pyserial's own `read(n)` drops the bytes it already has when the device goes away in the middle, so ports
    that have a file descriptor are read here with one `os.read` a time; other ports (loop://, rfc2217://,
    spy://) by `read(1)` and then what waits (p50 0.04 ms; `read(4096)` would wait out its time-out).
    """

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._open = True
        self._fd = port.fileno() if _has_descriptor(port) else None
        self._wake_r, self._wake_w = os.pipe()

    def read(self, timeout_s: float | None) -> bytes:
        """Bytes as soon as there are some; empty when nothing came, at the latest after `timeout_s`.

        None waits until `wake` (ports without a file descriptor answer every 50 ms). Raises one of `FAULTS`
        when the device is gone; bytes that came before are returned first.
        """
        if self._fd is None:
            return self._poll()
        ready, _, _ = select.select([self._fd, self._wake_r], [], [], timeout_s)
        if self._fd in ready:
            return self._take()
        if self._wake_r in ready:
            os.read(self._wake_r, 64)
        return b""

    def write(self, payload: bytes) -> None:
        """Send bytes to the device; raises one of `FAULTS`."""
        with self._lock:
            self._port.write(payload)

    def wake(self) -> None:
        """Make a waiting `read` return."""
        with self._lock:
            if self._open:
                os.write(self._wake_w, b"x")

    def close(self) -> None:
        """Let the port go at once, so that the system can give its name to the next plug."""
        with self._lock:
            if not self._open:
                return
            self._open = False
            with contextlib.suppress(*FAULTS):
                self._port.close()
            os.close(self._wake_r)
            os.close(self._wake_w)

    def _take(self) -> bytes:
        assert self._fd is not None
        try:
            chunk = os.read(self._fd, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return b""
        if not chunk:
            raise OSError(errno.EIO, "the device hung up")
        return chunk

    def _poll(self) -> bytes:
        try:
            first = self._port.read(1)
        except FAULTS:
            if rest := _left_behind(self._port):
                return rest
            raise
        if not first:
            return b""
        try:
            return first + self._port.read(self._port.in_waiting)
        except FAULTS:
            return first


def open_wire(name: str, url: str, baud: int, *, xonxoff: bool = False) -> Wire:
    """Open any URL pyserial knows, exclusively where the system can; raise `DeviceError` with cause and fix.

    pyserial's `open()` throws away what is waiting on the port. A scan made between plugging in and opening
    would be lost, so that one step is left out: for native ports, socket:// and rfc2217://.
    """
    _check_address(name, url)
    try:
        port = serial.serial_for_url(
            url,
            baudrate=baud,
            xonxoff=xonxoff,
            timeout=_POLL_S,
            write_timeout=_write_timeout(url),
            exclusive=True,
            do_not_open=True,
        )
        vars(port).update(_reset_input_buffer=_keep_input, reset_input_buffer=_keep_input)
        port.open()
    except Exception as fault:  # pyserial's handlers let out whatever they meet
        raise refusal(name, url, baud, fault) from fault
    if isinstance(port, protocol_socket.Serial):
        _notice_dead_peers(port.fileno())
    return Wire(port)


def refusal(name: str, url: str, baud: int, fault: BaseException) -> DeviceError:
    """The error for a port that did not open."""
    number = _errno_of(fault)
    for code, numbers, sentence, hint in _REFUSALS:
        if number in numbers:
            return DeviceError(code, f"Scanner {name}: {url} {sentence}.", hint)
    if number is None and isinstance(fault, ValueError):
        return DeviceError(
            "scanner_settings",
            f"Scanner {name}: {url} at {baud} baud cannot be opened: {fault}.",
            "Write a device path, socket://host:port or rfc2217://host:port, and the scanner's baud rate.",
        )
    return DeviceError(
        "scanner_unreachable",
        f"Scanner {name}: {url} does not answer: {os.strerror(number) if number else fault}.",
        "Check its power, cable and network address: it is taken up again by itself.",
    )


def _check_address(name: str, url: str) -> None:
    """pyserial reports a socket URL without a port as unreachable, which would be retried for ever."""
    parts = urlsplit(url)
    if parts.scheme not in ("socket", "rfc2217"):
        return
    try:
        complete = bool(parts.hostname and parts.port)
    except ValueError:
        complete = False
    if not complete:
        raise DeviceError(
            "scanner_settings",
            f"Scanner {name}: {url} names no host and port.",
            f"Write it as {parts.scheme}://host:port.",
        )


def _write_timeout(url: str) -> float | None:
    # pyserial's rfc2217 raises NotImplementedError for any write time-out.
    return None if url.startswith("rfc2217:") else 1.0


def _has_descriptor(port: object) -> bool:
    """Whether reading the descriptor is reading the port; spy:// is a native port that logs what it reads."""
    native = isinstance(port, serial.Serial) and not isinstance(port, protocol_spy.Serial)
    return native or isinstance(port, protocol_socket.Serial)


def _keep_input() -> None:
    """Stands in for pyserial's flush of the input."""


def _left_behind(port: Any) -> bytes:
    """What rfc2217 had received when its own reader thread died: its `read` refuses to hand that out."""
    waiting = getattr(port, "_read_buffer", None)
    return b"".join(waiting.get_nowait() or b"" for _ in range(waiting.qsize())) if waiting else b""


def _notice_dead_peers(fd: int) -> None:
    """Ask a silent network scanner every few seconds whether it lives; one without power sends no goodbye."""
    with socket.socket(fileno=os.dup(fd)) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, seconds in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, option):
                peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)


def _errno_of(fault: BaseException | None) -> int | None:
    """The system's error number, also where pyserial keeps it only in the exception it wrapped."""
    while fault is not None:
        number = (
            fault.args[0]
            if isinstance(fault, termios.error) and fault.args
            else getattr(fault, "errno", None)
        )
        if isinstance(number, int):
            return number
        fault = fault.__context__
    return None
