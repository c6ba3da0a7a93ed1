"""Fits a text into its room: the same size and cut whatever draws it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labels.fonts import Fonts, Measured, installed_fonts, measured
from labels.lines import cut_before_mark, printable, visual
from labels.spec import LabelSpec, Text

# Half the height of a capital in ems (Vera, DejaVu: 0.729), the middle that a shrunk text keeps.
HALF_CAPITAL = 0.365

# What of the free room lies left of a text.
_SHARES = {"left": 0.0, "center": 0.5, "right": 1.0}


@dataclass(frozen=True, slots=True)
class Line:
    """A text as it will stand on paper: its characters in logical order and its size in millimetres."""

    characters: tuple[Measured, ...]
    size_mm: float

    @property
    def width_mm(self) -> float:
        """The advance width, and the overhang of the first character."""
        return _ems(self.characters) * self.size_mm

    @property
    def missing(self) -> tuple[str, ...]:
        """The characters without a glyph, as often as they stand there."""
        return tuple([c.missing for c in self.characters if c.missing])


def missing_glyphs(spec: LabelSpec, fonts: Fonts | None = None) -> tuple[tuple[str, str], ...]:
    """(text, its characters without a glyph) for every text of the label that would not print as written."""
    chosen = fonts or installed_fonts()
    found = (
        (e.text, "".join(dict.fromkeys(fit(e, chosen).missing))) for e in spec.elements if isinstance(e, Text)
    )
    return tuple((text, chars) for text, chars in found if chars)


def fit(text: Text, fonts: Fonts) -> Line:
    """The text made smaller, then cut with an ellipsis, until it is no wider than its room."""
    content, chain = printable(text.text), fonts.chain(text.bold)
    characters = measured(content, chain)
    natural = _ems(characters)
    if natural * text.min_size_mm <= text.width_mm:
        size = min(text.size_mm, text.width_mm / natural) if natural else text.size_mm
        return Line(tuple(characters), size)
    ellipsis = measured("…", chain)
    room = text.width_mm / text.min_size_mm * 1000 - ellipsis[0].width - characters[0].overhang
    kept = cut_before_mark(content, _count_within(characters, room))
    while kept and content[kept - 1] == " ":
        kept -= 1
    return Line((*characters[:kept], *ellipsis), text.min_size_mm)


def _ems(characters: Sequence[Measured]) -> float:
    return (sum([c.width for c in characters]) + (characters[0].overhang if characters else 0)) / 1000


def _count_within(characters: Iterable[Measured], room: float) -> int:
    count = 0
    for character in characters:
        room -= character.width
        if room < 0:
            break
        count += 1
    return count


def baseline_mm(text: Text, line: Line) -> float:
    """Where the line's baseline lies from the top: a smaller text keeps the optical middle."""
    return text.baseline_mm - HALF_CAPITAL * (text.size_mm - line.size_mm)


def left_mm(text: Text, line: Line) -> float:
    """Where the line begins from the left."""
    return text.x_mm + _SHARES[text.align] * (text.width_mm - line.width_mm)


def in_visual_order(line: Line, text: Text, fonts: Fonts) -> list[Measured]:
    """The characters as they are drawn from left to right."""
    logical = "".join(c.char for c in line.characters)
    turned = visual(logical)
    return list(line.characters) if turned == logical else measured(turned, fonts.chain(text.bold))
