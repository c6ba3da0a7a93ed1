"""A full-screen program on a terminal without a screen: what it writes is kept byte for byte, keys and bursts are sent to it."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from returns_station.errors import StationError

# Seconds between the keys of a scanner, and between those of a person: what was measured of both lies around them.
SCANNER_PACE_S = 0.005
PERSON_PACE_S = 0.09
_LOOK_S = 0.05


def _take_terminal() -> None:
    """In the child: its standard input becomes the terminal of its session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """Runs a command on a pty of `columns` × `rows`; ended by its pid when the block ends.

    `output` is everything it wrote; `heard` is called with each piece as it comes, from the reading thread.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
        heard: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._command = list(command)
        self._size = (rows, columns)
        # COLUMNS and LINES would outweigh the size of this terminal.
        kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self._environ = {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environ or {})}
        self._heard = heard
        self._master = -1
        self._child: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._output = bytearray()
        self._more = threading.Condition()

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        self.resize(self._size[1], self._size[0])
        # A session of its own whose terminal this is, so that closing it hangs up.
        self._child = subprocess.Popen(
            self._command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self._environ,
            start_new_session=True,
            close_fds=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - one system call, safe beside other threads
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def output(self) -> bytes:
        """Everything written so far."""
        with self._more:
            return bytes(self._output)

    @property
    def written(self) -> int:
        """How many bytes were written so far."""
        with self._more:
            return len(self._output)

    @property
    def pid(self) -> int:
        """The program's process."""
        assert self._child is not None
        return self._child.pid

    @property
    def ended(self) -> int | None:
        """The exit code; None while it runs."""
        assert self._child is not None
        return self._child.poll()

    def _read(self) -> None:
        while True:
            # Never blocked in a read: a terminal that somebody still reads does not hang up when it is closed.
            if not self._waits():
                return
            try:
                chunk = os.read(self._master, 65536)
            except OSError:
                chunk = b""
            with self._more:
                self._output += chunk
                self._more.notify_all()
            if not chunk:
                return
            self._heard(chunk)

    def _waits(self) -> bool:
        """Whether there is something to read, once there is; False when the terminal was closed here."""
        while (master := self._master) >= 0:
            with contextlib.suppress(OSError, ValueError):
                if select.select([master], [], [], _LOOK_S)[0]:
                    return self._master >= 0
        return False

    def wait_for(self, text: str | bytes, *, since: int = 0, within_s: float = 20.0) -> int:
        """Waits until `text` stands in the output after byte `since`; where it ends. StationError when it never comes."""
        wanted = text.encode() if isinstance(text, str) else text
        until = time.monotonic() + within_s
        with self._more:
            while (at := self._output.find(wanted, since)) < 0:
                if not self._more.wait(max(0.0, until - time.monotonic())) and time.monotonic() >= until:
                    raise StationError(
                        "terminal.silent",
                        f"The terminal did not show {wanted!r} within {within_s:g} s.",
                        f"It showed last: {bytes(self._output[-400:])!r}",
                    )
        return at + len(wanted)

    def send(self, data: bytes) -> None:
        """Bytes as they are, at once."""
        while data:
            _, ready, _ = select.select([], [self._master], [], 5)
            if not ready:
                raise StationError("terminal.full", "The program reads no keys.", "Look whether it hangs.")
            data = data[os.write(self._master, data) :]

    def scan(self, text: str | bytes, *, end: bytes = b"\r", pace_s: float = SCANNER_PACE_S) -> None:
        """A keyboard-wedge scanner's burst: one key after another, `pace_s` apart."""
        raw = (text.encode() if isinstance(text, str) else text) + end
        for n in range(len(raw)):
            self.send(raw[n : n + 1])
            time.sleep(pace_s)

    def type(self, text: str, *, pace_s: float = PERSON_PACE_S) -> None:
        """A person's keys; Enter is `\\r`."""
        for character in text:
            self.send(character.encode())
            time.sleep(pace_s)

    def resize(self, columns: int, rows: int) -> None:
        """The window changes its size."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if self._child is not None:
            os.kill(self._child.pid, signal.SIGWINCH)

    def hang_up(self) -> None:
        """The window is closed."""
        master, self._master = self._master, -1
        if master >= 0:
            if self._reader is not None:
                self._reader.join(timeout=5)
            os.close(master)

    def end(self, *, within_s: float = 20.0) -> int:
        """Asks it to end, then makes it; its exit code."""
        assert self._child is not None
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout=within_s)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        with contextlib.suppress(OSError):
            self.hang_up()
        if self._reader is not None:
            self._reader.join(timeout=5)
        return self._child.returncode

    def wait(self, *, within_s: float = 20.0) -> int:
        """Waits for its own end; its exit code. StationError when it does not come."""
        assert self._child is not None
        try:
            return self._child.wait(timeout=within_s)
        except subprocess.TimeoutExpired:
            raise StationError(
                "terminal.running", f"The program still runs after {within_s:g} s.", "Look whether it hangs."
            ) from None
