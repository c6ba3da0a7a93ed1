"""The answer to one input as values and as printable text: what line mode writes and the screen shows, from one place."""

import json
from collections.abc import Mapping
from typing import Any

from returns_station.domain.nouns import Parcel
from returns_station.printable import printable
from returns_station.wording import choice, sentence
from returns_station.workflow.ports import Choice, Message, Prompt, Step
from returns_station.workflow.state import State

VERSION = 1


def reply(key: str | None, sequence: int, state: State, step: Step) -> dict[str, Any]:
    """The answer to one input as docs/line-mode.schema.json describes it."""
    parcel = state.parcel or next((r.parcel for r in reversed(step.records) if r.parcel), None)
    unit = state.unit or next((r.units[0] for r in reversed(step.records) if r.units and r.parcel), None)
    photos = [{"id": one.id, "parcel": one.parcel_id, "unit": one.unit_id} for one in step.photos]
    return {
        "v": VERSION,
        "type": "reply",
        "in": key,
        "seq": sequence,
        "signal": step.signal.value,
        "message": {"code": step.message.code, "text": say(step.message)},
        "prompt": asked_value(step.prompt) if step.prompt else None,
        "choices": [choice_value(step.prompt, one) for one in step.prompt.choices] if step.prompt else [],
        "worker": state.worker.id if state.worker else None,
        "parcel": {"id": parcel.id, "plate": parcel.plate, "open": state.parcel is not None}
        if parcel
        else None,
        "unit": unit_value(unit) if unit else None,
        "effects": [
            {"id": e.id, "type": e.type.value, "target": e.target, "released": e.released}
            for e in step.effects
        ],
        "withdrawn": list(step.withdraw),
        "prints": [
            {"id": draft.id, "code": draft.model.code, "reprint": draft.model.reprint}
            for draft in step.prints
        ],
    } | ({"photos": photos} if photos else {})


def parcel_value(parcel: Parcel, state: State) -> dict[str, Any]:
    """The parcel in work as a reply has it."""
    return {"id": parcel.id, "plate": parcel.plate, "open": state.parcel is not None}


def unit_value(unit: Any) -> dict[str, Any]:
    """The unit in hand as a reply has it."""
    return {
        "id": unit.id,
        "lpn": unit.lpn,
        "sku": unit.sku,
        "quantity": unit.quantity,
        "grade": unit.grade.value if unit.grade else None,
        "disposition": unit.decision.disposition.value if unit.decision else None,
        "placement": unit.placement.value,
    }


def asked_value(prompt: Prompt) -> dict[str, str]:
    """The question as a reply has it."""
    place = prompt.message.params.get("place") or None
    return {"step": str(prompt.step), "text": say(prompt.message)} | ({"place": str(place)} if place else {})


def choice_value(prompt: Prompt, one: Choice) -> dict[str, Any]:
    """One answer as a reply has it."""
    text = choice(prompt.step, one.code, one.text)
    return {"number": one.number, "code": one.code, "text": text, "scan": one.scan}


def say(message: Message) -> str:
    """The sentence, with anything a terminal might obey made visible instead."""
    return printable(sentence(message.code, message.params))


def as_json(value: Mapping[str, Any]) -> str:
    """One line of printable ASCII: nothing in it that a terminal obeys, DEL included."""
    return json.dumps(value).replace("\x7f", "\\u007f")
