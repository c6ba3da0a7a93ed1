"""The label of a returned unit: its licence plate as two symbols and in letters, and where it goes."""

from dataclasses import dataclass
from functools import lru_cache

from labels.errors import LabelError
from labels.layouts import LARGE, Caption, Layout, Slot
from labels.spec import Box, Element, LabelSpec, Text
from labels.symbols import check_qr, fit_bars


@dataclass(frozen=True, slots=True)
class Captions:
    """The words the label itself adds, in the language of the site."""

    sku: str = "SKU"
    lot: str = "LOT"
    expiry: str = "EXP"
    reprint: str = "REPRINT"


@dataclass(frozen=True, slots=True)
class UnitLabel:
    """What a unit's label says. All texts are printed literally, in the words a person reads.

    `grade` is a letter or short word; `expiry` a date as people read it; `reprint` counts the copies after
    the first print and is marked; `printed_note` says when and where it was printed. Empty ones are left out.
    Raises `LabelError` (`bad_quantity`, `bad_reprint`).
    """

    lpn: str
    product: str
    sku: str
    grade: str
    disposition: str
    destination: str
    quantity: int = 1
    lot: str = ""
    expiry: str = ""
    reprint: int = 0
    printed_note: str = ""
    captions: Captions = Captions()

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise LabelError(
                "bad_quantity",
                f"A unit label needs a quantity of at least 1, {self.quantity} was found.",
                "Count the pieces again.",
            )
        if self.reprint < 0:
            raise LabelError(
                "bad_reprint",
                f"A unit label needs a reprint count of at least 0, {self.reprint} was found.",
                "Print it as a first copy or with the number of the copy.",
            )

    def as_spec(self, layout: Layout = LARGE) -> LabelSpec:
        """The label on paper of `layout`. Raises `LabelError` when a symbol cannot carry the plate there."""
        around = _around(
            layout, self.grade, self.disposition, self.destination, self.product, self.quantity, self.sku,
            self.lot, self.expiry, self.reprint, self.captions, self.printed_note,
        )  # fmt: skip
        bars, square = layout.code128(self.lpn), layout.matrix(self.lpn)
        fit_bars(bars)
        check_qr(square)
        elements = (*around, bars, square, layout.plate.text(self.lpn))
        return LabelSpec.unchecked(layout.width_mm, layout.height_mm, elements, self.lpn)


@lru_cache(maxsize=256)
def _around(
    layout: Layout, grade: str, disposition: str, destination: str, product: str, quantity: int, sku: str,
    lot: str, expiry: str, reprint: int, captions: Captions, note: str,
) -> tuple[Element, ...]:  # fmt: skip
    """Everything but the plate, remembered because the same goods come back again and again."""
    return (
        *_destiny(layout, grade, disposition, destination),
        layout.quantity.text(f"× {quantity}"),
        *_product(layout, product, f"{captions.reprint} {reprint}" if reprint else ""),
        *_facts(layout.sku, captions.sku, sku),
        *_facts(layout.lot, captions.lot, lot),
        *_facts(layout.expiry, captions.expiry, expiry),
        layout.note.text(note),
    )


def _destiny(layout: Layout, grade: str, disposition: str, destination: str) -> list[Element]:
    """Grade, disposition and destination: what must be read from a metre away."""
    elements: list[Element] = [layout.destination_box]
    if grade:
        elements += [layout.grade_box, layout.grade.text(grade)]
    else:
        box = layout.grade_box
        elements.append(Box(box.x_mm, box.y_mm, box.width_mm, box.height_mm, filled=False))
    return [*elements, layout.disposition.text(disposition), layout.destination.text(destination)]


def _product(layout: Layout, product: str, mark: str) -> list[Element]:
    if mark:
        return [layout.title_beside_mark.text(product), layout.mark_box, layout.mark.text(mark)]
    return [layout.title.text(product)]


def _facts(place: tuple[Caption | None, Slot], caption: str, value: str) -> list[Text]:
    above, slot = place
    if not value:
        return []
    return [slot.text(f"{caption} {value}")] if above is None else [above.text(caption), slot.text(value)]
