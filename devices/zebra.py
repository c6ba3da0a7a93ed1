"""Label printers that speak ZPL over a raw line: labels out, the host status back, and what both prove."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from devices.errors import DeviceError
from devices.printers import Band, PrinterStatus, Submitted, check_job
from devices.transports import Deadline, Transport

ZPL: Final = "application/zpl"
ASK: Final = b"~HS"
_STX, _ETX = b"\x02", b"\x03"
_LINES = (12, 11, 2)
_POLL_S = 0.03
_ANSWER_S = 1.0
_MUTE_S = 0.3
_STALE = 64
# Longer than a printer takes to show that a label has reached it; one that never shows it would cost the whole time.
_TO_SHOW_S = 2.0


@dataclass(frozen=True, slots=True)
class HostStatus:
    """What a printer answers to ~HS, field by field (Zebra, ZPL II Programming Guide, "~HS Host Status Return").

    `communication` and `functions` are the bit fields of the line's settings and of the media, as numbers;
    `label_length` is in dots; `formats` waits in the receive buffer; `print_mode` is 0 rewind, 1 peel-off,
    2 tear-off, 3 cutter, 4 applicator (later models know more); `remaining` counts the labels of the batch.
    """

    communication: int
    paper_out: bool
    paused: bool
    label_length: int
    formats: int
    buffer_full: bool
    diagnostics: bool
    partial_format: bool
    memory_lost: bool
    too_cold: bool
    too_hot: bool
    functions: int
    head_open: bool
    ribbon_out: bool
    thermal_transfer: bool
    print_mode: str
    print_width_mode: str
    label_waiting: bool
    remaining: int
    prints_while_formatting: bool
    graphics: int
    password: str
    static_memory: bool

    @classmethod
    def parse(cls, raw: bytes) -> "HostStatus":
        """The status of the last three STX … ETX strings in `raw`; ValueError when they are not all there."""
        one, two, three = _strings(raw)
        flag = _flag
        return cls(
            int(one[0]), flag(one[1]), flag(one[2]), int(one[3]), int(one[4]), flag(one[5]), flag(one[6]),
            flag(one[7]), flag(one[9]), flag(one[10]), flag(one[11]), int(two[0]), flag(two[2]), flag(two[3]),
            flag(two[4]), two[5], two[6], flag(two[7]), int(two[8]), flag(two[9]), int(two[10]), three[0],
            flag(three[1]),
        )  # fmt: skip

    @property
    def idle(self) -> bool:
        """Whether nothing that was sent waits to be printed."""
        return not (self.formats or self.remaining or self.partial_format or self.buffer_full)

    @property
    def stop(self) -> tuple[str, str, str] | None:
        """Why nothing comes out: code, what is the matter, what a person does; None when it prints.

        A direct thermal printer has no ribbon to run out of.
        """
        return next((told for found, told in self._stops() if found), None)

    @property
    def worry(self) -> str | None:
        """What wants attention although it prints."""
        worries = (
            (self.label_waiting, "a label waits: take it off"),
            (self.memory_lost, "its settings were lost: calibrate it"),
            (self.too_cold, "the print head is cold: labels may be faint until it is warm"),
            (self.buffer_full, "its memory is full: wait, or look whether it prints at all"),
        )
        return next((sentence for found, sentence in worries if found), None)

    def _stops(self) -> Iterator[tuple[bool, tuple[str, str, str]]]:
        ribbon = self.ribbon_out and self.thermal_transfer
        yield self.head_open, ("printer_head_open", "the print head is open", "Close the print head.")
        yield self.paper_out, ("printer_out_of_paper", "there are no labels in it", "Load a roll of labels.")
        yield ribbon, ("printer_out_of_ribbon", "the ribbon has run out", "Load a ribbon.")
        yield (
            self.too_hot,
            ("printer_too_hot", "the print head is too hot", "Wait: it goes on when it is cool."),
        )
        yield (
            self.diagnostics,
            ("printer_diagnostics", "it is in its diagnostics mode", "Switch it off and on."),
        )
        yield self.paused, ("printer_paused", "it is paused", "Press PAUSE on the printer.")


class ZplPrinter:
    """A printer that takes ZPL over a `Transport`, such as TCP port 9100 or a serial line.

    Before a label is sent the printer is asked how it is: what cannot print now is refused, so that the label
    is not printed by surprise later. After sending it is asked until nothing waits in it. "confirmed" needs
    three things of ~HS: it was seen to have work after the label was sent, then to have none, and no stop. A
    line that answers nothing, or swallows labels, gets no further than "sent". Ids confirmed in this process
    are not printed again; any other id that comes again is a reprint somebody asked for.

    Some firmware is silent to ~HS while it is out of labels or open, so silence of a printer that answered
    before means "stopped", and silence of one that never did "unknown".
    """

    media_types = (ZPL,)

    def __init__(
        self,
        name: str,
        line: Transport,
        *,
        connect_s: float = 1.0,
        within_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._line = line
        self._connect_s = connect_s
        self._within_s = within_s
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._confirmed: set[str] = set()
        self._answered = self._mute = False

    def submit(self, job_id: str, content: bytes, media_type: str) -> Submitted:
        """Send one label and wait, bounded, until the printer says it is out.

        Raises `DeviceError` when nothing was printed: unplugged, refused, stopped, or cut off while sending.
        """
        check_job("ZPL", job_id, content, media_type, self.media_types)
        with self._lock:
            if job_id in self._confirmed:
                return Submitted("confirmed", job_id)
            deadline = Deadline(self._within_s, self._clock)
            with self._connected(deadline):
                before = self._ask(deadline)
                self._refuse_stopped(before)
                self._line.write(content, deadline.left)
                printed = before is not None and self._seen_out(deadline)
            if printed:
                self._confirmed.add(job_id)
        return Submitted("confirmed" if printed else "sent", job_id)

    def confirm(self, reference: str) -> bool | None:
        """True for a label that this process saw printed; of any other nothing can be known."""
        return True if reference in self._confirmed else None

    def status(self) -> PrinterStatus:
        """Ask ~HS now; never raises."""
        with self._lock:
            try:
                deadline = Deadline(self._connect_s + _ANSWER_S, self._clock)
                with self._connected(deadline):
                    found = self._ask(deadline)
            except DeviceError as error:
                return PrinterStatus("stopped", str(error))
        return self._status(found)

    def _status(self, found: HostStatus | None) -> PrinterStatus:
        if found is None and self._answered:
            return PrinterStatus("stopped", str(self._silent()))
        if found is None:
            told = "it takes labels but does not say how it is: look whether they come out"
            return self._says("unknown", told)
        if found.stop:
            _, what, way_out = found.stop
            return self._says("stopped", f"{what}. {way_out.rstrip('.')}")
        if found.worry:
            return self._says("warning", found.worry)
        waiting = max(found.formats, found.remaining)
        return self._says("fine", f"ready, {waiting} to be printed" if waiting else "ready")

    def _says(self, band: Band, what: str) -> PrinterStatus:
        return PrinterStatus(band, f"Printer {self.name}: {what}.")

    def _refuse_stopped(self, found: HostStatus | None) -> None:
        if found is None and self._answered:
            raise self._silent()
        if found is not None and found.stop:
            code, what, way_out = found.stop
            raise DeviceError(code, f"Printer {self.name}: {what}.", way_out)

    def _silent(self) -> DeviceError:
        return DeviceError(
            "printer_silent",
            f"Printer {self.name} ({self._line.place}) no longer says how it is.",
            "Look at its display: labels, ribbon, print head; then switch it off and on.",
        )

    def _seen_out(self, deadline: Deadline) -> bool:
        """Whether the printer was seen to have the label and then to be rid of it, within the time."""
        worked, to_show = False, Deadline(_TO_SHOW_S, self._clock)
        try:
            while deadline.left:
                found = self._ask(deadline)
                if found is None or found.stop or not (worked or to_show.left):
                    return False
                if found.idle and worked:
                    return True
                worked = worked or not found.idle
                self._sleep(deadline.within(_POLL_S))
        except DeviceError:
            pass  # the label was taken whole before the line was lost: it is sent
        return False

    def _ask(self, deadline: Deadline) -> HostStatus | None:
        """The host status, or None when the printer does not answer in words we know."""
        self._line.write(ASK, deadline.within(_ANSWER_S))
        answer, patience = b"", Deadline(deadline.within(_MUTE_S if self._mute else _ANSWER_S), self._clock)
        while answer.count(_ETX) < len(_LINES):
            chunk = self._line.read(patience.left)
            if not chunk:
                self._mute = not self._answered
                return None
            answer += chunk
        try:
            found = HostStatus.parse(answer)
        except ValueError:
            return None
        self._answered = True
        return found

    @contextmanager
    def _connected(self, deadline: Deadline) -> Iterator[None]:
        """A line of this exchange alone: printers serve one host at a time, and an answer that came late is gone."""
        self._line.connect(deadline.within(self._connect_s))
        try:
            for _ in range(_STALE):
                if not self._line.read(0):
                    break
            yield
        finally:
            self._line.close()


def _strings(raw: bytes) -> list[list[str]]:
    pieces = [piece.rpartition(_STX)[2] for piece in raw.split(_ETX)[:-1]][-len(_LINES) :]
    fields = [piece.decode("ascii").split(",") for piece in pieces]
    if tuple(map(len, fields)) != _LINES:
        raise ValueError(f"a host status has 12, 11 and 2 fields, found {[len(found) for found in fields]}")
    return fields


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"a flag is 0 or 1, found {text!r}")
    return text == "1"
