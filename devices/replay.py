"""A scanner whose scans come from a recording: at the pace they were made, at a steady rate, or at once."""

import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from devices.errors import DeviceError
from devices.frame import EndedBy, Frame
from devices.states import ScannerState

Pace = Literal["recorded", "at_once"] | float
"""As recorded, without any pause, or a number of scans per second."""

_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(\\))")
_HINT = (
    'A line is plain text or {"at": seconds, "data": text}; bytes are written as \\x1d, a backslash as \\\\.'
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One scan of a recording; `at` is in seconds from its beginning, None for a plain line."""

    data: bytes
    at: float | None
    ended_by: EndedBy


def unescape(text: bytes) -> bytes:
    r"""Written bytes to raw bytes: `\x1d` is one byte, `\\` a backslash, everything else itself."""
    return _ESCAPE.sub(lambda found: bytes.fromhex((found[1] or b"5c").decode()), text)


def escape(raw: bytes) -> str:
    r"""Raw bytes as printable ASCII that `unescape` reads back."""
    return "".join(chr(b) if 0x20 <= b < 0x7F and b != 0x5C else f"\\x{b:02x}" for b in raw)


def read_recording(source: Path | Iterable[str | bytes]) -> list[Recorded]:
    """All scans of a file or of lines; a line that begins with `{` is JSON, any other is the scan itself.

    Empty lines are no scans. Raises `DeviceError` with the line number for a file that cannot be read, for
    JSON without text under "data", and for an "at" that is no number of seconds or goes back.
    """
    scans: list[Recorded] = []
    latest = 0.0
    for number, line in enumerate(_lines(source), start=1):
        if not line.rstrip(b"\r\n"):
            continue
        scan = _scan_of(line, number)
        if scan.at is not None:
            if not latest <= scan.at < float("inf"):
                raise _bad_line(number, f'"at" is {scan.at}, expected {latest} seconds or later')
            latest = scan.at
        scans.append(scan)
    return scans


class ReplayScanner:
    """Plays a recording into the queue that the real scanners feed; frames are told apart by nothing.

    The recording is read and checked when the scanner is made. At the "recorded" pace, scans without a time
    follow the one before at once.
    """

    def __init__(
        self,
        name: str,
        lines_or_path: Path | Iterable[str | bytes],
        sink: SimpleQueue[Frame],
        pace: Pace = "recorded",
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if isinstance(pace, int | float) and not pace > 0:
            raise ValueError(f"pace {pace} must be more than 0 scans per second")
        self.name = name
        self._scans = read_recording(lines_or_path)
        self._sink = sink
        self._pace = pace
        self._clock = clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._state = self._stated(False, f"Scanner {name} is not started.")

    @property
    def state(self) -> ScannerState:
        """The latest state, as one value."""
        return self._state

    def start(self) -> None:
        """Begin to play, in a thread."""
        if self._thread is None:
            self._stopping.clear()
            self._state = self._stated(True, f"Scanner {self.name} replays {len(self._scans)} scans.")
            self._thread = threading.Thread(target=self._play, name=f"replay {self.name}", daemon=True)
            self._thread.start()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the last scan is queued; False when that takes longer."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def stop(self) -> None:
        """Stop playing; what is queued stays queued."""
        self._stopping.set()
        self.join()
        self._thread = None

    def _play(self) -> None:
        began = self._clock()
        played = 0
        for played, (due, scan) in enumerate(zip(self._times(), self._scans, strict=False), start=1):
            if self._stopping.wait(max(0.0, began + due - self._clock())):
                played -= 1
                break
            self._sink.put(Frame(self.name, scan.data, self._clock(), played, scan.ended_by))
        self._state = self._stated(
            False, f"Scanner {self.name} has replayed {played} of {len(self._scans)} scans."
        )

    def _times(self) -> Iterator[float]:
        """When each scan is due, in seconds from the start."""
        if isinstance(self._pace, int | float):
            rate = float(self._pace)
            return (index / rate for index in itertools.count())
        if self._pace == "at_once":
            return itertools.repeat(0.0)
        return itertools.accumulate((scan.at or 0.0 for scan in self._scans), max)

    def _stated(self, connected: bool, sentence: str) -> ScannerState:
        return ScannerState(connected, self._clock(), sentence)


def _lines(source: Path | Iterable[str | bytes]) -> Iterator[bytes]:
    if not isinstance(source, Path):
        return (line.encode() + b"\n" if isinstance(line, str) else line + b"\n" for line in source)
    try:
        return iter(re.findall(rb"[^\n]*\n|[^\n]+", source.read_bytes()))
    except OSError as fault:
        raise DeviceError(
            "replay_unreadable",
            f"The recording {source} cannot be read: {fault.strerror}.",
            "Check the path.",
        ) from fault


def _scan_of(line: bytes, number: int) -> Recorded:
    ended_by: EndedBy = "crlf" if line.endswith(b"\r\n") else "lf" if line.endswith(b"\n") else "close"
    if not line.startswith(b"{"):
        return Recorded(unescape(line.rstrip(b"\r\n")), None, ended_by)
    try:
        entry = json.loads(line)
        text, at = entry["data"], entry.get("at")
    except (ValueError, KeyError, RecursionError) as fault:
        raise _bad_line(number, 'expected a JSON object with "data"') from fault
    if not isinstance(text, str) or isinstance(at, bool) or not isinstance(at, int | float | None):
        raise _bad_line(number, f'expected "data" as text and "at" as seconds, found {text!r} and {at!r}')
    return Recorded(
        unescape(text.encode("utf-8", "surrogatepass")), None if at is None else float(at), ended_by
    )


def _bad_line(number: int, sentence: str) -> DeviceError:
    return DeviceError("replay_line", f"Line {number} of the recording: {sentence}.", _HINT)
