"""A command run on a pseudo-terminal, as a person has it in front of them."""

import os
import select
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from types import TracebackType

PATIENCE_S = 60.0


class Desk:
    """A terminal of this size in which `returns-station ARGS` runs; `screen` is everything it has shown."""

    def __init__(self, *args: str, columns: int = 80, **environ: str) -> None:
        self.screen = ""
        self._seen = 0
        self.terminal, theirs = os.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._child = subprocess.Popen(
            [sys.executable, "-m", "returns_station", *args],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            # COLUMNS and LINES would outweigh the size of this terminal.
            env={n: v for n, v in os.environ.items() if n not in ("COLUMNS", "LINES")}
            | {"TERM": "xterm"}
            | environ,
            start_new_session=True,
            preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - the child has one thread
        )
        os.close(theirs)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        os.close(self.terminal)

    def shows(self, *texts: str) -> str:
        """Waits until one of the texts stands behind what was waited for before, however it is wrapped; the first one."""
        until = time.monotonic() + PATIENCE_S
        while True:
            plain = " ".join(self.screen.split())
            found = sorted((at, text) for text in texts if (at := plain.find(text, self._seen)) >= 0)
            if found:
                self._seen = found[0][0] + len(found[0][1])
                return found[0][1]
            assert time.monotonic() < until, f"none of {texts} in:\n{self.screen}"
            assert self._read(), f"it ended without {texts}:\n{self.screen}"

    def looks(self) -> bool:
        """Takes what is shown right now, so that the program can go on showing."""
        self._read(0.02)
        return True

    def answer(self, question: str, line: str = "") -> None:
        """Waits for the question, and answers it as a person would, with Enter."""
        self.shows(question)
        self.shows(">")
        os.write(self.terminal, f"{line}\r".encode())

    def is_raw(self) -> bool:
        """Whether the terminal neither echoes nor waits for Enter."""
        return not termios.tcgetattr(self.terminal)[3] & (termios.ICANON | termios.ECHO)

    def ends(self) -> int:
        """Waits for its end; the exit code."""
        until = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < until, f"it does not end:\n{self.screen}"
        return self._child.wait()

    def _read(self, within_s: float = 1.0) -> bool:
        ready, _, _ = select.select([self.terminal], [], [], within_s)
        if not ready:
            return True
        try:
            chunk = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.screen += chunk.decode("utf-8", "replace")
        return bool(chunk)
