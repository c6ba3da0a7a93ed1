"""Label printers of the station: label models become pages, what came of them becomes a value."""

from dataclasses import dataclass
from pathlib import Path

from devices.errors import DeviceError
from devices.printers import PdfFolderPrinter
from returns_station.config import Printer
from returns_station.domain.label import LabelModel
from returns_station.errors import Problem, StationError
from returns_station.wording import DISPOSITIONS, GRADES


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
