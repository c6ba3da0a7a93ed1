"""From a record to the state tables: the one way in which they change, so that the history can rebuild them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Table,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import Insert, dialect, insert

from returns_station.domain.axes import EvidenceState, ParcelWork, Reception, SettlementState
from returns_station.domain.nouns import (
    Container,
    Evidence,
    Parcel,
    ReturnAuthorization,
    ReturnUnit,
    Settlement,
)
from returns_station.store import tables as t
from returns_station.store.snapshots import evidence_values, parcel_values, settlement_values, unit_values
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


def ready(statement: Executable, *columns: str) -> str:
    """A writing statement compiled once, for `exec_driver_sql` with every one of `columns` (all of the table without any).

    Half the time of executing the construct. Values go to the driver as they are: text, integers, bytes, None.
    """
    compiled = statement.compile(dialect=_NAMED, column_keys=list(columns) or None)  # type: ignore[attr-defined]
    return str(compiled)


# Written out, for a statement compiled beforehand has no values of its own.
_WAITS: ColumnElement[str] = literal_column(f"'{ParcelWork.WAITING.value}'")


def _parcel() -> Insert:
    """A parcel's times are written once: when it came, and when it was first opened."""
    table = t.table(t.Parcel)
    statement = _upsert(table, keep=frozenset({"arrived_at", "opened_at"}))
    first = func.coalesce(table.c.opened_at, statement.excluded.opened_at)
    opened = case((statement.excluded.work == _WAITS, null()), else_=first)
    changed = {
        c.name: statement.excluded[c.name] for c in table.c if c.name not in ("id", "arrived_at", "opened_at")
    }
    return insert(table).on_conflict_do_update(index_elements=["id"], set_=changed | {"opened_at": opened})


_NAMED = dialect(paramstyle="named")
_scannable = t.table(t.Scannable)
_finding = t.table(t.UnitFinding)
_PARCEL = ready(_parcel())
_UNIT = ready(_upsert(t.table(t.ReturnUnit)))
_SCANNABLE = ready(_upsert(_scannable))
_SETTLEMENT = ready(_upsert(t.table(t.Settlement)))
_ALLOCATION = ready(_upsert(t.table(t.Allocation)))
_AUTHORIZATION = insert(t.table(t.Authorization)).on_conflict_do_nothing()
_waiting = t.table(t.WaitingParcel)
_container = t.table(t.Container)
_WAITING = ready(_upsert(_waiting))
_NO_LONGER = ready(delete(_waiting).where(_waiting.c.parcel_id == bindparam("parcel")))
_CONTAINER = ready(
    update(_container)
    .where(_container.c.code == bindparam("container"))
    .values(state=bindparam("now"), location=bindparam("at"))
)
_EVIDENCE = ready(_upsert(t.table(t.Evidence), keep=frozenset({"asked_at"})))
_NO_FINDINGS = delete(t.table(t.UnitFinding)).where(t.table(t.UnitFinding).c.unit_id == bindparam("unit"))
_FINDING = insert(t.table(t.UnitFinding))
_NO_PLATE = delete(_scannable).where(
    _scannable.c.ref == bindparam("unit"), _scannable.c.kind == "lpn", _scannable.c.value == bindparam("old")
)
_unit_table = t.table(t.ReturnUnit)
_BEFORE = select(
    _unit_table.c.lpn, select(_finding.c.unit_id).where(_finding.c.unit_id == _unit_table.c.id).exists()
).where(_unit_table.c.id == bindparam("unit"))
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
    apply_step(connection, (record,), site, at)


# In these the parcel says only where the unit belongs; what changes it has a record of its own.
_OF_UNITS = ("unit.", "settlement.", "worker.", "station.")


def apply_step(connection: Connection, records: Iterable[Record], site: str, at: str) -> None:
    """Writes the nouns of a step's records; of a parcel and a unit only the last snapshot, the others are overwritten."""
    parcels: dict[str, Parcel] = {}
    units: dict[str, ReturnUnit] = {}
    for record in records:
        if record.authorization is not None:
            _authorization(connection, record.authorization, site, at, record.type)
        if record.parcel is not None:
            if not record.type.startswith(_OF_UNITS):
                parcels[record.parcel.id] = record.parcel
            _parcel_names(connection, record.parcel, record.type)
            _parcel_waits(connection, record)
        if record.settlement is not None:
            _settlement(connection, record.settlement, site)
        units.update((unit.id, unit) for unit in record.units)
        if record.container is not None:
            _change_container(connection, record.container)
        if record.evidence is not None:
            _picture(connection, record.evidence, site, at)
        for id in record.facts.get("settlements", ()):
            connection.execute(_WITHDRAWN, {"settlement": id})
            connection.execute(_NO_ALLOCATION, {"settlement": id})
    for parcel in parcels.values():
        closed = at if parcel.work is ParcelWork.CLOSED else None
        opened = None if parcel.work is ParcelWork.WAITING else at
        values = parcel_values(parcel) | {"arrived_at": at, "opened_at": opened, "closed_at": closed}
        connection.exec_driver_sql(_PARCEL, values)
    for unit in units.values():
        _unit(connection, unit, site)


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


