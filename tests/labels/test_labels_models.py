"""The station's label models become PDF and ZPL that say the same, in the size that a printer is loaded with."""

from dataclasses import replace

import pypdfium2 as pdfium
import pytest

from returns_station.domain.label import LabelModel
from returns_station.errors import StationError
from returns_station.hardware.rendering import label_pdf, label_zpl, rendered_pdf, rendered_zpl
from returns_station.hardware.sheets import code_document
from tests.labels.label_reading import both, pages, symbols
from tests.labels.zpl_reading import commands

UNIT = LabelModel(
    "unit", "L071000001S", "RUBBER DUCK", "84879", 2, "grade_b", "return_to_vendor", "VENDOR-1", reprint=1
)
PLATE = LabelModel("plate", "P071000001V", "Parcel without label")
CONTAINER = LabelModel("container", "K000000000P", "tote", destination="Restock")
MODELS = pytest.mark.parametrize("model", [UNIT, PLATE, CONTAINER], ids=["unit", "plate", "container"])
SIZES = pytest.mark.parametrize(("size", "paper"), [("large", (100, 50)), ("compact", (57, 32))])


def words(pdf: bytes) -> str:
    (page,) = pdfium.PdfDocument(pdf)
    return str(page.get_textpage().get_text_range())


@MODELS
@SIZES
def test_a_models_pdf_says_its_code_on_paper_of_its_size(
    model: LabelModel, size: str, paper: tuple[int, int]
) -> None:
    pdf = label_pdf(model, size=size)
    (page,) = pages(pdf)
    assert symbols(page) == both(model.code)
    assert [round(side / 72 * 25.4) for side in pdfium.PdfDocument(pdf)[0].get_size()] == list(paper)
    assert model.code in words(pdf)


@MODELS
@SIZES
@pytest.mark.parametrize(("dpi", "scale"), [(203, 8), (300, 300 / 25.4)])
def test_a_models_zpl_is_one_label_of_its_size(
    model: LabelModel, size: str, paper: tuple[int, int], dpi: int, scale: float
) -> None:
    found = commands(label_zpl(model, dpi, size=size))
    told = {command.name: command.data.strip() for command in found}
    assert (told["^PW"], told["^LL"]) == (str(round(paper[0] * scale)), str(round(paper[1] * scale)))
    assert [command.name for command in found].count("^XZ") == 1
    assert any(command.name == "^FD" and command.data == f"MM,A{model.code}" for command in found)


def test_a_unit_speaks_in_words_a_plate_says_parcel_and_a_container_its_kind() -> None:
    said = [words(label_pdf(model)) for model in (UNIT, PLATE, CONTAINER)]
    assert all(word in said[0] for word in ("Return to vendor", "VENDOR-1", "RUBBER DUCK", "REPRINT 1"))
    assert "PARCEL" in said[1]
    assert all(word in said[2] for word in ("TOTE", "Restock"))


def test_a_copy_of_a_parcels_plate_is_marked() -> None:
    assert "REPRINT" not in words(label_pdf(PLATE))
    assert "REPRINT 2" in words(label_pdf(replace(PLATE, reprint=2)))


def test_what_no_font_has_is_told_by_both() -> None:
    lacking = replace(UNIT, title="DUCK \ue000")
    assert rendered_pdf(lacking)[1] == rendered_zpl(lacking)[1] == ("\ue000",)


def test_a_code_that_cannot_be_a_symbol_is_an_error_of_the_station() -> None:
    for render in (label_pdf, label_zpl):
        with pytest.raises(StationError) as refused:
            render(replace(UNIT, code="ŁPN"))
        assert refused.value.code == "label.not_encodable"


def test_a_page_of_codes_is_a_pdf_of_one_page() -> None:
    document = code_document("Ducks", [("RS-YES", "Quack"), ("RS-NO", "Silence")])
    (page,) = pages(document.content)
    assert symbols(page) == sorted([*both("RS-YES"), *both("RS-NO")])
