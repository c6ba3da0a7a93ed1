"""What a label says, before anything knows how it is drawn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelModel:
    """A label to print: `kind` is unit, plate (of a parcel) or container; `code` is what its symbols carry."""

    kind: str
    code: str
    title: str
    sku: str = ""
    quantity: int = 1
    grade: str = ""
    disposition: str = ""
    destination: str = ""
    lot: str | None = None
    expiry: str | None = None
    reprint: int = 0
