"""Answers can be scanned off the screen: what is painted reads back, on every theme."""

from pathlib import Path

import numpy
import pytest
import zxingcpp

from docs.pictures import stage
from returns_station.domain.scan import answer_code
from returns_station.tui import matrix


@pytest.mark.parametrize("number", range(1, matrix.MOST + 1))
def test_a_kept_symbol_is_what_the_encoder_makes(number: int) -> None:
    made = zxingcpp.create_barcode(answer_code(number), zxingcpp.BarcodeFormat.DataMatrix)
    image = numpy.array(zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=True))
    dark = image < 128
    ys, xs = numpy.nonzero(dark)
    made_rows = [
        "".join("#" if cell else "." for cell in row)
        for row in dark[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    ]
    cells = matrix.painted(number)
    assert (len(cells), {len(row) for row in cells}) == (matrix.HEIGHT, {matrix.WIDTH})
    painted = []
    for row in cells:
        painted += [
            "".join("#" if cell in "▀█" else "." for cell in row),
            "".join("#" if cell in "▄█" else "." for cell in row),
        ]
    assert [row[1:-1] for row in painted[1:-1]] == made_rows


@pytest.mark.parametrize("theme", ["dock", "light", "contrast"])
def test_every_answer_of_a_question_reads_from_the_pixels_of_the_screen(theme: str, tmp_path: Path) -> None:
    with stage(120, 40, theme=theme) as found:
        for code, says in (
            ("RS-B-1001", "Signed in"),
            ("1Z999AA10300079196", "awaited"),
            ("22960", "How is"),
        ):
            found.scan(code)
            found.until(says)
        found.settle()
        image = numpy.array(found.camera.picture().convert("L"))
    read = {one.text for one in zxingcpp.read_barcodes(image)}
    assert read >= {"RS-A1", "RS-A2", "RS-A3"}
