"""Label printers of the station: label models become documents in a printer's language, what came of them a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devices.errors import DeviceError
from devices.printers import Band, PdfFolderPrinter
from returns_station.config import Printer
from returns_station.domain.label import LabelModel
from returns_station.errors import Problem, StationError
from returns_station.hardware.rendering import Rendered, label_pdf, rendered_pdf, rendered_zpl

if TYPE_CHECKING:
    from devices.printers import Printer as Device

__all__ = ["LabelPrinter", "LabelPrinters", "Printed", "PrinterState", "label_pdf"]

_LASTING = ("label.", "printer_media", "printer_job_")
"""Codes of failures that are the same however often the job is tried."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What became of a label: `state` is sent, confirmed or failed; `printer` is the one it was given to."""

    state: str
    reference: str | None = None
    problem: Problem | None = None
    missing: tuple[str, ...] = ()
    printer: str = ""

    @property
    def passes(self) -> bool:
        """Whether it failed for a reason that passes: the same job may be tried again when the printer is back."""
        return self.problem is not None and not self.problem.code.startswith(_LASTING)


@dataclass(frozen=True, slots=True)
class PrinterState:
    """How a printer is: its band (fine, warning, stopped, unknown) and a sentence that names what a person does."""

    name: str
    band: Band
    sentence: str


class LabelPrinter:
    """One label printer: renders and hands over; the same job again is the same label, where the printer can know."""

    def __init__(self, configured: Printer) -> None:
        self.name = configured.name
        self._configured = configured
        self._device = _device(configured)

    def print(self, job_id: str, model: LabelModel) -> Printed:
        """Prints one job; a fault is a value, for no label may stop the work."""
        media = self._device.media_types[0]
        try:
            document, missing = _rendered(model, media, self._configured)
            done = self._device.submit(job_id, document, media)
        except (DeviceError, StationError) as error:
            problem = Problem(error.code, error.sentence, error.hint)
            return Printed("failed", problem=problem, printer=self.name)
        return Printed(done.state, done.reference, missing=missing, printer=self.name)

    def state(self) -> PrinterState:
        """Asks it now; may take a second."""
        found = self._device.status()
        return PrinterState(self.name, found.band, found.sentence)

    def status(self) -> tuple[str, str]:
        """Band (fine, warning, stopped, unknown) and a sentence."""
        found = self.state()
        return found.band, found.sentence

    def confirm(self, reference: str) -> bool | None:
        """What became of a label that was sent: True printed, False given up, None not known (yet)."""
        return self._device.confirm(reference)


class LabelPrinters:
    """All label printers of the station, by name; the first configured one is the default."""

    def __init__(self, configured: Sequence[Printer]) -> None:
        self._printers = {one.name: LabelPrinter(one) for one in configured}

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, the default one first."""
        return tuple(self._printers)

    def chosen(self, printer: str | None) -> str | None:
        """The printer that a job for `printer` goes to: that one, or the default; None when there is none at all."""
        return printer if printer in self._printers else next(iter(self._printers), None)

    def print(self, job_id: str, model: LabelModel, printer: str | None = None) -> Printed:
        """Prints one job on the printer of this name or on the default one; a fault is a value."""
        name = self.chosen(printer)
        if name is None:
            hint = "Add a [[printer]] to the configuration; the label waits."
            return Printed("failed", problem=Problem("printer_none", "No printer is configured.", hint))
        return self._printers[name].print(job_id, model)

    def statuses(self) -> tuple[PrinterState, ...]:
        """Asks every printer now; may take up to a second for each."""
        return tuple(one.state() for one in self._printers.values())

    def confirm(self, reference: str) -> bool | None:
        """What became of a label that was sent, by its reference: True printed, False given up, None not known (yet)."""
        answers = (one.confirm(reference) for one in self._printers.values())
        return next((answer for answer in answers if answer is not None), None)


class Comebacks:
    """Which printers came back: fine now, and not known to be fine before, or a label failed on them since.

    A label that fails on a printer which always says it is fine brings it back once, not again and again.
    """

    def __init__(self) -> None:
        self._fine: frozenset[str] = frozenset()
        self._doubted: frozenset[str] = frozenset()

    def failed(self, printer: str) -> None:
        """A label failed on it: however short its fault was, its next fine moment is a comeback."""
        if printer not in self._doubted:
            self._doubted |= {printer}
            self._fine -= {printer}

    def seen(self, states: Sequence[PrinterState]) -> frozenset[str]:
        """The printers that came back since the last look. A warning does not keep a printer from printing."""
        fine = frozenset(one.name for one in states if one.band in ("fine", "warning"))
        back, self._fine = fine - self._fine, fine
        self._doubted &= fine
        return back


def _device(configured: Printer) -> "Device":
    what = f"Printer {configured.name}"
    connect_s, within_s = float(configured.connect_seconds), float(configured.seconds)
    if configured.kind == "pdf-folder":
        return PdfFolderPrinter(configured.folder)
    if configured.kind == "spooler":
        from devices.spooler import SpoolerPrinter

        return SpoolerPrinter(
            configured.name,
            configured.queue,
            options=configured.options,
            connect_s=connect_s,
            within_s=within_s,
        )
    from devices.transports import SerialTransport, TcpTransport, Transport
    from devices.zebra import ZplPrinter

    line: Transport = TcpTransport(what, configured.host, configured.port)
    if configured.kind == "zpl-serial":
        line = SerialTransport(what, configured.url, configured.baud, xonxoff=True)
    return ZplPrinter(configured.name, line, connect_s=connect_s, within_s=within_s)


def _rendered(model: LabelModel, media: str, configured: Printer) -> Rendered:
    if media == "application/zpl":
        return rendered_zpl(model, configured.dpi, size=configured.size)
    return rendered_pdf(model, size=configured.size)
