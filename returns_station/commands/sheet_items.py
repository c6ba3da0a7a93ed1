"""What stands on sheets of labels: commands in their groups, and the rows of the database with their words."""

import json as jsons
from typing import TYPE_CHECKING, Final

from returns_station.commands.common import counted

if TYPE_CHECKING:
    from sqlalchemy import Engine, Row

    from returns_station.hardware.sheets import Item

QUANTITIES: Final = (*range(1, 11), 12, 15, 20, 24, 25, 30, 50, 100)
_GROUPS: Final[dict[str, dict[str, str]]] = {
    "At every step": {
        "help": "Help", "status": "How is it?", "undo": "Undo", "hold": "Hold", "photo": "Photo", "yes": "Yes",
        "no": "No", "skip": "Skip", "lock": "Lock", "sign_out": "Sign out",
    },
    "Danger": {
        "stop": "Stop", "stop_leak": "Leaking", "stop_battery": "Battery", "stop_biohazard": "Biohazard",
        "stop_property": "Found property",
    },
    "Truck and tote": {
        "receive": "Receive parcels", "work": "Work parcels", "carrier": "Carrier", "manifest": "Manifest",
        "seal": "Seal", "piece": "Piece n of m", "weight": "Weight", "damage": "Damaged outside",
        "put_away": "Put away", "close": "Close container", "empty": "Container is empty",
    },
    "Parcel": {
        "no_label": "No label", "blind": "Blind return", "refuse": "Refuse parcel", "rts": "Never delivered",
        "done": "Done", "short": "The rest is missing",
    },
    "Item and label": {
        "sealed": "Factory sealed", "all": "All of them", "split": "Split", "reprint": "Print again",
        "printer": "Another printer", "later": "Label later",
    },
}  # fmt: skip


def command_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """(group, (code, words) of each): every command that a step takes, answers, quantities, dispositions."""
    from returns_station.domain.scan.plates import COMMANDS, answer_code, command_code, quantity_code
    from returns_station.workflow import accepts

    meant = COMMANDS & set(accepts.COMMANDS)
    named = {word for words in _GROUPS.values() for word in words}
    groups = [
        (title, [(command_code(word), said) for word, said in words.items() if word in meant])
        for title, words in _GROUPS.items()
    ]
    groups.append(("More", [(command_code(word), worded(word)) for word in sorted(meant - named)]))
    groups.append(("Answers", [(answer_code(n), f"Answer {n}") for n in range(1, 10)]))
    groups.append(("Quantities", [(quantity_code(n), counted(n, "piece")) for n in QUANTITIES]))
    groups.append(("Dispositions", dispositions()))
    return [(title, rows) for title, rows in groups if rows]


def dispositions() -> list[tuple[str, str]]:
    from returns_station.domain.codes import Disposition
    from returns_station.domain.scan.plates import disposition_code
    from returns_station.wording import DISPOSITIONS

    return [
        (disposition_code(one.value), DISPOSITIONS.get(one.value, worded(one.value))) for one in Disposition
    ]


def worded(code: str) -> str:
    return code.replace("_", " ").capitalize()


def places(engine: "Engine", model: type, kind: str, site: str) -> list["Item"]:
    from sqlalchemy import select

    from returns_station.store import tables

    place = tables.table(model)
    with engine.connect() as connection:
        rows = connection.execute(select(place).where(place.c.site == site).order_by(place.c.code)).all()
    return [_place(row, kind) for row in rows]


def _place(row: "Row[tuple[object, ...]]", kind: str) -> "Item":
    from returns_station.hardware.sheets import Item

    return Item(kind, row.code, worded(row.kind), tuple(worded(one) for one in jsons.loads(row.purposes)))
