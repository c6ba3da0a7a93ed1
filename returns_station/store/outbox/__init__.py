"""The outbox: what others must still learn, claimed in order per return, settled once, and explained to a
person."""

from returns_station.store.outbox.desk import Counts, Why, counts, listing, park, retry, why
from returns_station.store.outbox.rows import OutboxRow, stamp, writing
from returns_station.store.outbox.transit import (
    Absent,
    Acknowledged,
    Parked,
    Postponed,
    Verdict,
    claim,
    give_back,
    left,
    next_due,
    paused_until,
    recover,
    settle,
)

__all__ = [
    "Absent",
    "Acknowledged",
    "Counts",
    "OutboxRow",
    "Parked",
    "Postponed",
    "Verdict",
    "Why",
    "claim",
    "counts",
    "give_back",
    "left",
    "listing",
    "next_due",
    "park",
    "paused_until",
    "recover",
    "retry",
    "settle",
    "stamp",
    "why",
    "writing",
]
