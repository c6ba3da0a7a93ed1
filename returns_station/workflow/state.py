"""Where the dialogue stands: one frozen value that survives in the database between two scans."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from returns_station.domain.nouns import Container, Parcel, Place, ReturnAuthorization, ReturnUnit, Worker
from returns_station.errors import StationError
from returns_station.workflow.ports import Choice

if TYPE_CHECKING:
    from pydantic import TypeAdapter

VERSION = 1
UNDO_DEPTH = 8


class At(StrEnum):
    """The step the dialogue is at; without a worker every step asks for a badge first."""

    PARCEL = "parcel"
    CHOOSE_RETURN = "choose_return"
    CONFIRM_BLIND = "confirm_blind"
    REFUSE_REASON = "refuse_reason"
    ITEM = "item"
    CHOOSE_ITEM = "choose_item"
    CONFIRM_UNKNOWN = "confirm_unknown"
    CONFIRM_EMPTY = "confirm_empty"
    SERIAL = "serial"
    LOT = "lot"
    EXPIRY = "expiry"
    QUANTITY = "quantity"
    QUESTION = "question"
    SPLIT = "split"
    LABEL = "label"
    DESTINATION = "destination"
    PLACE_REASON = "place_reason"
    DISPOSITION_REASON = "disposition_reason"
    HOLD_LABEL = "hold_label"
    HOLD_SHELF = "hold_shelf"
    STOP_KIND = "stop_kind"
    STOP_SHELF = "stop_shelf"
    CHOOSE_PARCEL = "choose_parcel"
    PRINTER = "printer"
    CAGE = "cage"
    RECEIVE = "receive"
    RECEIVE_AGAIN = "receive_again"
    CARRIER = "carrier"
    MANIFEST = "manifest"
    SEAL = "seal"
    PIECE = "piece"
    WEIGHT = "weight"
    DAMAGE = "damage"
    CONTAINER = "container"
    CONTAINER_REASON = "container_reason"


@dataclass(frozen=True, slots=True)
class Receiving:
    """A load at the truck: the cage its parcels go into (None: none), what holds for all of them, the last parcel's id."""

    cage: str | None = None
    carrier: str | None = None
    manifest: str | None = None
    seal: str | None = None
    count: int = 0
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a unit lay before its container was put away or emptied."""

    unit_id: str
    location: str | None
    container: str | None


@dataclass(frozen=True, slots=True)
class Back:
    """What undo returns to, and the effects that must go with it."""

    state: "State"
    effects: tuple[str, ...] = ()
    settlements: tuple[str, ...] = ()
    shorted: tuple[ReturnAuthorization, ...] = ()
    created: tuple[str, ...] = ()
    reverted: tuple[ReturnUnit, ...] = ()
    parcel_created: str | None = None
    parcel_before: Parcel | None = None
    withdrawn: tuple[str, ...] = ()
    container: Container | None = None
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """The session. `waiting` are units that a split left for later, `opening` is the received parcel that is being named,
    `container` the one to be put away, `printer` the one labels go to now (None: the default one)."""

    v: int = VERSION
    at: At = At.PARCEL
    worker: Worker | None = None
    parcel: Parcel | None = None
    unit: ReturnUnit | None = None
    item_code: str | None = None
    question: str | None = None
    waiting: tuple[ReturnUnit, ...] = ()
    choices: tuple[Choice, ...] = ()
    pending: str | None = None
    suggestion: str | None = None
    last_unit: str | None = None
    back: tuple[Back, ...] = ()
    locked: bool = False
    printer: str | None = None
    receiving: Receiving | None = None
    opening: str | None = None
    container: Place | None = None


@cache
def _adapter() -> "TypeAdapter[State]":
    from pydantic import TypeAdapter

    return TypeAdapter(State)


@cache
def _back_adapter() -> "TypeAdapter[Back]":
    from pydantic import TypeAdapter

    return TypeAdapter(Back)


# A way back never changes once it is on the stack: its JSON is kept from scan to scan, beside it so that its id stays its own.
_dumped: dict[int, tuple[Back, bytes]] = {}


def _dump_back(back: Back) -> bytes:
    kept = _dumped.get(id(back))
    if kept is not None:
        return kept[1]
    while len(_dumped) >= 2 * UNDO_DEPTH:
        del _dumped[next(iter(_dumped))]
    text = _back_adapter().dump_json(back, exclude_defaults=True)
    _dumped[id(back)] = (back, text)
    return text


def dump(state: State) -> str:
    """The state as JSON text."""
    text = _adapter().dump_json(replace(state, back=()), exclude_defaults=True)
    if not state.back:
        return text.decode()
    ways = b",".join(map(_dump_back, state.back))
    comma = b"," if text != b"{}" else b""
    return (text[:-1] + comma + b'"back":[' + ways + b"]}").decode()


def load(text: str, v: int) -> State:
    """The state from its JSON; StationError `state.version` when it was written in another shape."""
    if v != VERSION:
        raise StationError(
            "state.version",
            f"The stored dialogue has version {v}, {VERSION} was expected.",
            "It is made anew from the parcel's inputs.",
        )
    return _adapter().validate_json(text)
