"""Text for the screen: whatever was scanned or imported is shown literally, never as markup and never as a terminal's command."""

from collections.abc import Sequence

from textual.content import Content

from returns_station.printable import cells, printable

# A piece of a row: printable text and the names of its looks, such as "bold $accent".
Piece = tuple[str, str]
Row = tuple[Piece, ...]

BLANK: Row = ()


def literal(text: object, look: str = "") -> Row:
    """The text as a row: control, format and direction characters shown as a dot, brackets as brackets."""
    return ((printable(str(text)), look),)


def joined(*pieces: Row | tuple[object, str] | str) -> Row:
    """Pieces one after another: rows, pairs of (text, look), and bare text."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str):
            found.append((printable(piece), ""))
        elif len(piece) == 2 and isinstance(piece[1], str):
            found.append((printable(str(piece[0])), piece[1]))
        else:
            found.extend(piece)
    return tuple(found)


def width_of(row: Row) -> int:
    """How many columns a row fills."""
    return sum(cells(text) for text, _ in row)


def cropped(row: Row, width: int) -> Row:
    """A row no wider than `width`, with an ellipsis where something is left out."""
    if width_of(row) <= width:
        return row
    found: list[Piece] = []
    room = width
    for text, look in row:
        size = cells(text)
        if size >= room:
            found.append((cut(text, room, always=True), look))
            break
        found.append((text, look))
        room -= size
    return tuple(found)


def cut(text: str, width: int, *, always: bool = False) -> str:
    """The beginning of a text that fits, with an ellipsis where something is left out (`always`: there is)."""
    if cells(text) <= width and not always:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return text + "…" if width > 0 else ""


def content(rows: Sequence[Row]) -> Content:
    """Rows under each other for one of Textual's own widgets."""
    lines = (
        Content("").join(Content.styled(text, look) if look else Content(text) for text, look in row)
        for row in rows
    )
    return Content("\n").join(lines)
