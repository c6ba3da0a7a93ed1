"""Money back: one refund of a payment for an effect, found again by its note before every send, within what was paid."""

from decimal import Decimal
from typing import Any, Final

from returns_station.connectors.api import Delivered, Outcome, Outgoing, Refused
from returns_station.connectors.calls import Calls
from returns_station.connectors.medusa.book import Book, Payment, act, note
from returns_station.domain.money import Money, decimal

_MEANS: Final = {"store_credit": "store credit", "exchange": "an exchange"}


class Refunding:
    """Refunds payments of one Medusa; `reason` gives the refund reason's id, or None."""

    def __init__(self, calls: Calls, reason: Any) -> None:
        self._calls = calls
        self._reason = reason

    def refund(self, effect: Outgoing, book: Book | None) -> Outcome:
        """Exactly the effect's amount, or a sentence for a person."""
        data = effect.data
        outcome, amount = str(data.get("outcome")), data.get("amount_minor")
        if outcome in _MEANS:
            sentence = f"{self._calls.origin} gets refunds only; {_MEANS[outcome]} is given by hand."
            return Refused(
                "medusa.outcome", sentence, "Do it in the shop's back office, then acknowledge the effect."
            )
        if not isinstance(amount, int) or amount <= 0:
            return Delivered(None, duplicate=False)
        if book is None:
            return Refused(
                "medusa.order", "A refund without an order has no payment to be taken from.", _BY_HAND
            )
        if data.get("currency") != book.currency:
            sentence = (
                f"Order {book.number} was paid in {book.currency}, the refund is in {data.get('currency')}."
            )
            return Refused("medusa.currency", sentence, _BY_HAND)
        done, known = given(book, effect.key)
        if done >= amount:
            return Delivered(known, duplicate=True)
        room = sum(payment.room for payment in book.payments)
        if amount - done > room:
            return self._over(book, amount - done, room)
        reference = data.get("payment_reference")
        return Delivered(self._send(effect, book, amount - done, reference), duplicate=False)

    def _over(self, book: Book, amount: int, room: int) -> Refused:
        paid = sum(payment.captured for payment in book.payments)
        told = [Money(minor, book.currency) for minor in (paid, paid - room, amount)]
        sentence = f"Of order {book.number} {told[0]} were paid and {told[1]} given back: {told[2]} more cannot be refunded."
        return Refused("upstream.ceiling", sentence, "Decide in the shop's back office what is right.")

    def _send(self, effect: Outgoing, book: Book, amount: int, reference: object) -> str:
        made = ""
        for payment, part in _shares(book.payments, amount, reference):
            body: dict[str, object] = {
                "amount": float(Decimal(decimal(part, book.currency))),
                "note": _words(effect),
            }
            if reason := self._reason():
                body["refund_reason_id"] = reason
            act(self._calls, f"/admin/payments/{payment.id}/refund", body, "payment", payment.id)
            made = payment.id
        return made


def given(book: Book, key: str) -> tuple[int, str | None]:
    """What was refunded for an effect, in minor units, and of which payment."""
    own = [
        (payment.id, one)
        for payment in book.payments
        for one in payment.refunds
        if one.facts.get("effect") == key
    ]
    return sum(one.minor for _, one in own), own[0][0] if own else None


def _words(effect: Outgoing) -> str:
    data = effect.data
    number, settlement = data.get("return_number"), data.get("settlement_id")
    named = number.replace(" ", "_") if isinstance(number, str) else None
    return note(
        effect=effect.key, settlement=str(settlement), return_id=effect.return_id, return_number=named
    )


def _shares(payments: tuple[Payment, ...], amount: int, reference: object) -> list[tuple[Payment, int]]:
    """Which payment gives what: the one that is named, else one with room for all, else the largest rooms first."""
    named = [payment for payment in payments if payment.id == reference]
    whole = next((one for one in (*named, *payments) if one.room >= amount), None)
    if whole is not None:
        return [(whole, amount)]
    shares: list[tuple[Payment, int]] = []
    for payment in sorted(payments, key=lambda one: (one.id != reference, -one.room)):
        part = min(amount, payment.room)
        if part > 0:
            shares.append((payment, part))
            amount -= part
    return shares


_BY_HAND: Final = "Give the money back in the shop's back office, then acknowledge the effect."
