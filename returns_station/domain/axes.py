"""State as orthogonal axes, each with its legal moves as one visible set of pairs."""

from enum import StrEnum
from typing import TypeVar

from returns_station.errors import StationError

S = TypeVar("S", bound=StrEnum)


class Arrival(StrEnum):
    """Where a parcel is on its way to the dock."""

    EXPECTED = "expected"
    ARRIVED = "arrived"
    REFUSED = "refused"


class ParcelWork(StrEnum):
    """Reception of a parcel: how far its opening has come."""

    WAITING = "waiting"
    OPEN = "open"
    HELD = "held"
    STOPPED = "stopped"
    CLOSED = "closed"
    VOIDED = "voided"


class Reception(StrEnum):
    """Reception of a unit."""

    RECEIVED = "received"
    VOIDED = "voided"


class Inspection(StrEnum):
    """How far the inspection of a unit has come."""

    PENDING = "pending"
    DONE = "done"


class Acceptance(StrEnum):
    """Whether the unit counts as returned; `needs_human` is an answer, not a failure."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NEEDS_HUMAN = "needs_human"


class Placement(StrEnum):
    """How far the disposition of a unit has come."""

    IN_HAND = "in_hand"
    LABELLED = "labelled"
    PUT = "put"
    HELD = "held"
    STOPPED = "stopped"


class ContainerState(StrEnum):
    """How far a container has come: what lies in a `put_away` one is available at its place."""

    OPEN = "open"
    CLOSED = "closed"
    PUT_AWAY = "put_away"


class EvidenceState(StrEnum):
    """How far a picture has come; one that failed never held up the work."""

    ASKED = "asked"
    STORED = "stored"
    FAILED = "failed"


class SettlementState(StrEnum):
    """The refund of a settlement."""

    RELEASED = "released"
    NEEDS_HUMAN = "needs_human"
    WITHDRAWN = "withdrawn"


class SyncState(StrEnum):
    """How far an effect has come towards its target; `held` waits for a release, `refused` is parked with a person.

    `shadow` was worked out beside the old system and is never sent.
    """

    HELD = "held"
    LOCAL = "local"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    SHADOW = "shadow"


class PrintState(StrEnum):
    """How far a label has come; `sent` and `confirmed` are two states, for a raw port swallows labels nobody prints."""

    ASKED = "asked"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"


MOVES: dict[type[StrEnum], frozenset[tuple[StrEnum, StrEnum]]] = {
    Arrival: frozenset(
        {
            (Arrival.EXPECTED, Arrival.ARRIVED),
            (Arrival.EXPECTED, Arrival.REFUSED),
            (Arrival.ARRIVED, Arrival.REFUSED),
            (Arrival.REFUSED, Arrival.ARRIVED),
        }
    ),
    ParcelWork: frozenset(
        {
            (ParcelWork.WAITING, ParcelWork.OPEN),
            (ParcelWork.WAITING, ParcelWork.CLOSED),
            (ParcelWork.WAITING, ParcelWork.VOIDED),
            (ParcelWork.OPEN, ParcelWork.HELD),
            (ParcelWork.HELD, ParcelWork.OPEN),
            (ParcelWork.OPEN, ParcelWork.STOPPED),
            (ParcelWork.STOPPED, ParcelWork.OPEN),
            (ParcelWork.OPEN, ParcelWork.CLOSED),
            (ParcelWork.CLOSED, ParcelWork.OPEN),
            (ParcelWork.OPEN, ParcelWork.VOIDED),
        }
    ),
    Reception: frozenset({(Reception.RECEIVED, Reception.VOIDED)}),
    Inspection: frozenset({(Inspection.PENDING, Inspection.DONE), (Inspection.DONE, Inspection.PENDING)}),
    Acceptance: frozenset(
        {
            (Acceptance.OPEN, Acceptance.ACCEPTED),
            (Acceptance.OPEN, Acceptance.REJECTED),
            (Acceptance.OPEN, Acceptance.NEEDS_HUMAN),
            (Acceptance.NEEDS_HUMAN, Acceptance.ACCEPTED),
            (Acceptance.NEEDS_HUMAN, Acceptance.REJECTED),
            (Acceptance.ACCEPTED, Acceptance.OPEN),
            (Acceptance.NEEDS_HUMAN, Acceptance.OPEN),
            (Acceptance.REJECTED, Acceptance.OPEN),
            (Acceptance.ACCEPTED, Acceptance.NEEDS_HUMAN),
        }
    ),
    Placement: frozenset(
        {
            (Placement.IN_HAND, Placement.LABELLED),
            (Placement.LABELLED, Placement.PUT),
            (Placement.LABELLED, Placement.HELD),
            (Placement.LABELLED, Placement.STOPPED),
            (Placement.IN_HAND, Placement.STOPPED),
            (Placement.IN_HAND, Placement.HELD),
            (Placement.HELD, Placement.LABELLED),
            (Placement.HELD, Placement.IN_HAND),
            (Placement.STOPPED, Placement.LABELLED),
            (Placement.STOPPED, Placement.IN_HAND),
            (Placement.PUT, Placement.LABELLED),
            (Placement.LABELLED, Placement.IN_HAND),
        }
    ),
    ContainerState: frozenset(
        {
            (ContainerState.OPEN, ContainerState.CLOSED),
            (ContainerState.OPEN, ContainerState.PUT_AWAY),
            (ContainerState.CLOSED, ContainerState.PUT_AWAY),
            (ContainerState.CLOSED, ContainerState.OPEN),
            (ContainerState.PUT_AWAY, ContainerState.OPEN),
        }
    ),
    EvidenceState: frozenset(
        {(EvidenceState.ASKED, EvidenceState.STORED), (EvidenceState.ASKED, EvidenceState.FAILED)}
    ),
    SettlementState: frozenset(
        {
            (SettlementState.NEEDS_HUMAN, SettlementState.RELEASED),
            (SettlementState.RELEASED, SettlementState.WITHDRAWN),
            (SettlementState.NEEDS_HUMAN, SettlementState.WITHDRAWN),
        }
    ),
    SyncState: frozenset(
        {
            (SyncState.HELD, SyncState.LOCAL),
            (SyncState.HELD, SyncState.WITHDRAWN),
            (SyncState.LOCAL, SyncState.SENT),
            (SyncState.LOCAL, SyncState.WITHDRAWN),
            (SyncState.SENT, SyncState.ACKNOWLEDGED),
            (SyncState.SENT, SyncState.LOCAL),
            (SyncState.SENT, SyncState.REFUSED),
            (SyncState.REFUSED, SyncState.LOCAL),
            (SyncState.LOCAL, SyncState.REFUSED),
            (SyncState.REFUSED, SyncState.WITHDRAWN),
            (SyncState.SHADOW, SyncState.WITHDRAWN),
        }
    ),
    PrintState: frozenset(
        {
            (PrintState.ASKED, PrintState.SENT),
            (PrintState.SENT, PrintState.CONFIRMED),
            (PrintState.ASKED, PrintState.CONFIRMED),
            (PrintState.ASKED, PrintState.FAILED),
            (PrintState.FAILED, PrintState.ASKED),
        }
    ),
}


def move(now: S, then: S) -> S:
    """`then`, if the move from `now` is legal or no move at all; StationError `axis.move` otherwise."""
    if now is not then and (now, then) not in MOVES[type(now)]:
        raise StationError(
            "axis.move",
            f"{type(now).__name__} cannot go from {now} to {then}.",
            "This is a defect: please report it.",
        )
    return then
