"""The outbox: what others must still learn, claimed in order per return, settled once, and explained to a
person."""

from returns_station.store.outbox.desk import Counts, Why, counts, listing, park, retry, shadowed, why
from returns_station.store.outbox.rows import OutboxRow, stamp, writing
from returns_station.store.outbox.transit import (
    bring_back,
    claim,
    exchange,
    give_back,
    left,
    next_due,
    paused_until,
    recover,
    settle,
)
from returns_station.store.outbox.verdicts import Absent, Acknowledged, Parked, Postponed, Verdict

__all__ = [
    "Absent",
    "Acknowledged",
    "Counts",
    "OutboxRow",
    "Parked",
    "Postponed",
    "Verdict",
    "Why",
    "bring_back",
    "claim",
    "counts",
    "exchange",
    "give_back",
    "left",
    "listing",
    "next_due",
    "park",
    "paused_until",
    "recover",
    "retry",
    "settle",
    "shadowed",
    "stamp",
    "why",
    "writing",
]
