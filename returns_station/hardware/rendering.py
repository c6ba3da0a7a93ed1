"""Label models of the station as documents for a printer: PDF for a spooler, ZPL for a label printer."""

from typing import TYPE_CHECKING, TypeAlias

from returns_station.domain.label import LabelModel
from returns_station.errors import StationError
from returns_station.wording import CAPTIONS, DISPOSITIONS, GRADES, phrase

if TYPE_CHECKING:
    from labels.errors import LabelError
    from labels.spec import LabelSpec
    from labels.unit import UnitLabel

# What came out, and the characters on it for which there was no glyph.
Rendered: TypeAlias = tuple[bytes, tuple[str, ...]]


def label_pdf(model: LabelModel, site_note: str = "", size: str = "large") -> bytes:
    """The label as PDF. StationError `label.*` when a symbol cannot carry its code; there is no label with a wrong code."""
    return rendered_pdf(model, site_note, size)[0]


def label_zpl(model: LabelModel, dpi: int = 203, site_note: str = "", size: str = "large") -> bytes:
    """The label as ZPL for a print head of 203, 300 or 600 dpi. StationError `label.*`."""
    return rendered_zpl(model, dpi, site_note, size)[0]


def rendered_pdf(model: LabelModel, site_note: str = "", size: str = "large") -> Rendered:
    """The label as PDF, and the characters no font had. StationError `label.*`."""
    from labels.errors import LabelError
    from labels.pdf import render

    try:
        done = render(_spec(model, site_note, size))
    except LabelError as error:
        raise refused(error) from error
    return done.pdf, done.missing


def rendered_zpl(model: LabelModel, dpi: int = 203, site_note: str = "", size: str = "large") -> Rendered:
    """The label as ZPL, and the characters no font had. StationError `label.*`."""
    from labels.errors import LabelError
    from labels.zpl import render

    try:
        done = render(_spec(model, site_note, size), dpi)
    except LabelError as error:
        raise refused(error) from error
    return done.zpl, done.missing


def refused(error: "LabelError") -> StationError:
    """An error of a label as one of the station's."""
    return StationError(f"label.{error.code}", error.sentence, error.hint)


def _spec(model: LabelModel, site_note: str, size: str) -> "LabelSpec":
    """A container's model has its kind as title and what may be put into it as destination."""
    from labels.arrange import PAPERS
    from labels.layouts import COMPACT, LARGE
    from labels.marks import ContainerPlate, ParcelPlate

    if model.kind == "plate":
        head, copy = CAPTIONS["parcel"], CAPTIONS["reprint"]
        plate = ParcelPlate(model.code, phrase(model.title), model.reprint, site_note, head, copy)
        return plate.as_spec(PAPERS[size])
    if model.kind == "container":
        purposes = (model.destination,) if model.destination else ()
        return ContainerPlate(model.code, model.title, purposes, site_note).as_spec(PAPERS[size])
    return _unit(model, site_note).as_spec(LARGE if size == "large" else COMPACT)


def _unit(model: LabelModel, site_note: str) -> "UnitLabel":
    from labels.unit import Captions, UnitLabel

    return UnitLabel(
        model.code,
        phrase(model.title),
        model.sku,
        GRADES.get(model.grade, model.grade),
        DISPOSITIONS.get(model.disposition, model.disposition),
        model.destination,
        model.quantity,
        model.lot or "",
        model.expiry or "",
        model.reprint,
        site_note,
        Captions(*(CAPTIONS[name] for name in ("sku", "lot", "expiry", "reprint"))),
    )
