"""Sales as orders: what was sold, at which price and tax, how it was sent, what was paid, what came back.

Tryton's prices are without tax. The tax of a document is shared among its lines by their rates, so that the lines'
tax adds up to the document's, to the cent.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Final

from returns_station.connectors.tryton.papers import marked
from returns_station.connectors.tryton.rest import Rest, Row, pieces

_FIELDS: Final = (
    "number", "reference", "origin", "state", "sale_date", "party.code", "currency.code", "currency.digits",
    "tax_amount", "shipments.reference", "shipments.effective_date",
    "lines.type", "lines.quantity", "lines.unit_price", "lines.amount", "lines.note", "lines.taxes.rate",
    "lines.product.code", "lines.product.type", "lines.product.name",
    "invoices.number", "invoices.state", "invoices.total_amount",
)  # fmt: skip
_POSTED: Final = frozenset({"posted", "paid"})


def rows(rest: Rest, ids: Sequence[int]) -> list[Row]:
    """An order row for each of these sales, or for the sale that one of them is a return of."""
    listed = rest.find("sale.sale", [("id", "in", list(ids))], "origin")
    roots = sorted({_root(row) for row in listed})
    return [
        _order(sale, returns)
        for sale, returns in with_returns(rest, [("id", "in", roots)])
        if _is_order(sale)
    ]


def with_returns(rest: Rest, domain: Sequence[object]) -> list[tuple[Row, list[Row]]]:
    """Sales that answer a domain, each with its return sales: two calls, however many sales."""
    sales = rest.find("sale.sale", domain, *_FIELDS)
    origins = [f"sale.sale,{sale['id']}" for sale in sales]
    back = [("origin", "in", origins), ("state", "in", ["processing", "done"])]
    found = rest.find("sale.sale", back, *_FIELDS) if origins else []
    by_origin: dict[str, list[Row]] = {}
    for one in found:
        by_origin.setdefault(one["origin"], []).append(one)
    return [(sale, by_origin.get(f"sale.sale,{sale['id']}", [])) for sale in sales]


def _root(row: Row) -> int:
    origin = row["origin"] or ""
    return int(origin.partition(",")[2]) if origin.startswith("sale.sale,") else int(row["id"])


def goods(sale: Row) -> list[Row]:
    """Lines of things that are sent, in whole pieces."""
    return [
        line
        for line in sale["lines"]
        if line["type"] == "line" and line["product"] and line["product"]["type"] != "service" and line["product"]["code"]
        and pieces(line["quantity"])
    ]  # fmt: skip


def _is_order(sale: Row) -> bool:
    return sale["state"] in ("processing", "done") and any(
        (pieces(line["quantity"]) or 0) > 0 for line in goods(sale)
    )


def _order(sale: Row, returns: list[Row]) -> Row:
    cent = Decimal(1).scaleb(-int(sale["currency"]["digits"]))
    taxes = _taxes(sale, cent)
    sent = [one["effective_date"] for one in sale["shipments"] if one["effective_date"]]
    came = _came_back(sale, returns)
    lines = [
        _line(line, taxes[line["id"]], cent, came[line["id"]], min(sent, default=None))
        for line in goods(sale)
        if (pieces(line["quantity"]) or 0) > 0
    ]
    postage = [line for line in sale["lines"] if (line["product"] or {}).get("type") == "service"]
    shipping = sum((line["amount"] + taxes[line["id"]] for line in postage), Decimal(0))
    made: Row = {"number": sale["reference"] or sale["number"], "currency": sale["currency"]["code"]}
    if sale["sale_date"]:
        made["placed_at"] = sale["sale_date"].isoformat()
    made |= {
        "customer": sale["party"]["code"],
        "prices_include_tax": False,
        "shipping": _text(shipping, cent),
    }
    made["tracking"] = [one["reference"] for one in sale["shipments"] if one["reference"]]
    return made | {"lines": lines, "payments": _payments(sale, returns, cent)}


def _line(line: Row, tax: Decimal, cent: Decimal, came: int, sent: object) -> Row:
    count = pieces(line["quantity"]) or 0
    price = line["unit_price"].quantize(cent, ROUND_CEILING)
    discount = price * count - line["amount"]
    if discount < 0:
        # The amount of the whole line was rounded up, a cent above its pieces.
        price += cent
        discount = price * count - line["amount"]
    made: Row = {"line_id": str(line["id"]), "sku": line["product"]["code"], "title": line["product"]["name"]}
    made |= {"quantity": count, "unit_price": _text(price, cent), "discount": _text(discount, cent)}
    made |= {"tax": _text(tax, cent), "returned": came}
    return made | ({"delivered_at": sent.isoformat()} if hasattr(sent, "isoformat") else {})


def _taxes(sale: Row, cent: Decimal) -> dict[int, Decimal]:
    """The document's tax shared among its lines by what their rates make of them; the last one takes the rest."""
    weights = {line["id"]: _weight(line) for line in sale["lines"]}
    total, whole = Decimal(sale["tax_amount"] or 0), sum(weights.values(), Decimal(0))
    shared = dict.fromkeys(weights, Decimal(0))
    given = Decimal(0)
    taxed = [id_ for id_, weight in weights.items() if weight]
    for id_ in taxed:
        part = (
            total - given
            if id_ == taxed[-1]
            else (total * weights[id_] / whole).quantize(cent, ROUND_HALF_EVEN)
        )
        shared[id_] = part
        given += part
    return shared


def _weight(line: Row) -> Decimal:
    rates = sum((tax["rate"] or Decimal(0) for tax in line["taxes"] or []), Decimal(0))
    return rates * (line["amount"] or Decimal(0)) if line["type"] == "line" else Decimal(0)


def _came_back(sale: Row, returns: list[Row]) -> Counter[int]:
    """Pieces that came back by sold line: by our note where there is one, else to lines of the product in turn."""
    came: Counter[int] = Counter()
    sold = {line["id"]: line for line in goods(sale)}
    for line in (one for back in returns for one in goods(back)):
        count = -(pieces(line["quantity"]) or 0)
        ours = marked(line["note"])
        if ours and ours[1] in sold:
            came[ours[1]] += count
            continue
        for id_, one in sold.items():
            room = (pieces(one["quantity"]) or 0) - came[id_]
            if one["product"]["code"] == line["product"]["code"] and count > 0 and room > 0:
                came[id_] += min(room, count)
                count -= min(room, count)
    return Counter(
        {id_: max(0, min(count, pieces(sold[id_]["quantity"]) or 0)) for id_, count in came.items()}
    )


def _payments(sale: Row, returns: list[Row], cent: Decimal) -> list[Row]:
    """Posted invoices as payments; what credit notes gave back is taken from them in turn."""
    invoices = [one for one in sale["invoices"] if one["state"] in _POSTED]
    paid = [one for one in invoices if one["total_amount"] > 0]
    notes = {one["id"]: one for back in returns for one in back["invoices"] if one["state"] in _POSTED}
    notes |= {one["id"]: one for one in invoices if one["total_amount"] < 0}
    back = -sum((one["total_amount"] for one in notes.values() if one["total_amount"] < 0), Decimal(0))
    made: list[Row] = []
    for one in paid:
        part = min(back, one["total_amount"])
        back -= part
        total = _text(one["total_amount"], cent)
        made.append({"reference": one["number"], "captured": total, "refunded": _text(part, cent)})
    return made


def _text(amount: Decimal, cent: Decimal) -> str:
    return str(amount.quantize(cent))
