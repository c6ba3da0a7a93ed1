"""Where the parts of a unit's label stand on each paper size, in millimetres from the top left corner."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from labels.spec import Box, Code128, LabelSpec, Matrix, Text


@dataclass(frozen=True, slots=True)
class Slot:
    """Room for one line of text; see `Text` for the meaning of the fields."""

    x_mm: float
    baseline_mm: float
    width_mm: float
    size_mm: float
    min_size_mm: float
    bold: bool = False
    inverse: bool = False
    align: Literal["left", "center", "right"] = "left"

    def text(self, text: str) -> Text:
        """`text` in this room."""
        return _text(self, text)


@lru_cache(maxsize=1024)
def _text(slot: Slot, text: str) -> Text:
    """Remembered, because most words stand on label after label."""
    return Text(
        slot.x_mm, slot.baseline_mm, slot.width_mm, text, slot.size_mm, slot.min_size_mm, slot.bold,
        slot.inverse, slot.align,
    )  # fmt: skip


# A small word above a value; None: the word stands before the value in the same line.
Caption: TypeAlias = Slot


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One paper size. `bars` and `square` carry an empty value, which `code128` and `matrix` replace.

    Raises `LabelError` (`off_label`) when a room leaves the label, so that no label needs to be checked again.
    """

    width_mm: float
    height_mm: float
    grade_box: Box
    grade: Slot
    disposition: Slot
    destination_box: Box
    destination: Slot
    title: Slot
    title_beside_mark: Slot
    mark_box: Box
    mark: Slot
    quantity: Slot
    sku: tuple[Caption | None, Slot]
    lot: tuple[Caption | None, Slot]
    expiry: tuple[Caption | None, Slot]
    bars: Code128
    square: Matrix
    plate: Slot
    note: Slot

    def __post_init__(self) -> None:
        slots = [
            self.grade, self.disposition, self.destination, self.title, self.title_beside_mark, self.mark,
            self.quantity, self.plate, self.note,
            *(slot for pair in (self.sku, self.lot, self.expiry) for slot in pair if slot is not None),
        ]  # fmt: skip
        boxes = (self.grade_box, self.destination_box, self.mark_box, self.bars, self.square)
        LabelSpec(self.width_mm, self.height_mm, (*boxes, *(slot.text("") for slot in slots)))

    def code128(self, value: str) -> Code128:
        """The plate as bars."""
        b = self.bars
        return Code128(b.x_mm, b.y_mm, b.width_mm, b.height_mm, value, b.x_dots, b.min_x_dots, b.quiet)

    def matrix(self, value: str) -> Matrix:
        """The plate as a QR code."""
        s = self.square
        return Matrix(s.x_mm, s.y_mm, s.size_mm, value, s.module_dots, s.quiet)


def _column(x_mm: float, width_mm: float) -> tuple[Caption | None, Slot]:
    return Slot(x_mm, 29.7, width_mm, 2.1, 1.6), Slot(x_mm, 33.4, width_mm, 3.4, 2.0, bold=True)


# 100 × 50 mm (also fits 4 × 2 inch): bars of 3 dots for plates of up to 14 letters, QR modules of 6 dots.
LARGE = Layout(
    width_mm=100,
    height_mm=50,
    grade_box=Box(3.75, 2, 18.5, 18.5),
    grade=Slot(4.5, 16.82, 17, 15.3, 2.5, bold=True, inverse=True, align="center"),
    disposition=Slot(24, 9, 72.75, 8.6, 4, bold=True),
    destination_box=Box(24, 12.25, 72.75, 8.25, filled=False),
    destination=Slot(25.5, 18.5, 69.75, 5.8, 2.8, bold=True),
    title=Slot(3.75, 25.8, 73, 4, 3.2),
    title_beside_mark=Slot(3.75, 25.8, 50, 4, 3.2),
    mark_box=Box(55, 22.25, 22.5, 4.5),
    mark=Slot(55.75, 25.55, 21, 2.8, 1.5, bold=True, inverse=True, align="center"),
    quantity=Slot(78.5, 26.3, 18.25, 6, 2, bold=True, align="right"),
    sku=_column(3.75, 26),
    lot=_column(31.75, 22),
    expiry=_column(55.75, 21),
    bars=Code128(3.75, 35.25, 71, 8.5, "", x_dots=3, min_x_dots=3),
    square=Matrix(81, 31, 15.75, "", module_dots=6),
    plate=Slot(3.75, 48.6, 50, 4.6, 1, bold=True),
    note=Slot(55, 48.6, 22, 2.2, 1.5, align="right"),
)

# 57 × 32 mm: bars of 2 dots, so plates of 14 letters still fit; QR modules of 3 dots.
COMPACT = Layout(
    width_mm=57,
    height_mm=32,
    grade_box=Box(2.5, 1.5, 10, 10),
    grade=Slot(3, 9.51, 9, 8.25, 1.5, bold=True, inverse=True, align="center"),
    disposition=Slot(13.75, 5.3, 41.25, 5, 2.4, bold=True),
    destination_box=Box(13.75, 6.875, 41.25, 4.625, filled=False),
    destination=Slot(14.6, 10.4, 39.6, 3.4, 1.8, bold=True),
    title=Slot(2.5, 14.6, 42, 2.6, 2.1),
    title_beside_mark=Slot(2.5, 14.6, 27.5, 2.6, 2.1),
    mark_box=Box(30.75, 12.25, 14, 3),
    mark=Slot(31.1, 14.45, 13.3, 1.9, 1.2, bold=True, inverse=True, align="center"),
    quantity=Slot(27.5, 21.2, 17.25, 3, 1.5, bold=True, align="right"),
    sku=(None, Slot(2.5, 17.7, 20.5, 2.2, 1.4)),
    lot=(None, Slot(24, 17.7, 20.75, 2.2, 1.4)),
    expiry=(None, Slot(2.5, 20.8, 24, 2.2, 1.4)),
    bars=Code128(2.5, 22.5, 48, 5.5, "", x_dots=2, min_x_dots=2),
    square=Matrix(47.25, 13.125, 7.875, "", module_dots=3),
    plate=Slot(2.5, 31.2, 30, 3, 1, bold=True),
    note=Slot(34, 31.2, 21, 1.7, 1.2, align="right"),
)
