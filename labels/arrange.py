"""Arranges a code as bars and square with words beside it, on paper of any size; everything starts on whole dots."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from labels.errors import LabelError, shown
from labels.spec import DESCENT, DOTS_PER_MM, Box, Code128, Element, LabelSpec, Matrix, Text
from labels.symbols import code128_width, qr_size

# Modules of quiet zone on either side of a symbol (ISO/IEC 15417: 10X; ISO/IEC 18004: 4X).
_BARS_QUIET, _SQUARE_QUIET = 10, 4

# A plate of eleven letters in Code 128: start, letters and check of 11 modules each, and the stop.
_PLATE_MODULES = 11 * 13 + 13

# The least bars and modules that a hand scanner reads at arm's length: 2 dots are 0.25 mm.
_LEAST = 2

# The least em that is still read on paper held in the hand.
_SMALLEST_MM = 1.5

Style: TypeAlias = Literal["plate", "tag"]


@dataclass(frozen=True, slots=True)
class Paper:
    """A label's size in millimetres."""

    width_mm: float
    height_mm: float


LARGE = Paper(100, 50)
COMPACT = Paper(57, 32)
SIGN = Paper(210, 148)

# ISO/IEC 7810, ID-1: a bank card.
CARD = Paper(85.6, 54)

PAPERS = {"large": LARGE, "compact": COMPACT, "sign": SIGN}


@dataclass(frozen=True, slots=True)
class Words:
    """What stands beside a code: `head` and `aside` white on black, `title` in the largest letters, `lines` below."""

    head: str
    title: str
    aside: str = ""
    lines: tuple[str, ...] = ()
    note: str = ""


def snapped(mm: float) -> float:
    """Down to whole dots of 203 dpi, so that no symbol stands between two."""
    return int(mm * DOTS_PER_MM + 1e-6) / DOTS_PER_MM


def bars_in(value: str, x_mm: float, y_mm: float, width_mm: float, height_mm: float, most: int) -> Code128:
    """The widest Code 128 of at most `most` dots a module whose quiet zones fit into `width_mm` as well.

    Raises `LabelError` (`not_encodable`, `too_wide`).
    """
    modules = code128_width(value)
    room = width_mm * DOTS_PER_MM
    fitting = int(room / (modules + 2 * _BARS_QUIET))
    if fitting < _LEAST:
        raise LabelError(
            "too_wide",
            f"{shown(value)} as a Code 128 barcode with bars of {_LEAST} dots is "
            f"{(modules + 2 * _BARS_QUIET) * _LEAST / DOTS_PER_MM:.1f} mm wide with its quiet zones, "
            f"and the label has {width_mm:.1f} mm for it.",
            "Use a wider label or a shorter value.",
        )
    x_dots = min(fitting, most)
    quiet = _BARS_QUIET * x_dots / DOTS_PER_MM
    return Code128(
        snapped(x_mm + quiet), snapped(y_mm), modules * x_dots / DOTS_PER_MM, snapped(height_mm), value,
        x_dots, x_dots,
    )  # fmt: skip


def square_in(value: str, right_mm: float, top_mm: float, room_mm: float, most: int) -> Matrix:
    """The largest QR code whose quiet zones fit into a square of `room_mm`, in its right upper corner.

    Raises `LabelError` (`not_encodable`, `too_wide`).
    """
    modules = qr_size(value)
    side = int(room_mm * DOTS_PER_MM / (modules + 2 * _SQUARE_QUIET))
    if side < _LEAST:
        raise LabelError(
            "too_wide",
            f"{shown(value)} as a QR code with modules of {_LEAST} dots is "
            f"{(modules + 2 * _SQUARE_QUIET) * _LEAST / DOTS_PER_MM:.1f} mm wide with its quiet zones, "
            f"and the label has {room_mm:.1f} mm for it.",
            "Use a larger label or a shorter value.",
        )
    side = min(side, most)
    size, quiet = modules * side / DOTS_PER_MM, _SQUARE_QUIET * side / DOTS_PER_MM
    return Matrix(snapped(right_mm - quiet - size), snapped(top_mm + quiet), size, value, side)


def coded(words: Words, code: str, paper: Paper, style: Style) -> LabelSpec:
    """A label of one code. A `plate` shows its title across the whole width over the symbols; a `tag` shows it
    beside the square and gives the bars the whole width, for longer codes; where even that is too narrow, it has the
    square alone. Raises `LabelError` (`not_encodable`, `too_wide`)."""
    arranged = _plate(words, code, paper) if style == "plate" else _tag(words, code, paper)
    return LabelSpec(paper.width_mm, paper.height_mm, tuple(arranged), title=code)


