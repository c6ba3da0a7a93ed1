"""Every symbol says its value when read from pixels; a value that cannot be said is refused."""

from itertools import groupby

import pypdfium2 as pdfium
import pytest
import segno
from barcode.codex import Code128 as Barcode
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.errors import LabelError
from labels.layouts import COMPACT, LARGE, Layout
from labels.pdf import render, render_pages
from labels.spec import DOTS_PER_MM, Code128, LabelSpec, Matrix
from labels.symbols import code128, code128_width, fit_code128, fit_qr, qr, qr_size
from labels.unit import UnitLabel
from tests.labels.label_reading import EIGHT_DOTS_A_MM, both, codes, pages, plates, symbols

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=24)


def duck(lpn: str) -> UnitLabel:
    return UnitLabel(
        lpn,
        "ASSORTED COLOUR BIRD ORNAMENT & <b>RUBBER DUCK</b>",
        "84879",
        "B",
        "Return to vendor",
        "Cage 7 · Rotterdam",
        quantity=12,
        lot="QUACK-7",
        expiry="2027-03-31",
        reprint=1,
        printed_note="2026-11-23 14:02 · S1",
    )


@pytest.mark.parametrize("layout", [LARGE, COMPACT], ids=["100x50", "57x32"])
@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.prove)])
def test_random_plates_by_the_hundred_read_back_from_203_dpi_pixels_and_in_letters(
    layout: Layout, count: int
) -> None:
    lpns = plates(count, seed=8)
    for start in range(0, len(lpns), 100):
        batch = lpns[start : start + 100]
        printed = render_pages([duck(lpn).as_spec(layout) for lpn in batch])
        assert [symbols(page) for page in pages(printed.pdf)] == [both(lpn) for lpn in batch]
        letters = [str(page.get_textpage().get_text_range()) for page in pdfium.PdfDocument(printed.pdf)]
        assert [lpn for lpn, read in zip(batch, letters, strict=True) if lpn not in read] == []


@pytest.mark.parametrize("layout", [LARGE, COMPACT], ids=["100x50", "57x32"])
@pytest.mark.parametrize("length", [1, 2, 5, 12, 13, 14])
def test_plates_of_every_length_up_to_14_fit_and_read_back(layout: Layout, length: int) -> None:
    lpns = plates(10, seed=length, length=length)
    printed = render_pages([duck(lpn).as_spec(layout) for lpn in lpns])
    assert [symbols(page) for page in pages(printed.pdf)] == [both(lpn) for lpn in lpns]


@settings(max_examples=150, deadline=None)
@given(PRINTABLE)
def test_any_printable_ascii_reads_back_exactly_from_both_symbols(value: str) -> None:
    spec = LabelSpec(
        160, 50, (Code128(5, 30, 150, 15, value), Matrix(5, 4, 22, value, module_dots=6)), title="duck"
    )
    (page,) = pages(render(spec).pdf)
    assert symbols(page) == both(value)


def test_a_plate_is_printed_with_bars_of_three_dots_and_on_small_paper_of_two() -> None:
    widths = [fit_code128(layout.code128("L4C8K2P9X3V")).x_dots for layout in (LARGE, COMPACT)]
    assert widths == [3, 2]


def test_bars_fall_to_two_dots_only_where_the_label_allows_it() -> None:
    assert fit_code128(Code128(5, 5, 50, 10, "L4C8K2P9X3V", x_dots=3, min_x_dots=2)).x_dots == 2
    with pytest.raises(LabelError) as refused:
        fit_code128(Code128(5, 5, 50, 10, "L4C8K2P9X3V", x_dots=3, min_x_dots=3))
    assert refused.value.code == "too_wide"


@pytest.mark.parametrize("layout", [LARGE, COMPACT], ids=["100x50", "57x32"])
def test_bars_and_modules_start_on_whole_printer_dots(layout: Layout) -> None:
    for symbol in codes(duck("L4C8K2P9X3V").as_spec(layout)):
        assert [symbol.x_mm * DOTS_PER_MM % 1, symbol.y_mm * DOTS_PER_MM % 1] == [0, 0]


