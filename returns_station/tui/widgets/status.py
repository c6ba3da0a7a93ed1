"""The two lines that frame the work: where and who on top; devices, sync, clock and keys below."""

from collections.abc import Sequence
from datetime import datetime

from returns_station.printable import cells
from returns_station.tui.messages import Condition, Counted
from returns_station.tui.rows import Rows
from returns_station.tui.text import BLANK, Row, joined, literal, width_of
from returns_station.tui.words import word

_MARKS = {
    "fine": ("●", "$success"),
    "warning": ("▲", "$warning"),
    "stopped": ("■", "$error"),
    "unknown": ("○", "dim"),
}
# From the best to the worst: a kind of device shows the worst of its kind.
_WORST = ("fine", "unknown", "warning", "stopped")


class Top(Rows):
    """The station's name, the parcel in work, and who works."""

    HELP = "help.of.top"

    def __init__(self, name: str) -> None:
        super().__init__("top")
        self._name = name
        self._who = ""
        self._middle = ""

    def tell(self, who: str, middle: str = "") -> None:
        """Who is signed in, and what is in work."""
        if (who, middle) != (self._who, self._middle):
            self._who, self._middle = who, middle
            self.redraw()

    def rows(self) -> list[Row]:
        """One line; the middle gives way first."""
        width = self.size.width
        left = literal(f" {self._name} ", "bold")
        right = literal(f" {self._who} ", "bold reverse") if self._who else BLANK
        room = width - width_of(left) - width_of(right)
        middle = self._middle if cells(self._middle) + 2 <= room else ""
        return [joined(left, (middle, "dim"), " " * max(0, room - cells(middle)), right)]


class Status(Rows):
    """Devices with mark and word, what has not been synced, the clock, the way to help."""

    HELP = "help.of.status"

    def __init__(self) -> None:
        super().__init__("status")
        self._conditions: tuple[Condition, ...] = ()
        self._counted = Counted()
        self._clock = ""
        self._waiting = 0

    def check(self, conditions: Sequence[Condition]) -> None:
        """How the devices are."""
        self._conditions = tuple(conditions)
        self.redraw()

    def count(self, counted: Counted) -> None:
        """What is not upstream yet."""
        if counted != self._counted:
            self._counted = counted
            self.redraw()

    @property
    def clock(self) -> str:
        """The time of day as it stands there."""
        return self._clock

    @property
    def waiting(self) -> int:
        """How many inputs were not answered when it last ticked."""
        return self._waiting

    def tick(self, waiting: int) -> None:
        """The time of day, and how many inputs are not answered."""
        clock = datetime.now().astimezone().strftime("%H:%M")
        if (clock, waiting) != (self._clock, self._waiting):
            self._clock, self._waiting = clock, waiting
            self.redraw()

    def rows(self) -> list[Row]:
        """One line; words give way to marks where it is narrow."""
        width = self.size.width
        for words, letters in ((True, 9), (False, 5), (False, 1)):
            left, right = self._left(letters), self._right(words)
            slack = width - width_of(left) - width_of(right)
            if slack >= 0:
                return [joined(left, " " * slack, right)]
        return [left]

    def _left(self, letters: int) -> Row:
        pieces: list[Row] = []
        for kind in ("scanner", "printer", "scale"):
            found = [one for one in self._conditions if one.kind == kind]
            # Of several printers the one in use is told; the others matter when they are chosen.
            found = [one for one in found if one.chosen] or found
            if found:
                worst = max(found, key=lambda one: _WORST.index(one.band))
                mark, tone = _MARKS[worst.band]
                pieces.append(joined(" ", (mark, tone), f" {_head(word(f'status.{kind}'), letters)} "))
        return joined(*pieces)

    def _right(self, words: bool) -> Row:
        c = self._counted
        here = word("status.here", count=c.here) if words else f"{c.here}↑"
        sent = word("status.sent", count=c.sent) if words else f"{c.sent}→"
        refused = word("status.refused", count=c.refused) if words else f"{c.refused}✘"
        waiting = f"{word('status.waiting', count=self._waiting)} " if self._waiting > 1 else ""
        return joined(
            (waiting, "$warning bold"),
            (here, "$warning" if c.here else "dim"),
            (f" {sent}", "dim"),
            (f" {refused}", "$error bold" if c.refused else "dim"),
            f"  {self._clock}  " if words else f" {self._clock} ",
            (f"{word('status.help')} ", "bold"),
        )


def _head(text: str, width: int) -> str:
    """The beginning of a text, at least one letter of it."""
    while len(text) > 1 and cells(text) > width:
        text = text[:-1]
    return text
