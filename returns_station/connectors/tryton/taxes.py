"""Rates of taxes: what a tax with its parts adds to a price, as a fraction."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from returns_station.connectors.tryton.rest import Rest, Row

_FIELDS: Final = ("type", "rate", "childs", "start_date", "end_date")


def rates(rest: Rest, ids: Iterable[int], day: date) -> dict[int, Decimal]:
    """Rates by tax; a part counts on the days it is in force. A tax of a fixed amount counts as none.

    Tryton computes the parts of a tax from the same price as the tax itself (`account.tax`, `_unit_compute`).
    """
    wanted = sorted(set(ids))
    known: dict[int, Row] = {}
    asked = wanted
    while asked:
        known |= {row["id"]: row for row in rest.among("account.tax", "id", asked, *_FIELDS)}
        asked = sorted({part for row in known.values() for part in row["childs"] or []} - known.keys())
    return {tax: _rate(known, tax, day) for tax in wanted}


def _rate(known: dict[int, Row], tax: int, day: date) -> Decimal:
    row = known.get(tax)
    if row is None or not (row["start_date"] or day) <= day <= (row["end_date"] or day):
        return Decimal(0)
    own = row["rate"] if row["type"] == "percentage" and row["rate"] is not None else Decimal(0)
    return Decimal(own) + sum((_rate(known, part, day) for part in row["childs"] or []), Decimal(0))
