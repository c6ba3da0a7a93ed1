"""Makes any text into one printable line: no invisible marks, right-to-left scripts in drawing order."""

import unicodedata
from itertools import groupby
from typing import Literal, TypeAlias

# More characters than any label holds in one line; bounds the work a hostile title can cause.
LONGEST = 400

_SPACES = {"Zs", "Zl", "Zp"}
_MIRRORS = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")

# Which way a character runs; a number is one inside right-to-left text, a neutral one asks its neighbours.
_Side: TypeAlias = Literal["left", "right", "number", "neutral"]


def printable(text: str) -> str:
    """`text` composed (NFC), white space as single blanks, format characters and variation selectors dropped.

    Control characters and lone surrogates stay, so that they are reported as characters without a glyph.
    """
    cut = text[:LONGEST]
    if not (cut.isascii() and cut.isprintable()):
        cut = "".join(map(_kept, unicodedata.normalize("NFC", cut)))
    return " ".join(filter(None, cut.split(" ")))


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category in _SPACES or char in "\t\n\v\f\r\x85":
        return " "
    return "" if category == "Cf" or "\ufe00" <= char <= "\ufe0f" else char


def has_no_glyph(char: str) -> bool:
    """Whether the character can never have a glyph: control, surrogate, private or unassigned."""
    return unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn")


def cut_before_mark(text: str, length: int) -> int:
    """The longest cut of at most `length` characters that does not part a letter from its combining marks."""
    while 0 < length < len(text) and unicodedata.combining(text[length]):
        length -= 1
    return length


def visual(text: str) -> str:
    """`text` as drawn from left to right; only right-to-left scripts differ.

    A short form of Unicode's annex 9 for one line without embeddings: the first strong letter gives the base
    direction, numbers run left to right, and blanks between two pieces of one direction follow them. Arabic
    letters are not joined.
    """
    if text.isascii():
        return text
    kinds = [unicodedata.bidirectional(c) for c in text]
    if not {"R", "AL", "AN"}.intersection(kinds):
        return text
    base = next((k for k in kinds if k in ("L", "R", "AL")), "L") != "L"
    sides = _filled(_sides(kinds, base), base)
    steps: dict[_Side, int] = {"left": 2 if base else 0, "right": 1, "number": 2}
    return _reordered(text, [steps[side] for side in sides])


def _sides(kinds: list[str], base: bool) -> list[_Side]:
    sides: list[_Side] = []
    last: _Side = "right" if base else "left"
    for at, kind in enumerate(kinds):
        if kind in ("L", "R", "AL"):
            last = "left" if kind == "L" else "right"
            sides.append(last)
        elif kind == "AN" or _belongs_to_number(kinds, at):
            sides.append("number" if last == "right" or kind == "AN" else "left")
        else:
            sides.append(sides[-1] if kind == "NSM" and sides else "neutral")
    return sides


def _belongs_to_number(kinds: list[str], at: int) -> bool:
    """Digits, one separator between two digits, and a sign beside one (annex 9, W4 and W5)."""
    before, after = kinds[at - 1] if at else "", kinds[at + 1] if at + 1 < len(kinds) else ""
    if kinds[at] in ("ES", "CS"):
        return before == after == "EN"
    return kinds[at] == "EN" or (kinds[at] == "ET" and "EN" in (before, after))


def _filled(sides: list[_Side], base: bool) -> list[_Side]:
    """Neutral stretches take the side both neighbours share, else the base direction (annex 9, N1 and N2)."""
    outer: _Side = "right" if base else "left"
    filled: list[_Side] = []
    for side, group in groupby(sides):
        length = len(list(group))
        if side == "neutral":
            before = filled[-1] if filled else outer
            after = sides[len(filled) + length] if len(filled) + length < len(sides) else outer
            side = (
                "left" if before == after == "left" else "right" if "left" not in (before, after) else outer
            )
        filled.extend([side] * length)
    return filled


def _reordered(text: str, levels: list[int]) -> str:
    """Every stretch at or above a level turned round, from the highest level down (annex 9, L2 to L4)."""
    drawn: list[tuple[str, int]] = []
    for char, level in zip(text, levels, strict=True):
        if unicodedata.combining(char) and drawn:
            drawn[-1] = (drawn[-1][0] + char, drawn[-1][1])
        else:
            drawn.append((char.translate(_MIRRORS) if level == 1 else char, level))
    return "".join(letter for letter, _ in _turned(_turned(drawn, 2), 1))


def _turned(drawn: list[tuple[str, int]], level: int) -> list[tuple[str, int]]:
    groups = groupby(drawn, lambda one: one[1] >= level)
    return [one for high, group in groups for one in (reversed(list(group)) if high else group)]
