"""What the station knows of the parcel and of the unit in hand."""

from typing import Any

from textual.content import Content
from textual.widget import Widget


class Known(Widget):
    """Parcel above, unit below."""

    HELP = "What is known: what is awaited of this parcel, what was seen of it, and the unit in hand."

    def __init__(self) -> None:
        super().__init__(id="known")
        self._board: Any = None

    def tell(self, board: Any) -> None:
        """The tables were read."""
        if board != self._board:
            self._board = board
            self.refresh()

    def render(self) -> Content:
        """Both for the room there is."""
        return Content("")
