"""What is asked for next: a few words in large type, the sentence, the answers with key and code, and what is typed."""

from returns_station.printable import cells, wrapped
from returns_station.tui import matrix
from returns_station.tui.big import enlarged, is_plaque
from returns_station.tui.messages import Asking, Option
from returns_station.tui.rows import Rows
from returns_station.tui.text import BLANK, Row, cut, joined, literal
from returns_station.tui.words import word

LONGEST_TYPED = 200
_KEY, _CODE = "reverse bold", "dim"
_LETTERS, _PLAQUE = "bold $accent", "bold reverse $accent"
# Cells between two codes: a scanner must see one alone.
_APART = 4


class Ask(Rows):
    """The middle of the screen. Keys that nobody else takes are typed here."""

    HELP = "help.of.ask"

    def __init__(self) -> None:
        super().__init__("ask")
        self._asking = Asking("", "", "")
        self._typed = ""
        self._hint = ""
        self._tip = ""

    @property
    def asking(self) -> Asking:
        """What is asked for now."""
        return self._asking

    @property
    def typed(self) -> str:
        """What was typed and not sent yet."""
        return self._typed

    def ask(self, asking: Asking) -> None:
        """Asks for something; what is half typed stays: an answer to a scan must not tear a number in two."""
        self._asking = asking
        self.redraw()

    def type(self, text: str) -> None:
        """Replaces what is typed."""
        self._typed = text[:LONGEST_TYPED]
        self.redraw()

    def hint(self, text: str) -> None:
        """A way out that stands under the question, such as what to do without a printer; empty for none."""
        if text != self._hint:
            self._hint = text
            self.redraw()

    def tip(self, text: str) -> None:
        """A quiet line at the bottom; empty for none."""
        if text != self._tip:
            self._tip = text
            self.redraw()

    def rows(self) -> list[Row]:
        """The question for the room there is; large letters take what the answers leave."""
        width, height = self.size.width, self.size.height
        said = wrapped(self._asking.text, width) if self._asking.text else []
        foot = self._foot(width)
        options = self._options(width, height - min(len(said), 2) - len(foot) - 1)
        room = height - len(options) - len(said) - len(foot) - 2
        big = enlarged(self._asking.short, width, room) if room > 0 else (self._asking.short,)
        top = [literal(row, _LETTERS if not is_plaque(row) else _PLAQUE) for row in big]
        slack = height - len(top) - len(said) - len(options) - len(foot)
        above = 1 if slack > 1 else 0
        gap = [BLANK] if slack > 0 else []
        rows = [BLANK] * above + top + gap + [literal(row, "bold") for row in said]
        rows += ([BLANK] if slack > 3 and options else []) + options
        rows += self._codes(width, height - len(rows) - len(foot))
        rows = rows[: height - len(foot)]
        return [*rows, *[BLANK] * (height - len(foot) - len(rows)), *foot]

    def _codes(self, width: int, room: int) -> list[Row]:
        """The answers to be scanned off the screen, where there is room for all of them."""
        options = self._asking.options
        each = matrix.WIDTH + _APART
        if (
            not options
            or len(options) > matrix.MOST
            or room < matrix.HEIGHT + 2
            or len(options) * each > width
        ):
            return []
        symbols = [matrix.painted(one.number) for one in options]
        heads = joined(*((f" {one.number} ".ljust(each), "bold") for one in options))
        lined = [
            joined(*(piece for rows in symbols for piece in ((rows[y], "ink"), " " * _APART)))
            for y in range(matrix.HEIGHT)
        ]
        return [BLANK, heads, *lined]

    def _foot(self, width: int) -> list[Row]:
        if self._typed:
            return [joined((" › ", _KEY), (" " + _tail(self._typed, width - 6), "bold"), ("▏", "blink"))]
        hint = [literal(row, "$warning") for row in wrapped(self._hint, width)[:3]] if self._hint else []
        return hint + ([literal(cut(self._tip, width), "dim")] if self._tip else [])

    def _options(self, width: int, room: int) -> list[Row]:
        options = self._asking.options
        if not options:
            return []
        if len(options) <= room or width < 60:
            return _within([_option(one, width) for one in options], room)
        half = (len(options) + 1) // 2
        column = width // 2 - 1
        left, right = options[:half], options[half:]
        rows = []
        for n, one in enumerate(left):
            other = _option(right[n], column) if n < len(right) else BLANK
            rows.append(joined(_option(one, column), "  ", other))
        return _within(rows, room)


def _within(rows: list[Row], room: int) -> list[Row]:
    """As many rows as there is room for; the last one says how many are left out, which can be typed and scanned as well."""
    room = max(1, room)
    if len(rows) <= room:
        return rows
    return [*rows[: room - 1], literal(word("known.more", count=len(rows) - room + 1), "$warning")]


def _option(one: Option, width: int) -> Row:
    """An answer in exactly `width` columns: its key, its words, the code that scans it."""
    key = f" {one.number} "
    room = max(4, width - len(key) - len(one.scan) - 4)
    text = cut(one.text, room)
    return joined((key, _KEY), " ", (text, "bold"), " " * (room - cells(text)), "  ", (one.scan, _CODE))


def _tail(text: str, width: int) -> str:
    """The end of a text that fits: where one types."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[1:]
    return "…" + text
