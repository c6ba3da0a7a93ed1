"""The worklist of targets without a system: what a person has to do there, and who ticked it when."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects.sqlite import insert

from returns_station.domain.money import decimal
from returns_station.errors import StationError
from returns_station.store import tables as t
from returns_station.store.outbox import stamp, writing
from returns_station.wording import sentence

_refs, _outbox, _authorization = (t.table(one) for one in (t.UpstreamRef, t.Outbox, t.Authorization))
_TASK, _TICK, _VALUE = "task:", "done:", "worklist"
_ENDING: Final = 4
"""Characters at the end of a key that name it, at least."""
_REVERSED: Final = ".reversed"
_HINT: Final = "`returns-station worklist --all` shows them all."


class TaskState(StrEnum):
    """`withdrawn`: taken back before anybody had done it; the one that takes it back is then withdrawn as well."""

    OPEN = "open"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Task:
    """One line: what to do, in the language spoken. `minor` is what it gives back in `currency`, None without money."""

    key: str
    target: str
    type: str
    return_id: str
    number: str
    at: str
    state: TaskState
    sentence: str
    minor: int | None = None
    currency: str | None = None
    by: str | None = None
    done_at: str | None = None


@dataclass(frozen=True, slots=True)
class OpenMoney:
    """Money that a person still has to move, of one target and currency."""

    target: str
    currency: str
    tasks: int
    minor: int
    """Minor units to give back, less those to take back."""

    @property
    def amount(self) -> str:
        """As people write it: "12.50 EUR"."""
        return f"{decimal(self.minor, self.currency)} {self.currency}"


def tasks(engine: Engine, target: str | None = None) -> list[Task]:
    """Every task, by target and then oldest first."""
    with engine.connect() as connection:
        return _tasks(connection, target)


def open_money(engine: Engine) -> tuple[OpenMoney, ...]:
    """What of the open tasks is money, by target and currency."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    with engine.connect() as connection:
        found = _tasks(connection, None, "returns.refund%")
    for task in found:
        if task.state is TaskState.OPEN and task.minor is not None and task.currency:
            count, minor = sums.get((task.target, task.currency), (0, 0))
            sums[task.target, task.currency] = count + 1, minor + task.minor
    return tuple(OpenMoney(*key, *sum_) for key, sum_ in sorted(sums.items()))


def tick(engine: Engine, keys: Sequence[str], by: str, now: datetime) -> list[Task]:
    """Ticks tasks, all or none; one that is ticked stays as it was. A key may be given by its end, of four or more.

    Raises StationError `worklist.unknown`, `worklist.several` or `worklist.nothing`.
    A task that was withdrawn can be ticked, for somebody may have done it before: what takes it back is then open.
    """
    return _change(engine, keys, {"done": True, "by": by, "at": stamp(now)}, now)


def untick(engine: Engine, keys: Sequence[str], by: str, now: datetime) -> list[Task]:
    """Opens tasks again, all or none; StationError as `tick`, `worklist.open`, `worklist.taken_back`."""
    return _change(engine, keys, {"done": False, "by": by, "at": stamp(now)}, now)


def _change(engine: Engine, keys: Sequence[str], value: Mapping[str, Any], now: datetime) -> list[Task]:
    with writing(engine) as connection:
        found = {task.key: task for task in _tasks(connection, None)}
        back = _reversals(connection)
        named = list(dict.fromkeys(_named(key, found) for key in keys))
        for key in named:
            _check(found[key], found, back, done=bool(value["done"]))
        for key in named:
            if found[key].state is not TaskState.DONE or not value["done"]:
                _put(connection, found[key], json.dumps(value), stamp(now))
        after = {task.key: task for task in _tasks(connection, None)}
    return [after[key] for key in named]


def _named(key: str, found: Mapping[str, Task]) -> str:
    """A whole key by itself, or by its end, for a person types it."""
    fits = [key] if key in found else [one for one in found if len(key) >= _ENDING and one.endswith(key)]
    if len(fits) > 1:
        raise StationError("worklist.several", f"{len(fits)} tasks end in {key!r}.", "Give more of its end.")
    if not fits:
        raise StationError("worklist.unknown", f"No task is called {key!r}.", _HINT)
    return fits[0]


def _check(task: Task, found: Mapping[str, Task], back: Mapping[str, str], *, done: bool) -> None:
    if done and task.state is TaskState.WITHDRAWN and task.type.endswith(_REVERSED):
        sentence = f"{task.key} takes back what nobody has done, so there is nothing to do."
        raise StationError("worklist.nothing", sentence, "If it was done after all, tick that task first.")
    if done:
        return
    if task.state is not TaskState.DONE:
        raise StationError("worklist.open", f"{task.key} is not ticked.", _HINT)
    reversal = found.get(back.get(task.key, ""))
    if reversal is not None and reversal.state is TaskState.DONE:
        sentence = f"{task.key} was taken back by {reversal.key}, which is ticked."
        raise StationError("worklist.taken_back", sentence, "Undo that one first.")


