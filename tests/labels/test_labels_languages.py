"""Labels in the language of the site: captions, grade and disposition, as PDF and as ZPL, with the symbols unharmed."""

from collections.abc import Iterator
from dataclasses import replace

import pypdfium2 as pdfium
import pytest

from returns_station.domain.codes import Disposition, Grade
from returns_station.domain.label import LabelModel
from returns_station.hardware.rendering import rendered_pdf, rendered_zpl
from returns_station.wording import DISPOSITIONS, GRADES, speak
from tests.labels.label_reading import both, pages, symbols
from tests.labels.zpl_reading import Renderer, commands, renderer

UNIT = LabelModel(
    "unit",
    "L071000001S",
    "Unknown item 4711",
    "84879",
    2,
    "junk",
    "return_to_vendor",
    "VENDOR-1",
    "LOT7",
    "2031-12-31",
    1,
)
PLATE = LabelModel("plate", "P071000001V", "Parcel without label", reprint=1)
CAPTIONS = {
    "zh": ("废品", "退回供应商", "批次", "有效期", "重印 1", "未知商品 4711"),
    "es": ("BAJA", "Devolver al proveedor", "LOTE", "VENCE", "COPIA 1", "Artículo desconocido 4711"),
}
PLATES = {"zh": ("包裹", "重印 1", "无标签包裹"), "es": ("PAQUETE", "COPIA 1", "Paquete sin etiqueta")}
SIZES = ("large", "compact")


def words(pdf: bytes) -> str:
    (page,) = pdfium.PdfDocument(pdf)
    return str(page.get_textpage().get_text_range())


@pytest.mark.parametrize("language", CAPTIONS)
def test_a_unit_and_a_parcel_are_labelled_in_the_language_of_the_site(language: str) -> None:
    speak(language)
    unit, missing = rendered_pdf(UNIT)
    plate, lacking = rendered_pdf(PLATE)
    assert missing == lacking == ()
    for said in CAPTIONS[language]:
        assert said in words(unit)
    for said in PLATES[language]:
        assert said in words(plate)
    for english in ("LOT ", "EXP", "REPRINT", "JUNK", "Return", "PARCEL", "Unknown"):
        assert english not in words(unit) + words(plate)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", CAPTIONS)
def test_whatever_is_said_the_symbols_read_back_and_no_word_is_cut(language: str, size: str) -> None:
    speak(language)
    for grade in Grade:
        for disposition in Disposition:
            model = replace(UNIT, title="DUCK", grade=grade.value, disposition=disposition.value)
            said = words(rendered_pdf(model, size=size)[0])
            assert GRADES[grade.value] in said
            flowed = "".join(said.split())
            assert "".join(DISPOSITIONS[disposition.value].split()) in flowed, said
            assert "…" not in said
    (page,) = pages(rendered_pdf(UNIT, size=size)[0])
    assert symbols(page) == both(UNIT.code)


def zpl(language: str, size: str) -> bytes:
    speak(language)
    made, missing = rendered_zpl(replace(UNIT, title="DUCK"), size=size)
    assert missing == ()
    return made


@pytest.mark.parametrize("size", SIZES)
def test_letters_that_a_zpl_printer_lacks_are_sent_as_ink_and_the_others_as_text(size: str) -> None:
    spanish, chinese = ([c.name for c in commands(zpl(one, size))].count("^GF") for one in ("es", "zh"))
    assert chinese > spanish
    said = "".join(command.data for command in commands(zpl("es", size)) if command.name == "^FD")
    for text in ("COPIA 1", "LOTE", "VENCE", "Devolver"):
        assert text in said
    assert "REPRINT" not in said


@pytest.fixture(scope="module")
def screen() -> Iterator[Renderer]:
    yield from renderer()


@pytest.mark.parametrize(("size", "paper"), [("large", (100, 50)), ("compact", (57, 32))])
@pytest.mark.parametrize("language", CAPTIONS)
def test_the_symbols_of_a_zpl_label_read_back_in_every_language(
    screen: Renderer, language: str, size: str, paper: tuple[int, int]
) -> None:
    (label,) = screen.labels(zpl(language, size), paper)
    assert symbols(label) == both(UNIT.code)
