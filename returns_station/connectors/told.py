"""Statements of upstreams that keep nothing but our own effects: a shared folder, a list that a person ticks."""

from collections.abc import Callable
from typing import Final

from returns_station.connectors.api import Asked, Outgoing, Stated

_SUBJECTS: Final = {
    "returns.receipt": ("receipt", "parcel_id"),
    "returns.stock": ("stock", "unit_id"),
    "returns.refund": ("refund", "settlement_id"),
}
"""Type of an effect → what it states, and which of its facts names whose it is."""
REVERSED: Final = ".reversed"


def stated(asked: Asked, done: Callable[[Outgoing], tuple[str, bool]]) -> tuple[Stated, ...]:
    """A row an effect that was not taken back; `done` says the upstream's name for it and whether it is finished.

    An effect whose reversal is finished is absent. Quantities and amounts are None: nobody counted there.
    """
    gone = {
        effect.data.get("reverses")
        for effect in asked.effects
        if effect.type.endswith(REVERSED) and done(effect)[1]
    }
    rows = []
    for effect in asked.effects:
        if effect.type in _SUBJECTS and effect.key not in gone:
            kind, subject = _SUBJECTS[effect.type]
            reference, finished = done(effect)
            named = effect.data.get(subject)
            rows.append(Stated(kind, reference, str(named) if named is not None else None, finished))
    return tuple(rows)
