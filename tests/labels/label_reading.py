"""Reads a label back as a scanner and a person would: symbols from 203-dpi pixels, texts from their rooms."""

import random
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pypdfium2 as pdfium
import zxingcpp

from labels.spec import Bounds, Box, Code128, LabelSpec, Matrix, Text

ALPHABET = "0123456789BCDFGHJKLNPRSTVX"
POINTS_PER_MM = 72 / 25.4

# Just below 8 dots a millimetre, for a bitmap is rounded up to whole dots and would be one too wide.
EIGHT_DOTS_A_MM = 203.199

Pixels: TypeAlias = "np.ndarray[Any, np.dtype[np.uint8]]"

# (symbology, content) of every symbol found.
Symbols: TypeAlias = list[tuple[str, str]]

_FORMATS = [zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode]


def plates(count: int, seed: int, length: int = 11) -> list[str]:
    """Licence plates of the station's form: L, then characters that survive a wrong keyboard layout."""
    chosen = random.Random(seed)
    return ["L" + "".join(chosen.choices(ALPHABET, k=length - 1)) for _ in range(count)]


def pages(pdf: bytes, dots_per_inch: float = 203) -> Iterator[Pixels]:
    """Each page as a thermal head burns it: 0 or 255, nothing between."""
    for page in pdfium.PdfDocument(pdf):
        grey = page.render(scale=dots_per_inch / 72, grayscale=True).to_numpy()
        yield np.where(grey.reshape(grey.shape[:2]) > 127, 255, 0).astype(np.uint8)


def symbols(pixels: Pixels) -> Symbols:
    """Every Code 128 and QR symbol on a page."""
    return sorted(
        (found.format.name, found.text) for found in zxingcpp.read_barcodes(pixels, formats=_FORMATS)
    )


def both(plate: str) -> Symbols:
    """What a right label of `plate` reads as."""
    return [("Code128", plate), ("QRCode", plate)]


def read_in(page: "pdfium.PdfPage", room: Bounds, label_height_mm: float) -> str:
    """The text that stands wholly or partly in a room, as a PDF reader extracts it."""
    left, top, right, bottom = room
    sides = (left, label_height_mm - bottom, right, label_height_mm - top)
    return str(page.get_textpage().get_text_bounded(*(side * POINTS_PER_MM for side in sides))).strip()


def inked(pixels: Pixels, room: Bounds) -> bool:
    """Whether any dot inside the room is black, at 8 dots a millimetre."""
    left, top, right, bottom = (round(side * 8) for side in room)
    return bool((pixels[max(0, top) : bottom, max(0, left) : right] == 0).any())


def texts(spec: LabelSpec) -> list[Text]:
    """The texts of a label that are not empty."""
    return [e for e in spec.elements if isinstance(e, Text) and e.text]


def codes(spec: LabelSpec) -> list[Code128 | Matrix]:
    """The symbols of a label."""
    return [e for e in spec.elements if isinstance(e, Code128 | Matrix)]


def boxes(spec: LabelSpec) -> list[Box]:
    """The rectangles of a label."""
    return [e for e in spec.elements if isinstance(e, Box)]


def apart(one: Bounds, other: Bounds) -> bool:
    """Whether two rooms share no area."""
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def within(inner: Bounds, outer: Bounds) -> bool:
    """Whether one room lies wholly in another."""
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]
