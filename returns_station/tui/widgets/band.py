"""What became of the last scan: a band in the signal's colour with its shape, its word and one sentence."""

from returns_station.printable import cells, wrapped
from returns_station.tui.big import drawable, enlarged, spaced
from returns_station.tui.rows import Rows
from returns_station.tui.signs import sign, word
from returns_station.tui.text import Row, joined, literal

_TONES = ("success", "warning", "error")
# Below this the shape stands beside its word in one cell.
_ROOM = 60


class Band(Rows):
    """Three rows at the top of the work; `tell` changes them."""

    HELP = "help.of.band"

    def __init__(self) -> None:
        super().__init__("band")
        self._signal = "accepted"
        self._text = ""
        self._word = ""

    def tell(self, signal: str, text: str, *, said: str = "") -> None:
        """Shows a signal with its sentence; `said` stands in for the signal's word."""
        self._signal, self._text, self._word = signal, text, said or word(signal)
        tone = sign(signal).tone
        for one in _TONES:
            self.set_class(one == tone, one)
        self.redraw()

    def rows(self) -> list[Row]:
        """The band for the room there is."""
        if not self._text:
            return []
        if self.size.width < _ROOM:
            return self._small()
        return self._wide()

    def _small(self) -> list[Row]:
        mark = f"{sign(self._signal).mark} {self._word} "
        rows = wrapped(mark + self._text, self.size.width)[: max(1, self.size.height)]
        first = (
            joined((mark, "reverse"), rows[0][len(mark) :]) if rows[0].startswith(mark) else literal(rows[0])
        )
        return [first, *map(literal, rows[1:])]

    def _wide(self) -> list[Row]:
        big = enlarged(self._word, self.size.width, 3) if drawable(self._word) else (spaced(self._word),)
        if len(big) != 3:
            big = ("", big[0] if len(big) == 1 else self._word, "")
        head = [f"{shape}  {row}" for shape, row in zip(sign(self._signal).shape, big, strict=True)]
        width = max(map(cells, head)) + 3
        said = wrapped(self._text, max(10, self.size.width - width))[:3]
        rows = ([""] if len(said) == 1 else []) + said + ["", ""]
        return [literal(one + " " * (width - cells(one)) + two) for one, two in zip(head, rows, strict=False)]
