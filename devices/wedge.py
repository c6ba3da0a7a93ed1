"""Tells a keyboard-wedge scanner's burst from a person's keys, in the bytes of a terminal, before anything acts on a key."""

import re
from dataclasses import dataclass
from typing import Literal

Suffix = Literal["enter", "tab", "none"]

# A burst comes at 2 to 17 ms a key, people are near 90 ms (measured); 50 ms of silence ends a burst.
GAP_S = 0.05
# Shorter ones are keys: the shortest code anybody prints has more characters.
SHORTEST = 3
# A burst has begun, its suffix is still to come: so long a stall of USB, terminal or machine does not cut it in two.
STALL_S = 0.5
LONGEST = 4096

_CSI = rb"\x1b\[[0-?]*[ -/]*[@-~]"
_KEY = re.compile(rb"(?:" + _CSI + rb"|\x1bO[@-~]|\x1b[ -~]|\x1b)")
_REPORTS = re.compile(rb"(?:" + _CSI + rb")+")
# What a terminal tells by itself, and may tell in the middle of a scan: focus gained or lost, a mode.
_UNASKED = re.compile(rb"\x1b\[[IO]|\x1b\[\?[0-9;]+\$y")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan: its bytes as they were keyed, without the suffix; `at` is when its last byte was read, in seconds."""

    data: bytes
    at: float
    ended_by: Literal["enter", "tab", "idle", "overflow"]


@dataclass(frozen=True, slots=True)
class Keyed:
    """Bytes of a person's keys, or of the terminal itself: they may act as keys."""

    data: bytes


Piece = Scanned | Keyed


class Burst:
    """Splits one terminal's input; pure, fed with bytes and times.

    Every key waits `gap_s` seconds for a next one: a key that is alone is a person's, keys that follow each other
    faster are a scanner's. So no key of a scan ever acts: not an answer's digit, not the Enter, not an escape sequence
    in a bar code. `suffix` is what the scanner sends behind a code; with "none" a pause ends it. Once two keys have come
    at a scanner's pace, up to half a second is waited for the suffix.
    """

    def __init__(self, gap_s: float = GAP_S, suffix: Suffix = "enter", *, max_bytes: int = LONGEST) -> None:
        if not gap_s > 0 or max_bytes < SHORTEST:
            raise ValueError(f"gap_s {gap_s} must be more than 0, max_bytes {max_bytes} at least {SHORTEST}")
        self._gap_s = gap_s
        self._suffix = suffix
        self._max_bytes = max_bytes
        self._ends = re.compile(rb"\r\n|\r|\n|\t" if suffix == "tab" else rb"\r\n|\r|\n")
        self._buffer = bytearray()
        self._swallowing = False
        self._after_scan = False
        self._last_at = 0.0

    def due_in(self, at: float) -> float | None:
        """Seconds of silence from `at` until `idle` has something to say; None when nothing is open."""
        if not (self._buffer or self._swallowing or self._after_scan):
            return None
        return max(0.0, self._last_at + self._patience - at)

    @property
    def _patience(self) -> float:
        begun = self._suffix != "none" and len(self._buffer) > 1 and not _acts(bytes(self._buffer))
        return max(self._gap_s, STALL_S) if begun else self._gap_s

    def feed(self, chunk: bytes, at: float) -> list[Piece]:
        """Take what was read at `at`; what it completes, in order.

        A gap between two calls says nothing, for the reader itself may have been late: silence is what `idle` is told.
        """
        found: list[Piece] = []
        self._last_at = at
        told = b"".join(_UNASKED.findall(chunk))
        if told and told != chunk:
            chunk = _UNASKED.sub(b"", chunk)
            found.append(Keyed(told))
        if self._after_scan and not self._buffer and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_scan = False
        start = 0
        for end in self._ends.finditer(chunk):
            self._gather(chunk[start : end.start()], at, found)
            self._end(end.group(), at, found)
            start = end.end()
        self._gather(chunk[start:], at, found)
        return found

    def idle(self, at: float) -> list[Piece]:
        """Nothing came until `at`: end the open burst if that silence is long enough."""
        due = self.due_in(at)
        if due is None or due > 0:
            return []
        self._after_scan = self._swallowing = False
        data = bytes(self._buffer)
        self._buffer.clear()
        if not data:
            return []
        if self._suffix == "none" and len(data) >= SHORTEST and not _acts(data):
            return [Scanned(data, self._last_at, "idle")]
        kept = data if _acts(data) else _CONTROL.sub(b"", data)
        return [Keyed(kept)] if kept else []

    def _gather(self, piece: bytes, at: float, found: list[Piece]) -> None:
        if self._swallowing or not piece:
            return
        room = self._max_bytes - len(self._buffer)
        self._buffer += piece[:room]
        if len(piece) > room:
            found.append(Scanned(bytes(self._buffer), at, "overflow"))
            self._buffer.clear()
            self._swallowing = True

    def _end(self, suffix: bytes, at: float, found: list[Piece]) -> None:
        data = bytes(self._buffer)
        self._buffer.clear()
        if self._swallowing:
            self._swallowing, self._after_scan = False, True
        elif len(data) >= SHORTEST or (data and not data.isalnum()):
            # Nobody presses another key than a letter or digit and Enter within the gap, so even the shortest of these
            # is a scan: a code "-1" must not press the minus of a ten-key pad.
            found.append(Scanned(data, at, "tab" if suffix == b"\t" else "enter"))
            self._after_scan = suffix == b"\r"
        else:
            found.append(Keyed(data + (b"\t" if suffix == b"\t" else b"\r")))


def _acts(data: bytes) -> bool:
    """Whether bytes that came together are one key (held down perhaps) or the terminal's own reports.

    Anything else with control bytes in it is a scan without its suffix, which may type but must not act.
    """
    if len(data) == 1:
        return True
    first = _KEY.match(data)
    if first is None:
        return data[0] < 0x20 and data == data[:1] * len(data)
    return data == first.group() * (len(data) // len(first.group())) or _REPORTS.fullmatch(data) is not None
