"""Labels in numbers and pages of codes, for the office printer and the label printer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from returns_station.hardware.rendering import refused

if TYPE_CHECKING:
    from labels.arrange import Paper
    from labels.spec import LabelSpec

Told: TypeAlias = Callable[[int, int], None]
RESOLUTIONS: Final = (203, 300, 600)
"""Dots per inch of the label printers that ZPL is written for."""

Rows: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Item:
    """One label: `kind` is blank, container, location, disposition, command or badge; `code` is what it says to a scanner.

    `title` is the kind of a container or location, the words of a disposition or command, the worker of a badge;
    `more` its purposes, or the worker's role.
    """

    kind: str
    code: str
    title: str = ""
    more: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Printing:
    """How labels come on paper: on sheets from a cell on, else one by one in a size; as PDF, or as ZPL of a resolution."""

    size: str = "large"
    sheet: str | None = None
    start_cell: int = 1
    zpl: bool = False
    dpi: int = 203


@dataclass(frozen=True, slots=True)
class Document:
    """What to print, and the characters on it for which no font had a glyph: each once, printed as `?`."""

    content: bytes
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetKind:
    """A sheet of labels as it is chosen: its name, its geometry in words, its labels a page."""

    name: str
    geometry: str
    cells: int


def sheets() -> tuple[SheetKind, ...]:
    """Every sheet of labels that is known."""
    from labels.sheets import SHEETS

    return tuple(SheetKind(name, sheet.source, sheet.cells) for name, sheet in SHEETS.items())


def label_document(items: Sequence[Item], printing: Printing, told: Told) -> Document:
    """The labels; `told` hears how far it is. StationError `label.*`."""
    from labels.arrange import PAPERS
    from labels.errors import LabelError
    from labels.sheets import impose, sheet_named

    try:
        if printing.sheet is None:
            return _one_by_one([_spec(item, PAPERS[printing.size]) for item in items], printing, told)
        sheet = sheet_named(printing.sheet)
        specs = [_spec(item, sheet.safe) for item in items]
        done = impose(specs, sheet, printing.start_cell, told=told)
    except LabelError as error:
        raise refused(error) from error
    return Document(done.pdf, done.missing)


def command_document(title: str, groups: Sequence[tuple[str, Rows]], page: str, note: str) -> Document:
    """Groups of codes on pages of A4 or Letter. StationError `label.*`."""
    from labels.errors import LabelError
    from labels.pdf import render_pages
    from labels.sheets import PAGES, Group, command_pages

    try:
        made = [Group(name, tuple(rows)) for name, rows in groups]
        done = render_pages(command_pages(title, made, PAGES[page], note))
    except LabelError as error:
        raise refused(error) from error
    return Document(done.pdf, done.missing)


def code_document(title: str, rows: Rows, page: str = "a4", note: str = "") -> Document:
    """One page of codes, (code, caption) each. StationError `label.*`."""
    from labels.errors import LabelError
    from labels.pdf import render_pages
    from labels.sheets import PAGES, code_page

    try:
        done = render_pages([code_page(title, rows, PAGES[page], note)])
    except LabelError as error:
        raise refused(error) from error
    return Document(done.pdf, done.missing)


def _one_by_one(specs: Sequence["LabelSpec"], printing: Printing, told: Told) -> Document:
    from labels import zpl
    from labels.pdf import Page, Placed, render_placed

    if not printing.zpl:
        pages = [Page(spec.width_mm, spec.height_mm, (Placed(spec),)) for spec in specs]
        done = render_placed(pages, told=told)
        return Document(done.pdf, done.missing)
    parts: list[bytes] = []
    missing: dict[str, None] = {}
    for number, spec in enumerate(specs, 1):
        written = zpl.render(spec, printing.dpi)
        parts.append(written.zpl)
        missing.update(dict.fromkeys(written.missing))
        told(number, len(specs))
    return Document(b"".join(parts), tuple(missing))


def _spec(item: Item, paper: "Paper") -> "LabelSpec":
    from labels.marks import BadgeCard, BlankPlate, ContainerPlate, DispositionTag, LocationLabel

    match item.kind:
        case "blank":
            return BlankPlate(item.code, note=item.note).as_spec(paper)
        case "container":
            return ContainerPlate(item.code, item.title, item.more, item.note).as_spec(paper)
        case "location":
            return LocationLabel(item.code, item.title, item.more, item.note).as_spec(paper)
        case "badge":
            return BadgeCard(item.code, item.title, " · ".join(item.more), item.note).as_spec()
    return DispositionTag(item.code, item.title, " · ".join(item.more), item.kind.upper()).as_spec(paper)
