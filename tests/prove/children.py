"""The harness's side of the fork server: children with their pipes, what they said, and how they ended."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from returns_station.testing.upstream.process import SECRET_ENV, TEST_SECRET

PATIENCE_S = 60.0
_ROOT = Path(__file__).parents[2]


class Child:
    """One forked process; lines are bytes that this side has read."""

    def __init__(self, server: "Server", pid: int, stdin: int, stdout: int, gate: int) -> None:
        self.pid = pid
        self._server = server
        self._stdin, self._stdout, self._gate = stdin, stdout, gate
        self._buffer = b""
        self._timer: threading.Timer | None = None
        self.status: int | None = None

    def go(self) -> None:
        """Lets a gated child begin."""
        if self._gate >= 0:
            os.close(self._gate)
            self._gate = -1

    def say(self, line: str) -> None:
        """One line on its standard input; a child that has gone is noticed when it is read from."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._stdin, line.encode() + b"\n")

    def hang_up(self) -> None:
        """Ends its standard input."""
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1

    def line(self) -> bytes | None:
        """The next whole line without its end; None when the process has gone and everything was read."""
        until = time.monotonic() + PATIENCE_S
        while b"\n" not in self._buffer:
            if not select.select([self._stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError(f"Process {self.pid} said nothing for {PATIENCE_S} s.")
            more = os.read(self._stdout, 65536)
            if not more:
                return None
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    @property
    def gone(self) -> bool:
        """Whether it has ended and closed its output, without waiting; only for children that say nothing."""
        return bool(select.select([self._stdout], [], [], 0)[0]) and self.line() is None

    def kill_in(self, seconds: float) -> None:
        """Kills it after so long, wherever it then is. It stays a zombie until `end`, so its pid is nobody else's."""
        self._timer = threading.Timer(seconds, os.kill, (self.pid, signal.SIGKILL))
        self._timer.start()

    def kill(self) -> int:
        """Kills it now; how it ended."""
        os.kill(self.pid, signal.SIGKILL)
        return self.end()

    def end(self) -> int:
        """Waits until it has ended; its exit code, or minus the signal."""
        if self.status is None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer.join()
            self.hang_up()
            self.go()
            self.status = self._server.wait(self.pid)
            os.close(self._stdout)
        return self.status


class Server:
    """The fork server as a process of ours; `with Server(folder) as server:` ends it and every child by its pid."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self.errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.prove.entry", str(theirs.fileno())],
                cwd=_ROOT, env=os.environ | {SECRET_ENV: TEST_SECRET}, pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
        self._socket.settimeout(PATIENCE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            if child.status is None:
                child.kill()
        self._socket.close()
        self._process.wait(timeout=PATIENCE_S)

    @property
    def errors(self) -> Path:
        """What children wrote to standard error."""
        return self._folder / "errors.txt"

    def start(self, role: str, config: Path, **more: Any) -> Child:
        """A new child: `role` is station or drainer; `entry` says what else may be asked."""
        (stdin, ours_in), (ours_out, stdout), (gate, ours_gate) = os.pipe(), os.pipe(), os.pipe()
        ask = json.dumps({"role": role, "config": str(config), **more}).encode()
        socket.send_fds(self._socket, [ask], [stdin, stdout, gate])
        for fd in (stdin, stdout, gate):
            os.close(fd)
        self._children = [child for child in self._children if child.status is None]
        child = Child(self, int(self._socket.recv(64)), ours_in, ours_out, ours_gate)
        self._children.append(child)
        return child

    def wait(self, pid: int) -> int:
        """How the child ended; waits for it."""
        self._socket.send(json.dumps({"wait": pid}).encode())
        return int(self._socket.recv(64))
