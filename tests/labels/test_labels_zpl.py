"""ZPL of every kind, drawn by a renderer that nobody here wrote, says the same as the PDF, dot for dot in its symbols."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels import zpl
from labels.errors import LabelError
from labels.marks import BlankPlate, DispositionTag
from labels.spec import Box, Code128, LabelSpec, Matrix, Rule, Text
from labels.symbols import code128, qr_size
from tests.labels.label_kinds import COMPACT, KINDS, LARGE, Kind
from tests.labels.label_reading import Pixels, codes, plates, symbols
from tests.labels.test_labels_kinds import said
from tests.labels.zpl_reading import Renderer, commands, renderer

EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
ALLOWED = {
    "^XA", "^MU", "^CI", "^LH", "^LS", "^FW", "^LR", "^PM", "^PO", "^PW", "^LL", "^FO", "^FT", "^GB", "^GF", "^A0",
    "^FB", "^FR", "^FH", "^FD", "^FS", "^BY", "^BC", "^BQ", "^PQ", "^XZ",
}  # fmt: skip


@pytest.fixture(scope="module")
def screen() -> Iterator[Renderer]:
    yield from renderer()


def drawn(screen: Renderer, spec: LabelSpec, dpi: int = 203) -> Pixels:
    (label,) = screen.labels(zpl.render(spec, dpi).zpl, (spec.width_mm, spec.height_mm), dpi)
    return label


def read_all(screen: Renderer, specs: list[LabelSpec], dpi: int = 203) -> None:
    size = specs[0].width_mm, specs[0].height_mm
    labels = screen.labels(zpl.render_batch(specs, dpi).zpl, size, dpi)
    assert [symbols(label) for label in labels] == [said(spec) for spec in specs]


@EVERY_KIND
def test_dozens_of_random_codes_read_back_from_203_dpi_pixels(screen: Renderer, kind: Kind) -> None:
    read_all(screen, [kind(code, COMPACT) for code in plates(40, seed=14)])
    read_all(screen, [kind(code, LARGE) for code in plates(6, seed=15)])


@EVERY_KIND
def test_codes_read_back_from_300_dpi_pixels(screen: Renderer, kind: Kind) -> None:
    read_all(screen, [kind(code, COMPACT) for code in plates(4, seed=16)], 300)
    read_all(screen, [kind(code, LARGE) for code in plates(2, seed=17)], 300)


@pytest.mark.prove
@pytest.mark.timeout(900)
@EVERY_KIND
def test_a_thousand_random_codes_of_every_kind_read_back(screen: Renderer, kind: Kind) -> None:
    lpns = plates(1000, seed=18)
    for start in range(0, 800, 100):
        read_all(screen, [kind(code, COMPACT) for code in lpns[start : start + 100]])
    for start in range(800, 1000, 100):
        read_all(screen, [kind(code, LARGE) for code in lpns[start : start + 100]], 203)


# --- the same symbols -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["L4C8K2P9X3V", "L011000001S", "994156", "12345678", "A^B~C_D\\E>F", "99A", "1A", "lower"]
)
def test_bars_are_those_of_the_pdf_whether_the_printer_makes_them_or_they_are_drawn(
    screen: Renderer, value: str
) -> None:
    spec = LabelSpec(100, 20, (Code128(5, 5, 90, 10, value, x_dots=2, min_x_dots=2),))
    row = drawn(screen, spec)[80] == 0
    modules = "".join("1" if row[40 + 2 * at] else "0" for at in range(len(code128(value))))
    assert modules == code128(value)
    assert not row[:40].any()
    assert not row[40 + 2 * len(modules) :].any()


def test_the_printers_own_command_makes_the_bars_where_one_set_carries_the_value() -> None:
    made = {
        value: zpl.render(LabelSpec(100, 20, (Code128(5, 5, 90, 10, value),))).zpl
        for value in ("L4C8K2", "123456", "L012345", "A^B")
    }
    named = {value: [c.data for c in commands(stream) if c.name == "^FD"] for value, stream in made.items()}
    assert named == {"L4C8K2": [">:L4C8K2"], "123456": [">;123456"], "L012345": [], "A^B": []}


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("value", ["L4C8K2P9X3V", "RS-D-RETURN-TO-STOCK-RESALE", "lower case"])
def test_a_square_stands_where_the_pdf_has_it_with_four_modules_of_white_around(
    screen: Renderer, value: str, dpi: int
) -> None:
    spec = LabelSpec(40, 40, (Matrix(10, 10, 20, value, module_dots=5), Box(0, 0, 1, 1)))
    dark = drawn(screen, spec, dpi) == 0
    dark[:20, :20] = False
    side = {203: 5, 300: 7}[dpi]
    rows, columns = np.nonzero(dark)
    start, size = round(10 * zpl.RESOLUTIONS[dpi]), side * qr_size(value)
    assert [rows.min(), columns.min(), rows.max(), columns.max()] == [
        start,
        start,
        start + size - 1,
        start + size - 1,
    ]
    assert symbols(np.where(dark, 0, 255).astype(np.uint8)) == [("QRCode", value)]


@pytest.mark.parametrize("dpi", [203, 300])
@EVERY_KIND
def test_bars_keep_ten_of_their_widths_of_white_on_both_sides(screen: Renderer, kind: Kind, dpi: int) -> None:
    for paper in (LARGE, COMPACT):
        spec = kind("LBCDFGHJKLN", paper)
        bars = next(symbol for symbol in codes(spec) if isinstance(symbol, Code128))
        pixels, scale = drawn(screen, spec, dpi), zpl.RESOLUTIONS[dpi]
        row = pixels[round((bars.y_mm + bars.height_mm / 2) * scale)] == 0
        left = int(np.nonzero(row)[0][0])
        x_dots = (
            int(np.nonzero(~row[left:])[0][0]) // 2
        )  # every start character begins with a bar of two modules
        right = left + x_dots * len(code128(bars.value))
        assert left >= 10 * x_dots
        assert row[right - 1]
        assert not row[right : right + 10 * x_dots].any()


def test_boxes_and_lines_are_as_large_as_on_the_pdf(screen: Renderer) -> None:
    spec = LabelSpec(50, 30, (Box(2, 2, 10, 5), Box(20, 2, 10, 5, filled=False), Rule(2, 20, 30, 0.5)))
    dark = drawn(screen, spec) == 0
    assert dark[16:56, 16:96].all()
    assert dark[16:56, 160:240].sum() == 40 * 80 - 34 * 74
    assert dark[160:164, 16:256].all()
    assert dark.sum() == 40 * 80 + 40 * 80 - 34 * 74 + 4 * 240


# --- how a printer takes it -------------------------------------------------------------------------------------------


def test_a_label_is_printed_once_whatever_an_earlier_job_left_behind(screen: Renderer) -> None:
    spec = BlankPlate("L4C8K2P9X3V").as_spec()
    left_behind = b"^XA^FWR^LRY^PMY^POI^LH100,80^LS40^MUM^PQ7^XZ"
    print_ = zpl.render(spec).zpl
    names = [command.name for command in commands(print_)]
    assert names[:10] == ["^XA", "^MU", "^CI", "^LH", "^LS", "^FW", "^LR", "^PM", "^PO", "^PW"]
    assert (names.count("^XA"), names.count("^XZ"), names.count("^PQ")) == (1, 1, 1)
    *_, after = screen.labels(left_behind + print_, (100, 50))
    assert symbols(after) == said(spec)


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_width_and_length_of_the_label_are_told_in_dots(dpi: int) -> None:
    told = {c.name: c.data.strip() for c in commands(zpl.render(BlankPlate("L4C8K2").as_spec(), dpi).zpl)}
    assert (told["^PW"], told["^LL"]) == {
        203: ("800", "400"), 300: ("1181", "591"), 600: ("2362", "1181"),
    }[dpi]  # fmt: skip


def test_a_resolution_nobody_has_is_refused() -> None:
    with pytest.raises(LabelError) as refused:
        zpl.render(BlankPlate("L4C8K2").as_spec(), 72)
    assert str(refused.value) == (
        "A label printer of 72 dpi is not known: 203, 300 or 600 was expected. "
        "Take the resolution that stands on the printer's type plate."
    )


def test_the_same_label_gives_the_same_bytes_whatever_was_printed_before() -> None:
    spec = DispositionTag("RS-D-SCRAP", "Scrap").as_spec()
    first = zpl.render(spec).zpl
    zpl.render_batch([BlankPlate(code).as_spec() for code in plates(5000, seed=19)])
    assert zpl.render(spec).zpl == first


@settings(max_examples=200)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=24))
def test_any_value_of_a_symbol_is_data_and_never_a_command(value: str) -> None:
    spec = LabelSpec(160, 50, (Code128(5, 30, 150, 15, value, 2, 2), Matrix(5, 4, 22, value, module_dots=6)))
    found = commands(zpl.render(spec).zpl)
    assert {command.name for command in found} <= ALLOWED
    assert [command.name for command in found].count("^FS") == 2


def test_a_text_in_the_printers_own_font_stays_within_the_room_it_was_fitted_for(screen: Renderer) -> None:
    for said_, align in (
        ("WWWWWWWWWWWW", "left"),
        ("mmmm@@@@%%%%", "right"),
        ("RETURN TO STÖCK ÅÉ", "center"),
        ("iiiiii", "center"),
    ):
        text = Text(5, 12, 40, said_, 8, 2, bold=True, align=align)  # type: ignore[arg-type]
        rows, columns = np.nonzero(drawn(screen, LabelSpec(60, 20, (text,))) == 0)
        left, _top, right, bottom = (side * 8 for side in text.bounds_mm)
        assert left - 1 <= columns.min() <= columns.max() <= right
        assert (12 - 1.05 * 8) * 8 <= rows.min() <= rows.max() <= bottom