@pytest.mark.parametrize("lpn", ["L1", "L4C8K2P9X3V", "LBCDFGHJKLNPRS"])
@pytest.mark.parametrize(
    ("layout", "bar", "module"), [(LARGE, 3, 6), (COMPACT, 2, 3)], ids=["100x50", "57x32"]
)
def test_quiet_zones_are_ten_bars_and_four_modules_wide(
    layout: Layout, bar: int, module: int, lpn: str
) -> None:
    spec = duck(lpn).as_spec(layout)
    linear, square = codes(spec)
    assert isinstance(linear, Code128)
    assert isinstance(square, Matrix)
    (page,) = pages(render(spec).pdf, EIGHT_DOTS_A_MM)
    dark = page == 0
    top, left, width = round(linear.y_mm * 8), round(linear.x_mm * 8), len(code128(lpn)) * bar
    row = dark[top + 10]
    assert row[left : left + bar].all()
    assert row[left + width - bar : left + width].all()
    assert left >= 10 * bar
    assert not row[left - 10 * bar : left].any()
    assert not row[left + width : left + width + 10 * bar].any()
    top, left, side, quiet = round(square.y_mm * 8), round(square.x_mm * 8), len(qr(lpn)) * module, 4 * module
    around = dark[top - quiet : top + side + quiet, left - quiet : left + side + quiet].copy()
    assert around.shape == (side + 2 * quiet, side + 2 * quiet)
    assert around[quiet, quiet]
    around[quiet : quiet + side, quiet : quiet + side] = False
    assert not around.any()


REFUSED = [
    (
        "",
        "not_encodable",
        "An empty value cannot be a Code 128 barcode: at least one character was expected.",
        "Give the unit a licence plate first.",
    ),
    (
        "LÄNGE",
        "not_encodable",
        '"LÄNGE" cannot be a Code 128 barcode: printable ASCII was expected, "Ä" (U+00C4) was found.',
        "Use a value of letters A–Z and digits.",
    ),
    (
        "L1\x1d2",
        "not_encodable",
        '"L1\\x1d2" cannot be a Code 128 barcode: printable ASCII was expected, "\\x1d" (U+001D) was found.',
        "Use a value of letters A–Z and digits.",
    ),
    (
        "L1\x00",
        "not_encodable",
        '"L1\\x00" cannot be a Code 128 barcode: printable ASCII was expected, "\\x00" (U+0000) was found.',
        "Use a value of letters A–Z and digits.",
    ),
    (
        "\xf1L1",  # what python-barcode takes for FNC1
        "not_encodable",
        '"ñL1" cannot be a Code 128 barcode: printable ASCII was expected, "ñ" (U+00F1) was found.',
        "Use a value of letters A–Z and digits.",
    ),
    (
        "L١٢٣",  # digits to str.isdigit, not to a scanner
        "not_encodable",
        '"L١٢٣" cannot be a Code 128 barcode: printable ASCII was expected, "١" (U+0661) was found.',
        "Use a value of letters A–Z and digits.",
    ),
    (
        "L" * 100_000,
        "not_encodable",
        (
            f'"{"L" * 40}…" cannot be a Code 128 barcode: '
            "at most 80 characters were expected, 100000 were found."
        ),
        "Use a shorter value.",
    ),
    (
        "LBCDFGHJKLNPRST",
        "too_wide",
        (
            '"LBCDFGHJKLNPRST" as a Code 128 barcode with bars of 3 dots is 75.0 mm wide, '
            "and the label has 71.0 mm for it."
        ),
        "Use a wider label or a shorter value.",
    ),
]


@pytest.mark.parametrize(
    ("lpn", "code", "sentence", "hint"), REFUSED, ids=[ascii(r[0])[:12] for r in REFUSED]
)
def test_a_plate_that_cannot_be_bars_is_refused_with_value_expectation_and_way_out(
    lpn: str, code: str, sentence: str, hint: str
) -> None:
    with pytest.raises(LabelError) as refused:
        duck(lpn).as_spec()
    assert (refused.value.code, refused.value.sentence, refused.value.hint) == (code, sentence, hint)


