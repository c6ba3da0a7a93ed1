"""Tells the service manager that the job is ready and alive: one datagram each to the socket it named (sd_notify(3))."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self

_PART: Final = 3
"""A watchdog is told so many times within its patience."""


class ServiceManager:
    """systemd, where `NOTIFY_SOCKET` names its socket; nobody otherwise. What it does not take is lost, never waited for."""

    def __init__(
        self, environ: Mapping[str, str] | None = None, tick: Callable[[], float] = time.monotonic
    ) -> None:
        environ = os.environ if environ is None else environ
        self._tick = tick
        self._every = _patience(environ) / _PART
        self._told = 0.0
        self._socket: socket.socket | None = None
        if address := environ.get("NOTIFY_SOCKET"):
            self._connect("\0" + address[1:] if address.startswith("@") else address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell("STOPPING=1")
        if self._socket is not None:
            self._socket.close()

    def ready(self, status: str) -> None:
        """The job works; `status` is a sentence for `systemctl status`."""
        self._tell(f"READY=1\nSTATUS={' '.join(status.split())}")

    def alive(self) -> None:
        """The job goes on: told as often as the watchdog needs, however often this is called."""
        now = self._tick()
        if self._every and now - self._told >= self._every:
            self._told = now
            self._tell("WATCHDOG=1")

    def _connect(self, address: str) -> None:
        found = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            found.setblocking(False)
            found.connect(address)
        except OSError:
            found.close()
        else:
            self._socket = found

    def _tell(self, what: str) -> None:
        if self._socket is not None:
            try:
                self._socket.send(what.encode())
            except OSError:
                return


def _patience(environ: Mapping[str, str]) -> float:
    """The watchdog's patience in seconds; 0 where there is none, or it is another process's."""
    micro, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(os.getpid()))
    return int(micro) / 1e6 if micro.isascii() and micro.isdecimal() and pid == str(os.getpid()) else 0.0
