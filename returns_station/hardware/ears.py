"""Listens to a terminal in raw mode and to serial ports at once, every byte with its time: for teaching and testing."""

import contextlib
import os
import select
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from devices.errors import DeviceError
from devices.wedge import Burst, Scanned, Suffix
from devices.wires import FAULTS, Wire, open_wire
from returns_station.config import Scanner, Wedge
from returns_station.domain.scan.teaching import Stroke
from returns_station.errors import Problem, StationError
from returns_station.hardware.habits import profile_of

KEYBOARD = "keyboard"
QUIET_S = 0.3
"""Silence that ends a scan here: longer than any pause within one, also on a busy machine."""

_Read = Callable[[float | None], bytes]
_LOOK_S = 0.05
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Overheard:
    """One burst of one source, `KEYBOARD` or a port's URL; `strokes` are in order, times in seconds."""

    source: str
    strokes: tuple[Stroke, ...]


class Ears:
    """Hears what a terminal and serial ports send; nothing is sent to them and nothing is echoed.

    `terminal` is the descriptor of a tty, None for no keyboard; `urls` are ports with their baud rates. Ports that cannot
    be opened are in `deaf`, with why.
    Ctrl+C still interrupts. Used as a context manager, which gives the terminal back as it was.
    """

    def __init__(self, terminal: int | None, urls: Mapping[str, int]) -> None:
        self._terminal = terminal
        self._urls = dict(urls)
        self._heard: SimpleQueue[tuple[str, Stroke | None]] = SimpleQueue()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._wires: list[Wire] = []
        self._before: list[Any] | None = None
        self.deaf: tuple[Problem, ...] = ()

    def __enter__(self) -> "Ears":
        self.deaf = tuple(self._opened())
        if self._terminal is not None:
            self._before = termios.tcgetattr(self._terminal)
            _raw(self._terminal)
            self._start(KEYBOARD, _Keys(self._terminal).read)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join(2.0)
        for wire in self._wires:
            wire.close()
        if self._terminal is not None and self._before is not None:
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)

    def listen(self, timeout_s: float | None = None) -> Overheard | None:
        """The next burst, once its source was silent for `QUIET_S`; None when nothing came within the time.

        What other sources send meanwhile is dropped. StationError `device.gone` when a source was unplugged.
        """
        try:
            source, first = self._heard.get(timeout=timeout_s)
        except Empty:
            return None
        strokes = [_there(source, first)]
        while (following := self._following(source)) is not None:
            strokes.append(following)
        return Overheard(source, tuple(strokes))

    def _following(self, source: str) -> Stroke | None:
        until = time.monotonic() + QUIET_S
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(Empty):
                other, stroke = self._heard.get(timeout=left)
                if other == source:
                    return _there(source, stroke)
        return None

    def _opened(self) -> Iterator[Problem]:
        for url, baud in self._urls.items():
            try:
                wire = open_wire(url, url, baud)
            except DeviceError as error:
                yield Problem(f"device.{error.code}", error.sentence, error.hint)
                continue
            self._wires.append(wire)
            self._start(url, wire.read)

    def _start(self, source: str, read: _Read) -> None:
        thread = threading.Thread(target=self._hear, args=(source, read), name=f"ear {source}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _hear(self, source: str, read: _Read) -> None:
        try:
            while not self._closing.is_set():
                if chunk := read(_LOOK_S):
                    self._heard.put((source, Stroke(chunk, time.monotonic())))
        except FAULTS:
            self._heard.put((source, None))


def _there(source: str, stroke: Stroke | None) -> Stroke:
    if stroke is None:
        raise StationError("device.gone", f"{source} was unplugged.", "Plug it in and run this again.")
    return stroke


class _Keys:
    """A terminal's bytes as they come."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal

    def read(self, timeout_s: float | None) -> bytes:
        ready, _, _ = select.select([self._terminal], [], [], timeout_s)
        if not ready:
            return b""
        chunk = os.read(self._terminal, _CHUNK)
        if not chunk:
            raise OSError("the terminal hung up")
        return chunk


def _raw(terminal: int) -> None:
    """Every key at once and as it is, Ctrl+\\ and Ctrl+S too, for bar codes hold such bytes; but Ctrl+C interrupts."""
    tty.setraw(terminal, termios.TCSADRAIN)
    mode = termios.tcgetattr(terminal)
    mode[1] |= termios.OPOST
    mode[3] |= termios.ISIG
    never = bytes([os.fpathconf(terminal, "PC_VDISABLE")])
    for key in (termios.VQUIT, termios.VSUSP):
        mode[6][key] = never
    termios.tcsetattr(terminal, termios.TCSADRAIN, mode)


def cut(heard: Overheard, device: Scanner | Wedge) -> list[tuple[bytes, str]]:
    """The scans in a burst, as the station cuts them for this device, with what ended each; "typed" are no scans."""
    last = heard.strokes[-1].at + QUIET_S
    if isinstance(device, Scanner):
        framer = profile_of(device).framer()
        framed = [frame for stroke in heard.strokes for frame in framer.feed(stroke.data, stroke.at)]
        return [(data, ended_by) for data, ended_by in framed + framer.idle(last + 10)]
    suffix: Suffix = device.suffix  # type: ignore[assignment]
    burst = Burst(device.gap_ms / 1000, suffix)
    pieces = [piece for stroke in heard.strokes for piece in burst.feed(stroke.data, stroke.at)]
    return [
        (piece.data, piece.ended_by if isinstance(piece, Scanned) else "typed")
        for piece in pieces + burst.idle(last + 10)
    ]
