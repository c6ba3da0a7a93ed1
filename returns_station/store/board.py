"""The screen's read side: what is in work, by indexed reads on a connection of its own."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, select

from returns_station.domain.axes import ParcelWork
from returns_station.domain.nouns import Parcel, Product, ReturnAuthorization, ReturnUnit
from returns_station.store import tables as t
from returns_station.store.answers import answer
from returns_station.workflow.board import (
    ArrivedRow,
    Board,
    ContainerCard,
    ExpectedLine,
    LoadCard,
    ParcelCard,
    UnitCard,
    UnitRow,
)
from returns_station.workflow.ports import InCage, Load, UnitsIn, UnitsOf
from returns_station.workflow.state import Receiving, State

MOST_ARRIVED = 30
"""How many parcels of a load are listed; the count is of all of them."""

_parcel = t.table(t.Parcel)
_product = t.table(t.Product)
_authorization = t.table(t.Authorization)
_evidence = t.table(t.Evidence)
_TIMES = select(_parcel.c.arrived_at).where(_parcel.c.id == bindparam("id"))
_PICTURES = select(func.count()).select_from(_evidence).where(_evidence.c.parcel_id == bindparam("id"))
_KEPT = (
    select(_evidence.c.name)
    .where(_evidence.c.parcel_id == bindparam("id"), _evidence.c.name.is_not(None))
    .order_by(_evidence.c.id)
)
_WAITS = _parcel.c.work == ParcelWork.WAITING.value
_NEWEST = select(_parcel).order_by(_parcel.c.id.desc()).limit(MOST_ARRIVED)
_IN_CAGE = _NEWEST.where(_parcel.c.cage == bindparam("cage"), _WAITS)
# Not by the index on cages: nearly every parcel is in none.
_IN_NONE = _NEWEST.where(func.coalesce(_parcel.c.cage, "") == "", _WAITS)


class StationBoard:
    """What the station's screen shows. Safe to ask from any thread; it never waits for a writer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self, state: State) -> Board:
        """The board of a state that is durable. Errors of the database pass through."""
        with self._engine.connect() as connection:
            return Board(
                _parcel_card(connection, state.parcel) if state.parcel else None,
                _unit_card(connection, state, state.unit) if state.unit else None,
                _load_card(connection, state.receiving) if state.receiving else None,
                _container_card(connection, state.container.code) if state.container else None,
            )


def _parcel_card(connection: Connection, parcel: Parcel) -> ParcelCard:
    returns: list[ReturnAuthorization] = [
        answer(connection, Load("authorization", id)) for id in parcel.returns
    ]
    lines = [line for one in returns for line in one.lines]
    products = _products(connection, (line.product_id for line in lines))
    units: tuple[ReturnUnit, ...] = answer(connection, UnitsOf(parcel.id))
    arrived = connection.execute(_TIMES, {"id": parcel.id}).scalar()
    hazards = {row.hazard for row in products.values() if row.hazard}
    return ParcelCard(
        parcel.id,
        parcel.plate,
        tuple(one.number for one in returns),
        parcel.merchant,
        parcel.return_type.value,
        parcel.carrier,
        datetime.fromisoformat(arrived) if arrived else None,
        tuple(
            ExpectedLine(
                line.sku,
                products[line.product_id].title if line.product_id in products else "",
                line.expected,
                line.received,
                line.awaiting,
                line.reason.value,
            )
            for line in lines
        ),
        tuple(map(_unit_row, units)),
        parcel.note,
        tuple(sorted(hazards)),
        parcel.piece,
        parcel.of,
        parcel.weight_grams,
        parcel.damage,
        connection.execute(_PICTURES, {"id": parcel.id}).scalar_one(),
        tuple(connection.execute(_KEPT, {"id": parcel.id}).scalars()),
    )


def _products(connection: Connection, ids: Iterable[str | None]) -> dict[str | None, Any]:
    wanted = {id for id in ids if id}
    found = select(_product.c.id, _product.c.title, _product.c.hazard).where(_product.c.id.in_(wanted))
    return {row.id: row for row in connection.execute(found)} if wanted else {}


def _unit_row(unit: ReturnUnit) -> UnitRow:
    return UnitRow(
        unit.id,
        unit.lpn,
        unit.sku,
        unit.title,
        unit.quantity,
        unit.grade.value if unit.grade else None,
        unit.decision.disposition.value if unit.decision else None,
        unit.container or unit.location,
        unit.placement.value,
    )


def _unit_card(connection: Connection, state: State, unit: ReturnUnit) -> UnitCard:
    product: Product | None = (
        answer(connection, Load("product", unit.product_id)) if unit.product_id else None
    )
    decision = unit.decision
    return UnitCard(
        unit.id,
        unit.lpn,
        unit.sku,
        unit.title,
        unit.quantity,
        unit.identity.value,
        unit.lot,
        unit.expiry,
        unit.serial,
        product.hazard if product else None,
        product.components if product else (),
        tuple(finding.code for finding in unit.findings),
        unit.grade.value if unit.grade else None,
        decision.disposition.value if decision else None,
        decision.reason if decision else None,
        decision.needs_human if decision else False,
        sum(rest.quantity for rest in state.waiting),
        decision.policy if decision else None,
        decision.inputs if decision else (),
        product.image if product else None,
    )


def _load_card(connection: Connection, load: Receiving) -> LoadCard:
    found = _IN_CAGE if load.cage else _IN_NONE
    rows = connection.execute(found, {"cage": load.cage} if load.cage else {}).all()
    numbers = _numbers(connection, {id for row in rows for id in json.loads(row.returns)})
    return LoadCard(
        load.cage,
        load.carrier,
        load.manifest,
        load.seal,
        load.count,
        tuple(
            ArrivedRow(
                row.id,
                row.plate,
                row.scanned,
                tuple(numbers[id] for id in json.loads(row.returns) if id in numbers),
                row.carrier,
                row.piece,
                row.of,
                row.weight_grams,
                row.damage,
            )
            for row in rows
        ),
    )


def _numbers(connection: Connection, ids: set[str]) -> dict[str, str]:
    found = select(_authorization.c.id, _authorization.c.number).where(_authorization.c.id.in_(ids))
    return {row.id: row.number for row in connection.execute(found)} if ids else {}


def _container_card(connection: Connection, code: str) -> ContainerCard | None:
    place = answer(connection, Load("place", code))
    if place is None:
        return None
    units: tuple[ReturnUnit, ...] = answer(connection, UnitsIn(code))
    parcels: int = answer(connection, InCage(code))
    pieces = sum(unit.quantity for unit in units)
    return ContainerCard(code, place.state, place.location, len(units), pieces, parcels)
