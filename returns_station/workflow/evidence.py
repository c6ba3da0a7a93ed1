"""Pictures: asked for at any step, kept or failed later; they change no step and nothing waits for them."""

import json
import re
from dataclasses import replace
from typing import Any

from returns_station.domain.axes import EvidenceState, move
from returns_station.domain.codes import Signal
from returns_station.domain.nouns import Evidence
from returns_station.workflow.arrivals import subject
from returns_station.workflow.ports import Load, PhotoDraft, Record
from returns_station.workflow.turn import Turn

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 255
_LONGEST_PROBLEM = 300
_MOST_BYTES = 2**40


def photo(turn: Turn) -> None:
    """Asks for a picture of the unit in hand, of the open parcel, or of the last one received."""
    turn.undoable = False
    parcel = subject(turn)
    if parcel is None:
        return turn.no(Signal.MISMATCH, "photo.nothing")
    unit, worker = turn.state.unit, turn.state.worker
    asked = Evidence(
        turn.ids.uuid(), parcel.id, unit.id if unit else None, worker=worker.id if worker else None
    )
    turn.records.append(Record("evidence.asked", evidence=asked))
    turn.photos.append(PhotoDraft(asked.id, asked.parcel_id, asked.unit_id))
    return turn.say(
        Signal.ACCEPTED,
        "photo.asked_unit" if unit else "photo.asked",
        plate=parcel.plate,
        title=unit.title if unit else "",
    )


def came(turn: Turn) -> None:
    """What the camera says of a picture that was asked for: kept under its hash, or why there is none."""
    turn.undoable = False
    told = _told(turn.given.raw)
    if told is None:
        return turn.no(Signal.MISMATCH, "evidence.unreadable")
    asked: Evidence | None = turn.ask(Load("evidence", told["id"]))
    if asked is None:
        return turn.no(Signal.UNKNOWN, "evidence.unknown")
    if asked.state is not EvidenceState.ASKED:
        return turn.no(Signal.DUPLICATE, "evidence.again")
    if "problem" in told:
        failed = move(asked.state, EvidenceState.FAILED)
        problem = told["problem"]
        turn.records.append(Record("evidence.failed", evidence=replace(asked, state=failed, problem=problem)))
        return turn.say(Signal.MISMATCH, "evidence.failed", problem=problem)
    stored = replace(
        asked,
        state=move(asked.state, EvidenceState.STORED),
        sha256=told["sha256"],
        name=told["name"],
        bytes=told["bytes"],
    )
    turn.records.append(Record("evidence.stored", evidence=stored))
    return turn.say(Signal.ACCEPTED, "evidence.stored")


def _told(raw: bytes) -> dict[str, Any] | None:
    """The camera's object with only the fields we know, each of its kind; None where it is anything else."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not _is_text(found.get("id"), 64):
        return None
    if "problem" in found:
        problem = found["problem"]
        if not isinstance(problem, str):
            return None
        shown = "".join(char if char.isprintable() else "·" for char in problem[:_LONGEST_PROBLEM])
        return {"id": found["id"], "problem": shown or "?"}
    size = found.get("bytes")
    right = (
        _is_text(found.get("name"), _LONGEST_NAME)
        and isinstance(found.get("sha256"), str)
        and _SHA256.fullmatch(found["sha256"])
        and type(size) is int
        and 0 <= size <= _MOST_BYTES
    )
    return {name: found[name] for name in ("id", "sha256", "name", "bytes")} if right else None


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()
