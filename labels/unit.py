"""The label of a returned unit: its licence plate as two symbols and in letters, and where it goes."""

from dataclasses import dataclass

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
        spec = LabelSpec(
            layout.width_mm,
            layout.height_mm,
            (*_destiny(self, layout), *_product(self, layout), *_plate(self, layout)),
            title=self.lpn,
        )
        fit_bars(layout.code128(self.lpn))
        check_qr(layout.matrix(self.lpn))
        return spec


def _destiny(label: UnitLabel, layout: Layout) -> list[Element]:
    """Grade, disposition and destination: what must be read from a metre away."""
    elements: list[Element] = [layout.destination_box]
    if label.grade:
        elements += [layout.grade_box, layout.grade.text(label.grade)]
    else:
        box = layout.grade_box
        elements.append(Box(box.x_mm, box.y_mm, box.width_mm, box.height_mm, filled=False))
    elements.append(layout.disposition.text(label.disposition))
    elements.append(layout.destination.text(label.destination))
    return elements


def _product(label: UnitLabel, layout: Layout) -> list[Element]:
    elements: list[Element] = [layout.quantity.text(f"× {label.quantity}")]
    if label.reprint:
        mark = f"{label.captions.reprint} {label.reprint}"
        elements += [layout.title_beside_mark.text(label.product), layout.mark_box, layout.mark.text(mark)]
    else:
        elements.append(layout.title.text(label.product))
    elements += _facts(layout.sku, label.captions.sku, label.sku)
    elements += _facts(layout.lot, label.captions.lot, label.lot)
    elements += _facts(layout.expiry, label.captions.expiry, label.expiry)
    return elements


def _facts(place: tuple[Caption | None, Slot], caption: str, value: str) -> list[Text]:
    above, slot = place
    if not value:
        return []
    return [slot.text(f"{caption} {value}")] if above is None else [above.text(caption), slot.text(value)]


def _plate(label: UnitLabel, layout: Layout) -> list[Element]:
    return [
        layout.code128(label.lpn),
        layout.matrix(label.lpn),
        layout.plate.text(label.lpn),
        layout.note.text(label.printed_note),
    ]
