"""Sheets are filled from any cell on and every code stands on its own label; pages of codes read back whole."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp

from labels.arrange import SIGN
from labels.errors import LabelError
from labels.marks import BadgeCard, BlankPlate, LocationLabel
from labels.pdf import render_pages
from labels.sheets import (
    A4,
    LETTER,
    PAGES,
    SHEETS,
    Group,
    Sheet,
    code_page,
    command_pages,
    impose,
    sheet_named,
)
from labels.spec import Code128, LabelSpec, Rule
from tests.labels.label_reading import Pixels, apart, pages, plates, symbols

EVERY_SHEET = pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
ROWS = [(f"RS-DUCK-{n}", f"Duck number {n}") for n in range(1, 8)]


def label(code: str, sheet: Sheet) -> LabelSpec:
    return (
        BadgeCard(code, "w-1", "Worker").as_spec()
        if sheet.label.height_mm == 54
        else BlankPlate(code).as_spec(sheet.safe)
    )


def found(page: Pixels, sheet: Sheet) -> dict[int, set[str]]:
    """The codes that were read, by the cell their middle lies in."""
    cells: dict[int, set[str]] = {}
    for code in zxingcpp.read_barcodes(page):
        at = code.position
        x = (at.top_left.x + at.bottom_right.x) / 2 / 203 * 25.4 - sheet.left_mm
        y = (at.top_left.y + at.bottom_right.y) / 2 / 203 * 25.4 - sheet.top_mm
        cell = int(y // sheet.pitch_y_mm) * sheet.columns + int(x // sheet.pitch_x_mm)
        cells.setdefault(cell, set()).add(code.text)
    return cells


@EVERY_SHEET
def test_labels_of_a_sheet_lie_on_its_page_side_by_side(sheet: Sheet) -> None:
    rooms = []
    for cell in range(sheet.cells):
        x, y = sheet.corner(cell)
        rooms.append((x, y, x + sheet.label.width_mm, y + sheet.label.height_mm))
    assert min(side for room in rooms for side in room) >= 0
    assert max(room[2] for room in rooms) <= sheet.page.width_mm
    assert max(room[3] for room in rooms) <= sheet.page.height_mm
    assert all(
        apart((a[0] + 0.001, a[1] + 0.001, a[2] - 0.001, a[3] - 0.001), b) for a, b in combinations(rooms, 2)
    )


@EVERY_SHEET
def test_a_sheet_stands_in_the_middle_of_its_page(sheet: Sheet) -> None:
    right = sheet.left_mm + (sheet.columns - 1) * sheet.pitch_x_mm + sheet.label.width_mm
    bottom = sheet.top_mm + (sheet.rows - 1) * sheet.pitch_y_mm + sheet.label.height_mm
    assert sheet.page.width_mm - right == pytest.approx(sheet.left_mm, abs=0.1)
    assert sheet.page.height_mm - bottom == pytest.approx(sheet.top_mm, abs=0.1)


@EVERY_SHEET
def test_a_full_sheet_has_each_code_on_its_own_label_and_reads_back(sheet: Sheet) -> None:
    codes = plates(sheet.cells, seed=21)
    (page,) = pages(impose([label(code, sheet) for code in codes], sheet).pdf)
    assert found(page, sheet) == {cell: {code} for cell, code in enumerate(codes)}


@EVERY_SHEET
def test_a_half_used_sheet_is_filled_from_its_start_cell_on_and_the_next_one_from_its_first(
    sheet: Sheet,
) -> None:
    start = sheet.cells // 2 + 1
    codes = plates(sheet.cells, seed=22)
    first, second = pages(impose([label(code, sheet) for code in codes], sheet, start).pdf)
    here = sheet.cells - start + 1
    assert found(first, sheet) == {start - 1 + n: {code} for n, code in enumerate(codes[:here])}
    assert found(second, sheet) == {n: {code} for n, code in enumerate(codes[here:])}


def test_cells_before_the_start_stay_white() -> None:
    sheet = SHEETS["3x8"]
    (page,) = pages(impose([label("L4C8K2P9X3V", sheet)], sheet, 5).pdf)
    rows, columns = np.nonzero(page == 0)
    x, y = (side / 25.4 * 203 for side in sheet.corner(4))
    assert rows.min() > y
    assert columns.min() > x
    assert columns.max() < x + 70 / 25.4 * 203


@pytest.mark.parametrize("name", [name for name, sheet in SHEETS.items() if not sheet.cut])
def test_nothing_is_printed_where_a_laser_printer_does_not_reach(name: str) -> None:
    sheet = SHEETS[name]
    (page,) = pages(impose([label(code, sheet) for code in plates(sheet.cells, seed=23)], sheet).pdf)
    edge = int(4.2 / 25.4 * 203)
    assert (page[edge:-edge, edge:-edge] == 0).sum() == (page == 0).sum()


@pytest.mark.parametrize("start", [0, -1, 25])
def test_a_start_cell_that_the_sheet_does_not_have_is_refused(start: int) -> None:
    with pytest.raises(LabelError) as refused:
        impose([label("L4C8K2P9X3V", SHEETS["3x8"])], SHEETS["3x8"], start)
    assert (refused.value.code, str(refused.value)) == (
        "start_cell",
        (
            f"A start cell from 1 to 24 was expected, {start} was found. "
            "Count the labels of the sheet row by row, from the left."
        ),
    )


def test_a_label_larger_than_its_cell_is_refused() -> None:
    with pytest.raises(LabelError) as refused:
        impose([LocationLabel("A-12-03", "bin").as_spec(SIGN)], SHEETS["2x5"])
    assert str(refused.value) == (
        "A label of 210 × 148 mm does not fit on 99.1 × 57 mm (99.1 × 57 mm, 10 on A4; Avery L7173). "
        "Take a sheet of larger labels, or a smaller size."
    )


def test_a_sheet_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(LabelError) as refused:
        sheet_named("9x9")
    assert str(refused.value) == (
        'There is no sheet "9x9". There are 2x5, 2x7, 3x10, 3x8, cards, cards-letter, signs.'
    )


def test_how_far_the_work_is_is_told_page_by_page() -> None:
    told: list[tuple[int, int]] = []
    sheet = SHEETS["3x8"]
    impose([label(code, sheet) for code in plates(60, seed=24)], sheet, told=lambda *at: told.append(at))
    assert told == [(1, 3), (2, 3), (3, 3)]


# --- pages of codes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_of_codes_reads_back_in_its_order_as_bars_and_as_squares(page: object) -> None:
    spec = code_page("Ducks", ROWS, page)  # type: ignore[arg-type]
    (pixels,) = pages(render_pages([spec]).pdf)
    read = sorted(zxingcpp.read_barcodes(pixels), key=lambda code: code.position.top_left.y)
    for name in ("Code128", "QRCode"):
        assert [code.text for code in read if code.format.name == name] == [code for code, _ in ROWS]


def test_captions_and_codes_stand_in_letters_too() -> None:
    (page,) = pdfium.PdfDocument(render_pages([code_page("Ducks", ROWS)]).pdf)
    read = page.get_textpage().get_text_range()
    assert all(f"{n}. {caption}" in read and code in read for n, (code, caption) in enumerate(ROWS, 1))


def test_more_codes_than_a_page_holds_are_refused() -> None:
    with pytest.raises(LabelError) as refused:
        code_page("Ducks", ROWS * 4)
    assert str(refused.value) == (
        "28 codes were to stand on one page, and 18 fit. Divide them among several pages."
    )


def groups(*sizes: int) -> list[Group]:
    return [
        Group(f"Flock {g}", tuple((f"RS-D{g}-{'X' * (n % 4) * 6}{n}", f"Duck {n}") for n in range(size)))
        for g, size in enumerate(sizes)
    ]


def all_codes(made: Sequence[Group]) -> list[tuple[str, str]]:
    return sorted(("Code128", code) for group in made for code, _ in group.rows)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_command_reads_back_once_from_the_pages(page: object) -> None:
    made = groups(1, 7, 40, 12)
    read = [symbols(pixels) for pixels in pages(render_pages(command_pages("Ducks", made, page)).pdf)]  # type: ignore[arg-type]
    assert sorted(one for page_ in read for one in page_) == all_codes(made)


def test_bars_on_a_page_are_apart_by_their_quiet_zones() -> None:
    for spec in command_pages("Ducks", groups(9, 30)):
        bars = [e for e in spec.elements if isinstance(e, Code128)]
        for one, other in combinations(bars, 2):
            quiet = 10 * max(one.x_dots, other.x_dots) / 8
            left, top, right, bottom = (
                one.x_mm - quiet,
                one.y_mm,
                one.x_mm + one.width_mm + quiet,
                one.y_mm + one.height_mm,
            )
            ink = other.x_mm, other.y_mm, other.x_mm + other.width_mm, other.y_mm + other.height_mm
            assert apart((left, top, right, bottom), ink)


def test_pages_are_numbered_and_a_group_goes_on_under_its_name() -> None:
    made = command_pages("Ducks", groups(60))
    texts = [[getattr(e, "text", "") for e in spec.elements] for spec in made]
    assert len(made) > 1
    assert all(f"{n} / {len(made)}" in said for n, said in enumerate(texts, 1))
    assert all(said.count("Flock 0") == 1 for said in texts)
    assert all(any(isinstance(e, Rule) for e in spec.elements) for spec in made)


def test_one_page_needs_no_number() -> None:
    (spec,) = command_pages("Ducks", groups(3), LETTER)
    assert not any(getattr(e, "text", "") == "1 / 1" for e in spec.elements)
    assert (spec.width_mm, spec.height_mm) == (215.9, 279.4)
    assert (A4.width_mm, A4.height_mm) == (210, 297)
