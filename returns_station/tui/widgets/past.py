"""The last scans with what became of each, newest on top."""

from collections import deque

from textual.content import Content
from textual.widget import Widget

from returns_station.printable import cells
from returns_station.tui.messages import Answer
from returns_station.tui.signs import sign, word
from returns_station.tui.text import cut, joined, lines, literal

KEPT = 100


class Past(Widget, can_focus=True):
    """One row a scan: time, signal, what was scanned, what became of it. Up and down look further back."""

    HELP = "The last scans, newest on top, each with what became of it. Up and Down look further back."
    BORDER_TITLE = "Last scans"

    def __init__(self) -> None:
        super().__init__(id="past")
        self._rows: deque[Content | Answer] = deque(maxlen=KEPT)
        self._first = 0

    def add(self, answer: Answer) -> None:
        """A scan was answered."""
        self._rows.appendleft(answer)
        self._first = 0
        self.refresh()

    def note(self, at: str, text: str, *, bad: bool) -> None:
        """Something happened beside the scans: to a device, to a label."""
        tone = "$warning" if bad else "dim"
        self._rows.appendleft(joined((at, "dim"), " ", ("!" if bad else "·", tone), " ", (text, tone)))
        self.refresh()

    def key_up(self) -> None:
        """Newer ones."""
        self._first = max(0, self._first - 1)
        self.refresh()

    def key_down(self) -> None:
        """Older ones."""
        self._first = min(max(0, len(self._rows) - self.size.height), self._first + 1)
        self.refresh()

    def render(self) -> Content:
        """As many rows as there is room for."""
        width, height = self.size.width, self.size.height
        shown = list(self._rows)[self._first : self._first + height]
        return (
            lines(*(self._row(one, width) for one in shown))
            if shown
            else literal("Nothing scanned yet.", "dim")
        )

    def _row(self, one: Content | Answer, width: int) -> Content:
        if isinstance(one, Content):
            return one.truncate(width, ellipsis=True)
        look = sign(one.signal)
        head = f"{look.mark} {word(one.signal):<7}"
        scanned = cut(one.scanned, max(8, min(24, width // 4)))
        room = width - 5 - cells(head) - cells(scanned) - 4
        return joined(
            (one.at, "dim"),
            " ",
            (head, f"${look.tone} bold"),
            " ",
            (scanned, "bold"),
            "  ",
            cut(one.text, max(0, room)),
        ).truncate(width, ellipsis=True)
