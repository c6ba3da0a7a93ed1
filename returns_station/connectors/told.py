"""What upstreams have in common that keep our own effects and no more: a shared folder, a list that a person ticks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from returns_station.connectors.api import Asked, Outgoing, Refused, Stated

_SUBJECTS: Final = {
    "returns.receipt": ("receipt", "parcel_id"),
    "returns.stock": ("stock", "unit_id"),
    "returns.refund": ("refund", "settlement_id"),
}
"""Type of an effect → what it states, and which of its facts names whose it is."""
_NEEDED: Final = {
    "returns.receipt": ("return_id", "parcel_id", "plate"),
    "returns.stock": ("unit_id", "sku", "quantity"),
    "returns.completed": ("return_id", "parcel_id"),
    "returns.available": ("unit_id", "sku", "quantity", "location"),
    "returns.refund": ("settlement_id", "currency", "amount_minor"),
    "returns.short": ("return_id", "lines"),
}
"""Facts without which nobody could act on an effect."""
REVERSED: Final = ".reversed"


def without(effect: Outgoing) -> Refused | None:
    """Why an effect that lacks a fact is refused; None for one that can be acted on."""
    for name in _NEEDED.get(effect.type.removesuffix(REVERSED), ()):
        if effect.data.get(name) is None:
            sentence = f"The {effect.type} {effect.key} lacks the fact {name}, so nobody could act on it."
            return Refused("effect.fact", sentence, "This is a defect: please report it. Nothing is lost.")
    return None


def stated(asked: Asked, done: Callable[[Outgoing], tuple[str, bool]]) -> tuple[Stated, ...]:
    """A row an effect that was not taken back; `done` says the upstream's name for it and whether it is finished.

    An effect whose reversal is finished is absent. What is finished was taken as it was sent, so its quantity and amount
    are those of the effect; of what is not, nobody says any. Places are None: nobody looked.
    """
    gone = {
        effect.data.get("reverses")
        for effect in asked.effects
        if effect.type.endswith(REVERSED) and done(effect)[1]
    }
    rows = []
    for effect in asked.effects:
        if effect.type in _SUBJECTS and effect.key not in gone:
            reference, finished = done(effect)
            rows.append(_row(effect, reference, finished))
    return tuple(rows)


def _row(effect: Outgoing, reference: str, finished: bool) -> Stated:
    kind, subject = _SUBJECTS[effect.type]
    row = Stated(kind, reference, _text(effect, subject), finished)
    if not finished or kind == "receipt":
        return row
    if kind == "refund":
        return replace(row, amount_minor=_whole(effect, "amount_minor"), currency=_text(effect, "currency"))
    return replace(
        row,
        sku=_text(effect, "sku"),
        quantity=_whole(effect, "quantity"),
        order_line=_text(effect, "order_line"),
    )


def _text(effect: Outgoing, name: str) -> str | None:
    value = effect.data.get(name)
    return value if isinstance(value, str) else None


def _whole(effect: Outgoing, name: str) -> int | None:
    value = effect.data.get(name)
    return value if isinstance(value, int) else None
