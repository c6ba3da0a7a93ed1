"""Quantities of lines as whole pieces of the product's own unit, whatever unit a line was sold or moved in."""

from decimal import Decimal
from typing import Final

from returns_station.connectors.tryton.rest import Row, pieces

UNITS: Final = ("unit.factor", "product.default_uom.factor")
"""What has to be read of a line besides its quantity; a factor says how many of the base unit one is (`product.uom`)."""
_FINE: Final = Decimal("0.000001")
"""Tryton keeps factors as floating point numbers of twelve decimals."""


def units(path: str) -> tuple[str, ...]:
    """UNITS of the lines that a record has at a path, as `lines`."""
    return tuple(f"{path}.{field}" for field in UNITS)


def factor(line: Row) -> Decimal:
    """How many of the product's own unit one of the line's unit is: 12 for a product in pieces sold by the dozen."""
    unit, own = line.get("unit"), (line.get("product") or {}).get("default_uom")
    if not unit or not own:
        return Decimal(1)
    return (Decimal(str(unit["factor"])) / Decimal(str(own["factor"]))).quantize(_FINE).normalize()


def counted(line: Row) -> int | None:
    """The line's quantity in whole pieces; None where it is not whole."""
    return pieces((Decimal(str(line["quantity"] or 0)) * factor(line)).quantize(_FINE))