def _parcel_names(connection: Connection, parcel: Parcel, type: str) -> None:
    """What a parcel is found by, once it is opened; a voided one is found no more."""
    if type not in ("parcel.arrived", "parcel.opened", "step.undone"):
        return
    unnamed = parcel.work is ParcelWork.WAITING and not parcel.returns and parcel.scanned
    names = [(parcel.plate, "plate")] + ([(parcel.scanned, "parcel")] if parcel.tracked or unnamed else [])
    if parcel.work is ParcelWork.VOIDED:
        ours = _scannable.c.value.in_([parcel.plate, parcel.scanned])
        connection.execute(delete(_scannable).where(_scannable.c.ref == parcel.id, ours))
    else:
        rows = [_name(value, kind, parcel.id, parcel.merchant) for value, kind in names]
        connection.exec_driver_sql(_SCANNABLE, rows)


def _parcel_waits(connection: Connection, record: Record) -> None:
    """What a received parcel is found by besides its own names, until it is opened: its returns and their orders."""
    parcel = record.parcel
    assert parcel is not None
    if record.type == "parcel.arrived" or (
        record.type == "step.undone" and parcel.work is ParcelWork.WAITING
    ):
        refs = dict.fromkeys((parcel.id, *parcel.returns, *_orders(connection, parcel.returns)))
        rows = [{"ref": ref, "parcel_id": parcel.id, "merchant": parcel.merchant} for ref in refs]
        connection.exec_driver_sql(_WAITING, rows)
    elif record.type in ("parcel.refused", "step.undone") or record.facts.get("received"):
        connection.exec_driver_sql(_NO_LONGER, {"parcel": parcel.id})
    if record.facts.get("named") and not parcel.tracked:
        own = (
            _scannable.c.value == parcel.scanned,
            _scannable.c.kind == "parcel",
            _scannable.c.ref == parcel.id,
        )
        connection.execute(delete(_scannable).where(*own))


def _orders(connection: Connection, returns: tuple[str, ...]) -> list[str]:
    table = t.table(t.Authorization)
    found = select(table.c.order_id).where(table.c.id.in_(returns), table.c.order_id.is_not(None))
    return [str(row.order_id) for row in connection.execute(found)] if returns else []


def _change_container(connection: Connection, container: Container) -> None:
    values = {"container": container.code, "now": container.state.value, "at": container.location}
    connection.exec_driver_sql(_CONTAINER, values)


def _picture(connection: Connection, evidence: Evidence, site: str, at: str) -> None:
    stored = at if evidence.state is EvidenceState.STORED else None
    values = evidence_values(evidence, site) | {"asked_at": at, "stored_at": stored}
    connection.exec_driver_sql(_EVIDENCE, values)


def _name(value: str, kind: str, ref: str, merchant: str) -> dict[str, Any]:
    return {"value": value, "kind": kind, "ref": ref, "merchant": merchant, "factor": 1}


def _unit(connection: Connection, unit: ReturnUnit, site: str) -> None:
    living = unit.reception is Reception.RECEIVED
    before = connection.execute(_BEFORE, {"unit": unit.id}).first()
    old, had_findings = before if before is not None else (None, False)
    connection.exec_driver_sql(_UNIT, unit_values(unit, site))
    if old != unit.lpn or not living:
        if old:
            connection.execute(_NO_PLATE, {"unit": unit.id, "old": old})
        if unit.lpn and living:
            connection.exec_driver_sql(_SCANNABLE, _name(unit.lpn, "lpn", unit.id, unit.merchant))
    if had_findings:
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
    connection.exec_driver_sql(_SETTLEMENT, settlement_values(settlement, site))
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
        connection.exec_driver_sql(_ALLOCATION, rows)
