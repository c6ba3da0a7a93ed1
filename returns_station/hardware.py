"""The one place that knows devices and labels: frames become inputs, label models pages, faults problems."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from devices.errors import DeviceError
from devices.frame import Frame
from devices.printers import PdfFolderPrinter
from devices.scanners import Notice, SerialScanner
from returns_station.config import Printer, Scanner
from returns_station.domain.label import LabelModel
from returns_station.errors import Problem, StationError
from returns_station.wording import DISPOSITIONS, GRADES
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


@dataclass(frozen=True, slots=True)
class Printed:
    """What became of a label: `state` is sent, confirmed or failed."""

    state: str
    reference: str | None = None
    problem: Problem | None = None
    missing: tuple[str, ...] = ()


def label_pdf(model: LabelModel, site_note: str = "") -> bytes:
    """The label as PDF. StationError `label.*` when a symbol cannot carry its code; there is no label with a wrong code."""
    return _rendered(model, site_note)[0]


def _rendered(model: LabelModel, site_note: str) -> tuple[bytes, tuple[str, ...]]:
    from labels.errors import LabelError
    from labels.pdf import render
    from labels.unit import UnitLabel

    label = UnitLabel(
        model.code,
        model.title,
        model.sku,
        GRADES.get(model.grade, model.grade),
        DISPOSITIONS.get(model.disposition, model.disposition) or "Parcel",
        model.destination,
        model.quantity,
        model.lot or "",
        model.expiry or "",
        model.reprint,
        site_note,
    )
    try:
        done = render(label.as_spec())
    except LabelError as error:
        raise StationError(f"label.{error.code}", error.sentence, error.hint) from error
    return done.pdf, tuple(done.missing)


class LabelPrinter:
    """The station's label printer: renders and hands over; the same job again is the same label."""

    def __init__(self, configured: Printer) -> None:
        self.name = configured.name
        self._folder = Path(configured.folder)
        self._printer = PdfFolderPrinter(self._folder)

    def print(self, job_id: str, model: LabelModel) -> Printed:
        """Prints one job; a fault is a value, for no label may stop the work."""
        try:
            pdf, missing = _rendered(model, "")
            done = self._printer.submit(job_id, pdf, "application/pdf")
        except (DeviceError, StationError) as error:
            return Printed("failed", problem=Problem(error.code, error.sentence, error.hint))
        return Printed(done.state, done.reference, missing=missing)

    def status(self) -> tuple[str, str]:
        """Band (fine, warning, stopped, unknown) and a sentence."""
        status = self._printer.status()
        return status.band, status.sentence
