"""Every text stands literally in its own room, whatever it holds, and never touches a symbol."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
import reportlab
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.fitting import Line, fit, missing_glyphs
from labels.fonts import Fonts, installed_fonts, measured
from labels.layouts import COMPACT, LARGE, Layout
from labels.lines import has_no_glyph, printable, visual
from labels.pdf import render
from labels.spec import DESCENT, Bounds, LabelSpec, Text
from labels.unit import UnitLabel
from tests.labels.label_reading import (
    EIGHT_DOTS_A_MM,
    apart,
    both,
    boxes,
    codes,
    inked,
    pages,
    read_in,
    symbols,
    texts,
    within,
)

OWN = Path(reportlab.__file__).parent / "fonts"
LATIN_ONLY = Fonts((OWN / "Vera.ttf",), (OWN / "VeraBd.ttf",))
LAYOUTS = pytest.mark.parametrize("layout", [LARGE, COMPACT], ids=["100x50", "57x32"])
LITERALS = [
    "<b>bold</b>",
    '<img src="/x"/>',
    "R&D &amp; more",
    "^XZ^XA",
    "~JR",
    r"\(a\) %s {x}",
    "=1+1",
    "naïve café",
]
HOSTILE = st.text(st.characters(), max_size=80)


def duck(product: str = "RUBBER DUCK", **other: object) -> UnitLabel:
    said = UnitLabel(
        "L4C8K2P9X3V",
        product,
        "85123A",
        "A",
        "Return to stock",
        "Bin A-12-03",
        quantity=12,
        lot="QUACK-7",
        expiry="2027-03-31",
        printed_note="14:02 · S1",
    )
    return replace(said, **other)  # type: ignore[arg-type]


def room(text: Text) -> Bounds:
    """The room with headroom for accents: where ink of the text may be."""
    top = text.baseline_mm - 1.05 * text.size_mm
    return text.x_mm, top, text.x_mm + text.width_mm, text.baseline_mm + DESCENT * text.size_mm


@LAYOUTS
def test_what_the_label_says_is_read_back_from_the_place_of_each_text(layout: Layout) -> None:
    spec = duck(reprint=2).as_spec(layout)
    (page,) = pdfium.PdfDocument(render(spec).pdf)
    read = [read_in(page, text.bounds_mm, spec.height_mm) for text in texts(spec)]
    assert read == [text.text for text in texts(spec)]
    said = " | ".join(read)
    for fact in ("A", "Return to stock", "Bin A-12-03", "RUBBER DUCK", "× 12", "REPRINT 2", "L4C8K2P9X3V"):
        assert fact in read
    for fact in ("85123A", "QUACK-7", "2027-03-31", "SKU", "LOT", "EXP", "14:02 · S1"):
        assert fact in said


@LAYOUTS
@pytest.mark.parametrize("literal", LITERALS)
def test_markup_and_printer_commands_are_printed_as_they_are(layout: Layout, literal: str) -> None:
    spec = duck(literal, destination=literal).as_spec(layout)
    (page,) = pdfium.PdfDocument(render(spec).pdf)
    read = str(page.get_textpage().get_text_range()).splitlines()
    assert sum(literal in line for line in read) == 2


@LAYOUTS
@pytest.mark.parametrize("reprint", [0, 99])
@pytest.mark.parametrize("lpn", ["L1", "LBCDFGHJKLNPRS"])
def test_no_text_shares_room_with_a_text_a_symbol_or_a_box_line(
    layout: Layout, reprint: int, lpn: str
) -> None:
    spec = duck(lpn=lpn, reprint=reprint).as_spec(layout)
    for one, other in combinations(texts(spec), 2):
        assert apart(one.bounds_mm, other.bounds_mm), (one, other)
    for text in texts(spec):
        assert all(apart(room(text), code.bounds_mm) for code in codes(spec)), text
        inside = [within(text.bounds_mm, box.bounds_mm) for box in boxes(spec)]
        clear = [apart(text.bounds_mm, box.bounds_mm) for box in boxes(spec)]
        assert all(a or b for a, b in zip(inside, clear, strict=True)), text
    assert all(apart(box.bounds_mm, code.bounds_mm) for box in boxes(spec) for code in codes(spec))


def only_ink_of_texts(spec: LabelSpec) -> LabelSpec:
    return replace(spec, elements=tuple(replace(text, inverse=False) for text in texts(spec)))


@LAYOUTS
@settings(max_examples=40, deadline=None)
@given(said=HOSTILE, destination=HOSTILE, grade=HOSTILE, lot=HOSTILE)
def test_whatever_is_said_both_codes_read_back_and_the_ink_stays_in_its_room(
    layout: Layout, said: str, destination: str, grade: str, lot: str
) -> None:
    label = duck(
        said, destination=destination, grade=grade, lot=lot, sku=said, disposition=said, printed_note=lot
    )
    spec = label.as_spec(layout)
    (page,) = pages(render(spec).pdf)
    assert symbols(page) == both("L4C8K2P9X3V")
    (ink,) = pages(render(only_ink_of_texts(spec)).pdf, EIGHT_DOTS_A_MM)
    for text in texts(spec):
        left, top, right, bottom = (round(side * 8) for side in room(text))
        ink[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = 255
    assert (ink == 255).all()


def ink_of(text: Text) -> tuple[int, int, int, int]:
    """Left, top, right and bottom dot of what is drawn for one text on a large empty label."""
    (page,) = pages(render(LabelSpec(200, 100, (text,)), LATIN_ONLY).pdf, EIGHT_DOTS_A_MM)
    rows, columns = np.nonzero(page == 0)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_a_text_made_smaller_keeps_the_middle_of_its_line() -> None:
    _, top, _, bottom = ink_of(Text(20, 50, 100, "H", 20, 2))
    _, small_top, _, small_bottom = ink_of(Text(20, 50, 100, "H" * 20, 20, 2))
    assert small_bottom - small_top < (bottom - top) / 2
    assert abs((top + bottom) - (small_top + small_bottom)) <= 2


@pytest.mark.parametrize("letter", ["j", "J", "f", "Å", "ç"])
def test_ink_that_overhangs_its_letter_is_inside_the_room_and_whole(letter: str) -> None:
    text = Text(40, 50, 60, letter, 30, 30, bold=True)
    left, top, right, bottom = ink_of(text)
    wide = ink_of(replace(text, x_mm=20, width_mm=100, align="center"))
    assert left >= 40 * 8 - 1
    assert abs((right - left) - (wide[2] - wide[0])) <= 1
    assert (top, bottom) == (wide[1], wide[3])


def test_what_cannot_fit_even_as_an_ellipsis_is_clipped_to_its_room() -> None:
    left, _, right, _ = ink_of(Text(40, 50, 10, "DUCK", 30, 30))
    assert 40 * 8 - 1 <= left < right <= 50 * 8 + 1


AWKWARD = {
    "emoji": "🦆👩‍👩‍👧‍👦🏳️‍🌈 duck",
    "cjk": "黄色いアヒル 橡皮鸭 고무 오리",
    "right to left": "ברווז גומי צהוב 12 بطة مطاطية",
    "combining": "Z̸̢̛͇̭̈́̈́̓a̷͔͐l̴̠̈́g̶̙̈́o̷̡͝ " * 20,
    "override": "\u202e\u2066kcud rebbur\u2069\u202c",
    "controls": "duck\x00\x07\x1b[31m\x9b\r\n\t\u2028duck",
    "surrogate": "duck \ud83e duck",
    "a hundred thousand": "duck " * 20_000,
    "one endless word": "D" * 100_000,
    "nothing": "",
    "blanks": " \t\n ",
}


@LAYOUTS
@pytest.mark.parametrize("said", AWKWARD.values(), ids=list(AWKWARD))
def test_awkward_texts_everywhere_leave_quiet_zones_empty_and_codes_readable(
    layout: Layout, said: str
) -> None:
    label = duck(said, sku=said, grade=said, disposition=said, destination=said, lot=said, printed_note=said)
    spec = label.as_spec(layout)
    pdf = render(spec).pdf
    (page,) = pages(pdf)
    assert symbols(page) == both("L4C8K2P9X3V")
    (exact,) = pages(pdf, EIGHT_DOTS_A_MM)
    for code in codes(spec):
        left, top, _, bottom = code.bounds_mm
        assert not inked(exact, (left, top + 0.25, code.x_mm - 0.25, bottom - 0.25))
    square = codes(spec)[1]
    assert not inked(exact, (square.bounds_mm[0] + 0.25, square.bounds_mm[1] + 0.25, 200, square.y_mm - 0.25))


def test_a_title_too_long_is_cut_with_an_ellipsis_as_late_as_its_measured_width_allows() -> None:
    title = next(t for t in texts(duck("HEART" * 30).as_spec()) if "HEART" in t.text)
    line = fit(title, LATIN_ONLY)
    shown = "".join(c.char for c in line.characters)
    one_more = title.text[: len(shown)] + "…"
    wider = Line(tuple(measured(one_more, LATIN_ONLY.regular)), line.size_mm)
    assert shown == title.text[: len(shown) - 1] + "…"
    assert line.size_mm == title.min_size_mm
    assert line.width_mm <= title.width_mm < wider.width_mm


def test_an_ellipsis_never_parts_a_letter_from_its_marks() -> None:
    text = Text(0, 10, 10, "q\u0323\u0307" * 50, 4, 4)
    shown = [c.missing or c.char for c in fit(text, LATIN_ONLY).characters]
    assert shown[-1] == "…"
    assert len(shown[:-1]) % 3 == 0


def test_a_short_text_keeps_its_full_size_and_a_longer_one_shrinks_before_it_is_cut() -> None:
    sizes = [
        fit(Text(0, 10, 40, word, 8, 3), LATIN_ONLY).size_mm for word in ("duck", "rubber duck", "duck " * 9)
    ]
    assert sizes[0] == 8
    assert 3 < sizes[1] < 8
    assert sizes[2] == 3


DISPOSITIONS = (
    "Return to stock",
    "Return to stock, resale",
    "Quarantine",
    "Hold for merchant",
    "Rework",
    "Repair",
    "Return to vendor",
    "Transfer",
    "Liquidate",
    "Ship back to customer",
    "Donate",
    "Recycle",
    "Scrap",
)


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_grade_and_disposition_can_be_read_from_a_metre(disposition: str) -> None:
    """Capitals of a 250th of the distance, 4 mm, are the floor taken here; the grade's are 11 mm."""
    said = {t.text: fit(t, LATIN_ONLY).size_mm * 0.73 for t in texts(duck(disposition=disposition).as_spec())}
    assert said[disposition] >= 4
    assert said["A"] >= 11


