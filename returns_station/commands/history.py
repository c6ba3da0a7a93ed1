"""What is known of one thing: how it is now, what happened to it, who was told, which labels it got."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, Table, select

from returns_station.domain.scan import Kind, read
from returns_station.errors import StationError
from returns_station.store import outbox
from returns_station.store import tables as t

MOST: Final = 1000
"""Events, effects and labels of one thing at most; the newest."""

_scannable, _event, _outbox, _job = (t.table(one) for one in (t.Scannable, t.Event, t.Outbox, t.PrintJob))
_unit, _parcel, _authorization = (t.table(one) for one in (t.ReturnUnit, t.Parcel, t.Authorization))
_order, _line, _product, _code = (
    t.table(one) for one in (t.SalesOrder, t.OrderLine, t.Product, t.ProductCode)
)
_container, _location, _badge, _worker = (
    t.table(one) for one in (t.Container, t.Location, t.Badge, t.Worker)
)
_return_line = t.table(t.ReturnLine)

_SILENT: Final = frozenset({"answers", "decision", "hash"})
"""Columns that say nothing to a person."""


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that a text names: `kind` as in the table `scannable`, or event or effect; `ref` its id."""

    kind: str
    value: str
    ref: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose events, effects and labels belong to a thing."""

    parcels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()


@dataclass(slots=True)
class Story:
    """A thing and its scope; `state` is its row, `parts` are rows that belong to it."""

    named: Named
    state: dict[str, Any]
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)


def find(connection: Connection, text: str) -> list[Named]:
    """Everything that a scanned or typed text names. Raises StationError `show.unknown`."""
    reading = read(text.encode("utf-8", "surrogateescape"))
    values = dict.fromkeys(c.value for c in reading.candidates if c.valid and c.kind is not Kind.COMMAND)
    values |= dict.fromkeys([reading.text, text.strip(" \t\r\n")])
    rows = connection.execute(
        select(_scannable)
        .where(_scannable.c.value.in_(list(values)))
        .order_by(_scannable.c.kind, _scannable.c.ref)
    )
    found = [Named(row.kind, row.value, row.ref) for row in rows]
    for kind, table in (("event", _event), ("effect", _outbox)):
        ids = connection.execute(select(table.c.id).where(table.c.id.in_(list(values))))
        found += [Named(kind, id, id) for id in ids.scalars()]
    if not found:
        raise StationError(
            "show.unknown",
            f"Nothing here is called {text!r}.",
            "Scan or type a plate, label, tracking, return or order number, or the id of an event or effect.",
        )
    return list({(_noun(one.kind), one.ref): one for one in found}.values())


def _noun(kind: str) -> str:
    return _NOUNS.get(kind, kind)


_NOUNS: Final = {
    "plate": "parcel",
    "rma": "authorization",
    "tracking": "authorization",
    "outbound": "order",
    "lpn": "unit",
    "unit_serial": "unit",
    "gtin": "product",
    "sku": "product",
    "badge": "worker",
    "serial": "order line",
}


def noun(named: Named) -> str:
    """What the thing is, in a word."""
    return _noun(named.kind)


def story(connection: Connection, named: Named) -> Story:
    """How the thing is now, and whose history is its own."""
    return _STORIES[_noun(named.kind)](connection, named)


def _row(connection: Connection, table: Table, column: Any, value: str) -> dict[str, Any]:
    row = connection.execute(select(table).where(column == value)).first()
    return _values(row) if row is not None else {}


def _rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [_values(row) for row in connection.execute(query.limit(MOST))]


def _values(row: Row[Any]) -> dict[str, Any]:
    return {
        name: json.loads(value) if isinstance(value, bytes) else value
        for name, value in row._mapping.items()
        if name not in _SILENT and value is not None
    }


def _of_parcel(connection: Connection, named: Named) -> Story:
    units = _rows(connection, select(_unit).where(_unit.c.parcel_id == named.ref).order_by(_unit.c.id))
    state = _row(connection, _parcel, _parcel.c.id, named.ref)
    return Story(named, state, {"units": units}, Scope((named.ref,), tuple(unit["id"] for unit in units)))


def _of_unit(connection: Connection, named: Named) -> Story:
    findings = t.table(t.UnitFinding)
    seen = _rows(
        connection, select(findings).where(findings.c.unit_id == named.ref).order_by(findings.c.position)
    )
    state = _row(connection, _unit, _unit.c.id, named.ref)
    return Story(named, state, {"findings": seen}, Scope(units=(named.ref,)))


def _of_authorization(connection: Connection, named: Named) -> Story:
    lines = _rows(connection, select(_return_line).where(_return_line.c.authorization_id == named.ref))
    state = _row(connection, _authorization, _authorization.c.id, named.ref)
    parcels, scope = _of_returns(connection, [named.ref])
    return Story(named, state, {"lines": lines, "parcels": parcels}, scope)


def _of_order(connection: Connection, named: Named) -> Story:
    lines = _rows(connection, select(_line).where(_line.c.order_id == named.ref).order_by(_line.c.line_id))
    held = select(_authorization).where(_authorization.c.order_id == named.ref).order_by(_authorization.c.id)
    returns = _rows(connection, held)
    _, scope = _of_returns(connection, [row["id"] for row in returns])
    state = _row(connection, _order, _order.c.id, named.ref)
    return Story(named, state, {"lines": lines, "returns": returns}, scope)


def _of_returns(connection: Connection, ids: Sequence[str]) -> tuple[list[dict[str, Any]], Scope]:
    """The parcels of some returns, and the scope of all that came of them."""
    parcels: dict[str, dict[str, Any]] = {}
    for id in ids:
        found = _rows(
            connection, select(_parcel).where(_parcel.c.returns.like(f'%"{id}"%')).order_by(_parcel.c.id)
        )
        parcels |= {parcel["id"]: parcel for parcel in found}
    units = connection.execute(
        select(_unit.c.id).where(_unit.c.parcel_id.in_(list(parcels)), _unit.c.return_id.in_(ids))
    )
    return list(parcels.values()), Scope(tuple(parcels), tuple(units.scalars()), tuple(ids))


def _of_order_line(connection: Connection, named: Named) -> Story:
    units = _rows(
        connection, select(_unit).where(_unit.c.order_line_id == named.ref, _unit.c.serial == named.value)
    )
    state = _row(connection, _line, _line.c.id, named.ref)
    return Story(named, state, {"units": units}, Scope(units=tuple(unit["id"] for unit in units)))


def _of_product(connection: Connection, named: Named) -> Story:
    codes = _rows(connection, select(_code).where(_code.c.product_id == named.ref).order_by(_code.c.code))
    return Story(named, _row(connection, _product, _product.c.id, named.ref), {"codes": codes})


def _of_container(connection: Connection, named: Named) -> Story:
    inside = _rows(connection, select(_unit).where(_unit.c.container == named.ref).order_by(_unit.c.id))
    return Story(named, _row(connection, _container, _container.c.code, named.ref), {"units": inside})


def _of_location(connection: Connection, named: Named) -> Story:
    return Story(named, _row(connection, _location, _location.c.code, named.ref))


def _of_worker(connection: Connection, named: Named) -> Story:
    badge = _row(connection, _badge, _badge.c.code, named.ref)
    state = _row(connection, _worker, _worker.c.id, badge.get("worker_id", named.ref))
    return Story(named, state | badge, scope=Scope(workers=(state["id"],) if state else ()))


def _of_event(connection: Connection, named: Named) -> Story:
    return Story(named, _row(connection, _event, _event.c.id, named.ref), scope=Scope(events=(named.ref,)))


def _of_effect(connection: Connection, named: Named) -> Story:
    state = _row(connection, _outbox, _outbox.c.id, named.ref)
    state["body"] = json.loads(state["body"])
    units = tuple(id for id in (state.get("unit_id"),) if id)
    parcels = tuple(id for id in (state.get("parcel_id"),) if id and not units)
    return Story(named, state, scope=Scope(parcels, units, effects=(named.ref,)))


_STORIES: Final = {
    "parcel": _of_parcel,
    "unit": _of_unit,
    "authorization": _of_authorization,
    "order": _of_order,
    "order line": _of_order_line,
    "product": _of_product,
    "container": _of_container,
    "location": _of_location,
    "worker": _of_worker,
    "event": _of_event,
    "effect": _of_effect,
}


# --- what happened, who was told, what was printed --------------------------------------------------------------------


def events(connection: Connection, scope: Scope) -> list[dict[str, Any]]:
    """The newest events of a scope, oldest of them first."""
    names = (
        "sequence",
        "id",
        "at",
        "type",
        "worker_id",
        "station",
        "epoch",
        "device",
        "parcel_id",
        "unit_id",
    )
    found = _any(
        connection,
        [_event.c[name] for name in names],
        (
            (_event.c.parcel_id, scope.parcels),
            (_event.c.unit_id, scope.units),
            (_event.c.worker_id, scope.workers),
            (_event.c.id, scope.events),
        ),
        _event.c.sequence,
    )
    return [found[key] for key in sorted(found)][-MOST:]


def effects(connection: Connection, scope: Scope) -> list[dict[str, Any]]:
    """The effects of a scope in the order they were born, each with a sentence of where it stands."""
    names = ("id", "type", "target", "state", "created_at", "return_id", "ordinal", "reference", "problem")
    if scope.effects:
        wanted: tuple[tuple[Any, tuple[str, ...]], ...] = ((_outbox.c.id, scope.effects),)
    elif scope.returns:
        wanted = ((_outbox.c.return_id, scope.returns),)
    else:
        wanted = ((_outbox.c.parcel_id, scope.parcels), (_outbox.c.unit_id, scope.units))
    found = _any(connection, [_outbox.c[name] for name in names], wanted, _outbox.c.id)
    rows = sorted(found.values(), key=lambda row: (row["created_at"], row["return_id"], row["ordinal"]))
    return [{**row, "sentence": outbox.why(connection.engine, row["id"]).sentence} for row in rows[-MOST:]]


def labels(connection: Connection, scope: Scope) -> list[dict[str, Any]]:
    """The labels that were asked for in a scope, oldest first."""
    names = ("id", "kind", "model", "state", "reprint", "asked_at", "sent_at", "problem")
    wanted = ((_job.c.unit_id, scope.units), (_job.c.parcel_id, scope.parcels))
    found = _any(connection, [_job.c[name] for name in names], wanted, _job.c.id)
    rows = sorted(found.values(), key=lambda row: (row["asked_at"], row["id"]))[-MOST:]
    return [{"label": json.loads(row.pop("model"))["code"], **row} for row in rows]


def _any(
    connection: Connection,
    columns: Sequence[Any],
    wanted: Iterable[tuple[Any, Sequence[str]]],
    key: Any,
) -> dict[Any, dict[str, Any]]:
    """Rows in which any of the columns holds any of its values, by `key`; one indexed question a column."""
    found: dict[Any, dict[str, Any]] = {}
    for column, values in wanted:
        for start in range(0, len(values), 500):
            asked = select(*columns).where(column.in_(list(values[start : start + 500])))
            rows = connection.execute(asked.order_by(key.desc()).limit(MOST))
            found |= {row._mapping[key.name]: dict(row._mapping) for row in rows}
    return found
