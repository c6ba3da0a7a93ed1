"""A serial scanner without hardware: a pty that can be plugged, unplugged and paced like a real line."""

import contextlib
import fcntl
import os
import select
import struct
import termios
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.errors import DeviceError

_BITS_PER_BYTE = 10
_STUCK_S = 10.0


class PtyPair:
    """A simulated scanner at a stable path: `link` points to the pty of the moment, gone while unplugged.

    Unplugging closes the scanner's side, so a reader gets the hang-up a pulled USB plug gives; plugging in
    makes a new pty under the same link. All of it may be called from any thread. `sleep` and `clock` pace
    `send`.
    """

    def __init__(
        self,
        link: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.link = link
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.RLock()
        self._master: int | None = None
        self._slave: int | None = None

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    @property
    def plugged(self) -> bool:
        """Whether the device is there."""
        return self._master is not None

    def plug(self) -> None:
        """Make a new raw pty and point the link at it; nothing happens when it is there already."""
        with self._lock:
            if self._master is not None:
                return
            self._master, self._slave = os.openpty()
            # Raw before the link appears: a line that echoes or waits for LF would change the first scan.
            tty.setraw(self._slave)
            os.set_blocking(self._master, False)
            fresh = self.link.with_name(f"{self.link.name}.new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(os.ttyname(self._slave))
            fresh.rename(self.link)

    def unplug(self) -> None:
        """Hang up; bytes that nobody has read yet are lost, as they are on a pulled plug."""
        with self._lock:
            if self._master is None or self._slave is None:
                return
            with contextlib.suppress(FileNotFoundError):
                self.link.unlink()
            os.close(self._master)
            os.close(self._slave)
            self._master = self._slave = None

    def send(self, data: bytes, baud: int | None = None) -> None:
        """Send bytes at full speed, or as a line of `baud` does with 10 bits a byte (9600: 960 bytes/s).

        Raises `DeviceError` when it is unplugged, or when no one reads for 10 s and the line is full.
        """
        if baud is None:
            self._write(data)
            return
        byte_s = _BITS_PER_BYTE / baud
        began, sent = self._clock(), 0
        while sent < len(data):
            due = min(len(data), int((self._clock() - began) / byte_s))
            self._write(data[sent:due])
            sent = max(sent, due)
            self._sleep(max(0.0, began + (sent + 1) * byte_s - self._clock()) if sent < len(data) else 0.0)

    def unread(self) -> int:
        """Bytes the reader has not taken yet; the kernel may hold back the last few for moments."""
        with self._lock:
            if self._slave is None:
                return 0
            answer = fcntl.ioctl(self._slave, termios.FIONREAD, struct.pack("i", 0))
            return int(struct.unpack("i", answer)[0])

    def received(self) -> bytes:
        """Bytes that were sent to the scanner since the last call."""
        with self._lock:
            if self._master is None:
                return b""
            try:
                return os.read(self._master, 4096)
            except BlockingIOError:
                return b""

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        until = self._clock() + _STUCK_S
        while rest:
            with self._lock:
                if self._master is None:
                    raise DeviceError(
                        "pty_unplugged", f"The simulated scanner {self.link} is unplugged.", "Plug it in."
                    )
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(self._master, rest) :]
            if rest and self._clock() > until:
                raise DeviceError(
                    "pty_full", f"Nobody reads the simulated scanner {self.link}.", "Start a scanner on it."
                )
            if rest:
                self._wait_writable()

    def _wait_writable(self) -> None:
        master = self._master
        if master is not None:
            with contextlib.suppress(OSError, ValueError):
                select.select([], [master], [], 0.01)
