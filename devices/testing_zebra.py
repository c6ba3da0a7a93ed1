"""A label printer without hardware: takes ZPL on TCP as a Zebra does, answers ~HS and ~HI, and fails as told.

In a test it is a context manager; `python -m devices.testing_zebra` runs it as a process that is told its states
on standard input, one a line: `paper_out on`, `labels`, `unplug`, `plug`, `quit`.
"""

import contextlib
import json
import os
import re
import select
import socket
import sys
import threading
import tty
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

_WORDS = re.compile(rb"\^XA.*?\^XZ|~HS|~HI|~JA", re.DOTALL)
_COPIES = re.compile(rb"\^PQ(\d+)")
_LOOK_S = 0.005
_MOST_PATIENCE_S = 2.0


class FakeZebra:
    """A printer on `host:port`; its states are attributes that may be set at any time, from any thread.

    `paper_out`, `head_open`, `paused`, `ribbon_out`, `too_hot`: stopped until set back. `quiet_when_stopped`:
    answers no ~HS while out of labels or open, as some firmware does. `mute`: takes bytes and answers nothing, as
    a raw print server does. `swallows`: takes labels, prints none, and says that all is well. `twice`: prints
    everything two times. `seconds_per_label`: how slow it is. `printed` is the ZPL of each label in the order they
    came out; `received` counts the formats that were taken. A label does not come out before the status was asked
    for once, at most 2 s, so that no test depends on how busy the machine is; a host that never asks waits for it.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, seconds_per_label: float = 0.0) -> None:
        self.host = host
        self.port = port
        self.seconds_per_label = seconds_per_label
        self.paper_out = self.head_open = self.paused = self.ribbon_out = self.too_hot = False
        self.quiet_when_stopped = self.mute = self.swallows = self.twice = False
        self.printed: list[bytes] = []
        self.received = 0
        self._queue: deque[bytes] = deque()
        self._asked = 0
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._server: socket.socket | None = None
        self._lines: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.plug()
        self._begin(self._print, "fake zebra prints")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self.unplug()
        for thread in self._threads:
            thread.join(10)

    @property
    def threads(self) -> list[str]:
        """The names of its threads that still run."""
        return [thread.name for thread in self._threads if thread.is_alive()]

    def plug(self) -> None:
        """Listen, at the same port as before."""
        server = socket.create_server((self.host, self.port), reuse_port=False)
        self.port = server.getsockname()[1]
        self._server = server
        self._begin(lambda: self._accept(server), "fake zebra listens")

    def unplug(self) -> None:
        """Hang up on everybody, refuse newcomers, and forget what was not printed yet, as a power cut does."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        with self._changed:
            self._queue.clear()
            for line in self._lines:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
            self._changed.notify_all()

    def wait_received(self, count: int, within_s: float = 20.0) -> bool:
        """Whether `count` formats were taken in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self.received >= count, within_s)

    @property
    def stopped(self) -> bool:
        """Whether nothing comes out now."""
        return self.paper_out or self.head_open or self.paused or self.ribbon_out or self.too_hot

    # --- the wire ------------------------------------------------------------------------------------------------

    def _begin(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = server.accept()
                with self._changed:
                    self._lines.add(line)
                self._begin(lambda line=line: self._serve(line), "fake zebra hears")  # type: ignore[misc]

    def _serve(self, line: socket.socket) -> None:
        heard = b""
        with contextlib.suppress(OSError), line:
            while chunk := line.recv(65_536):
                heard = self._obey(heard + chunk, line.sendall)
        with self._changed:
            self._lines.discard(line)

    @contextlib.contextmanager
    def on_serial(self, link: Path) -> Iterator[None]:
        """The same printer at the end of a serial line: a pty, to which `link` points meanwhile."""
        near, far = os.openpty()
        tty.setraw(far)
        link.symlink_to(os.ttyname(far))
        done = threading.Event()
        self._begin(lambda: self._hear(near, done), "fake zebra hears serial")
        try:
            yield
        finally:
            done.set()
            link.unlink()
            self._threads[-1].join(10)
            os.close(near)
            os.close(far)

    def _hear(self, near: int, done: threading.Event) -> None:
        heard = b""
        while not done.is_set():
            if select.select([near], [], [], 0.05)[0]:
                heard = self._obey(heard + os.read(near, 4096), lambda said: _sent(near, said))

    def _obey(self, heard: bytes, answer: Callable[[bytes], None]) -> bytes:
        """Do what was heard whole; what is left may be the beginning of more."""
        end = 0
        for found in _WORDS.finditer(heard):
            end = found.end()
            if found[0] == b"~HS":
                self._answer(answer, self._status())
            elif found[0] == b"~HI":
                self._answer(answer, b"\x02ZD421-203dpi,V93.21.26Z,8,8192KB\x03\r\n")
            elif found[0] == b"~JA":
                self._forget()
            else:
                self._take(found[0])
        return heard[end:]

    def _answer(self, answer: Callable[[bytes], None], said: bytes) -> None:
        silent = self.quiet_when_stopped and (
            self.paper_out or self.head_open or self.ribbon_out or self.too_hot
        )
        if not (self.mute or silent):
            answer(said)
        with self._changed:
            self._asked += 1
            self._changed.notify_all()

    def _forget(self) -> None:
        with self._changed:
            self._queue.clear()

    def _take(self, zpl: bytes) -> None:
        copies = int((_COPIES.findall(zpl) or [b"1"])[-1])
        with self._changed:
            self.received += 1
            if not self.swallows:
                self._queue.extend([zpl] * max(1, copies) * (2 if self.twice else 1))
            self._asked = 0
            self._changed.notify_all()

    def _status(self) -> bytes:
        with self._changed:
            waiting, remaining = len({id(zpl) for zpl in self._queue}), len(self._queue)
        one = f"030,{int(self.paper_out)},{int(self.paused)},1225,{waiting:03d},0,0,0,000,0,0,{int(self.too_hot)}"
        two = f"000,0,{int(self.head_open)},{int(self.ribbon_out)},1,2,6,0,{remaining:08d},1,000"
        return b"".join(b"\x02" + part.encode() + b"\x03\r\n" for part in (one, two, "1234,0"))

    # --- the print head --------------------------------------------------------------------------------------------

    def _print(self) -> None:
        while not self._ending.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._ending.is_set(), 0.1)
                label = self._queue[0] if self._queue else None
                if label is not None:
                    self._changed.wait_for(lambda: self._asked or self._ending.is_set(), _MOST_PATIENCE_S)
            if label is None or self._rests() or self._ending.wait(self.seconds_per_label):
                continue
            with self._changed:
                if self._queue and self._queue[0] is label:
                    self.printed.append(self._queue.popleft())
                    self._changed.notify_all()

    def _rests(self) -> bool:
        return self.stopped and not self._ending.wait(_LOOK_S)


def _sent(near: int, said: bytes) -> None:
    os.write(near, said)


# --- as a process -----------------------------------------------------------------------------------------------------


def serve(told: IO[str], out: IO[str], port: int = 0) -> None:
    """Run the printer until `told` ends; every line is answered with one line of JSON."""
    with FakeZebra(port=port) as printer:
        print(json.dumps({"port": printer.port}), file=out, flush=True)
        for line in told:
            answer = _told(printer, line.split())
            if answer is None:
                return
            print(json.dumps(answer), file=out, flush=True)


def _told(printer: FakeZebra, words: list[str]) -> dict[str, object] | None:
    match words:
        case ["quit"]:
            return None
        case ["labels"]:
            return {"printed": [zpl.decode("utf-8", "backslashreplace") for zpl in printer.printed]}
        case ["unplug"]:
            printer.unplug()
        case ["plug"]:
            printer.plug()
        case ["seconds_per_label", seconds]:
            printer.seconds_per_label = float(seconds)
        case [state, ("on" | "off") as turned] if isinstance(getattr(printer, state, None), bool):
            setattr(printer, state, turned == "on")
        case _:
            return {"unknown": " ".join(words)}
    return {"done": " ".join(words)}


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout, int(sys.argv[1]) if len(sys.argv) > 1 else 0)
