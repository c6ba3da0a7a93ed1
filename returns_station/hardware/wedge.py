"""A keyboard-wedge scanner on the station's own terminal: its bursts are scans, everything else stays keys.

It imports nothing heavy: the first paint waits for it.
"""

from collections.abc import Callable

from devices.wedge import GAP_S, Burst, Keyed, Piece, Suffix
from returns_station import config

NAME = "wedge"


class Wedge:
    """Gives each scan among a terminal's bytes to `put`, byte for byte; used by one thread."""

    def __init__(
        self, put: Callable[[bytes], object], *, gap_s: float = GAP_S, suffix: Suffix = "enter"
    ) -> None:
        self._put = put
        self._burst = Burst(gap_s, suffix)

    @classmethod
    def of(cls, configured: config.Wedge, put: Callable[[bytes], object]) -> "Wedge":
        """The wedge as `[wedge]` of the configuration describes it."""
        suffix: Suffix = configured.suffix  # type: ignore[assignment]
        return cls(put, gap_s=configured.gap_ms / 1000, suffix=suffix)

    def due_in(self, at: float) -> float | None:
        """Seconds of silence from `at` until `idle` must be called; None when nothing is open."""
        return self._burst.due_in(at)

    def feed(self, chunk: bytes, at: float) -> bytes:
        """Takes what was read at `at`, in seconds; the bytes that are keys."""
        return self._sorted(self._burst.feed(chunk, at))

    def idle(self, at: float) -> bytes:
        """Nothing came until `at`; the bytes that are keys."""
        return self._sorted(self._burst.idle(at))

    def _sorted(self, pieces: list[Piece]) -> bytes:
        keys = b""
        for piece in pieces:
            if isinstance(piece, Keyed):
                keys += piece.data
            else:
                self._put(piece.data)
        return keys
