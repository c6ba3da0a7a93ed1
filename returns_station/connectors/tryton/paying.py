"""Money of a settlement: a posted credit note, never more than was paid and not yet credited."""

from decimal import Decimal

from returns_station.connectors.api import Delivered, Outcome, Outgoing, References, Refused
from returns_station.connectors.tryton import credit
from returns_station.connectors.tryton.rest import Rest, Row
from returns_station.connectors.tryton.returning import number_of
from returns_station.connectors.tryton.sold import Money, Sold, need_sale, read_money, read_sold


def refund(rest: Rest, effect: Outgoing, refs: References) -> Outcome:
    """One credit note, posted, of exactly the settlement's amount."""
    data: Row = dict(effect.data)
    debt = credit.debt_of(data, number_of(data))
    if not debt.amount:
        return Delivered(None, duplicate=False)
    note = credit.find_note(rest, debt.reference)
    before = note is not None and note["state"] in ("posted", "paid")
    sold = read_sold(rest, need_sale(rest, str(data["order_number"])))
    money = read_money(rest, sold)
    if note is None:
        refused = _beyond(data, debt.amount, sold, money)
        if refused is not None:
            return refused
        id_ = credit.make_note(rest, debt, sold, money)
    else:
        id_ = int(note["id"])
    refs.put(f"credit:{debt.settlement}", str(id_))
    account = int(money.lines[0]["account"]) if money.lines else 0
    done = credit.settle(rest, id_, debt.amount, account)
    return Delivered(f"credit note {done['number']}", before)


def refund_reversed(rest: Rest, effect: Outgoing) -> Outcome:
    """A draft is deleted; a posted note stays, and a person decides."""
    data: Row = dict(effect.data)
    note = credit.find_note(rest, credit.debt_of(data, number_of(data)).reference)
    if note is None:
        return Delivered(None, duplicate=True)
    if note["state"] == "draft":
        rest.delete(credit.MODEL, note["id"])
        return Delivered(None, duplicate=False)
    sentence = (
        f"Credit note {note['number']} is {note['state']} in Tryton, and a posted note cannot be taken back."
    )
    return Refused("upstream.posted", sentence, "A person reverses it by an invoice in Tryton, or leaves it.")


def _beyond(data: Row, amount: Decimal, sold: Sold, money: Money) -> Refused | None:
    """Why the amount may not be credited: no invoice, another currency, or more than is left."""
    number, currency = data["order_number"], str(data["currency"])
    if not money.invoices or not money.lines:
        sentence = f"Tryton has no posted invoice for order {number}, so nothing was paid that could go back."
        return Refused("upstream.not_invoiced", sentence, "Post the sale's invoice in Tryton, then retry it.")
    theirs = sold.sale["currency"]["code"]
    if theirs != currency:
        sentence = f"Order {number} is in {theirs} in Tryton, and the refund in {currency}."
        return Refused(
            "upstream.currency", sentence, "A person decides the amount in the order's own currency."
        )
    left = money.paid - money.credited
    if amount > left:
        sentence = (
            f"{money.paid} {theirs} were invoiced for order {number} and {money.credited} are credited, "
            f"so {amount} are {amount - left} too many."
        )
        return Refused(
            "upstream.ceiling",
            sentence,
            "A person decides: correct the settlement, or credit it in Tryton by hand.",
        )
    return None
