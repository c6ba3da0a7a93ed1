"""The answer to one input as values and as printable text: what line mode writes and the screen shows, from one place."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from returns_station.domain.nouns import Parcel
from returns_station.wording import sentence
from returns_station.workflow.ports import Choice, Message, Prompt, Step
from returns_station.workflow.state import State

VERSION = 1


def reply(key: str | None, sequence: int, state: State, step: Step) -> dict[str, Any]:
    """The answer to one input as docs/line-mode.schema.json describes it."""
    parcel = state.parcel or next((r.parcel for r in reversed(step.records) if r.parcel), None)
    unit = state.unit or next((r.units[0] for r in reversed(step.records) if r.units), None)
    return {
        "v": VERSION,
        "type": "reply",
        "in": key,
        "seq": sequence,
        "signal": step.signal.value,
        "message": {"code": step.message.code, "text": say(step.message)},
        "prompt": asked_value(step.prompt) if step.prompt else None,
        "choices": [choice_value(one) for one in step.prompt.choices] if step.prompt else [],
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
    }


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


def choice_value(choice: Choice) -> dict[str, Any]:
    """One answer as a reply has it."""
    return {"number": choice.number, "code": choice.code, "text": choice.text, "scan": choice.scan}


def say(message: Message) -> str:
    """The sentence, with anything a terminal might obey made visible instead."""
    return printable(sentence(message.code, message.params))


def printable(text: str) -> str:
    """The text without control, format and direction characters."""
    return "".join(char if char.isprintable() else "·" for char in text)


def as_json(value: Mapping[str, Any]) -> str:
    """One line of printable ASCII: nothing in it that a terminal obeys, DEL included."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def cells(text: str) -> int:
    """How many columns of a terminal the text fills: wide characters two, combining marks none."""
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of at most `width` columns, broken at blanks where there are any; later lines are indented."""
    lines, line = [], ""
    for word in text.split(" "):
        if line.strip() and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line = indent + word
        else:
            line = f"{line} {word}" if line.strip() else line + word
        while cells(line) > width:
            head = _fitting(line, width)
            lines.append(line[:head])
            line = indent + line[head:]
    return [*lines, line]


def _fitting(line: str, width: int) -> int:
    """How many characters of a line fill at most `width` columns."""
    used = 0
    for n, char in enumerate(line):
        used += _cells(char)
        if used > width:
            return n
    return len(line)
