"""The station's one line of inputs, as the terminal's side puts them in: small values that need nothing heavy."""

import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any


@dataclass(frozen=True, slots=True)
class Burst:
    """A scan of the keyboard-wedge scanner, byte for byte."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Typed:
    """A line that a person typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command of the dialogue by its word; `device` is the keyboard, or the station itself."""

    name: str
    device: str = "keyboard"


class End:
    """Ends the thread that takes from the line."""


class Queue:
    """Holds what arrives, in order, and knows how many of it is not answered yet."""

    def __init__(self) -> None:
        self._line: SimpleQueue[Any] = SimpleQueue()
        self._lock = threading.Lock()
        self._open = 0

    def put(self, arrived: Any) -> None:
        """Stands last; any thread."""
        with self._lock:
            self._open += 1
        self._line.put(arrived)

    def get(self, within_s: float | None = None) -> Any:
        """The first one; waits for it, None when none comes within `within_s` seconds."""
        try:
            return self._line.get(timeout=within_s)
        except Empty:
            return None

    def done(self) -> None:
        """The first one is answered."""
        with self._lock:
            self._open -= 1

    @property
    def waiting(self) -> int:
        """How many are not answered."""
        return self._open
