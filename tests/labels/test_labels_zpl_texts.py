"""Foreign text on a ZPL label is ink in its own room, never a command; what no font has is told and printed as `?`."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels import zpl
from labels.layouts import COMPACT, LARGE
from labels.pdf import render
from labels.spec import DESCENT, HEADROOM, Bounds, LabelSpec, Text
from labels.unit import UnitLabel
from tests.labels.label_reading import both, pages, symbols, texts
from tests.labels.test_labels_texts import LATIN_ONLY
from tests.labels.test_labels_zpl import ALLOWED, drawn
from tests.labels.zpl_reading import Command, Renderer, commands, renderer

DUCK = UnitLabel(
    "L4C8K2P9X3V",
    "RUBBER DUCK",
    "85123A",
    "A",
    "Return to stock",
    "Bin A-12-03",
    lot="QUACK-7",
    expiry="2027-03-31",
    printed_note="14:02 · S1",
)
FIELDS = ("product", "sku", "grade", "disposition", "destination", "lot", "expiry", "printed_note")
HOSTILE = {
    "ends the label": "^XZ^XA^FDDUCK^FS^XZ",
    "resets the printer": "~JR~JA~HS",
    "changes the command characters": "^CC!~CT+^CD;!XA",
    "an escape": "_5E_7EJR_5F_5C&",
    "a line break of a block": "DUCK\\&GOOSE\\-\\\\",
    "markup": '<b>BOLD</b><img src="/x"/>&amp;',
    "quotes": "'\"`´“”„«»",
    "comma and colon of graphics": ":::,,,^GFA,8,8,1,FF",
    "right to left": "ברווז 42 ^XZ بطة",
    "direction marks": "\u202e\u2066DUCK^XZ\u2069",
    "CJK": "小黄鸭 アヒル 오리 ^XZ",
    "emoji": "🦆🐤 ^XZ",
    "control": "\x00\x02\x03\x1b@\x10\x14DUCK\r\n^XZ\x7f\x9b",
    "stacked marks": "Z\u0300\u0301\u0302" * 9,
    "long": "^XZ" * 33_334,
    "wide and long": "鸭" * 100_000,
}


@pytest.fixture(scope="module")
def screen() -> Iterator[Renderer]:
    yield from renderer()


def names(stream: bytes) -> list[str]:
    """The commands but those that only say how a text is drawn."""
    how = ("^A0", "^FB", "^FH", "^FD", "^GF", "^FT", "^FO", "^FR", "^FS")
    return [command.name for command in commands(stream) if command.name not in how]


def room(text: Text) -> Bounds:
    """Where ink of the text may be: its room with headroom for accents."""
    top = text.baseline_mm - HEADROOM * text.size_mm
    return text.x_mm, top, text.x_mm + text.width_mm, text.baseline_mm + DESCENT * text.size_mm


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_changes_no_dot_outside_of_its_room_and_one_label_comes_out(
    screen: Renderer, hostile: str
) -> None:
    plain, told = DUCK.as_spec(), replace(DUCK, product=hostile).as_spec()
    title = next(text for text in texts(plain) if text.text == "RUBBER DUCK")
    expected, found = drawn(screen, plain), drawn(screen, told)
    left, top, right, bottom = (round(side * 8) for side in room(title))
    rows, columns = np.nonzero(expected != found)
    assert rows.size, "something of it is printed"
    assert (top <= rows.min(), rows.max() <= bottom) == (True, True)
    assert (left - 1 <= columns.min(), columns.max() <= right) == (True, True)
    assert symbols(found) == both(DUCK.lpn)


@pytest.mark.parametrize("layout", [LARGE, COMPACT], ids=["100x50", "57x32"])
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_in_every_field_at_once_is_no_command(hostile: str, layout: object) -> None:
    label = replace(DUCK, **dict.fromkeys(FIELDS, hostile))
    written = zpl.render(label.as_spec(layout))  # type: ignore[arg-type]
    harmless = zpl.render(DUCK.as_spec(layout))  # type: ignore[arg-type]
    assert names(written.zpl) == names(harmless.zpl)
    well_formed(commands(written.zpl))
    assert len(written.zpl) < 60_000


@settings(max_examples=400)
@given(st.text(st.characters(), max_size=60), st.booleans())
def test_no_text_at_all_becomes_a_command(text: str, inverse: bool) -> None:
    element = Text(5, 12, 50, text, 6, 3, inverse=inverse, align="center")
    well_formed(commands(zpl.render(LabelSpec(60, 20, (element,))).zpl))


def well_formed(found: list[Command]) -> None:
    """One label, known commands alone, every datum printable, every field ended before the next one begins."""
    assert {command.name for command in found} <= ALLOWED
    assert [found[0].name, found[-1].name] == ["^XA", "^XZ"]
    assert [command.name for command in found].count("^XA") == 1
    opened = [c.name for c in found if c.name in ("^FD", "^FS", "^GF", "^GB")]
    assert all(after == "^FS" for before, after in pairwise(opened) if before != "^FS")
    for command in found:
        assert command.data.rstrip("\n").isprintable() or not command.data.strip(), command
    for before, after in pairwise(found):
        if after.name == "^FD" and "_" in after.data:
            assert before.name == "^FH"


# --- scripts and glyphs -----------------------------------------------------------------------------------------------


def test_every_character_of_the_printers_own_font_is_drawn_and_none_as_an_empty_box(screen: Renderer) -> None:
    def glyph(char: str) -> bytes:
        stream = f"^XA^CI28^PW80^LL80^FT20,60^A0N,48,48^FH_^FD_{char.encode().hex('_').upper()}^FS^XZ"
        (pixels,) = screen.labels(stream.encode(), (10, 10))
        return pixels.tobytes()

    empty_box, blank = glyph("Ω"), glyph(" ")
    own = sorted(zpl.OWN_FONT - {" ", "\xa0"})
    assert "Ω" not in own
    wrong = [char for char in own if glyph(char) in (empty_box, blank)]
    assert wrong == []


def test_what_no_font_has_is_told_once_and_printed_as_a_question_mark() -> None:
    lacking = replace(DUCK, product="DUCK\x00 \U000f0000\x00").as_spec()
    written = zpl.render(lacking)
    assert written.missing == ("\x00", "\U000f0000")
    assert written.missing == render(lacking).missing
    assert written.zpl == zpl.render(replace(DUCK, product="DUCK? ??").as_spec()).zpl


def test_a_font_without_a_script_says_so_and_no_box_is_drawn() -> None:
    written = zpl.render(replace(DUCK, product="小黄鸭 Я").as_spec(), fonts=LATIN_ONLY)
    assert written.missing == ("小", "黄", "鸭", "Я")
    asked = zpl.render(replace(DUCK, product="??? ?").as_spec(), fonts=LATIN_ONLY)
    assert written.zpl == asked.zpl


@pytest.mark.parametrize("text", ["小黄鸭", "Ω ≠ λ", "ברווז 42", "Łódź Ğ"])
def test_other_scripts_are_drawn_from_the_fonts_of_the_pdf(screen: Renderer, text: str) -> None:
    spec = LabelSpec(60, 20, (Text(5, 12, 50, text, 8, 3),))
    written, printed = zpl.render(spec), render(spec)
    if written.missing:
        pytest.skip(f"no font here has {written.missing}: fonts-wqy-microhei is not installed")
    (label,) = screen.labels(written.zpl, (60, 20))
    (page,) = pages(printed.pdf)
    ink, expected = label == 0, page == 0
    assert abs(ink.sum() - expected.sum()) < 0.2 * expected.sum()
    (one, other) = (np.argwhere(pixels) for pixels in (ink, expected))
    assert np.abs(one.min(axis=0) - other.min(axis=0)).max() <= 2
    assert np.abs(one.max(axis=0) - other.max(axis=0)).max() <= 2


def test_words_on_black_are_white(screen: Renderer) -> None:
    for grade in (
        "A",
        "鸭" if not zpl.render(LabelSpec(9, 9, (Text(1, 7, 7, "鸭", 5, 2),))).missing else "Ω",
    ):
        pixels = drawn(screen, replace(DUCK, grade=grade).as_spec())
        box = LARGE.grade_box
        left, top = round(box.x_mm * 8), round(box.y_mm * 8)
        inside = pixels[top : top + round(box.height_mm * 8), left : left + round(box.width_mm * 8)]
        assert 0.04 < (inside == 255).mean() < 0.7
        assert (pixels[top, left : left + round(box.width_mm * 8)] == 0).all()


def test_a_cut_text_ends_with_an_ellipsis_as_on_the_pdf() -> None:
    stream = zpl.render(replace(DUCK, product="RUBBER DUCK " * 40).as_spec()).zpl.decode()
    said = next(c.data for c in commands(stream.encode()) if c.data.startswith("RUBBER"))
    assert said.endswith("…")
    assert len(said) < 80
