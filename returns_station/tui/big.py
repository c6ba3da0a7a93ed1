"""Large type for what is read from two metres away: the largest letters that fit, drawn by pyfiglet's fonts."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from returns_station.printable import cells, is_wide

if TYPE_CHECKING:
    from pyfiglet import Figlet


@dataclass(frozen=True, slots=True)
class Face:
    """A font with the rows its letters fill."""

    name: str
    rows: int


# Thick strokes only: letters of single lines cannot be read from two metres.
FACES = (Face("ansi_regular", 5), Face("pagga", 3))
# pagga fills the space around its letters with a shade, its zero with a stroke, and its Q ends in one of thin lines.
_SHADE = str.maketrans("░/\\", "  ▄")


@cache
def _figlet(face: Face) -> "Figlet":
    from pyfiglet import Figlet

    return Figlet(font=face.name, width=10_000)


@lru_cache(maxsize=256)
def _drawn(face: Face, text: str) -> tuple[str, ...]:
    rows = [row.translate(_SHADE).rstrip() for row in str(_figlet(face).renderText(text)).split("\n")]
    used = [row for row in rows if row]
    return tuple(used[: face.rows])


def drawable(text: str) -> bool:
    """Whether the fonts have the text's letters."""
    return bool(text) and text.isascii() and text.isprintable()


@lru_cache(maxsize=256)
def enlarged(text: str, width: int, rows: int) -> tuple[str, ...]:
    """The text in at most `rows` rows of at most `width` columns, in one or two lines of letters; itself where none fit.

    The whole in large letters is better than the whole in two lines of smaller ones; the name of a place that is too
    long for either stands under the rest as it is.
    """
    if not drawable(text):
        return _undrawn(text, width, rows)
    for face in FACES:
        for parts in _breaks(text):
            drawn = [row for part in parts for row in (*_drawn(face, part), "")][:-1]
            if len(drawn) <= rows and max(map(len, drawn)) <= width:
                return tuple(drawn)
    head, _, tail = text.rpartition(" ")
    above = enlarged(head, width, rows - 1) if head and rows > 1 else ()
    return (*above, tail) if len(above) > 1 else (text,)


def spaced(text: str) -> str:
    """Wide letters, which no font here has, set apart to be read from further away; other text as it is."""
    return " ".join(text) if any(map(is_wide, text)) else text


def _undrawn(text: str, width: int, rows: int) -> tuple[str, ...]:
    """Letters no font has, set apart on a plaque; the name of a place that follows them stands below it, enlarged."""
    words = text.split(" ")
    if len(words) > 1 and drawable(words[-1]) and not drawable(words[0]):
        above = _plaque(" ".join(words[:-1]), width, rows - 4)
        return (*above, *enlarged(words[-1], width, rows - len(above)))
    return _plaque(text, width, rows)


def _plaque(text: str, width: int, rows: int) -> tuple[str, ...]:
    said = f"  {spaced(text)}  "
    if cells(said) > width:
        return (text,)
    return ("▄" * cells(said), said, "▀" * cells(said)) if rows >= 3 else (said,)


def is_plaque(row: str) -> bool:
    """Whether a row of `enlarged` is the text on a plaque, to be shown dark on light between its edges."""
    return any(map(is_wide, row))


def _breaks(text: str) -> tuple[tuple[str, ...], ...]:
    """The text in one line, then in two as even as its blanks allow."""
    words = text.split(" ")
    halves = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
    best = min(halves, key=lambda pair: max(map(len, pair)), default=None)
    return ((text,), best) if best else ((text,),)
