"""Label models of the station as pages for a printer: PDF for a spooler, ZPL for a label printer."""

from typing import TYPE_CHECKING

from returns_station.domain.label import LabelModel
from returns_station.errors import StationError
from returns_station.wording import DISPOSITIONS, GRADES

if TYPE_CHECKING:
    from labels.spec import LabelSpec

# What came out, and the characters on it for which there was no glyph.
Rendered = tuple[bytes, tuple[str, ...]]


def label_pdf(model: LabelModel, site_note: str = "") -> bytes:
    """The label as PDF. StationError `label.*` when a symbol cannot carry its code; there is no label with a wrong code."""
    return rendered_pdf(model, site_note)[0]


def rendered_pdf(model: LabelModel, site_note: str = "") -> Rendered:
    """The label as PDF, and the characters no font had. StationError `label.*`."""
    from labels.errors import LabelError
    from labels.pdf import render

    try:
        done = render(_spec(model, site_note))
    except LabelError as error:
        raise StationError(f"label.{error.code}", error.sentence, error.hint) from error
    return done.pdf, done.missing


def _spec(model: LabelModel, site_note: str) -> "LabelSpec":
    from labels.unit import UnitLabel

    return UnitLabel(
        model.code,
        model.title,
        model.sku,
        GRADES.get(model.grade, model.grade),
        DISPOSITIONS.get(model.disposition, model.disposition) or "Parcel",
        model.destination,
        model.quantity,
        model.lot or "",
        model.expiry or "",
        model.reprint,
        site_note,
    ).as_spec()