def test_a_value_too_long_for_its_square_is_refused() -> None:
    with pytest.raises(LabelError) as refused:
        fit_qr(Matrix(5, 5, 8, "a rubber duck of many words", module_dots=3))
    assert str(refused.value) == (
        '"a rubber duck of many words" as a QR code with modules of 3 dots is 10.9 mm wide, '
        "and the label has 8.0 mm for it. Use a larger label or a shorter value."
    )


def test_a_qr_code_never_takes_what_code_128_would_refuse() -> None:
    with pytest.raises(LabelError) as refused:
        qr("日本")
    assert refused.value.sentence == (
        '"日本" cannot be a QR code: printable ASCII was expected, "日" (U+65E5) was found.'
    )


def test_a_wrong_code_is_refused_by_the_renderer_even_when_the_model_was_built_by_hand() -> None:
    spec = LabelSpec(100, 50, (Code128(5, 5, 80, 10, "Ł"),))
    with pytest.raises(LabelError) as refused:
        render(spec)
    assert refused.value.code == "not_encodable"


def test_code_128_modules_are_the_standards_own_for_a_known_value() -> None:
    """ISO/IEC 15417: start B, A, check 34 (that is B), stop, counted by hand."""
    start_b, letter_a, check, stop = "11010010000", "10100011000", "10001011000", "1100011101011"
    assert code128("A") == start_b + letter_a + check + stop


@pytest.mark.parametrize("value", ["994156", "9983", "99A1234", "1A", "12A", "A12345B", "123", "00000000"])
def test_digits_wherever_they_stand_read_back_exactly(value: str) -> None:
    """python-barcode 0.16 drops the first pair of a value that begins with 99, so its own choice is not taken."""
    (page,) = pages(render(LabelSpec(80, 20, (Code128(5, 3, 70, 12, value, 2, 2),))).pdf)
    assert symbols(page) == [("Code128", value)]


@settings(max_examples=300)
@given(st.text("0123456789ABX-", min_size=1, max_size=24).filter(lambda value: not value.startswith("99")))
def test_the_bars_are_those_of_python_barcode(value: str) -> None:
    assert code128(value) == Barcode(value).build()[0]
    assert code128_width(value) == len(code128(value))


@settings(max_examples=300)
@given(
    st.one_of(
        PRINTABLE, st.text("0123456789", min_size=1, max_size=80), st.text("RS-D0 ", min_size=1, max_size=80)
    )
)
def test_the_size_of_a_square_is_known_before_it_is_made(value: str) -> None:
    assert qr_size(value) == len(segno.make_qr(value, error="m").matrix)


def penalty(rows: tuple[str, ...]) -> int:
    """ISO/IEC 18004, 7.8.3, word by word."""
    size, total = len(rows), 0
    for line in (*rows, *("".join(column) for column in zip(*rows, strict=True))):
        lengths = [len(list(group)) for _, group in groupby(line)]
        total += sum(length - 2 for length in lengths if length >= 5)
        padded = f"0000{line}0000"
        for at in range(4, size - 2):
            light = "0000" in (padded[at - 4 : at], padded[at + 7 : at + 11])
            total += 40 * (light and padded[at : at + 7] == "1011101")
    for y in range(size - 1):
        for x in range(size - 1):
            total += 3 * (len({rows[y][x], rows[y][x + 1], rows[y + 1][x], rows[y + 1][x + 1]}) == 1)
    return total + 10 * int(abs("".join(rows).count("1") * 100 / size**2 - 50) / 5)


@pytest.mark.parametrize("value", [*plates(40, seed=3), "a", "rubber duck", "L" * 30, "1" * 40])
def test_the_qr_code_is_segnos_under_the_mask_with_the_lowest_penalty(value: str) -> None:
    made = [segno.make_qr(value, error="m", mask=mask).matrix for mask in range(8)]
    candidates = [tuple("".join(map(str, row)) for row in matrix) for matrix in made]
    chosen = qr(value)
    assert chosen in candidates
    assert penalty(chosen) == min(map(penalty, candidates))
