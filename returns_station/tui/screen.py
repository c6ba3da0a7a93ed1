"""The one screen that stays: it shows what it is told, and turns a person's keys into typed lines and answers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from returns_station.tui.widgets.ask import Ask
from returns_station.tui.widgets.band import Band
from returns_station.tui.widgets.known import Brief, Known
from returns_station.tui.widgets.past import Past
from returns_station.tui.widgets.status import Status, Top

if TYPE_CHECKING:
    from returns_station.tui.app import StationApp


class DockScreen(Screen[None]):
    """Top line, band, question, what is known, last scans, status line; `beside` are parts that a guest app adds."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-normal"), (108, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-tall")]  # noqa: RUF012 - as Textual has it

    def __init__(self, name: str, beside: Sequence[Widget] = ()) -> None:
        super().__init__()
        self._beside = tuple(beside)
        self.top = Top(name)
        self.band = Band()
        self.ask = Ask()
        self.known = Known()
        self.brief = Brief()
        self.past = Past()
        self.status = Status()

    def compose(self) -> ComposeResult:
        """All parts; which of them show is a matter of the terminal's size."""
        yield self.top
        yield self.band
        with Horizontal(id="work"):
            with Vertical(id="left"):
                yield self.ask
                with Horizontal(id="foot"):
                    yield self.brief
                    yield self.past
            with Vertical(id="side"):
                yield self.known
                yield from self._beside
        yield self.status

    def on_key(self, event: events.Key) -> None:
        """A person's key: it types, answers, sends; whatever else it may do is bound to it by the configuration."""
        app = cast("StationApp", self.app)
        typed = self.ask.typed
        if event.key == "enter":
            event.stop()
            self.ask.type("")
            app.send_typed(typed)
        elif event.key == "backspace":
            event.stop()
            self.ask.type(typed[:-1])
        elif event.key == "escape":
            event.stop()
            self.ask.type("")
            self.set_focus(None)
        elif event.is_printable and event.character and (typed or not app.is_bound(event.key)):
            event.stop()
            self._typed(event.character, app)

    def _typed(self, character: str, app: "StationApp") -> None:
        options = {str(one.number) for one in self.ask.asking.options}
        if self.ask.asking.one_key and not self.ask.typed and len(options) < 10 and character in options:
            app.send_typed(character)
        else:
            self.ask.type(self.ask.typed + character)
