"""Any text as printable text, measured and broken by the columns of a terminal."""

import unicodedata
from collections.abc import Iterator


def printable(text: str) -> str:
    """The text without control, format and direction characters."""
    return "".join(char if char.isprintable() else "·" for char in text)


def cells(text: str) -> int:
    """How many columns of a terminal the text fills: wide characters two, combining marks none."""
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if is_wide(char) else 1


def is_wide(char: str) -> bool:
    """Whether a character fills two columns."""
    return unicodedata.east_asian_width(char) in "WF"


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of at most `width` columns, broken at blanks and between wide characters; later lines are indented.

    A width that holds not even one wide character behind the indent counts as if it did.
    """
    width = max(width, cells(indent) + 2)
    lines, line = [], ""
    for blank, word in _words(text):
        if line.strip() and cells(line) + len(blank) + cells(word) > width:
            lines.append(line)
            line = indent + word
        else:
            line += blank + word if line.strip() else word
        while cells(line) > width:
            head = _fitting(line, width)
            lines.append(line[:head])
            line = indent + line[head:]
    return [*lines, line]


# What stands at no line's beginning, and at no line's end.
_CLOSING, _OPENING = "，。！？：；、）》」』…", "（《「『"


def _words(text: str) -> Iterator[tuple[str, str]]:
    """The text in pieces that no line may break, each after the blank before it, if there is one."""
    for n, word in enumerate(text.split(" ")):
        blank = " " if n else ""
        for piece in (word,) if word.isascii() else _pieces(word):
            yield blank, piece
            blank = ""


def _pieces(word: str) -> Iterator[str]:
    piece = ""
    for char in word:
        apart = piece and (is_wide(char) or is_wide(piece[-1]))
        if apart and char not in _CLOSING and piece[-1] not in _OPENING:
            yield piece
            piece = ""
        piece += char
    yield piece


def _fitting(line: str, width: int) -> int:
    """How many characters of a line fill at most `width` columns."""
    used = 0
    for n, char in enumerate(line):
        used += _cells(char)
        if used > width:
            return n
    return len(line)