def band(words: Words, x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> list[Element]:
    """The black band with `head` at its left and `aside` at its right."""
    size, inner = height_mm * 0.72, height_mm * 0.25
    baseline = y_mm + height_mm / 2 + 0.365 * size
    least = max(_SMALLEST_MM, size * 0.45)
    head = (width_mm - 3 * inner) * (0.45 if words.aside else 1.0)
    found: list[Element] = [
        Box(snapped(x_mm), snapped(y_mm), snapped(width_mm), snapped(height_mm)),
        Text(x_mm + inner, baseline, head, words.head, size, least, bold=True, inverse=True),
    ]
    if words.aside:
        found.append(
            Text(
                x_mm + 2 * inner + head,
                baseline,
                width_mm - 3 * inner - head,
                words.aside,
                size,
                least,
                inverse=True,
                align="right",
            )
        )
    return found


def _edge(paper: Paper) -> float:
    return snapped(min(max(1.5, paper.height_mm * 0.05), 8))


def _most_dots(paper: Paper) -> tuple[int, int]:
    """The most dots of a bar and of a module: what a hand holds, what hangs on a tote, what is read from afar."""
    return (3, 8) if paper.width_mm < 80 else (4, 8) if paper.width_mm <= 150 else (8, 24)


def _quiet(square: Matrix) -> float:
    """Where the quiet zone of the square begins, from the left."""
    return square.x_mm - _SQUARE_QUIET * square.module_dots / DOTS_PER_MM


def _plate(words: Words, code: str, paper: Paper) -> list[Element]:
    high, edge, (bar_dots, module_dots) = paper.height_mm, _edge(paper), _most_dots(paper)
    head, letters, foot = snapped(high * 0.17), high * 0.24, high * 0.055
    baseline = edge + head + 1 + letters * 0.8
    below = snapped(baseline + DESCENT * letters) + 1 / DOTS_PER_MM
    square = square_in(code, paper.width_mm, below, high - below, module_dots)
    top, room = below + high * 0.01, _beside(square)
    bars = bars_in(code, 0, top, room, high - edge - foot * 1.2 - top, min(bar_dots, _even(room)))
    left = bars.x_mm
    wide, foot_wide = square.x_mm + square.size_mm - left, _quiet(square) - left
    return [
        *band(words, left, edge, wide, head),
        Text(left, baseline, wide, words.title, letters, letters / 4, bold=True),
        bars,
        square,
        *_foot(" · ".join(words.lines), words.note, left, high - edge - DESCENT * foot, foot_wide, foot),
    ]


def _even(room_mm: float) -> int:
    """The widest bars at which every plate fits, so that those of one roll all begin at the same place."""
    return max(_LEAST, int(room_mm * DOTS_PER_MM / (_PLATE_MODULES + 2 * _BARS_QUIET)))


def _beside(square: Matrix) -> float:
    """The room of bars left of a square: the two quiet zones may be the same white."""
    return square.x_mm - max(0, _SQUARE_QUIET * square.module_dots - _BARS_QUIET * _LEAST) / DOTS_PER_MM


def _tag(words: Words, code: str, paper: Paper) -> list[Element]:
    high, edge, (bar_dots, module_dots) = paper.height_mm, _edge(paper), _most_dots(paper)
    head, letters, line, foot = snapped(high * 0.15), high * 0.22, high * 0.085, high * 0.06
    bars_high = high * 0.24
    bars_top = high - edge - foot * 1.35 - bars_high
    bars = _bars_or_none(code, bars_top, paper.width_mm, bars_high, bar_dots)
    square = square_in(code, paper.width_mm, 0, bars_top + 1 if bars else high * 0.75, module_dots)
    left = bars.x_mm if bars else edge
    wide = _quiet(square) - left
    baseline = edge + head + high * 0.02 + letters * 0.8
    foot_wide = paper.width_mm - 2 * left if bars else wide
    return [
        *band(words, left, edge, wide, head),
        Text(left, baseline, wide, words.title, letters, letters / 4, bold=True),
        *(
            Text(left, baseline + line * (1.5 + 1.25 * n), wide, said, line, line / 2)
            for n, said in enumerate(words.lines[:2])
        ),
        *([bars] if bars else []),
        square,
        *_foot(code, words.note, left, high - edge - DESCENT * foot, foot_wide, foot),
    ]


def _bars_or_none(code: str, top: float, width_mm: float, height_mm: float, most: int) -> Code128 | None:
    """None where the bars are wider than the paper: the square says the same."""
    try:
        return bars_in(code, 0, top, width_mm, height_mm, most)
    except LabelError as error:
        if error.code != "too_wide":
            raise
        return None


def _foot(said: str, note: str, x_mm: float, baseline: float, width_mm: float, size: float) -> list[Element]:
    first = width_mm * (0.68 if note else 1)
    return [
        Text(x_mm, baseline, first, said, size, size / 2),
        Text(x_mm + width_mm * 0.7, baseline, width_mm * 0.3, note, size * 0.8, size * 0.4, align="right"),
    ]
