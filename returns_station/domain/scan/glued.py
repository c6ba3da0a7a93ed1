"""Two symbols that arrived as one scan, because a terminator was lost between them."""

import re
from collections.abc import Iterator

from returns_station.domain.scan import aim, carriers, gtin, plates
from returns_station.domain.scan.model import shown
from returns_station.errors import Problem

_DIGITS = re.compile(r"[0-9]+")
_OWN = re.compile(r"(?<=.)RS-", re.IGNORECASE)
_TRADE_ITEMS = (12, 13, 14)
_ENDS = (plates.LENGTH, *_TRADE_ITEMS, 18)
HINT = "Scan the two codes again, one after the other."


def find(text: str, identifier: str | None) -> Problem | None:
    """The Problem of a text that is two valid codes end to end; the caller has seen that it is none as a
    whole."""
    if identifier is not None and identifier in text:
        return problem(*text.split(identifier, 1))
    parts = next(((left, right) for left, right in _cuts(text) if _one(left) and _one(right)), None)
    return None if parts is None else problem(*parts)


def twice(text: str) -> Problem | None:
    """The Problem of one valid code read two times over, which may seem valid as a whole.

    Two EAN-8 end to end always pass as Canada Post, whose check digit is of the same kind.
    """
    half = len(text) // 2
    doubled = 0 < half <= 40 and text[:half] == text[half:] and _one(text[:half])
    return problem(text[:half], text[half:]) if doubled else None


def problem(left: str, right: str) -> Problem:
    """Two codes were read as one."""
    sentence = f"{shown(left + right)}: expected one code, found two, {shown(left)} and {shown(right)}."
    return Problem("scan.glued", sentence, HINT)


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    size = len(text)
    if size > 80:
        return
    if _DIGITS.fullmatch(text):
        # Halves of the same length only: among other cuts of digits, one in a hundred would fit by chance.
        if size % 2 == 0 and size // 2 in _TRADE_ITEMS:
            yield text[: size // 2], text[size // 2 :]
        return
    places = {match.start() for match in _OWN.finditer(text)}
    places |= {place for end in _ENDS for place in (end, size - end) if 0 < place < size}
    yield from ((text[:place], text[place:]) for place in sorted(places))


def _one(text: str) -> bool:
    text = aim.split(text)[1]
    own = plates.understand(text)
    if own is not None:
        return own.valid
    if _DIGITS.fullmatch(text):
        return len(text) in (8, *_TRADE_ITEMS) and not gtin.check(text)
    return text[:2] in ("1Z", "1z") and any(candidate.valid for candidate in carriers.understand(text))
