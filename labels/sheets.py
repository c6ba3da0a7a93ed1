"""Paper for the office printer: sheets of labels filled from any cell on, and pages of codes to scan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from labels.arrange import CARD, Paper, bars_in, snapped, square_in
from labels.errors import LabelError
from labels.fonts import Fonts
from labels.pdf import Page, Placed, Rendered, Told, render_placed
from labels.spec import Box, Code128, Element, LabelSpec, Rule, Text
from labels.symbols import FNC1

A4, LETTER = Paper(210, 297), Paper(215.9, 279.4)
PAGES = {"a4": A4, "letter": LETTER}

# What a laser printer cannot reach at the edges of its paper (4.2 mm, as office lasers commonly have it), and how far it may
# draw a label beside its place.
_UNREACHED_MM, _ASTRAY_MM = 4.25, 1.25

# (what the symbol says, what a person reads).
Row: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Labels on a page, all in millimetres; `left_mm` and `top_mm` are the first label's corner.

    On plain paper that is to be `cut` the labels are printed with their outline.
    """

    page: Paper
    columns: int
    rows: int
    label: Paper
    left_mm: float
    top_mm: float
    pitch_x_mm: float
    pitch_y_mm: float
    source: str
    cut: bool = False

    @property
    def cells(self) -> int:
        """Labels of one page."""
        return self.columns * self.rows

    @property
    def safe(self) -> Paper:
        """What of each label is surely printed, and on that label."""
        aside, above = self._inset
        return Paper(snapped(self.label.width_mm - 2 * aside), snapped(self.label.height_mm - 2 * above))

    @property
    def _inset(self) -> tuple[float, float]:
        return max(_ASTRAY_MM, _UNREACHED_MM - self.left_mm), max(_ASTRAY_MM, _UNREACHED_MM - self.top_mm)

    def corner(self, cell: int) -> tuple[float, float]:
        """The left upper corner of a cell from 0 on, row by row."""
        row, column = divmod(cell, self.columns)
        return self.left_mm + column * self.pitch_x_mm, self.top_mm + row * self.pitch_y_mm


SHEETS = {
    "3x8": Sheet(A4, 3, 8, Paper(70, 37), 0, 0.5, 70, 37, "70 × 37 mm, 24 on A4; Avery 3474"),
    "2x7": Sheet(A4, 2, 7, Paper(99.1, 38.1), 4.65, 15.15, 101.6, 38.1, "99.1 × 38.1 mm, 14 on A4; Avery L7163"),
    "2x5": Sheet(A4, 2, 5, Paper(99.1, 57), 4.65, 6, 101.6, 57, "99.1 × 57 mm, 10 on A4; Avery L7173"),
    "3x10": Sheet(
        LETTER, 3, 10, Paper(66.675, 25.4), 4.7625, 12.7, 69.85, 25.4,
        "2 5/8 × 1 inch, 30 on Letter; Avery 5160",
    ),
    "cards": Sheet(A4, 2, 5, CARD, 14.4, 9.5, 95.6, 56, "85.6 × 54 mm, 10 on plain A4 to cut; ISO/IEC 7810 ID-1", cut=True),
    "cards-letter": Sheet(
        LETTER, 2, 4, CARD, 17.35, 21.2, 95.6, 61, "85.6 × 54 mm, 8 on plain Letter to cut; ISO/IEC 7810 ID-1", cut=True,
    ),
    "signs": Sheet(A4, 1, 2, Paper(210, 148.5), 0, 0, 210, 148.5, "two signs on plain A4 to cut; ISO 216 A5", cut=True),
}  # fmt: skip


def sheet_named(name: str) -> Sheet:
    """A sheet by its name. Raises `LabelError` (`sheet`)."""
    try:
        return SHEETS[name]
    except KeyError:
        raise LabelError(
            "sheet", f'There is no sheet "{name}".', f"There are {', '.join(sorted(SHEETS))}."
        ) from None


def impose(
    specs: Sequence[LabelSpec],
    sheet: Sheet,
    start_cell: int = 1,
    fonts: Fonts | None = None,
    told: Told | None = None,
) -> Rendered:
    """Labels on as many sheets as they need, each in the middle of its cell.

    `start_cell`, from 1 row by row, is where the first sheet begins, so that one used in part can be used up.
    Raises `LabelError` (`start_cell`, `off_sheet` for a label larger than its cell).
    """  # fmt: skip
    if not 1 <= start_cell <= sheet.cells:
        raise LabelError(
            "start_cell",
            f"A start cell from 1 to {sheet.cells} was expected, {start_cell} was found.",
            "Count the labels of the sheet row by row, from the left.",
        )
    pages: list[list[Placed]] = []
    for at, spec in enumerate(specs, start_cell - 1):
        page, cell = divmod(at, sheet.cells)
        while len(pages) <= page:
            pages.append([])
        pages[page] += [*_outline(sheet, cell), _in_cell(spec, sheet, cell)]
    return render_placed(
        [Page(sheet.page.width_mm, sheet.page.height_mm, tuple(placed)) for placed in pages], fonts, told
    )


