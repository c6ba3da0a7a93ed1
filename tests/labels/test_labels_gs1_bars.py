"""Laws of GS1-128: fields that a separator ends are read back by a scanner as what they are."""

import pypdfium2
import pytest
import zxingcpp

from labels.errors import LabelError
from labels.pdf import render
from labels.sheets import code_page
from labels.symbols import FNC1, code128


def test_a_value_that_begins_with_fnc1_is_a_gs1_128_and_the_next_one_ends_a_field() -> None:
    page = render(
        code_page("Codes", [(f"{FNC1}010950600013435210AB12{FNC1}21ZY7", "Fields"), ("L071000001J", "Plate")])
    )
    picture = pypdfium2.PdfDocument(page.pdf)[0].render(scale=203 / 72, grayscale=True).to_pil()
    read = {(one.symbology_identifier, one.bytes) for one in zxingcpp.read_barcodes(picture)}
    assert read == {
        ("]C1", b"010950600013435210AB12\x1d21ZY7"),
        ("]C0", b"L071000001J"),
        ("]Q1", b"L071000001J"),
    }
    assert page.missing == ()


@pytest.mark.parametrize("value", ["L1\x1d2", f"{FNC1}\x1e", FNC1])
def test_a_separator_elsewhere_or_a_control_character_behind_it_is_refused(value: str) -> None:
    with pytest.raises(LabelError):
        code128(value)
