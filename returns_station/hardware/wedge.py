"""A keyboard-wedge scanner on the station's own terminal: its bursts are scans, everything else stays keys.

It imports nothing heavy: the first paint waits for it.
"""

from collections.abc import Callable

from devices.wedge import GAP_S, Burst, Keyed, Piece, Suffix
from returns_station import config

NAME = "wedge"


class Wedge:
    """Gives each scan among a terminal's bytes to `put`, byte for byte; used by one thread.

    One or two letters or digits with an Enter at once may be a person's or a scan. While `asking`, such as with a dialog
    open, they are a scan: no code may press a button.
    """

    def __init__(
        self,
        put: Callable[[bytes], object],
        *,
        gap_s: float = GAP_S,
        suffix: Suffix = "enter",
        asking: Callable[[], bool] = lambda: False,
    ) -> None:
        self._put = put
        self._asking = asking
        self._burst = Burst(gap_s, suffix)

    @classmethod
    def of(
        cls,
        configured: config.Wedge,
        put: Callable[[bytes], object],
        asking: Callable[[], bool] = lambda: False,
    ) -> "Wedge":
        """The wedge as `[wedge]` of the configuration describes it."""
        suffix: Suffix = configured.suffix  # type: ignore[assignment]
        return cls(put, gap_s=configured.gap_ms / 1000, suffix=suffix, asking=asking)

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
                short = piece.data.rstrip(b"\r\t")
                if short and len(piece.data) > len(short) and self._asking():
                    self._put(short)
                else:
                    keys += piece.data
            else:
                self._put(piece.data)
        return keys
