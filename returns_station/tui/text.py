"""Text for widgets: whatever was scanned or imported is shown literally, never as markup and never as a terminal's command."""

from textual.content import Content

from returns_station.printable import cells, printable


def literal(text: object, style: str = "") -> Content:
    """The text as content: control, format and direction characters shown as a dot, brackets as brackets."""
    clean = printable(str(text))
    return Content.styled(clean, style) if style else Content(clean)


def joined(*pieces: Content | tuple[object, str] | str) -> Content:
    """Pieces one after another; a pair is (text, style)."""
    return Content("").join(
        piece
        if isinstance(piece, Content)
        else literal(*piece)
        if isinstance(piece, tuple)
        else literal(piece)
        for piece in pieces
    )


def lines(*rows: Content) -> Content:
    """Rows under each other."""
    return Content("\n").join(rows)


def cut(text: str, width: int) -> str:
    """The beginning of a text that fits, with an ellipsis where something is left out."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return text + "…"
