"""Dialogs over the work. None of them takes a scan: a scan closes them and is played as if they had not been there."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from returns_station.tui.text import BLANK, Row, content, joined, literal
from returns_station.tui.words import word


class Reading(ModalScreen[None]):
    """A page to read, closed by Esc, by its own key or by the next scan."""

    BINDINGS: ClassVar = [Binding("escape,enter,f1,f2,q", "close", "Close", show=False)]

    def __init__(self, title: str, page: Sequence[Row]) -> None:
        super().__init__()
        self._title, self._page = title, page

    def compose(self) -> ComposeResult:
        """The page, scrolled where it is longer than the screen."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = self._title
            box.border_subtitle = word("help.close")
            yield Static(content(self._page), markup=False)

    def action_close(self) -> None:
        """Back to the work."""
        self.dismiss(None)


class Ending(ModalScreen[bool]):
    """Whether the station is to end."""

    BINDINGS: ClassVar = [
        Binding("1", "end", "End", show=False),
        Binding("2,escape", "stay", "Stay", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The question with its two answers, each with its key."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = word("quit.title")
            yield Static(
                content(
                    (
                        literal(word("quit.text")),
                        BLANK,
                        joined((" 1 ", "reverse bold"), " ", (word("quit.yes"), "bold")),
                        joined((" 2 ", "reverse bold"), " ", (word("quit.no"), "bold")),
                    )
                ),
                markup=False,
            )

    def action_end(self) -> None:
        """It is to end."""
        self.dismiss(True)

    def action_stay(self) -> None:
        """It is not."""
        self.dismiss(False)
