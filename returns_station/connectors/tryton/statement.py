"""What Tryton has of a return, read from its documents' lines: for `reconcile`, which compares it with what was sent."""

import re
from datetime import UTC
from decimal import Decimal
from typing import Final

from returns_station.connectors.api import Asked, Stated
from returns_station.connectors.tryton.credit import MODEL
from returns_station.connectors.tryton.places import Places
from returns_station.connectors.tryton.quantities import units
from returns_station.connectors.tryton.rest import Rest, Row, moment
from returns_station.connectors.tryton.returning import number_of, paper_reference
from returns_station.connectors.tryton.sold import find_sale
from returns_station.connectors.tryton.stated_goods import StatedGoods
from returns_station.domain.money import exponent

_LIVE: Final = ["state", "!=", "cancelled"]
_SETTLEMENT: Final = re.compile(r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
"""How a note of ours is called at its end; one of another return of the order is that return's own."""
_PAPER: Final = (
    "reference",
    "number",
    "state",
    "invoices",
    "lines.note",
    "lines.quantity",
    "lines.product.code",
    *units("lines"),
    "shipment_returns.state",
)


class Statement:
    """Reads statements of one Tryton."""

    def __init__(self, rest: Rest, places: Places) -> None:
        self._rest = rest
        self._goods = StatedGoods(rest, places)

    def read(self, asked: Asked) -> tuple[Stated, ...]:
        """Everything there is: return sales, goods by unit, credit notes, ours and others'."""
        named = ["reference", "like", f"{_number(asked)}/%"]
        rows = self._rest.find("sale.sale", [named, _LIVE, self._rest.own], *_PAPER)
        found = [row for row in rows if _ours(asked, row)]
        return (
            *_receipts(asked, found),
            *self._goods.read(asked, found, _number(asked)),
            *self._credits(asked, found),
        )

    def _credits(self, asked: Asked, found: list[Row]) -> list[Stated]:
        settlements: dict[str, str] = {}
        for effect in asked.effects:
            if effect.type == "returns.refund":
                data: Row = dict(effect.data)
                settlements[f"{number_of(data)}/{data['settlement_id']}"] = str(data["settlement_id"])
        ids = {id_ for row in found for id_ in row["invoices"]} | self._foreign(asked)
        domain: list[object] = ["OR", ["id", "in", sorted(ids)], ["reference", "like", f"{_number(asked)}/%"]]
        fields = ("number", "reference", "state", "total_amount", "currency.code")
        notes = self._rest.find(MODEL, [domain, ["type", "=", "out"], _LIVE, self._rest.own], *fields)
        mine = [row for row in notes if row["total_amount"] <= 0 and (row["id"] in ids or _ours(asked, row))]
        return [_credit(row, settlements.pop(str(row["reference"]), None)) for row in mine]

    def _foreign(self, asked: Asked) -> set[int]:
        """Credit notes without a name of ours that go back to the order's invoice, made since the return began."""
        sale = find_sale(self._rest, asked.order_number) if asked.order_number else None
        if sale is None or not asked.effects:
            return set()
        began = min(effect.occurred_at for effect in asked.effects).astimezone(UTC).replace(tzinfo=None)
        own = [f"sale.line,{line['id']}" for line in sale["lines"]]
        lines = self._rest.among("account.invoice.line", "origin", own)
        origins = [f"account.invoice.line,{line['id']}" for line in lines]
        since = [["invoice.create_date", ">=", moment(began)]]
        crediting = self._rest.among(
            "account.invoice.line", "origin", origins, "invoice.reference", domain=since
        )
        notes = {int(row["invoice"]["id"]): row["invoice"]["reference"] or "" for row in crediting}
        return {id_ for id_, reference in notes.items() if not _SETTLEMENT.search(reference)}


def _number(asked: Asked) -> str:
    return asked.return_number or asked.order_number or asked.return_id


def _ours(asked: Asked, row: Row) -> bool:
    """Whether it is called as this return's documents are: a search by pattern finds similar names as well."""
    return str(row["reference"]).startswith(f"{_number(asked)}/")


def _receipts(asked: Asked, found: list[Row]) -> list[Stated]:
    """A parcel's return sale; one of a late unit, called after its parcel, is no receipt."""
    parcels = {
        paper_reference(dict(effect.data)): str(effect.data["parcel_id"])
        for effect in asked.effects
        if effect.type == "returns.receipt"
    }
    late = tuple(f"{reference}/" for reference in parcels)
    stated, left = [], dict(parcels)
    for row in found:
        reference = str(row["reference"])
        if not reference.startswith(late):
            subject = left.pop(reference, None)
            stated.append(Stated("receipt", f"return sale {row['number'] or reference}", subject))
    return stated


def _credit(row: Row, subject: str | None) -> Stated:
    currency = row["currency"]["code"]
    minor = int(-row["total_amount"] * Decimal(10) ** exponent(currency))
    name, done = f"credit note {row['number'] or row['reference']}", row["state"] in ("posted", "paid")
    return Stated("refund", name, subject, done, amount_minor=minor, currency=currency)
