"""What was sent to a target about each return, reversals netted, and what our own books say beside it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, func, or_, select

from returns_station.domain.axes import ParcelWork, Placement, Reception, SettlementState, SyncState
from returns_station.store import tables as t
from returns_station.store.outbox.rows import TABLE, OutboxRow, as_row, selecting, stamp

_return, _line, _unit = t.table(t.Authorization), t.table(t.ReturnLine), t.table(t.ReturnUnit)
_parcel, _settlement = t.table(t.Parcel), t.table(t.Settlement)
_GONE: Final = (SyncState.WITHDRAWN.value, SyncState.SHADOW.value)


@dataclass(frozen=True, slots=True)
class SentReceipt:
    """A parcel that the target was told of; `completed` once it was told that nothing more is in it."""

    parcel_id: str
    plate: str
    completed: bool
    reference: str | None


@dataclass(frozen=True, slots=True)
class SentUnit:
    """A unit as the target was last told of it; `place` is where it can be had. `reference` None: it keeps none there."""

    unit_id: str
    lpn: str
    sku: str
    quantity: int
    disposition: str | None
    place: str | None
    parcel_id: str
    completed: bool
    reference: str | None


@dataclass(frozen=True, slots=True)
class SentRefund:
    """Money of a settlement that the target acknowledged, in minor units."""

    settlement_id: str
    amount_minor: int
    currency: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class LineSums:
    """A line of a return in our own books, in pieces: expected = received + short + awaiting."""

    sku: str
    expected: int
    received: int
    short: int
    awaiting: int


@dataclass(frozen=True, slots=True)
class OwnUnit:
    """A unit that was put, with the quantity the target was told or is about to be told; None for nothing at all."""

    unit_id: str
    lpn: str
    sku: str
    quantity: int
    told: int | None


@dataclass(frozen=True, slots=True)
class OwnRefund:
    """A settlement that was released, with the amount the target was told or is about to be told; None for nothing."""

    settlement_id: str
    amount_minor: int
    currency: str
    told: int | None


@dataclass(frozen=True, slots=True)
class SentReturn:
    """A return as one target knows it from us.

    `effects` are its acknowledged rows in order. `underway` holds the parcels, units and settlements about which
    something may have reached the target that it has not acknowledged: it is compared when it has.
    """

    return_id: str
    number: str
    order_number: str | None
    effects: tuple[OutboxRow, ...]
    receipts: tuple[SentReceipt, ...] = ()
    units: tuple[SentUnit, ...] = ()
    refunds: tuple[SentRefund, ...] = ()
    underway: frozenset[str] = frozenset()
    lines: tuple[LineSums, ...] = ()
    own_units: tuple[OwnUnit, ...] = ()
    own_refunds: tuple[OwnRefund, ...] = ()


def sent_returns(
    engine: Engine, target: str, *, since: datetime | None = None, number: str | None = None
) -> tuple[str, ...]:
    """Ids of returns of which the target acknowledged something, since an instant, or those of this number."""
    query = (
        select(TABLE.c.return_id, func.min(TABLE.c.created_at))
        .where(TABLE.c.target == target, TABLE.c.state == SyncState.ACKNOWLEDGED.value)
        .group_by(TABLE.c.return_id)
        .order_by(func.min(TABLE.c.created_at), TABLE.c.return_id)
    )
    if since is not None:
        query = query.where(TABLE.c.settled_at >= stamp(since))
    if number is not None:
        named = select(_return.c.id).where(or_(_return.c.number == number, _return.c.id == number))
        query = query.where(TABLE.c.return_id.in_(named))
    with engine.connect() as connection:
        return tuple(row[0] for row in connection.execute(query))


def sent_return(engine: Engine, target: str, return_id: str) -> SentReturn:
    """One return as the target knows it from us."""
    with engine.connect() as connection:
        rows = [
            as_row(row)
            for row in connection.execute(
                selecting()
                .where(TABLE.c.return_id == return_id, TABLE.c.target == target)
                .where(TABLE.c.state.not_in(_GONE))
                .order_by(TABLE.c.ordinal)
            )
        ]
        said = tuple(row for row in rows if row.state is SyncState.ACKNOWLEDGED)
        head = connection.execute(
            select(_return.c.number, _return.c.order_number).where(_return.c.id == return_id)
        ).first()
        standing = list(_standing(rows))
        return SentReturn(
            return_id,
            head.number if head else _told(rows, "return_number") or return_id,
            head.order_number if head else _told(rows, "order_number"),
            said,
            *_netted(said),
            frozenset(_underway(rows)),
            tuple(_lines(connection, return_id)),
            tuple(_own_units(connection, return_id, standing)),
            tuple(_own_refunds(connection, return_id, standing)),
        )


def _told(rows: Iterable[OutboxRow], name: str) -> str | None:
    """A number as the target was told it, where the return itself is not here."""
    told = (json.loads(row.body).get(name) for row in rows)
    return next((str(number) for number in told if number), None)


# --- what was sent ----------------------------------------------------------------------------------------------------

_Row = tuple[OutboxRow, Mapping[str, Any]]


def _standing(rows: Iterable[OutboxRow]) -> Iterator[_Row]:
    """The rows that no other of them takes back, with their bodies; reversals themselves are left out."""
    read = [(row, json.loads(row.body)) for row in rows]
    gone = {body.get("reverses") for _, body in read}
    return ((row, body) for row, body in read if row.id not in gone and "reverses" not in body)


def _netted(
    said: Sequence[OutboxRow],
) -> tuple[tuple[SentReceipt, ...], tuple[SentUnit, ...], tuple[SentRefund, ...]]:
    by_type: dict[str, list[_Row]] = {}
    for row, body in _standing(said):
        by_type.setdefault(row.type.removeprefix("returns."), []).append((row, body))
    closed = {_parcel_id(row, body) for row, body in by_type.get("completed", ())}
    moved = {row.unit_id: body["location"] for row, body in by_type.get("available", ()) if row.reference}
    receipts = {body["parcel_id"]: (row, body) for row, body in by_type.get("receipt", ())}
    units = {body["unit_id"]: (row, body) for row, body in by_type.get("stock", ())}
    return (
        tuple(
            SentReceipt(id, body["plate"], id in closed, row.reference)
            for id, (row, body) in receipts.items()
        ),
        tuple(_unit_of(row, body, moved, closed) for row, body in units.values()),
        tuple(
            SentRefund(body["settlement_id"], body["amount_minor"], body["currency"], row.reference)
            for row, body in by_type.get("refund", ())
        ),
    )


def _unit_of(
    row: OutboxRow, body: Mapping[str, Any], moved: Mapping[str | None, str], closed: set[str]
) -> SentUnit:
    return SentUnit(
        body["unit_id"],
        body["lpn"] or body["unit_id"],
        body["sku"],
        body["quantity"],
        body.get("disposition"),
        moved.get(row.unit_id, body.get("location")),
        _parcel_id(row, body),
        _parcel_id(row, body) in closed,
        row.reference,
    )


def _parcel_id(row: OutboxRow, body: Mapping[str, Any]) -> str:
    return str(body.get("parcel_id") or row.parcel_id or "")


def _underway(rows: Iterable[OutboxRow]) -> Iterator[str]:
    for row in rows:
        if row.state is not SyncState.ACKNOWLEDGED and row.attempts:
            yield from (one for one in (row.unit_id or row.settlement_id or row.parcel_id,) if one)


# --- our own books ----------------------------------------------------------------------------------------------------


def _lines(connection: Connection, return_id: str) -> Iterator[LineSums]:
    received = (
        select(func.coalesce(func.sum(_unit.c.quantity), 0))
        .where(_unit.c.return_line_id == _line.c.id, _unit.c.reception == Reception.RECEIVED.value)
        .scalar_subquery()
    )
    query = select(_line.c.sku, _line.c.expected, received, _line.c.short)
    for sku, expected, came, short in connection.execute(query.where(_line.c.authorization_id == return_id)):
        yield LineSums(sku, expected, int(came), short, max(0, expected - int(came) - short))


def _own_units(connection: Connection, return_id: str, standing: Sequence[_Row]) -> Iterator[OwnUnit]:
    """Units of closed parcels that were put, where the target hears of stock and of their parcel at all."""
    told = {body["unit_id"]: int(body["quantity"]) for row, body in standing if row.type == "returns.stock"}
    if not told:
        return
    heard = {_parcel_id(row, body) for row, body in standing if row.type == "returns.receipt"}
    query = (
        select(_unit.c.id, _unit.c.lpn, _unit.c.sku, _unit.c.quantity, _unit.c.parcel_id)
        .join(_parcel, _parcel.c.id == _unit.c.parcel_id)
        .where(_unit.c.return_id == return_id, _parcel.c.work == ParcelWork.CLOSED.value)
        .where(_unit.c.reception == Reception.RECEIVED.value, _unit.c.placement == Placement.PUT.value)
        .where(~_in_the_shadow(return_id, TABLE.c.unit_id == _unit.c.id))
    )
    for id, lpn, sku, quantity, parcel_id in connection.execute(query):
        if parcel_id in heard:
            yield OwnUnit(id, lpn or id, sku, quantity, told.get(id))


def _own_refunds(connection: Connection, return_id: str, standing: Sequence[_Row]) -> Iterator[OwnRefund]:
    told = {
        body["settlement_id"]: int(body["amount_minor"])
        for row, body in standing
        if row.type == "returns.refund"
    }
    if not told:
        return
    query = (
        select(_settlement.c.id, _settlement.c.amount_minor, _settlement.c.currency)
        .where(_settlement.c.return_id == return_id, _settlement.c.state == SettlementState.RELEASED.value)
        .where(_settlement.c.amount_minor > 0)
        .where(~_in_the_shadow(return_id, TABLE.c.settlement_id == _settlement.c.id))
    )
    for id, amount, currency in connection.execute(query):
        yield OwnRefund(id, amount, currency, told.get(id))


def _in_the_shadow(return_id: str, whose: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the old system books it."""
    shadow = TABLE.c.state == SyncState.SHADOW.value
    return select(TABLE.c.id).where(TABLE.c.return_id == return_id, whose, shadow).exists()
