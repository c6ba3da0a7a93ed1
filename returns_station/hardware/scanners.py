"""Scanners of the station: frames become inputs on the one queue, faults become sentences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from devices.errors import DeviceError
from devices.frame import Frame
from devices.scanners import Notice, SerialScanner
from returns_station.config import Scanner
from returns_station.errors import StationError
from returns_station.workflow.ports import Input


@dataclass(frozen=True, slots=True)
class Arrived:
    """Something that came from a device: an input, or a notice about the device (`code`, `sentence`)."""

    given: Input | None = None
    code: str = ""
    sentence: str = ""


class Scanners:
    """All serial scanners of the station feeding one queue; started together, stopped together."""

    def __init__(self, configured: Sequence[Scanner], put: Callable[[Arrived], None]) -> None:
        self._put = put
        self._frames: SimpleQueue[Frame] = _Forward(put)
        self._scanners = [
            SerialScanner(one.name, one.url, self._frames, self._notice, baud=one.baud) for one in configured
        ]

    def _notice(self, notice: Notice) -> None:
        self._put(Arrived(code=f"scanner.{notice.kind}", sentence=notice.sentence))

    def start(self) -> None:
        """Opens every scanner; StationError names the one that cannot be had."""
        for scanner in self._scanners:
            try:
                scanner.start()
            except DeviceError as error:
                self.stop()
                raise StationError(f"device.{error.code}", error.sentence, error.hint) from error

    def stop(self) -> None:
        """Stops every scanner; what was read before is delivered first."""
        for scanner in self._scanners:
            scanner.stop()


class _Forward(SimpleQueue[Frame]):
    """A queue that hands each frame on as it comes, so that all inputs of the station stand in one line."""

    def __new__(cls, _put: Callable[[Arrived], None]) -> "_Forward":
        return super().__new__(cls)

    def __init__(self, put: Callable[[Arrived], None]) -> None:
        self._forward = put

    def put(self, item: Frame, block: bool = True, timeout: float | None = None) -> None:
        self._forward(Arrived(Input(item.data, item.device)))
