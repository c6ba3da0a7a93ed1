"""A station as the screen drives it: the running station joined with what the screen asks beside the dialogue."""

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime

from returns_station.bootstrap import PrintNotice, Station
from returns_station.domain.label import LabelModel
from returns_station.errors import StationError
from returns_station.hardware.scanners import Scanners
from returns_station.hardware.weighing import Scale
from returns_station.store.board import StationBoard
from returns_station.store.outbox import counts
from returns_station.tui.messages import Condition, Counted
from returns_station.workflow.board import Board
from returns_station.workflow.drive import Outcome, Render
from returns_station.workflow.ports import Input, Prompt
from returns_station.workflow.state import State


class OnScreen:
    """Implements tui.dock.Station; `closing` runs before the station closes, such as stopping its scanners."""

    def __init__(
        self,
        station: Station,
        scanners: Scanners | None = None,
        scale: Scale | None = None,
        closing: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._station = station
        self._scanners = scanners
        self._scale = scale
        self._closing = tuple(closing)
        self._board = StationBoard(station.engine)

    @property
    def state(self) -> State:
        """Where the dialogue stands."""
        return self._station.state

    def prompt(self) -> Prompt:
        """What is asked for now."""
        return self._station.prompt()

    def play(self, given: Input, render: Render) -> Outcome:
        """One input; what it returns is durable."""
        return self._station.play(given, render)

    def look(self) -> tuple[Board, Counted]:
        """What is known of the work in hand, and what is not upstream yet."""
        found = counts(self._station.engine)
        return self._board.look(self._station.state), Counted(found.local, found.sent, found.refused)

    def print_asked(self) -> list[PrintNotice]:
        """Prints what was asked for."""
        return self._station.print_asked()

    def conditions(self) -> tuple[Condition, ...]:
        """How scanners and printers are; may take a second for each printer."""
        scanners = self._scanners.states() if self._scanners else ()
        found = [
            Condition("scanner", one.name, "fine" if one.connected else "stopped", one.sentence)
            for one in scanners
        ]
        if self._scale is not None and self._scale.there:
            found.append(
                Condition("scale", self._scale.name, "unknown", "It is asked when a weight is wanted.")
            )
        printers = self._station.printer_states()
        chosen = self._station.state.printer or next((one.name for one in printers), "")
        found += [
            Condition("printer", one.name, one.band, one.sentence, one.name == chosen) for one in printers
        ]
        return tuple(found)

    def warm(self) -> None:
        """Loads what draws labels, so that the first one holds up no scan."""
        from returns_station.hardware.rendering import label_pdf

        with contextlib.suppress(StationError):
            label_pdf(LabelModel("plate", "P0000000000", ""))

    def time_of_day(self) -> str:
        """The station's time for the list of last scans."""
        return datetime.now().astimezone().strftime("%H:%M")

    def close(self) -> None:
        """Stops what feeds the station, then the station."""
        for close in self._closing:
            close()
        self._station.close()
