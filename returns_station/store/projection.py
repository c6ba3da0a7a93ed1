"""From a record to the state tables: the one way in which they change, so that the history can rebuild them."""

from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, update
from sqlalchemy.dialects.sqlite import Insert, insert

from returns_station.domain.axes import ParcelWork, Reception, SettlementState
from returns_station.domain.nouns import Parcel, ReturnAuthorization, ReturnUnit, Settlement
from returns_station.store import tables as t
from returns_station.store.snapshots import parcel_values, settlement_values, unit_values
from returns_station.workflow.ports import Record


def _upsert(table: Table, *, keep: frozenset[str] = frozenset()) -> Insert:
    """Insert or overwrite by primary key, leaving the columns in `keep` as they were first written."""
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {
        c.name: statement.excluded[c.name] for c in table.c if c.name not in keys and c.name not in keep
    }
    return (
        statement.on_conflict_do_update(index_elements=keys, set_=changed)
        if changed
        else statement.on_conflict_do_nothing()
    )


_scannable = t.table(t.Scannable)
_PARCEL = _upsert(t.table(t.Parcel), keep=frozenset({"opened_at"}))
_UNIT = _upsert(t.table(t.ReturnUnit))
_SCANNABLE = _upsert(_scannable)
_SETTLEMENT = _upsert(t.table(t.Settlement))
_ALLOCATION = _upsert(t.table(t.Allocation))
_AUTHORIZATION = insert(t.table(t.Authorization)).on_conflict_do_nothing()
_NO_FINDINGS = delete(t.table(t.UnitFinding)).where(t.table(t.UnitFinding).c.unit_id == bindparam("unit"))
_FINDING = insert(t.table(t.UnitFinding))
_NO_PLATE = delete(_scannable).where(
    _scannable.c.ref == bindparam("unit"), _scannable.c.kind == "lpn", _scannable.c.value == bindparam("old")
)
_OLD_PLATE = (
    t.table(t.ReturnUnit).select()
    .with_only_columns(t.table(t.ReturnUnit).c.lpn)
    .where(t.table(t.ReturnUnit).c.id == bindparam("unit"))
)
_SHORT = (
    update(t.table(t.ReturnLine))
    .where(t.table(t.ReturnLine).c.id == bindparam("line"))
    .values(short=bindparam("pieces"))
)
_WITHDRAWN = (
    update(t.table(t.Settlement))
    .where(t.table(t.Settlement).c.id == bindparam("settlement"))
    .values(state=SettlementState.WITHDRAWN.value)
)
_NO_ALLOCATION = delete(t.table(t.Allocation)).where(
    t.table(t.Allocation).c.settlement_id == bindparam("settlement")
)


def apply(connection: Connection, record: Record, site: str, at: str) -> None:
    """Writes the nouns of one record; the same record twice leaves the same rows."""
    if record.authorization is not None:
        _authorization(connection, record.authorization, site, at, record.type)
    if record.parcel is not None:
        _parcel(connection, record.parcel, record.type, at)
    if record.settlement is not None:
        _settlement(connection, record.settlement, site)
    for unit in record.units:
        _unit(connection, unit, site)
    for id in record.facts.get("settlements", ()):
        connection.execute(_WITHDRAWN, {"settlement": id})
        connection.execute(_NO_ALLOCATION, {"settlement": id})


def _authorization(connection: Connection, found: ReturnAuthorization, site: str, at: str, type: str) -> None:
    if found.source == "station":
        connection.execute(
            _AUTHORIZATION,
            {
                "id": found.id,
                "merchant": found.merchant,
                "site": site,
                "source": found.source,
                "number": found.number,
                "return_type": found.return_type.value,
                "order_id": found.order_id,
                "order_number": found.order_number,
                "customer_id": None,
                "created_at": at,
                "expires_at": None,
                "pieces": found.pieces,
                "timing": found.timing.value,
                "means": found.means.value,
                "shorted": False,
            },
        )
    if type in ("authorization.short", "authorization.unshort") and found.lines:
        connection.execute(_SHORT, [{"line": line.id, "pieces": line.short} for line in found.lines])


def _parcel(connection: Connection, parcel: Parcel, type: str, at: str) -> None:
    closed = at if parcel.work is ParcelWork.CLOSED else None
    connection.execute(_PARCEL, parcel_values(parcel) | {"opened_at": at, "closed_at": closed})
    if type in ("parcel.opened", "step.undone"):
        names = [(parcel.plate, "plate")] + ([(parcel.scanned, "parcel")] if parcel.tracked else [])
        if parcel.work is ParcelWork.VOIDED:
            connection.execute(
                delete(_scannable).where(
                    _scannable.c.ref == parcel.id, _scannable.c.value.in_([name for name, _ in names])
                )
            )
        else:
            connection.execute(
                _SCANNABLE, [_name(value, kind, parcel.id, parcel.merchant) for value, kind in names]
            )


def _name(value: str, kind: str, ref: str, merchant: str) -> dict[str, Any]:
    return {"value": value, "kind": kind, "ref": ref, "merchant": merchant, "factor": 1}


def _unit(connection: Connection, unit: ReturnUnit, site: str) -> None:
    living = unit.reception is Reception.RECEIVED
    old = connection.execute(_OLD_PLATE, {"unit": unit.id}).scalar()
    connection.execute(_UNIT, unit_values(unit, site))
    if old != unit.lpn or not living:
        if old:
            connection.execute(_NO_PLATE, {"unit": unit.id, "old": old})
        if unit.lpn and living:
            connection.execute(_SCANNABLE, _name(unit.lpn, "lpn", unit.id, unit.merchant))
    if unit.findings or old is not None:
        connection.execute(_NO_FINDINGS, {"unit": unit.id})
    if unit.findings:
        connection.execute(
            _FINDING,
            [
                {
                    "unit_id": unit.id,
                    "position": n,
                    "code": f.code,
                    "cause": f.cause.value if f.cause else None,
                    "component": f.component,
                }
                for n, f in enumerate(unit.findings)
            ],
        )


def _settlement(connection: Connection, settlement: Settlement, site: str) -> None:
    connection.execute(_SETTLEMENT, settlement_values(settlement, site))
    rows = [
        {
            "settlement_id": settlement.id,
            "unit_id": row.unit_id,
            "merchant": settlement.merchant,
            "order_line_id": row.order_line_id,
            "quantity": row.quantity,
            "amount_minor": row.amount_minor,
        }
        for row in settlement.allocations
    ]
    if rows:
        connection.execute(_ALLOCATION, rows)
