"""The connector itself: which step an effect is, what became of one, feeds, and what Tryton has of a return."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from returns_station.connectors.api import (
    Asked,
    Capabilities,
    Delivered,
    Found,
    NotFound,
    Outcome,
    Outgoing,
    Page,
    References,
    Refused,
    RetryLater,
    Settings,
    Stated,
)
from returns_station.connectors.calls import Ended, ended
from returns_station.connectors.tryton import credit, feeds, moving, papers, paying, statement
from returns_station.connectors.tryton.places import Places
from returns_station.connectors.tryton.rest import Rest, Row
from returns_station.connectors.tryton.returning import (
    Returning,
    movement_reference,
    number_of,
    paper_reference,
)

_FEEDS: Final = frozenset({"products", "orders", "customers", "locations"})
_NOTHING: Final = Delivered(None, duplicate=False)


_PARCEL: Final = ("return_id", "parcel_id", "plate")
_FACTS: Final[dict[str, tuple[str, ...]]] = {
    "returns.receipt": _PARCEL,
    "returns.completed": _PARCEL,
    "returns.stock": (*_PARCEL, "unit_id", "lpn", "sku", "quantity", "location", "disposition"),
    "returns.available": ("return_id", "unit_id", "sku", "quantity", "location", "disposition"),
    "returns.refund": ("return_id", "settlement_id", "order_number", "currency", "amount_minor", "lines"),
}
"""What a step cannot do without, by the type of the effect it does or takes back."""


def _lacks(effect: Outgoing, name: str) -> bool:
    return effect.data.get(name) is None


class TrytonConnector:
    """Tryton 8.2 over REST. `settings.url` goes up to the database, `settings.token` is the key of a user application.

    Options: `company` (id, 1), `warehouse` (code), `blind_party` (code), `place.<code or disposition>` (Tryton's
    location code), `type.<category>` (inspection type of a product category), `weights` (`yes` where the module
    product_measurements is there).
    """

    OPTIONS: Final = frozenset({"company", "warehouse", "blind_party", "place.*", "type.*", "weights"})

    def __init__(self, settings: Settings, *, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        options = dict(settings.options)
        self._rest = Rest(settings, now)
        self._places = Places(self._rest, options)
        self._returning = Returning(self._rest, self._places, options)
        self._statement = statement.Statement(self._rest, self._places)
        self._feeds = feeds.Feeds(self._rest, options)
        kept = _FEEDS & settings.feeds
        self._can = Capabilities(batch=1, look_up=True, feeds=kept, statement=True, forgets=False)

    @property
    def capabilities(self) -> Capabilities:
        return self._can

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        """Brings Tryton to what the effect says."""
        return ended(lambda: self._deliver(effect, refs))

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        """Whether what the effect says stands in Tryton."""
        found = ended(lambda: self._look_up(effect) or _NOTHING)
        return NotFound() if found is _NOTHING else found

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        """A page of a feed; raises ConnectorError."""
        return self._feeds.page(feed, cursor, limit)

    def statement(self, asked: Asked, refs: References) -> tuple[Stated, ...] | RetryLater:
        """Everything Tryton has of the return."""
        try:
            return self._statement.read(asked)
        except Ended as end:
            if isinstance(end.outcome, RetryLater):
                return end.outcome
            return RetryLater(end.outcome.sentence, code=end.outcome.code, hint=end.outcome.hint, alone=True)

    def close(self) -> None:
        self._rest.close()

    def _deliver(self, effect: Outgoing, refs: References) -> Outcome:
        if (told := refs.get(f"done:{effect.key}")) is not None:
            return Delivered(told or None, duplicate=True)
        lacks = [
            name for name in _FACTS.get(effect.type.removesuffix(".reversed"), ()) if _lacks(effect, name)
        ]
        if lacks:
            sentence = f"The effect {effect.type} lacks {', '.join(lacks)}, so nothing was told to Tryton."
            return Refused("effect.facts", sentence, "Report it with the effect's key. The effect is kept.")
        self._places.forget()
        outcome = self._step(effect, refs)
        if isinstance(outcome, Delivered):
            refs.put(f"done:{effect.key}", outcome.reference or "")
        return outcome

    def _step(self, effect: Outgoing, refs: References) -> Outcome:
        steps = self._returning
        match effect.type:
            case "returns.receipt":
                return steps.receipt(effect, refs)
            case "returns.receipt.reversed":
                return steps.receipt_reversed(effect, refs)
            case "returns.stock":
                return steps.stock(effect, refs)
            case "returns.stock.reversed":
                return steps.stock_reversed(effect, refs)
            case "returns.completed":
                return steps.completed(effect, refs)
            case "returns.available":
                return steps.available(effect, refs)
            case "returns.available.reversed":
                return steps.available_reversed(effect, refs)
            case "returns.refund":
                return paying.refund(self._rest, effect, refs)
            case "returns.refund.reversed":
                return paying.refund_reversed(self._rest, effect)
            case _:
                # A short line has no document in Tryton; taking back "completed" is done unit by unit.
                return _NOTHING

    def _look_up(self, effect: Outgoing) -> Outcome | None:
        data: Row = dict(effect.data)
        match effect.type:
            case "returns.receipt" | "returns.completed":
                row = papers.find_paper(self._rest, paper_reference(data))
                open_ = row is None or (effect.type == "returns.completed" and row["state"] == "draft")
                return None if open_ or row is None else Delivered(f"sale.sale {row['id']}", duplicate=True)
            case "returns.stock":
                parcel = paper_reference(data)
                line = papers.find_line(self._rest, [parcel, f"{parcel}/{data['lpn']}"], str(data["unit_id"]))
                return Delivered(f"sale.line {line['id']}", duplicate=True) if line else None
            case "returns.refund":
                note = credit.find_note(self._rest, credit.debt_of(data, number_of(data)).reference)
                posted = note is not None and note["state"] in ("posted", "paid")
                return Delivered(f"credit note {note['number']}", duplicate=True) if note and posted else None
            case "returns.available" | "returns.available.reversed" | "returns.stock.reversed":
                moved = moving.find_movement(self._rest, movement_reference(effect))
                done = moved is not None and moved["state"] == "done"
                return (
                    Delivered(f"stock.shipment.internal {moved['id']}", duplicate=True)
                    if moved and done
                    else None
                )
        return None
