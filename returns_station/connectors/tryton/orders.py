"""Sales as orders: what was sold, at which price and tax, how it was sent, what was paid, what came back.

Tryton's prices are without tax. The tax of a document is shared among its lines by their rates, so that the lines'
tax adds up to the document's, to the cent.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Final

from returns_station.connectors.tryton import taxes
from returns_station.connectors.tryton.papers import marked
from returns_station.connectors.tryton.quantities import counted, factor, units
from returns_station.connectors.tryton.rest import Rest, Row

_FIELDS: Final = (
    "number", "reference", "origin", "state", "sale_date", "party.code", "currency.code", "currency.digits",
    "tax_amount", "shipments.reference", "shipments.effective_date",
    "lines.type", "lines.quantity", "lines.unit_price", "lines.amount", "lines.note", "lines.taxes",
    "lines.product.code", "lines.product.type", "lines.product.name", *units("lines"),
    "invoices.number", "invoices.state", "invoices.total_amount",
)  # fmt: skip
Rates = dict[int, Decimal]
Worth = tuple[Decimal, Decimal]
"""Amount without tax, and its tax."""
_POSTED: Final = frozenset({"posted", "paid"})


def rows(rest: Rest, ids: Sequence[int]) -> list[Row]:
    """An order row for each of these sales, or for the sale that one of them is a return of."""
    listed = rest.among("sale.sale", "id", list(ids), "origin")
    roots = sorted({_root(row) for row in listed})
    sales = [one for one in with_returns(rest, "id", roots, [rest.own]) if _is_order(one[0])]
    taxed = {tax for sale, _ in sales for line in sale["lines"] for tax in line["taxes"] or []}
    rates = taxes.rates(rest, taxed, rest.now().date())
    return [_order(sale, returns, rates) for sale, returns in sales]


def with_returns(
    rest: Rest, field: str, values: Sequence[object], domain: Sequence[object]
) -> list[tuple[Row, list[Row]]]:
    """Sales whose field is one of these values and that answer a domain, each with its return sales."""
    sales = rest.among("sale.sale", field, values, *_FIELDS, domain=domain)
    origins = [f"sale.sale,{sale['id']}" for sale in sales]
    back = [("state", "in", ["processing", "done"])]
    found = rest.among("sale.sale", "origin", origins, *_FIELDS, domain=back)
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
        and counted(line)
    ]  # fmt: skip


def _is_order(sale: Row) -> bool:
    return sale["state"] in ("processing", "done") and any((counted(line) or 0) > 0 for line in goods(sale))


def _order(sale: Row, returns: list[Row], rates: Rates) -> Row:
    cent = Decimal(1).scaleb(-int(sale["currency"]["digits"]))
    worth = _discounted(sale, _taxes(sale, cent, rates), cent)
    sent = [one["effective_date"] for one in sale["shipments"] if one["effective_date"]]
    came = _came_back(sale, returns)
    lines = [
        _line(line, worth[line["id"]], cent, came[line["id"]], min(sent, default=None))
        for line in _sold(sale)
    ]
    postage = [line for line in sale["lines"] if (line["product"] or {}).get("type") == "service"]
    shipping = sum((sum(worth[line["id"]], Decimal(0)) for line in postage), Decimal(0))
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


def _sold(sale: Row) -> list[Row]:
    return [line for line in goods(sale) if (counted(line) or 0) > 0]


def _line(line: Row, worth: Worth, cent: Decimal, came: int, sent: object) -> Row:
    count, (amount, tax) = counted(line) or 0, worth
    price = (line["unit_price"] / factor(line)).quantize(cent, ROUND_CEILING)
    discount = price * count - amount
    if discount < 0:
        # The amount of the whole line was rounded up, a cent above its pieces.
        price += cent
        discount = price * count - amount
    made: Row = {"line_id": str(line["id"]), "sku": line["product"]["code"], "title": line["product"]["name"]}
    made |= {"quantity": count, "unit_price": _text(price, cent), "discount": _text(discount, cent)}
    made |= {"tax": _text(tax, cent), "returned": came}
    return made | ({"delivered_at": sent.isoformat()} if hasattr(sent, "isoformat") else {})


def _taxes(sale: Row, cent: Decimal, rates: Rates) -> dict[int, Decimal]:
    """The document's tax by line: shared by what their rates make of them, or by their amounts where no tax has one."""
    taxed = [line for line in sale["lines"] if line["type"] == "line" and line["taxes"]]
    amounts = {line["id"]: Decimal(line["amount"] or 0) for line in taxed}
    weights = {
        line["id"]: amounts[line["id"]] * sum((rates[tax] for tax in line["taxes"]), Decimal(0))
        for line in taxed
    }
    total = Decimal(sale["tax_amount"] or 0)
    shared = _shared(total, weights if sum(weights.values()) else amounts, cent)
    return dict.fromkeys((line["id"] for line in sale["lines"]), Decimal(0)) | shared


def _shared(total: Decimal, weights: dict[int, Decimal], cent: Decimal) -> dict[int, Decimal]:
    """An amount by weights, to the cent; the last one takes the rest."""
    shared: dict[int, Decimal] = {}
    kept = {id_: weight for id_, weight in weights.items() if weight}
    whole, given = sum(kept.values(), Decimal(0)), Decimal(0)
    for id_, weight in kept.items():
        last = len(shared) == len(kept) - 1
        shared[id_] = total - given if last else (total * weight / whole).quantize(cent, ROUND_HALF_EVEN)
        given += shared[id_]
    return shared


def _discounted(sale: Row, tax: dict[int, Decimal], cent: Decimal) -> dict[int, Worth]:
    """Amount and tax by line, with what lines below nothing take off (a voucher, a discount) shared among the goods."""
    worth = {line["id"]: (Decimal(line["amount"] or 0), tax[line["id"]]) for line in sale["lines"]}
    off = [
        line["id"]
        for line in sale["lines"]
        if worth[line["id"]][0] < 0 and (line["product"] or {}).get("type") in (None, "service")
    ]
    sold = {line["id"]: worth[line["id"]][0] for line in _sold(sale)}
    amount, taxed = (sum((worth[id_][part] for id_ in off), Decimal(0)) for part in (0, 1))
    if not off or not sum(sold.values()) or -amount > sum(sold.values()):
        return worth
    less, untaxed = _shared(amount, sold, cent), _shared(taxed, sold, cent)
    for id_ in less:
        worth[id_] = (worth[id_][0] + less[id_], worth[id_][1] + untaxed[id_])
    return worth | dict.fromkeys(off, (Decimal(0), Decimal(0)))


def _came_back(sale: Row, returns: list[Row]) -> Counter[int]:
    """Pieces that came back by sold line: by our note where there is one, else to lines of the product in turn."""
    came: Counter[int] = Counter()
    sold = {line["id"]: line for line in goods(sale)}
    for line in (one for back in returns for one in goods(back)):
        count = -(counted(line) or 0)
        ours = marked(line["note"])
        if ours and ours[1] in sold:
            came[ours[1]] += count
            continue
        for id_, one in sold.items():
            room = (counted(one) or 0) - came[id_]
            if one["product"]["code"] == line["product"]["code"] and count > 0 and room > 0:
                came[id_] += min(room, count)
                count -= min(room, count)
    return Counter({id_: max(0, min(count, counted(sold[id_]) or 0)) for id_, count in came.items()})


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