def test_a_character_no_font_has_is_reported_once_and_printed_as_a_question_mark() -> None:
    spec = duck("Ж duck 橡橡 Ж", destination="Ж").as_spec()
    rendered = render(spec, LATIN_ONLY)
    assert sorted(rendered.missing) == ["Ж", "橡"]
    assert missing_glyphs(spec, LATIN_ONLY) == (("Ж", "Ж"), ("Ж duck 橡橡 Ж", "Ж橡"))
    (page,) = pdfium.PdfDocument(rendered.pdf)
    assert "? duck ?? ?" in str(page.get_textpage().get_text_range())


def test_control_characters_and_lone_surrogates_are_reported_as_missing() -> None:
    assert render(duck("a\x1bb\ud83ec").as_spec()).missing == ("\x1b", "\ud83e")


def test_a_label_of_known_letters_reports_nothing() -> None:
    assert render(duck("Crème brûlée ½ × Ærø Straße").as_spec(), LATIN_ONLY).missing == ()


def test_a_font_file_that_cannot_be_embedded_is_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "duck.ttf"
    broken.write_bytes(b"OTTO" + b"\x00" * 100)
    absent = tmp_path / "gone.ttf"
    fonts = Fonts((broken, absent, OWN / "Vera.ttf"), (absent, broken, OWN / "VeraBd.ttf"))
    assert render(duck("Ж").as_spec(), fonts).missing == ("Ж",)


