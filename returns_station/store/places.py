"""What places and containers hold, and which of them suits: answers to the session's needs, by indexed reads."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, or_, select

from returns_station.domain.axes import ParcelWork, Reception
from returns_station.domain.nouns import Place, ReturnUnit
from returns_station.store import tables as t
from returns_station.store.snapshots import unit_from_row
from returns_station.workflow.ports import InCage, Suggest, UnitsById, UnitsIn

_unit = t.table(t.ReturnUnit)
_parcel = t.table(t.Parcel)
_container = t.table(t.Container)
_location = t.table(t.Location)
_LIVING = _unit.c.reception == Reception.RECEIVED.value
_CONTAINER = select(_container).where(_container.c.code == bindparam("id"))
_LOCATION = select(_location).where(_location.c.code == bindparam("id"))
_HOLDS = select(func.coalesce(func.sum(_unit.c.quantity), 0)).where(
    _unit.c.container == bindparam("id"), _LIVING
)
_UNITS_IN = (
    select(_unit).where(_unit.c.container == bindparam("id"), _LIVING).order_by(_unit.c.return_id, _unit.c.id)
)
_IN_CAGE = (
    select(func.count())
    .select_from(_parcel)
    .where(_parcel.c.cage == bindparam("id"), _parcel.c.work == ParcelWork.WAITING.value)
)


def load_place(connection: Connection, code: str) -> Place | None:
    """A container or a location by its code."""
    row = connection.execute(_CONTAINER, {"id": code}).first()
    if row is not None:
        return _as_container(connection, row)
    row = connection.execute(_LOCATION, {"id": code}).first()
    return Place(row.code, tuple(json.loads(row.purposes))) if row else None


def _as_container(connection: Connection, row: Row[Any]) -> Place:
    holds = connection.execute(_HOLDS, {"id": row.code}).scalar_one()
    return Place(
        row.code, tuple(json.loads(row.purposes)), True, row.state, row.capacity, holds, row.location
    )


def in_cage(connection: Connection, need: InCage) -> int:
    """Parcels in a cage that wait to be opened."""
    return int(connection.execute(_IN_CAGE, {"id": need.code}).scalar_one())


def units_in(connection: Connection, need: UnitsIn) -> tuple[ReturnUnit, ...]:
    """The living units in a container."""
    return _with_findings(connection, connection.execute(_UNITS_IN, {"id": need.code}).all())


def units_by_id(connection: Connection, need: UnitsById) -> tuple[ReturnUnit, ...]:
    """Units by their ids."""
    found = select(_unit).where(_unit.c.id.in_(need.ids)).order_by(_unit.c.id)
    return _with_findings(connection, connection.execute(found).all())


def _with_findings(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[ReturnUnit, ...]:
    """Units with what was seen on them, all findings in one read."""
    table = t.table(t.UnitFinding)
    by_unit: dict[str, list[Row[Any]]] = {}
    found = select(table).where(table.c.unit_id.in_([row.id for row in rows])).order_by(table.c.position)
    for finding in connection.execute(found) if rows else ():
        by_unit.setdefault(finding.unit_id, []).append(finding)
    return tuple(unit_from_row(row, by_unit.get(row.id, ())) for row in rows)


@cache
def _totes(purposes: tuple[str, ...]) -> Select[Any]:
    """Open containers with one of these purposes, by code."""
    fit = or_(*(_container.c.purposes.like(f'%"{p}"%') for p in purposes))
    return select(_container).where(_container.c.state == "open", fit).order_by(_container.c.code)


@cache
def _bins(purposes: tuple[str, ...]) -> Select[Any]:
    """The first place with one of these purposes, by code."""
    fit = or_(*(_location.c.purposes.like(f'%"{p}"%') for p in purposes))
    return select(_location).where(fit).order_by(_location.c.code).limit(1)


def suggest(connection: Connection, need: Suggest) -> Place | None:
    """An open container with room first, a bin else; by code, so that the same place is named until it is full."""
    if not need.purposes:
        return None
    for found in connection.execute(_totes(need.purposes)).all():
        place = _as_container(connection, found)
        if place.capacity is None or place.holds + need.quantity <= place.capacity:
            return place
    row = connection.execute(_bins(need.purposes)).first()
    return Place(row.code, tuple(json.loads(row.purposes))) if row else None
