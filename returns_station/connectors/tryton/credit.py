"""One credit note for each settlement, its total exactly the settlement's amount, to the smallest unit of its currency.

The note's lines go back to lines of the return sale where the goods are there, else to the lines of the sale's invoice
(as Tryton's own credit does), never to the sold lines: those would be invoiced anew. Prices are without tax in Tryton;
what rounding leaves of the amount stands in a line of its own.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from returns_station.connectors.api import Refused
from returns_station.connectors.calls import Ended
from returns_station.connectors.tryton import taxes
from returns_station.connectors.tryton.papers import marked
from returns_station.connectors.tryton.quantities import counted
from returns_station.connectors.tryton.rest import PRICE, Rest, Row, exact
from returns_station.connectors.tryton.sold import Money, Sold
from returns_station.domain.money import decimal

MODEL: Final = "account.invoice"
ROUNDING: Final = "Rounding"
_FIELDS: Final = (
    "state",
    "number",
    "total_amount",
    "reference",
    "currency",
    "lines.description",
    "lines.amount",
    "lines.unit_price",
)
_HEAD: Final = ("party", "invoice_address", "currency", "account", "journal", "payment_term")


@dataclass(frozen=True, slots=True)
class Debt:
    """What a settlement gives back. Amounts are what the customer gets, tax included."""

    settlement: str
    reference: str
    description: str
    amount: Decimal
    lines: tuple[tuple[str, str, int, Decimal], ...]
    """Order line, SKU, pieces, amount."""
    shipping: Decimal
    fee: Decimal


def find_note(rest: Rest, reference: str) -> Row | None:
    """The credit note with our reference that is not cancelled; raises Ended where there are several."""
    domain = [["reference", "=", reference], ["type", "=", "out"], ["state", "!=", "cancelled"], rest.own]
    found = rest.find(MODEL, domain, *_FIELDS)
    if len(found) > 1:
        sentence = f"Tryton has {len(found)} credit notes called {reference}, and one was expected."
        raise Ended(
            Refused(
                "upstream.ambiguous", sentence, "Cancel those that are too many in Tryton, then retry it."
            )
        )
    return found[0] if found else None


def make_note(rest: Rest, debt: Debt, sold: Sold, money: Money) -> int:
    """A draft credit note with all its lines, made in one call; its id."""
    first = rest.one(MODEL, int(money.invoices[0]["id"]), *_HEAD) or {}
    found = (tax for line in money.lines for tax in line["taxes"])
    rates = taxes.rates(rest, found, rest.now().date())
    lines = _goods(debt, sold, money, rates)
    if debt.shipping:
        postage = money.postage() or money.lines[0]
        lines.append(_line(postage, -1, debt.shipping, rates, "Shipping"))
    if debt.fee:
        lines.append(_line(money.lines[0], 1, debt.fee, rates, "Fee"))
    values: Row = {name: first.get(name) for name in _HEAD}
    own = {"company": rest.company, "currency": first.get("currency")}
    lines = [line | own for line in lines]
    values |= {
        "company": rest.company,
        "type": "out",
        "reference": debt.reference,
        "description": debt.description,
    }
    return rest.create(MODEL, {**values, "lines": [["create", lines]]})


def settle(rest: Rest, note: int, amount: Decimal, account: int) -> Row:
    """Brings a credit note to posted with exactly this amount; the note.

    A posted note of another amount is refused (`upstream.amount`): a person edited it.
    """
    row = _read(rest, note)
    if row["state"] in ("draft", "validated"):
        row = _exactly(rest, row, amount, account)
        # Tryton warns when taxes are not the product's own of today; ours are those of the invoice that is credited.
        refused = rest.press(MODEL, note, "post", unwarned=True)
        row = _read(rest, note)
        if row["state"] not in ("posted", "paid"):
            sentence = f"The credit note stays {row['state']} in Tryton."
            raise refused.refused("upstream.post", sentence) if refused else _stays(sentence)
    if -row["total_amount"] != amount:
        sentence = f"Credit note {row['number']} gives {-row['total_amount']} back, and {amount} was decided."
        raise Ended(
            Refused(
                "upstream.amount", sentence, "A person corrects it in Tryton; nothing is changed from here."
            )
        )
    return row


def _exactly(rest: Rest, row: Row, amount: Decimal, account: int) -> Row:
    """The draft with a line for what rounding left over; none of it is taxed."""
    missing = -amount - row["total_amount"]
    if not missing:
        return row
    old = next((line for line in row["lines"] if line["description"] == ROUNDING), None)
    if old:
        price = exact(old["unit_price"] + missing)
        rest.write(MODEL, row["id"], {"lines": [["write", [old["id"]], {"unit_price": price}]]})
    else:
        line = {"type": "line", "quantity": 1, "unit_price": exact(missing), "description": ROUNDING}
        line |= {"account": account, "company": rest.company, "currency": row["currency"]}
        rest.write(MODEL, row["id"], {"lines": [["create", [line]]]})
    again = _read(rest, row["id"])
    if again["total_amount"] != -amount:
        raise _stays(
            f"The credit note comes to {-again['total_amount']} instead of {amount}, and stays a draft."
        )
    return again


def _read(rest: Rest, note: int) -> Row:
    row = rest.one(MODEL, note, *_FIELDS)
    if row is None:
        raise Ended(
            Refused("upstream.missing", "The credit note is not in Tryton any more.", "See who deleted it.")
        )
    return row


def _goods(debt: Debt, sold: Sold, money: Money, rates: dict[int, Decimal]) -> list[Row]:
    lines: list[Row] = []
    open_lines = _open_lines(sold)
    for order_line, sku, quantity, amount in debt.lines:
        sold_line = sold.line(order_line, sku)
        invoiced = money.invoiced(sold_line["id"]) if sold_line else None
        if sold_line is None or invoiced is None:
            sentence = f"Tryton has no posted invoice line for {sku}, so nothing can be credited for it."
            raise Ended(
                Refused(
                    "upstream.not_invoiced", sentence, "Post the sale's invoice in Tryton, then retry it."
                )
            )
        lines += _split(invoiced, open_lines.get(sold_line["id"], []), quantity, amount, rates)
    return lines


def _split(
    invoiced: Row, open_lines: list[list[int]], quantity: int, amount: Decimal, rates: dict[int, Decimal]
) -> list[Row]:
    """Lines for so many pieces: each goes back to a return line that has pieces left, the rest to the invoice line."""
    lines: list[Row] = []
    left, worth = quantity, amount
    while left:
        taken = next((one for one in open_lines if one[1]), None)
        count = min(left, taken[1]) if taken else left
        share = worth if count == left else (worth * count / left).quantize(worth, ROUND_HALF_EVEN)
        line = _line(invoiced, -count, share, rates)
        if taken:
            taken[1] -= count
            line["origin"] = f"sale.line,{taken[0]}"
        lines.append(line)
        left, worth = left - count, worth - share
    return lines


def _open_lines(sold: Sold) -> dict[int, list[list[int]]]:
    """Lines of processed return sales with their pieces, by the sold line they come back from."""
    found: dict[int, list[list[int]]] = {}
    for sale in sold.returns:
        for line in sale["lines"]:
            ours = marked(line["note"])
            count = -(counted(line) or 0)
            if ours and count > 0 and not line.get("invoice_lines"):
                found.setdefault(ours[1], []).append([line["id"], count])
    return found


def _line(like: Row, quantity: int, gross: Decimal, rates: dict[int, Decimal], text: str = "") -> Row:
    """A line for an amount with tax, taxed and booked as the invoice line it is like."""
    rate = sum((rates[tax] for tax in like["taxes"]), Decimal(0))
    price = (gross / (1 + rate) / abs(quantity)).quantize(PRICE)
    line: dict[str, Any] = {
        "type": "line",
        "quantity": quantity,
        "unit_price": exact(price),
        "account": like["account"],
    }
    line["taxes"] = [["add", like["taxes"]]]
    if text:
        return line | {"description": text}
    product = like["product"]
    line |= {
        "product": product and product["id"],
        "unit": product["default_uom"] if product else like["unit"],
    }
    return line | {"origin": f"account.invoice.line,{like['id']}"}


def _stays(sentence: str) -> Ended:
    return Ended(Refused("upstream.credit_note", sentence, "Correct it in Tryton, then retry it."))


def debt_of(data: Row, number: str) -> Debt:
    """A settlement's data (docs/openapi.yaml, Refund) as a debt."""
    currency, settlement = str(data["currency"]), str(data["settlement_id"])

    def main(minor: object) -> Decimal:
        return Decimal(decimal(int(str(minor or 0)), currency))

    lines = tuple(
        (str(one["order_line"]), str(one["sku"]), int(one["quantity"]), main(one["amount_minor"]))
        for one in data["lines"]
    )
    text = f"Return {number}: {data.get('outcome') or 'refund'}"
    amounts = main(data["amount_minor"]), main(data.get("shipping_minor")), main(data.get("fee_minor"))
    return Debt(settlement, f"{number}/{settlement}", text, amounts[0], lines, amounts[1], amounts[2])
