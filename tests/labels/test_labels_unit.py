"""The unit label as a model, and the PDF as a file."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import pypdfium2 as pdfium
import pytest

from labels.errors import LabelError
from labels.pdf import render, render_pages
from labels.spec import Box, LabelSpec, Rule
from labels.unit import Captions, UnitLabel
from tests.labels.label_reading import boxes, texts

DUCK = UnitLabel("L4C8K2P9X3V", "RUBBER DUCK", "85123A", "A", "Return to stock", "Bin A-12-03")


def said(label: UnitLabel) -> list[str]:
    return [text.text for text in texts(label.as_spec())]


def test_what_a_unit_does_not_have_is_not_printed() -> None:
    assert said(DUCK) == [
        "A",
        "Return to stock",
        "Bin A-12-03",
        "× 1",
        "RUBBER DUCK",
        "SKU",
        "85123A",
        "L4C8K2P9X3V",
    ]


def test_only_a_copy_after_the_first_is_marked() -> None:
    assert not any("REPRINT" in text for text in said(DUCK))
    assert "REPRINT 2" in said(replace(DUCK, reprint=2))


def test_the_label_speaks_the_language_of_the_site() -> None:
    german = replace(DUCK, reprint=1, lot="E7", captions=Captions("Art.", "Charge", "MHD", "NACHDRUCK"))
    assert {"Art.", "Charge", "NACHDRUCK 1"} <= set(said(german))


def test_a_unit_without_grade_shows_an_empty_frame() -> None:
    frames = [box.filled for box in boxes(replace(DUCK, grade="").as_spec())]
    assert frames == [False, False]


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_below_one_is_refused(quantity: int) -> None:
    with pytest.raises(LabelError) as refused:
        replace(DUCK, quantity=quantity)
    assert refused.value.code == "bad_quantity"
    assert str(refused.value) == (
        f"A unit label needs a quantity of at least 1, {quantity} was found. Count the pieces again."
    )


def test_a_negative_reprint_count_is_refused() -> None:
    with pytest.raises(LabelError) as refused:
        replace(DUCK, reprint=-1)
    assert refused.value.code == "bad_reprint"
    assert str(refused.value) == (
        "A unit label needs a reprint count of at least 0, -1 was found. "
        "Print it as a first copy or with the number of the copy."
    )


def test_an_element_that_leaves_the_label_is_refused() -> None:
    with pytest.raises(LabelError) as refused:
        LabelSpec(57, 32, (Rule(50, 10, 20),))
    assert refused.value.code == "off_label"
    assert str(refused.value) == (
        "A Rule reaches from (50.00, 10.00) to (70.00, 10.25) mm, and the label is 57 × 32 mm. "
        "Use a larger label or move the element."
    )


def test_a_label_is_a_value() -> None:
    assert DUCK.as_spec() == replace(DUCK).as_spec()
    with pytest.raises(FrozenInstanceError):
        DUCK.as_spec().title = "goose"  # type: ignore[misc]


def test_the_same_label_gives_the_same_bytes() -> None:
    first, second = (render(DUCK.as_spec()).pdf for _ in range(2))
    assert first == second
    assert first != render(replace(DUCK, quantity=2).as_spec()).pdf


def test_the_page_is_the_label_to_a_tenth_of_a_millimetre() -> None:
    (page,) = pdfium.PdfDocument(render(DUCK.as_spec()).pdf)
    assert [round(points / 72 * 25.4, 1) for points in page.get_size()] == [100.0, 50.0]


def test_a_batch_has_one_page_for_each_label() -> None:
    assert len(pdfium.PdfDocument(render_pages([DUCK.as_spec()] * 3).pdf)) == 3


def test_the_files_title_is_the_plate_and_never_holds_a_control_character() -> None:
    plain = pdfium.PdfDocument(render(DUCK.as_spec()).pdf).get_metadata_dict()
    assert (plain["Title"], plain["Author"]) == ("L4C8K2P9X3V", "Returns Station")
    hostile = LabelSpec(20, 20, (Box(1, 1, 5, 5),), title="duck\x00\x1b]0;goose\x07\n\u202e)/Launch")
    title = pdfium.PdfDocument(render(hostile).pdf).get_metadata_dict()["Title"]
    assert title == "duck]0;goose )/Launch"


def test_each_symbol_and_box_is_one_path_and_no_picture_is_drawn() -> None:
    (page,) = pdfium.PdfDocument(render(DUCK.as_spec()).pdf)
    kinds = [thing.type for thing in page.get_objects()]
    path, text = 2, 1
    assert kinds.count(path) == 4
    assert set(kinds) == {path, text}


def test_importing_the_models_loads_no_drawing_library_and_nothing_of_the_station() -> None:
    asked = (
        "import sys, labels.unit, labels.pdf, labels.symbols; "
        "print(sorted({m.partition('.')[0] for m in sys.modules} "
        "& {'reportlab', 'barcode', 'segno', 'PIL', 'returns_station', 'devices'}))"
    )
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
