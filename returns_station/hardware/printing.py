"""Label printers of the station: label models become pages, what came of them becomes a value."""

from dataclasses import dataclass
from pathlib import Path

from devices.errors import DeviceError
from devices.printers import PdfFolderPrinter
from returns_station.config import Printer
from returns_station.domain.label import LabelModel
from returns_station.errors import Problem, StationError
from returns_station.hardware.rendering import label_pdf, rendered_pdf

__all__ = ["LabelPrinter", "Printed", "label_pdf"]


@dataclass(frozen=True, slots=True)
class Printed:
    """What became of a label: `state` is sent, confirmed or failed."""

    state: str
    reference: str | None = None
    problem: Problem | None = None
    missing: tuple[str, ...] = ()


class LabelPrinter:
    """The station's label printer: renders and hands over; the same job again is the same label."""

    def __init__(self, configured: Printer) -> None:
        self.name = configured.name
        self._folder = Path(configured.folder)
        self._printer = PdfFolderPrinter(self._folder)

    def print(self, job_id: str, model: LabelModel) -> Printed:
        """Prints one job; a fault is a value, for no label may stop the work."""
        try:
            pdf, missing = rendered_pdf(model)
            done = self._printer.submit(job_id, pdf, "application/pdf")
        except (DeviceError, StationError) as error:
            return Printed("failed", problem=Problem(error.code, error.sentence, error.hint))
        return Printed(done.state, done.reference, missing=missing)

    def status(self) -> tuple[str, str]:
        """Band (fine, warning, stopped, unknown) and a sentence."""
        status = self._printer.status()
        return status.band, status.sentence