def _put(connection: Connection, task: Task, value: str, at: str) -> None:
    told: dict[str, Any] = {"value": value, "put_at": at}
    row = insert(_refs).values(target=task.target, return_id=task.return_id, name=_TICK + task.key, **told)
    keys = ["target", "return_id", "name"]
    connection.execute(row.on_conflict_do_update(index_elements=keys, set_=told))


# --- reading ----------------------------------------------------------------------------------------------------------


def _tasks(connection: Connection, target: str | None, kind: str = "%") -> list[Task]:
    rows = _rows(connection, target, kind)
    bodies = {row.id: (row.type, json.loads(row.body)) for row in rows}
    ticks = {row.id: json.loads(row.tick) if row.tick else {} for row in rows}
    done = {key for key, told in ticks.items() if told.get("done")}
    back = {
        str(body.get("reverses")): key for key, (kind, body) in bodies.items() if kind.endswith(_REVERSED)
    }
    told = []
    for row in rows:
        kind, body = bodies[row.id]
        number = str(body.get("return_number") or row.number or row.return_id)
        said = _sentence(kind, body, number)
        minor, currency = _money(kind, body)
        state = _state(row.id, kind, body, done, back)
        tick = ticks[row.id] if state is TaskState.DONE else {}
        one = (row.id, row.target, kind, row.return_id, number, row.created_at, state, said)
        told.append(Task(*one, minor, currency, tick.get("by"), tick.get("at")))
    return told


def _rows(connection: Connection, target: str | None, kind: str) -> Sequence[Any]:
    tick = _refs.alias("tick")
    same = (_refs.c.target == _outbox.c.target, _refs.c.return_id == _outbox.c.return_id)
    asked = (
        select(
            *(_outbox.c[name] for name in ("id", "target", "type", "return_id", "body", "created_at")),
            _authorization.c.number,
            tick.c.value.label("tick"),
        )
        .join(_refs, (_refs.c.name == _TASK + _outbox.c.id) & same[0] & same[1] & (_refs.c.value == _VALUE))
        .outerjoin(
            tick,
            (tick.c.target == _outbox.c.target)
            & (tick.c.return_id == _outbox.c.return_id)
            & (tick.c.name == _TICK + _outbox.c.id),
        )
        .outerjoin(_authorization, _authorization.c.id == _outbox.c.return_id)
        .where(_outbox.c.type.like(kind))
        .order_by(_outbox.c.target, _outbox.c.created_at, _outbox.c.return_id, _outbox.c.ordinal)
    )
    return connection.execute(asked if target is None else asked.where(_outbox.c.target == target)).all()


def _reversals(connection: Connection) -> dict[str, str]:
    """What takes each effect back."""
    reverses = func.json_extract(_outbox.c.body, "$.reverses")
    asked = select(reverses, _outbox.c.id).where(_outbox.c.type.endswith(_REVERSED))
    return {str(row[0]): str(row[1]) for row in connection.execute(asked)}


def _state(
    key: str, kind: str, body: Mapping[str, Any], done: set[str], back: Mapping[str, str]
) -> TaskState:
    if key in done:
        return TaskState.DONE
    if kind.endswith(_REVERSED):
        return TaskState.OPEN if str(body.get("reverses")) in done else TaskState.WITHDRAWN
    return TaskState.WITHDRAWN if key in back else TaskState.OPEN


def _money(kind: str, body: Mapping[str, Any]) -> tuple[int | None, str | None]:
    if not kind.startswith("returns.refund") or body.get("amount_minor") is None:
        return None, None
    sign = -1 if kind.endswith(_REVERSED) else 1
    return sign * int(body["amount_minor"]), str(body["currency"])


def _sentence(kind: str, body: Mapping[str, Any], number: str) -> str:
    code = kind.removeprefix("returns.")
    if code.endswith(_REVERSED):
        code = code.removesuffix(_REVERSED)
        return sentence("work.back", {"task": _sentence(f"returns.{code}", body, number)})
    if code == "refund":
        code = str(body.get("outcome") or "refund")
    minor, currency = _money(kind, body)
    told = {name: "-" if value is None else value for name, value in body.items()}
    told |= {
        "number": number,
        "order": body.get("order_number") or "-",
        "amount": f"{decimal(minor, currency)} {currency}" if minor is not None and currency else "?",
        "place": body.get("location") or "-",
        "pieces": _pieces(body.get("lines")),
        "item": f"{body.get('quantity')} × {body.get('sku')}",
        "label": body.get("lpn") or "-",
    }
    return sentence(f"work.{code}", {name: value for name, value in told.items() if name in _BLANKS})


_BLANKS: Final = frozenset(
    {"number", "order", "amount", "place", "pieces", "item", "label", "plate", "disposition"}
)


def _pieces(lines: object) -> str:
    rows: Iterable[Any] = lines if isinstance(lines, list) else []
    return ", ".join(f"{row.get('quantity')} × {row.get('sku')}" for row in rows) or "-"