def _outline(sheet: Sheet, cell: int) -> list[Placed]:
    if not sheet.cut:
        return []
    width, height = snapped(sheet.label.width_mm), snapped(sheet.label.height_mm)
    box = Box(0, 0, width, height, filled=False, line_mm=1 / 8)
    x_mm, y_mm = sheet.corner(cell)
    return [Placed(LabelSpec(width, height, (box,)), snapped(x_mm), snapped(y_mm))]


def _in_cell(spec: LabelSpec, sheet: Sheet, cell: int) -> Placed:
    spare_x, spare_y = sheet.label.width_mm - spec.width_mm, sheet.label.height_mm - spec.height_mm
    if min(spare_x, spare_y) < -0.01:
        raise LabelError(
            "off_sheet",
            f"A label of {spec.width_mm:g} × {spec.height_mm:g} mm does not fit on "
            f"{sheet.label.width_mm:g} × {sheet.label.height_mm:g} mm ({sheet.source}).",
            "Take a sheet of larger labels, or a smaller size.",
        )
    x_mm, y_mm = sheet.corner(cell)
    return Placed(spec, snapped(x_mm + max(0, spare_x) / 2), snapped(y_mm + max(0, spare_y) / 2))


# --- pages of codes ---------------------------------------------------------------------------------------------------

_EDGE_MM = 10
_TITLE_MM, _HEAD_MM = 8.5, 6.5


@dataclass(frozen=True, slots=True)
class Group:
    """Codes that belong together on a page, under their name."""

    title: str
    rows: tuple[Row, ...]


def code_page(title: str, rows: Sequence[Row], page: Paper = A4, note: str = "") -> LabelSpec:
    """One page of codes below each other, each with its caption, as bars and as a square.

    Raises `LabelError` (`off_sheet` when there are more than fit, `not_encodable`, `too_wide`).
    """
    top = _EDGE_MM + _TITLE_MM + 4
    high = snapped(min(30, (page.height_mm - _EDGE_MM - top) / max(1, len(rows))))
    if high < 14:
        raise LabelError(
            "off_sheet",
            f"{len(rows)} codes were to stand on one page, and {int((page.height_mm - _EDGE_MM - top) / 14)} fit.",
            "Divide them among several pages.",
        )
    elements = _titled(title, note, page)
    for number, (code, caption) in enumerate(rows):
        elements += _code_row(code, f"{number + 1}. {caption}", snapped(top + number * high), high, page)
    return LabelSpec(page.width_mm, page.height_mm, tuple(elements), title=title)


def _titled(title: str, note: str, page: Paper) -> list[Element]:
    wide = page.width_mm - 2 * _EDGE_MM
    return [
        Text(_EDGE_MM, _EDGE_MM + _TITLE_MM * 0.8, wide * 0.64, title, _TITLE_MM, 4, bold=True),
        Text(_EDGE_MM + wide * 0.66, _EDGE_MM + _TITLE_MM * 0.8, wide * 0.34, note, 3.2, 1.8, align="right"),
        Rule(_EDGE_MM, snapped(_EDGE_MM + _TITLE_MM + 1.5), wide, 0.5),
    ]


def _code_row(code: str, caption: str, top: float, high: float, page: Paper) -> list[Element]:
    right = page.width_mm - _EDGE_MM
    if code.startswith(FNC1):
        # QR codes with FNC1 are beyond segno: the bars stand alone.
        wide, squares = right - _EDGE_MM, []
    else:
        square = square_in(code, right, top, high - 1, 6)
        wide, squares = square.x_mm - 4 * square.module_dots / 8 - _EDGE_MM, [square]
    bars = bars_in(code, _EDGE_MM, top + 6.5, wide, high - 12.5, 3)
    return [
        Text(bars.x_mm, top + 4.75, wide, caption, 4.2, 2, bold=True),
        bars,
        Text(bars.x_mm, top + high - 3, wide, code.removeprefix(FNC1).replace(FNC1, " "), 2.6, 1.5),
        *squares,
    ]