@pytest.mark.skipif(
    len(installed_fonts().regular) < 2, reason="this machine has no font beyond reportlab's own"
)
@pytest.mark.parametrize("said", ["Łódź žluťoučký", "Ελληνικά", "Кириллица"])
def test_latin_extended_greek_and_cyrillic_print_from_an_installed_font(said: str) -> None:
    rendered = render(duck(said).as_spec())
    (page,) = pdfium.PdfDocument(rendered.pdf)
    assert rendered.missing == ()
    assert said in str(page.get_textpage().get_text_range())


@pytest.mark.skipif(
    not any("wqy" in str(path) for path in installed_fonts().regular),
    reason="fonts-wqy-microhei is not installed",
)
def test_chinese_and_japanese_print_from_a_small_subset_of_wqy_microhei() -> None:
    rendered = render(duck("橡皮鸭 アヒル").as_spec())
    assert rendered.missing == ()
    assert len(rendered.pdf) < 60_000


@pytest.mark.parametrize(
    ("logical", "drawn"),
    [
        ("duck (12)", "duck (12)"),
        ("ברווז", "זוורב"),
        ("ברווז 123", "123 זוורב"),
        ("ברווז 12.50 גומי", "ימוג 12.50 זוורב"),
        ("duck ברווז גומי duck", "duck ימוג זוורב duck"),
        ("ברווז duck goose", "duck goose זוורב"),
        ("ברווז (גומי)", "(ימוג) זוורב"),
        ("SKU 12 ברווז 7", "SKU 12 7 זוורב"),
        ("שָלום", "םולשָ"),
    ],
)
def test_right_to_left_scripts_are_drawn_in_reading_order(logical: str, drawn: str) -> None:
    assert visual(logical) == drawn


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("  two\r\n\tlines\u2028 here ", "two lines here"),
        ("e\u0301", "é"),
        ("\u202edrah\u202c", "drah"),
        ("no\u00a0break", "no break"),
        ("a\x00b", "a\x00b"),
    ],
)
def test_any_text_becomes_one_line_without_invisible_marks(raw: str, line: str) -> None:
    assert printable(raw) == line


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\x9b", "\ud83e", "\ue000", "\uffff"])
def test_characters_that_mean_nothing_in_print_have_no_glyph_whatever_a_font_says(char: str) -> None:
    assert has_no_glyph(char)
