"""Cuts the bytes of one scanner into frames, by terminator, silence or size, without changing a byte."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Terminator = Literal["cr", "lf", "crlf", "tab"]
EndedBy = Literal["cr", "lf", "crlf", "tab", "idle", "overflow", "close"]
Framed = tuple[bytes, EndedBy]

_BYTES: dict[Terminator, bytes] = {"crlf": b"\r\n", "cr": b"\r", "lf": b"\n", "tab": b"\t"}
_NAMES: dict[bytes, Terminator] = {raw: name for name, raw in _BYTES.items()}


@dataclass(frozen=True, slots=True)
class Frame:
    """One scan as it came: raw bytes without the terminator, with the device that sent them.

    `at` is in seconds of the scanner's monotonic clock, when the last byte was read. `number` counts the
    frames of one device from 1 and goes on over unplugging. `ended_by` says "cr" for a CR LF whose LF had
    not arrived yet, because a worker does not wait for it; "close" is the last line of a recording that
    lacks its end.
    """

    device: str
    data: bytes
    at: float
    number: int
    ended_by: EndedBy


class Framer:
    """The framing of one device: pure, fed with bytes and times, silent about where they come from.

    `max_bytes` is the longest frame. The first `max_bytes` bytes of a longer one come out once, as
    "overflow", and everything up to its terminator or the next silence belongs to it and is dropped.
    `idle_s` is the silence, in seconds, that ends a frame of a scanner without suffix (50 ms measured good).
    `suffix_idle_s` replaces it as soon as the device has ended a frame with a terminator: then a stall of
    USB, Bluetooth or the machine must not cut a scan in two.
    `terminators` are those that count; the bytes of the others are content (a PDF417 may hold LF). A Tab counts
    only when it is named.
    """

    def __init__(
        self,
        max_bytes: int = 4096,
        idle_s: float = 0.05,
        *,
        suffix_idle_s: float = 0.5,
        terminators: Collection[Terminator] = ("crlf", "cr", "lf"),
    ) -> None:
        if max_bytes < 1 or not terminators:
            raise ValueError(
                f"max_bytes {max_bytes} must be 1 or more, terminators {terminators!r} at least one"
            )
        self._max_bytes = max_bytes
        self._idle_s = idle_s
        self._suffix_idle_s = max(idle_s, suffix_idle_s)
        self._terminators = frozenset(terminators)
        # CRLF stands first in _BYTES, so that the pair is never taken for two ends.
        self._end = re.compile(b"|".join(raw for name, raw in _BYTES.items() if name in self._terminators))
        self._buffer = bytearray()
        self._held = b""
        self._after_cr = False
        self._swallowing = False
        self._suffix_seen = False
        self._last_at = 0.0

    @property
    def pending(self) -> int:
        """How many bytes wait for the end of their frame."""
        return len(self._buffer) + len(self._held)

    def due_in(self, at: float) -> float | None:
        """Seconds of silence from `at` until `idle` has something to end; None when nothing is open."""
        if not (self.pending or self._swallowing):
            return None
        return max(0.0, self._last_at + self._patience - at)

    def feed(self, chunk: bytes, at: float) -> list[Framed]:
        """Take the bytes read at `at`; return the frames they complete, in order, without empty ones.

        However a stream is cut into chunks, the frames are the same. A gap between two calls says nothing,
        for the reader itself may have been late: silence is what `idle` is told.
        """
        if not chunk:
            return []
        self._last_at = at
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = False
        return self._split(self._hold_cr(self._held + chunk))

    def idle(self, at: float) -> list[Framed]:
        """Nothing was waiting at `at`: end the open frame if that silence is long enough."""
        due = self.due_in(at)
        if due is None or due > 0:
            return []
        done: list[Framed] = []
        held, self._held = self._held, b""
        self._gather(held, done)
        self._finish("idle", done)
        return done

    def discard(self) -> bytes:
        """Forget the open frame and return its bytes: what follows comes from another connection."""
        lost = bytes(self._buffer) + self._held
        self._buffer.clear()
        self._held = b""
        self._after_cr = self._swallowing = False
        return lost

    @property
    def _patience(self) -> float:
        return self._suffix_idle_s if self._suffix_seen else self._idle_s

    def _hold_cr(self, stream: bytes) -> bytes:
        """Remember a CR at the very end, whose LF may still come."""
        pair, at_cr = "crlf" in self._terminators, stream.endswith(b"\r")
        self._after_cr = pair and at_cr and "cr" in self._terminators
        hold = pair and at_cr and "cr" not in self._terminators
        self._held = b"\r" if hold else b""
        return stream[:-1] if hold else stream

    def _split(self, stream: bytes) -> list[Framed]:
        done: list[Framed] = []
        start = 0
        for end in self._end.finditer(stream):
            self._gather(stream[start : end.start()], done)
            self._finish(_NAMES[end.group()], done)
            self._suffix_seen = True
            start = end.end()
        self._gather(stream[start:], done)
        return done

    def _gather(self, piece: bytes, done: list[Framed]) -> None:
        if self._swallowing:
            return
        room = self._max_bytes - len(self._buffer)
        self._buffer += piece[:room]
        if len(piece) > room:
            done.append((bytes(self._buffer), "overflow"))
            self._buffer.clear()
            self._swallowing = True

    def _finish(self, ended_by: EndedBy, done: list[Framed]) -> None:
        if self._buffer:
            done.append((bytes(self._buffer), ended_by))
        self._buffer.clear()
        self._swallowing = False