# Where every bar begins in its column: the quiet zone of bars of three dots.
_INDENT_MM = 3.75
_COLUMNS, _CELL_MM, _GAP_MM = 3, 19.5, 3


def command_pages(
    title: str, groups: Sequence[Group], page: Paper = A4, note: str = ""
) -> tuple[LabelSpec, ...]:
    """Groups of codes three abreast, each with its caption over its bars; wide codes take more of the row,
    and narrow ones come forward to fill it.

    Raises `LabelError` (`not_encodable`, `too_wide`).
    """
    writer = _Columns(title, page, note)
    for group in groups:
        writer.add(group)
    return writer.pages()


class _Columns:
    """Fills pages from the top, row by row; a group's name never stands alone at the foot of a page."""

    def __init__(self, title: str, page: Paper, note: str) -> None:
        self._title, self._page, self._note = title, page, note
        self._wide = (page.width_mm - 2 * _EDGE_MM - (_COLUMNS - 1) * _GAP_MM) / _COLUMNS
        self._made: list[list[Element]] = []
        self._turn()

    def _turn(self) -> None:
        self._made.append(_titled(self._title, self._note, self._page))
        self._y = snapped(_EDGE_MM + _TITLE_MM + 4.5)

    def _room(self, high: float) -> bool:
        return self._y + high <= self._page.height_mm - _EDGE_MM

    def add(self, group: Group) -> None:
        """One group after what stands there."""
        if not self._room(_HEAD_MM + _CELL_MM + 2):
            self._turn()
        self._head(group.title)
        left, column = [(code, caption, self._span(code)) for code, caption in group.rows], 0
        while left:
            at = next((n for n, (_, _, span) in enumerate(left) if column + span <= _COLUMNS), None)
            if at is None:
                self._y, column = snapped(self._y + _CELL_MM), 0
                continue
            if column == 0 and not self._room(_CELL_MM):
                self._turn()
                self._head(group.title)
            code, caption, span = left.pop(at)
            self._made[-1] += self._cell(code, caption, column, span)
            column += span
        self._y = snapped(self._y + _CELL_MM + 1.5)

    def _head(self, title: str) -> None:
        wide = self._page.width_mm - 2 * _EDGE_MM
        self._made[-1] += [
            Box(_EDGE_MM, self._y, wide, _HEAD_MM),
            Text(
                _EDGE_MM + _INDENT_MM,
                self._y + 4.75,
                wide - 2 * _INDENT_MM,
                title,
                4.2,
                2,
                bold=True,
                inverse=True,
            ),
        ]
        self._y = snapped(self._y + _HEAD_MM + 1.25)

    def _span(self, code: str) -> int:
        for span in range(1, _COLUMNS):
            try:
                bars_in(code, 0, 0, self._width(span), 9, 2)
            except LabelError as error:
                if error.code != "too_wide":
                    raise
            else:
                return span
        return _COLUMNS

    def _width(self, span: int) -> float:
        return span * self._wide + (span - 1) * _GAP_MM

    def _cell(self, code: str, caption: str, column: int, span: int) -> list[Element]:
        x_mm, wide = _EDGE_MM + column * (self._wide + _GAP_MM), self._width(span)
        bars = _indented(bars_in(code, x_mm, self._y + 5, wide, 9, 3), x_mm)
        words = wide - _INDENT_MM
        return [
            Text(bars.x_mm, self._y + 3.75, words, caption, 3.8, 1.8, bold=True),
            bars,
            Text(bars.x_mm, self._y + 16.6, words, code, 2.3, 1.4),
        ]

    def pages(self) -> tuple[LabelSpec, ...]:
        """What was filled, each page with its number when there are several."""
        count = len(self._made)
        done = []
        for number, elements in enumerate(self._made, 1):
            if count > 1:
                size, foot = 2.6, self._page.height_mm - 5
                elements.append(
                    Text(
                        _EDGE_MM,
                        foot,
                        self._page.width_mm - 2 * _EDGE_MM,
                        f"{number} / {count}",
                        size,
                        size,
                        align="right",
                    )
                )
            done.append(
                LabelSpec(self._page.width_mm, self._page.height_mm, tuple(elements), title=self._title)
            )
        return tuple(done)


def _indented(bars: Code128, x_mm: float) -> Code128:
    """Bars of two dots moved to where those of three begin; the gap between the columns leaves room for it."""
    return replace(bars, x_mm=max(bars.x_mm, snapped(x_mm + _INDENT_MM)))
