"""`returns-station show`: the history of anything that can be scanned or typed."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import (
    AsJson,
    ConfigFile,
    columns,
    configured,
    database,
    emit,
    guarded,
    say,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from returns_station.commands.history import Named

_PARTS = {
    "units": ("lpn", "sku", "quantity", "grade", "disposition", "placement", "location", "container"),
    "findings": ("code", "cause", "component"),
    "lines": ("line_id", "sku", "quantity", "expected", "short", "reason"),
    "parcels": ("plate", "work", "opened_at", "closed_at"),
    "returns": ("number", "source", "return_type"),
    "codes": ("code", "factor"),
}


def register(app: typer.Typer) -> None:
    """Adds `show`."""
    app.command()(guarded(show))


def show(
    what: Annotated[
        str, typer.Argument(help="Plate, label, tracking, return or order number, event id, effect id, …")
    ],
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """Tell what is known of anything scannable: how it is, what happened, who was told, what was printed."""
    from returns_station.commands import history

    with database(configured(config)) as engine, engine.connect() as connection:
        found = [_told(connection, named) for named in history.find(connection, what)]
    if json:
        emit({"found": found})
    else:
        for one in found:
            say(*_lines(one))
    return Code.OK


def _told(connection: "Connection", named: "Named") -> dict[str, Any]:
    from returns_station.commands import history

    story = history.story(connection, named)
    return {
        "noun": history.noun(named),
        "kind": named.kind,
        "value": named.value,
        "id": named.ref,
        "state": story.state,
        **story.parts,
        "history": history.events(connection, story.scope),
        "effects": history.effects(connection, story.scope),
        "labels": history.labels(connection, story.scope),
    }


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"{str(told['noun']).capitalize()} {told['value']}"
    yield from (f"  {line}" for line in columns(told["state"].items()))
    for part, names in _PARTS.items():
        yield from _table(part.capitalize(), _present(told.get(part, []), names))
    yield from _table("History", [_event(one) for one in told["history"]])
    yield from _table("Effects", [_effect(one) for one in told["effects"]])
    yield from _table("Labels", [_label(one) for one in told["labels"]])


def _table(title: str, rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    rows = list(rows)
    if rows:
        yield f"{title}:"
        yield from (f"  {line}" for line in columns(rows))


def _present(rows: list[dict[str, Any]], names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """The columns of `names` that any row has, under their names."""
    kept = [name for name in names if any(name in row for row in rows)]
    return [tuple(kept), *(tuple(row.get(name, "") for name in kept) for row in rows)] if kept else []


def _event(one: dict[str, Any]) -> tuple[Any, ...]:
    where = f"station {one['station']}, epoch {one['epoch']}"
    return (_time(one["at"]), one["type"], one["worker_id"] or "nobody", where, f"event {one['sequence']}")


def _effect(one: dict[str, Any]) -> tuple[Any, ...]:
    return (_time(one["created_at"]), one["type"], one["target"], one["state"], one["id"], one["sentence"])


def _label(one: dict[str, Any]) -> tuple[Any, ...]:
    mark = f"reprint {one['reprint']}" if one["reprint"] else "first print"
    return (_time(one["asked_at"]), one["label"], one["state"], mark, one["problem"] or "")


def _time(text: str) -> str:
    return f"{text[:19].replace('T', ' ')} UTC"
