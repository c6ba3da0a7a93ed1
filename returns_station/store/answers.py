"""Answers to what the session needs to know, each an indexed read in the step's own transaction."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Select,
    String,
    bindparam,
    func,
    literal,
    select,
)

from returns_station.domain.axes import (
    Arrival,
    EvidenceState,
    ParcelWork,
    Placement,
    Reception,
    SettlementState,
    SyncState,
)
from returns_station.domain.codes import Reason, RefundMeans, RefundTiming, ReturnType, Role
from returns_station.domain.effects import Effect, EffectType
from returns_station.domain.nouns import (
    Evidence,
    Order,
    OrderLine,
    Parcel,
    Payment,
    Product,
    ReturnAuthorization,
    ReturnLine,
    ReturnUnit,
    Worker,
)
from returns_station.store import tables as t
from returns_station.store.places import in_cage, load_place, suggest, units_by_id, units_in
from returns_station.store.snapshots import unit_from_row
from returns_station.workflow.ports import (
    ClosedParcels,
    EffectStates,
    Identify,
    InCage,
    Load,
    Match,
    Need,
    OpenReturns,
    Prints,
    Suggest,
    ToldOf,
    UnitsById,
    UnitsIn,
    UnitsOf,
)

_scannable = t.table(t.Scannable)
_unit = t.table(t.ReturnUnit)
_parcel = t.table(t.Parcel)
_order = t.table(t.SalesOrder)
_line = t.table(t.OrderLine)
_serial = t.table(t.OrderSerial)
_payment = t.table(t.Payment)
_settlement = t.table(t.Settlement)
_authorization = t.table(t.Authorization)
_return_line = t.table(t.ReturnLine)
_product = t.table(t.Product)
_container = t.table(t.Container)
_location = t.table(t.Location)
_outbox = t.table(t.Outbox)
_waiting = t.table(t.WaitingParcel)
_evidence = t.table(t.Evidence)


def _slots(count: int) -> list[BindParameter[str]]:
    """The places of a list of values; a list of a known length is compiled once, an expanding one at every scan."""
    return [bindparam(f"v{n}", type_=String) for n in range(count)]


def _room(values: Iterable[str]) -> tuple[int, dict[str, str]]:
    """A power of two that holds the values, and the values in their places; the last one fills what is left over."""
    listed = list(values)
    count = 1 << max(len(listed) - 1, 0).bit_length()
    listed += listed[-1:] * (count - len(listed))
    return count, {f"v{n}": value for n, value in enumerate(listed)}


@cache
def _identifying(count: int) -> CompoundSelect[Any]:
    """What the values name; and the parcels from the truck that wait for a thing of that name, in the same read."""
    columns = (
        _scannable.c.value,
        _scannable.c.kind,
        _scannable.c.ref,
        _scannable.c.merchant,
        _scannable.c.factor,
    )
    named = select(*columns).where(_scannable.c.value.in_(_slots(count)))
    waiting = (
        select(
            _scannable.c.value,
            literal("waiting").label("kind"),
            _waiting.c.parcel_id,
            _waiting.c.merchant,
            literal(1),
        )
        .join(_waiting, _waiting.c.ref == _scannable.c.ref)
        .where(_scannable.c.value.in_(_slots(count)))
    )
    return named.union_all(waiting).limit(100)


_UNIT = select(_unit).where(_unit.c.id == bindparam("id"))
_FINDINGS = (
    select(t.table(t.UnitFinding))
    .where(t.table(t.UnitFinding).c.unit_id == bindparam("id"))
    .order_by("position")
)
_UNITS_OF = (
    select(_unit)
    .where(_unit.c.parcel_id == bindparam("id"), _unit.c.reception == Reception.RECEIVED.value)
    .order_by(_unit.c.id)
)
_LIVING = _unit.c.reception == Reception.RECEIVED.value
_LINES = select(_line).where(_line.c.order_id == bindparam("id")).order_by(_line.c.line_id)


@cache
def _pieces(count: int) -> Select[Any]:
    """Pieces of order lines that came back; of those the settled ones, and the ones that were put."""
    pieces = func.sum(_unit.c.quantity)
    settled = pieces.filter(_unit.c.settlement_id.is_not(None))
    put = pieces.filter(_unit.c.placement == Placement.PUT.value)
    return (
        select(_unit.c.order_line_id, pieces, settled, put)
        .where(_unit.c.order_line_id.in_(_slots(count)), _LIVING)
        .group_by(_unit.c.order_line_id)
    )


@cache
def _received(count: int) -> Select[Any]:
    """Pieces of return lines that were received."""
    return (
        select(_unit.c.return_line_id, func.sum(_unit.c.quantity))
        .where(_unit.c.return_line_id.in_(_slots(count)), _LIVING)
        .group_by(_unit.c.return_line_id)
    )


@cache
def _serials(count: int) -> Select[Any]:
    return select(_serial).where(_serial.c.order_line_id.in_(_slots(count)))


_ALLOCATED = select(func.coalesce(func.sum(_settlement.c.amount_minor), 0)).where(
    _settlement.c.order_id == bindparam("id"), _settlement.c.state == SettlementState.RELEASED.value
)

_worker_of, _badge = t.table(t.Worker), t.table(t.Badge)
_BADGE = (
    select(_worker_of)
    .join(_badge, _badge.c.worker_id == _worker_of.c.id)
    .where(_badge.c.code == bindparam("id"), _badge.c.revoked_at.is_(None), _worker_of.c.active)
)
_PRODUCT = select(_product).where(_product.c.id == bindparam("id"))
_ORDER = select(_order).where(_order.c.id == bindparam("id"))
_PAYMENTS = select(_payment).where(_payment.c.order_id == bindparam("id")).order_by(_payment.c.reference)
_LINE = select(_line).where(_line.c.id == bindparam("id"))
_AUTHORIZATION = select(_authorization).where(_authorization.c.id == bindparam("id"))
_RETURN_LINES = (
    select(_return_line, _line.c.line_id.label("order_line"))
    .outerjoin(_line, _line.c.id == _return_line.c.order_line_id)
    .where(_return_line.c.authorization_id == bindparam("id"))
    .order_by(_return_line.c.id)
)
_EVIDENCE = select(_evidence).where(_evidence.c.id == bindparam("id"))
_PARCEL = select(_parcel).where(_parcel.c.id == bindparam("id"))


def answer(connection: Connection, need: Need) -> Any:
    """The answer to one need."""
    return _ANSWERS[type(need)](connection, need)


def _identify(connection: Connection, need: Identify) -> tuple[Match, ...]:
    if not need.values:
        return ()
    count, values = _room(need.values)
    rows = connection.execute(_identifying(count), values)
    return tuple(Match(row.value, row.kind, row.ref, row.merchant, row.factor) for row in rows)


def _load(connection: Connection, need: Load) -> Any:
    return _LOADS[need.noun](connection, need.id)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _worker(connection: Connection, badge_code: str) -> Worker | None:
    """The worker behind a badge that is not revoked."""
    row = connection.execute(_BADGE, {"id": badge_code}).first()
    return Worker(row.id, Role(row.role)) if row else None


def _load_product(connection: Connection, id: str) -> Product | None:
    row = connection.execute(_PRODUCT, {"id": id}).first()
    if row is None:
        return None
    return Product(
        row.id,
        row.merchant,
        row.sku,
        row.title,
        row.type,
        row.serial_tracked,
        row.lot_tracked,
        row.expiry_tracked,
        row.hazard,
        tuple(json.loads(row.components)),
        next(iter(json.loads(row.images)), None),
    )


def _load_order(connection: Connection, id: str) -> Order | None:
    row = connection.execute(_ORDER, {"id": id}).first()
    if row is None:
        return None
    payments = tuple(
        Payment(p.reference, p.captured_minor, p.refunded_minor)
        for p in connection.execute(_PAYMENTS, {"id": id})
    )
    return Order(
        row.id,
        row.merchant,
        row.number,
        row.currency,
        row.prices_include_tax,
        row.shipping_minor,
        _lines(connection, connection.execute(_LINES, {"id": id}).all()),
        payments,
        connection.execute(_ALLOCATED, {"id": id}).scalar_one(),
    )


def _lines(connection: Connection, rows: Any) -> tuple[OrderLine, ...]:
    if not rows:
        return ()
    count, ids = _room(row.id for row in rows)
    pieces = {
        line: (came, settled or 0, put or 0)
        for line, came, settled, put in connection.execute(_pieces(count), ids)
    }
    serials: dict[str, list[str]] = {}
    for row in connection.execute(_serials(count), ids):
        serials.setdefault(row.order_line_id, []).append(row.serial)
    return tuple(
        _order_line(row, *pieces.get(row.id, (0, 0, 0)), tuple(sorted(serials.get(row.id, ()))))
        for row in rows
    )


def _order_line(row: Any, came: int, settled: int, put: int, serials: tuple[str, ...]) -> OrderLine:
    """A line of a sale with what came back of it here added to what came back elsewhere."""
    return OrderLine(
        row.id,
        row.line_id,
        row.product_id,
        row.sku,
        row.quantity,
        row.unit_price_minor,
        row.discount_minor,
        row.tax_minor,
        row.returned_before + settled,
        row.returned_before + came,
        serials,
        _moment(row.delivered_at),
        row.returned_before + put,
    )


def _load_order_line(connection: Connection, id: str) -> OrderLine | None:
    rows = connection.execute(_LINE, {"id": id}).all()
    return _lines(connection, rows)[0] if rows else None


def _load_authorization(connection: Connection, id: str) -> ReturnAuthorization | None:
    row = connection.execute(_AUTHORIZATION, {"id": id}).first()
    if row is None:
        return None
    rows = connection.execute(_RETURN_LINES, {"id": id}).all()
    count, ids = _room(line.id for line in rows)
    counted = connection.execute(_received(count), ids) if rows else ()
    received = {str(row[0]): int(row[1]) for row in counted}
    lines = tuple(
        ReturnLine(
            line.id,
            line.order_line_id,
            line.product_id,
            line.sku,
            line.expected,
            received.get(line.id, 0),
            line.short,
            Reason(line.reason),
            line.order_line,
        )
        for line in rows
    )
    return ReturnAuthorization(
        row.id,
        row.merchant,
        row.number,
        row.source,
        ReturnType(row.return_type),
        row.order_id,
        row.order_number,
        _moment(row.expires_at),
        row.pieces,
        RefundTiming(row.timing),
        RefundMeans(row.means),
        lines,
    )


def _load_parcel(connection: Connection, id: str) -> Parcel | None:
    row = connection.execute(_PARCEL, {"id": id}).first()
    if row is None:
        return None
    return Parcel(
        row.id,
        row.plate,
        row.merchant,
        row.site,
        ReturnType(row.return_type),
        row.scanned,
        row.carrier,
        tuple(json.loads(row.returns)),
        Arrival(row.arrival),
        ParcelWork(row.work),
        row.shelf,
        row.note,
        row.opened_by,
        row.tracked,
        row.cage,
        row.manifest,
        row.seal,
        row.piece,
        row.of,
        row.weight_grams,
        row.damage,
    )


def _load_unit(connection: Connection, id: str) -> ReturnUnit | None:
    row = connection.execute(_UNIT, {"id": id}).first()
    return unit_from_row(row, connection.execute(_FINDINGS, {"id": id}).all()) if row else None


def _load_evidence(connection: Connection, id: str) -> Evidence | None:
    row = connection.execute(_EVIDENCE, {"id": id}).first()
    if row is None:
        return None
    return Evidence(
        row.id,
        row.parcel_id,
        row.unit_id,
        EvidenceState(row.state),
        row.sha256,
        row.name,
        row.bytes,
        row.problem,
        row.worker,
    )


_LOADS: dict[str, Callable[[Connection, str], Any]] = {
    "worker": _worker,
    "product": _load_product,
    "order": _load_order,
    "order_line": _load_order_line,
    "authorization": _load_authorization,
    "parcel": _load_parcel,
    "unit": _load_unit,
    "place": load_place,
    "evidence": _load_evidence,
}


def _units_of(connection: Connection, need: UnitsOf) -> tuple[ReturnUnit, ...]:
    return tuple(
        unit_from_row(row, connection.execute(_FINDINGS, {"id": row.id}).all())
        for row in connection.execute(_UNITS_OF, {"id": need.parcel_id})
    )


def _open_returns(connection: Connection, need: OpenReturns) -> tuple[str, ...]:
    ids = connection.execute(
        select(_authorization.c.id)
        .where(_authorization.c.order_id == need.order_id, _authorization.c.source != "station")
        .order_by(_authorization.c.id)
    )
    found = [_load_authorization(connection, id) for id in ids.scalars().all()]
    return tuple(a.id for a in found if a is not None and any(line.awaiting for line in a.lines))


def _closed_parcels(connection: Connection, need: ClosedParcels) -> int:
    like = f'%"{need.authorization_id}"%'
    found = (
        select(func.count())
        .select_from(_parcel)
        .where(
            _parcel.c.work == ParcelWork.CLOSED.value,
            _parcel.c.arrival != Arrival.REFUSED.value,
            _parcel.c.returns.like(like),
            _parcel.c.id != need.but,
        )
    )
    return int(connection.execute(found).scalar_one())


def _effect_states(connection: Connection, need: EffectStates) -> tuple[tuple[Effect, SyncState], ...]:
    rows = connection.execute(select(_outbox).where(_outbox.c.id.in_(list(need.ids))).order_by(_outbox.c.id))
    return tuple(
        (
            Effect(
                row.id,
                EffectType(row.type),
                row.target,
                row.merchant,
                row.return_id,
                json.loads(row.body),
                row.parcel_id,
                row.unit_id,
                row.settlement_id,
            ),
            # One that may have arrived counts as sent: nobody may take it back as if nobody had heard of it.
            SyncState.SENT if row.unknown else SyncState(row.state),
        )
        for row in rows
    )


def _prints(connection: Connection, need: Prints) -> int:
    job = t.table(t.PrintJob)
    return int(
        connection.execute(
            select(func.count()).select_from(job).where(job.c.unit_id == need.unit_id)
        ).scalar_one()
    )


def _told(connection: Connection, need: ToldOf) -> tuple[str, ...]:
    standing = _outbox.c.state != SyncState.WITHDRAWN.value
    found = (
        select(_outbox.c.id)
        .where(_outbox.c.parcel_id == need.parcel_id, _outbox.c.type == need.type.value, standing)
        .order_by(_outbox.c.id)
    )
    return tuple(connection.execute(found).scalars())


_ANSWERS: dict[type, Callable[[Connection, Any], Any]] = {
    Identify: _identify,
    Load: _load,
    UnitsOf: _units_of,
    OpenReturns: _open_returns,
    ClosedParcels: _closed_parcels,
    Suggest: suggest,
    EffectStates: _effect_states,
    Prints: _prints,
    ToldOf: _told,
    InCage: in_cage,
    UnitsIn: units_in,
    UnitsById: units_by_id,
}
