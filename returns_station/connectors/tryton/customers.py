"""Customers of changed sales, each with the history of all its sales: orders, pieces, value."""

from collections.abc import Sequence
from decimal import Decimal

from returns_station.connectors.tryton.orders import goods, with_returns
from returns_station.connectors.tryton.quantities import counted
from returns_station.connectors.tryton.rest import Rest, Row
from returns_station.connectors.tryton.sold import NO_RETURN

_FIELDS = ("code", "name", "contact_mechanisms.type", "contact_mechanisms.value")


def rows(rest: Rest, ids: Sequence[int]) -> list[Row]:
    """A customer row for each party of these sales."""
    sales = rest.among("sale.sale", "id", list(ids), "party")
    parties = sorted({row["party"] for row in sales})
    # A party that is active no more is one still, to whoever has its goods in hand.
    whole = [("active", "in", [True, False])]
    found = rest.among("party.party", "id", parties, *_FIELDS, domain=[("code", "!=", None), *whole])
    domain = [NO_RETURN, ("state", "in", ["processing", "done"]), rest.own]
    theirs: dict[str, list[tuple[Row, list[Row]]]] = {}
    for sale, returns in with_returns(rest, "party", parties, domain):
        theirs.setdefault(sale["party"]["code"], []).append((sale, returns))
    return [_customer(party, theirs.get(party["code"], [])) for party in found]


def _customer(party: Row, history: list[tuple[Row, list[Row]]]) -> Row:
    made: Row = {"number": party["code"], "name": party["name"]}
    for kind in ("email", "phone"):
        values = [one["value"] for one in party["contact_mechanisms"] or [] if one["type"] == kind]
        made |= {kind: values[0]} if values else {}
    bought = sum(_pieces(sale) for sale, _ in history)
    came = -sum(_pieces(back) for _, returns in history for back in returns)
    made |= {"orders": len(history), "pieces_bought": bought, "pieces_returned": max(0, came)}
    dates = [sale["sale_date"] for sale, _ in history if sale["sale_date"]]
    if dates:
        made["first_order_at"] = min(dates).isoformat()
    currencies = {sale["currency"]["code"] for sale, _ in history}
    if len(currencies) == 1:
        # Sums over several currencies would be no amount of any; then the value of the customer is not told.
        made |= {"currency": currencies.pop(), "spent": _spent(history), "returned": _returned(history)}
    return made


def _pieces(sale: Row) -> int:
    return sum(counted(line) or 0 for line in goods(sale))


def _spent(history: list[tuple[Row, list[Row]]]) -> str:
    return str(sum((_total(sale, 1) for sale, _ in history), Decimal(0)))


def _returned(history: list[tuple[Row, list[Row]]]) -> str:
    return str(sum((_total(back, -1) for _, returns in history for back in returns), Decimal(0)))


def _total(sale: Row, sign: int) -> Decimal:
    amounts = (sign * one["total_amount"] for one in sale["invoices"] if one["state"] in ("posted", "paid"))
    return sum((amount for amount in amounts if amount > 0), Decimal(0))
