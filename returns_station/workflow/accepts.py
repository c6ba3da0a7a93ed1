"""Which steps of the dialogue take which scans, as one table beside the session; a test holds it to the handlers."""

import re
from typing import Final

from returns_station.domain.scan import Candidate, Kind, Reading
from returns_station.workflow.state import At

BADGE: Final = "badge"
"""The step before anybody is signed in."""

LOCKED: Final = "locked"
"""The step while the station is locked."""

STEPS: Final = (BADGE, LOCKED, *(at.value for at in At))
_SIGNED_IN: Final = frozenset(At)
_FINDING: Final = frozenset({At.PARCEL, At.CONFIRM_BLIND})
_TRUCK: Final = frozenset({At.RECEIVE, At.RECEIVE_AGAIN})
_NOTING: Final = frozenset({At.CARRIER, At.MANIFEST, At.SEAL, At.PIECE, At.WEIGHT, At.DAMAGE})
_AWAY: Final = frozenset({At.CONTAINER, At.CONTAINER_REASON})
_NAMING: Final = frozenset({At.ITEM, At.CONFIRM_UNKNOWN})
_PLACING: Final = frozenset({At.DESTINATION, At.PLACE_REASON, At.HOLD_SHELF, At.STOP_SHELF})
_LABELLING: Final = frozenset({At.LABEL, At.HOLD_LABEL})
_COUNTING: Final = frozenset({At.QUANTITY, At.SPLIT})
_DETAILS: Final = {"serial": At.SERIAL, "lot": At.LOT, "expiry": At.EXPIRY}
_CHOOSING: Final = frozenset(
    {
        At.CHOOSE_RETURN,
        At.CONFIRM_BLIND,
        At.REFUSE_REASON,
        At.CHOOSE_ITEM,
        At.CONFIRM_UNKNOWN,
        At.CONFIRM_EMPTY,
        At.QUESTION,
        At.PLACE_REASON,
        At.DISPOSITION_REASON,
        At.STOP_KIND,
        At.CHOOSE_PARCEL,
        At.PRINTER,
        At.RECEIVE_AGAIN,
        At.CARRIER,
        At.DAMAGE,
        At.CONTAINER_REASON,
    }
)

COMMANDS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("stop", "stop_leak", "stop_battery", "stop_biohazard", "stop_property", "help"), frozenset(STEPS)
    ),
    **dict.fromkeys(("undo", "hold", "reprint", "sign_out", "status", "lock"), _SIGNED_IN),
    "photo": _SIGNED_IN | {BADGE},
    "no_label": _FINDING | _TRUCK | {At.CAGE},
    **dict.fromkeys(("receive", "put_away"), _FINDING),
    "blind": frozenset({At.CONFIRM_BLIND}),
    "done": _NAMING | _TRUCK | {At.CAGE, At.CONTAINER},
    "work": _TRUCK | {At.CAGE, At.CONTAINER},
    "refuse": _NAMING | _TRUCK,
    **dict.fromkeys(("rts", "short"), _NAMING),
    **dict.fromkeys(("carrier", "manifest", "seal"), frozenset({At.CAGE, At.RECEIVE})),
    **dict.fromkeys(("piece", "weight", "damage"), frozenset({At.RECEIVE, At.ITEM})),
    "skip": _NOTING,
    **dict.fromkeys(("close", "empty"), frozenset({At.CONTAINER})),
    **dict.fromkeys(("printer", "later"), _LABELLING),
    **dict.fromkeys(("yes", "no"), frozenset({At.CONFIRM_EMPTY, At.RECEIVE_AGAIN})),
    "all": frozenset({At.QUANTITY}),
    **dict.fromkeys(("sealed", "split"), frozenset({At.QUESTION})),
    "disposition": frozenset({At.LABEL, At.DESTINATION}),
}
"""Command word → steps that act on it; a word that stands nowhere here has no meaning yet."""

KINDS: Final[dict[Kind, frozenset[str]]] = {
    Kind.BADGE: frozenset(STEPS),
    Kind.PLATE: _FINDING | _NAMING | _TRUCK | {At.CHOOSE_PARCEL},
    Kind.LPN: _FINDING | _NAMING | _LABELLING,
    Kind.CONTAINER: _PLACING | _FINDING | _TRUCK | _AWAY | {At.CAGE},
    Kind.GTIN: _NAMING,
    Kind.SSCC: _FINDING | _TRUCK,
    Kind.TRACKING: _FINDING | _TRUCK,
    Kind.ANSWER: _CHOOSING | _COUNTING,
    Kind.QUANTITY: _COUNTING | _CHOOSING,
    Kind.REFERENCE: _FINDING
    | _NAMING
    | _PLACING
    | _TRUCK
    | _AWAY
    | {At.CAGE, At.SERIAL, At.LOT, At.MANIFEST, At.SEAL},
}
"""Kind → steps that look for it. REFERENCE may be a return, an order, a SKU, a serial, a lot, a place, a manifest or a seal."""

_NUMBER: Final = re.compile(r"[0-9]{1,7}")
_WEIGHT: Final = re.compile(r"[0-9]{1,8}|[0-9]{1,5}[.,][0-9]{1,3}")
_PIECE: Final = re.compile(r"[0-9]{1,4}/[0-9]{1,4}")
_DATE: Final = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}")


def steps_of(candidate: Candidate) -> tuple[str, ...]:
    """The steps that take this one meaning, in the order of the dialogue; none for a spoilt code."""
    if not candidate.valid:
        return ()
    if candidate.kind is Kind.COMMAND:
        return _ordered(COMMANDS.get(candidate.value, frozenset()))
    found = KINDS[candidate.kind] | {step for name, step in _DETAILS.items() if candidate.get(name)}
    if candidate.kind is Kind.REFERENCE:
        found |= _COUNTING | _CHOOSING if _NUMBER.fullmatch(candidate.value) else frozenset()
        found |= {At.WEIGHT} if _WEIGHT.fullmatch(candidate.value) else frozenset()
        found |= {At.PIECE} if _PIECE.fullmatch(candidate.value) else frozenset()
        found |= {At.EXPIRY} if _DATE.fullmatch(candidate.value) else frozenset()
    return _ordered(found)


def steps_for(reading: Reading) -> tuple[str, ...]:
    """The steps that take a scan, in the order of the dialogue.

    Free text counts only where nothing more specific is valid: nearly every code could also be somebody's
    order number. A scan that is wrong as a whole (empty, too long, two codes in one) is taken nowhere.
    """
    if reading.problems:
        return ()
    valid = [candidate for candidate in reading.candidates if candidate.valid]
    specific = [candidate for candidate in valid if candidate.kind is not Kind.REFERENCE]
    return _ordered({step for candidate in specific or valid for step in steps_of(candidate)})


def _ordered(steps: frozenset[str] | set[str]) -> tuple[str, ...]:
    return tuple(step for step in STEPS if step in steps)
