"""Scanners of the station: frames become inputs on the one queue, faults become sentences, verdicts go back."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, Full, Queue, SimpleQueue

from devices.errors import DeviceError
from devices.frame import Frame
from devices.scanners import Notice, SerialScanner
from returns_station.config import Scanner
from returns_station.errors import StationError
from returns_station.hardware.habits import profile_of, repair_of
from returns_station.workflow.ports import Input

# Verdicts that a scanner has not taken yet; more would be told too late to be of use.
_VERDICTS = 8


@dataclass(frozen=True, slots=True)
class Arrived:
    """Something that came from a device: an input, or a notice about the device (`code`, `sentence`)."""

    given: Input | None = None
    code: str = ""
    sentence: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class ScannerState:
    """How a scanner is, for a status line."""

    name: str
    connected: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One frame of a scanner with all that is known of it; `at` in seconds of the monotonic clock."""

    given: Input
    at: float
    number: int
    ended_by: str


class Scanners:
    """All serial scanners of the station feeding one queue; started together, stopped together.

    `heard`, if given, gets every frame before it is put into the queue.
    """

    def __init__(
        self,
        configured: Sequence[Scanner],
        put: Callable[[Arrived], None],
        heard: Callable[[Heard], None] | None = None,
    ) -> None:
        self._put = put
        self._lines = tuple(_Line(one, _Forward(one, put, heard), self._notice) for one in configured)

    def _notice(self, notice: Notice) -> None:
        self._put(Arrived(code=f"scanner.{notice.kind}", sentence=notice.sentence, device=notice.device))

    def start(self) -> None:
        """Opens every scanner; StationError names the one that cannot be had."""
        for line in self._lines:
            try:
                line.scanner.start()
            except DeviceError as error:
                self.stop()
                raise StationError(f"device.{error.code}", error.sentence, error.hint) from error

    def stop(self) -> None:
        """Stops every scanner; what was read before is delivered first."""
        for line in self._lines:
            line.stop()

    def states(self) -> tuple[ScannerState, ...]:
        """How each scanner is right now, in the order of the configuration."""
        states = [(line.scanner.name, line.scanner.state) for line in self._lines]
        return tuple(ScannerState(name, state.connected, state.sentence) for name, state in states)

    def answer(self, device: str, good: bool) -> None:
        """Tells a scanner how its last scan was taken, by the bytes of its profile.

        Returns at once and never raises: another device, a profile without such bytes, or a scanner that does not take
        them are nothing to stop for.
        """
        for line in self._lines:
            if line.scanner.name == device:
                line.answer(good)


class _Line:
    """One scanner with the thread that writes to it; a scanner that takes nothing holds up nobody else."""

    def __init__(self, configured: Scanner, forward: "_Forward", notice: Callable[[Notice], None]) -> None:
        profile = profile_of(configured)
        self._bytes = {True: profile.good_read, False: profile.bad_read}
        self.scanner = SerialScanner(
            configured.name, configured.url, forward, notice, baud=configured.baud, framer=profile.framer()
        )
        self._verdicts: Queue[bytes | None] = Queue(_VERDICTS)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def answer(self, good: bool) -> None:
        payload = self._bytes[good]
        if not payload:
            return
        with self._lock, contextlib.suppress(Full, RuntimeError):
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._write, name=f"answers {self.scanner.name}", daemon=True
                )
                self._thread.start()
            self._verdicts.put_nowait(payload)

    def stop(self) -> None:
        self.scanner.stop()
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            # What was not told yet is of no use any more, and leaves room for the end.
            with contextlib.suppress(Empty):
                while True:
                    self._verdicts.get_nowait()
            self._verdicts.put(None)
        thread.join(2.0)

    def _write(self) -> None:
        while payload := self._verdicts.get():
            with contextlib.suppress(DeviceError):
                self.scanner.send(payload)


class _Forward(SimpleQueue[Frame]):
    """A queue that hands each frame on as it comes, so that all inputs of the station stand in one line."""

    def __new__(cls, *_: object) -> "_Forward":
        return super().__new__(cls)

    def __init__(
        self, configured: Scanner, put: Callable[[Arrived], None], heard: Callable[[Heard], None] | None
    ) -> None:
        self._repair = repair_of(configured)
        self._forward = put
        self._heard = heard

    def put(self, item: Frame, block: bool = True, timeout: float | None = None) -> None:
        given = Input(item.data, item.device, meant=self._repair(item.data))
        if self._heard is not None:
            self._heard(Heard(given, item.at, item.number, item.ended_by))
        self._forward(Arrived(given, device=item.device))
