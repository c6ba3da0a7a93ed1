"""The last scans with what became of each, newest on top."""

from collections import deque

from returns_station.printable import cells
from returns_station.tui import signs
from returns_station.tui.messages import Answer
from returns_station.tui.rows import Rows
from returns_station.tui.signs import sign
from returns_station.tui.text import Row, cut, joined, literal
from returns_station.tui.words import word
from returns_station.wording import SIGNALS

KEPT = 100
# Below this the mark stands for the signal, and the time is left out.
NARROW = 56


class Past(Rows, can_focus=True):
    """One row a scan: time, signal, what was scanned, what became of it. Up and down look further back."""

    HELP = "help.of.past"

    def __init__(self) -> None:
        super().__init__("past")
        self.border_title = word("past.title")
        self._kept: deque[Row | Answer] = deque(maxlen=KEPT)
        self._first = 0
        self.answers = 0
        """How many answers were ever added."""

    def add(self, answer: Answer) -> None:
        """A scan was answered."""
        self._kept.appendleft(answer)
        self.answers += 1
        self._first = 0
        self.redraw()

    def note(self, at: str, text: str, *, bad: bool) -> None:
        """Something happened beside the scans: to a device, to a label."""
        tone = "$warning" if bad else "dim"
        self._kept.appendleft(joined((at, "dim"), " ", ("!" if bad else "·", tone), " ", (text, tone)))
        self.redraw()

    def holds(self, text: str) -> bool:
        """Whether a text stands in any row that is kept."""
        return any(
            text in (one.text if isinstance(one, Answer) else "".join(piece for piece, _ in one))
            for one in self._kept
        )

    def key_up(self) -> None:
        """Newer ones."""
        self._first = max(0, self._first - 1)
        self.redraw()

    def key_down(self) -> None:
        """Older ones."""
        self._first = min(max(0, len(self._kept) - self.size.height), self._first + 1)
        self.redraw()

    def rows(self) -> list[Row]:
        """As many rows as there is room for."""
        width, height = self.size.width, self.size.height
        shown = list(self._kept)[self._first : self._first + height]
        return [self._row(one, width) for one in shown] or [literal(word("past.none"), "dim")]

    def _row(self, one: Row | Answer, width: int) -> Row:
        if isinstance(one, tuple):
            return one
        look = sign(one.signal)
        head = f"{look.mark} {_padded(signs.word(one.signal))} " if width >= NARROW else f"{look.mark} "
        time = f"{one.at} " if width >= NARROW else ""
        scanned = cut(one.scanned, max(8, min(24, width // 3)))
        return joined((time, "dim"), (head, f"${look.tone} bold"), (scanned, "bold"), "  ", one.text)


def _padded(said: str) -> str:
    """The word of a signal in the columns of the longest one."""
    return said + " " * (max(map(cells, SIGNALS.values())) - cells(said))
