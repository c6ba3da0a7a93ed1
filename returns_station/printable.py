"""Any text as printable text, measured and broken by the columns of a terminal."""

import unicodedata


def printable(text: str) -> str:
    """The text without control, format and direction characters."""
    return "".join(char if char.isprintable() else "·" for char in text)


def cells(text: str) -> int:
    """How many columns of a terminal the text fills: wide characters two, combining marks none."""
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of at most `width` columns, broken at blanks where there are any; later lines are indented."""
    lines, line = [], ""
    for word in text.split(" "):
        if line.strip() and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line = indent + word
        else:
            line = f"{line} {word}" if line.strip() else line + word
        while cells(line) > width:
            head = _fitting(line, width)
            lines.append(line[:head])
            line = indent + line[head:]
    return [*lines, line]


def _fitting(line: str, width: int) -> int:
    """How many characters of a line fill at most `width` columns."""
    used = 0
    for n, char in enumerate(line):
        used += _cells(char)
        if used > width:
            return n
    return len(line)
