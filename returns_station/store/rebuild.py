"""The state tables made again from the history alone: what `event` says is what they hold."""

from sqlalchemy import Connection, Engine, delete, select, update

from returns_station.store import projection
from returns_station.store import tables as t
from returns_station.store.snapshots import record_from

STATE_TABLES = (
    "parcel",
    "waiting_parcel",
    "return_unit",
    "unit_finding",
    "settlement",
    "allocation",
    "authorization",
    "evidence",
    "container",
)
_event = t.table(t.Event)
_scannable = t.table(t.Scannable)
_authorization = t.table(t.Authorization)
_line = t.table(t.ReturnLine)


def rebuild(engine: Engine, site: str) -> int:
    """Empties what the dialogue wrote and replays every event in order, in one transaction; how many events.

    Imported rows stay: of authorisations only those made at the dock are rebuilt, of return lines only `short`; a
    container stands as it was imported until the history says otherwise.
    """
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        _empty(connection)
        count = 0
        for row in connection.execute(select(_event).order_by(_event.c.sequence)).all():
            projection.apply(connection, record_from(row.body), site, row.at)
            count += 1
        connection.exec_driver_sql("COMMIT")
    return count


def _empty(connection: Connection) -> None:
    for model in (
        t.WaitingParcel,
        t.Evidence,
        t.Allocation,
        t.Settlement,
        t.UnitFinding,
        t.ReturnUnit,
        t.Parcel,
    ):
        connection.execute(delete(t.table(model)))
    connection.execute(delete(_authorization).where(_authorization.c.source == "station"))
    connection.execute(delete(_scannable).where(_scannable.c.kind.in_(("plate", "parcel", "lpn"))))
    connection.execute(update(_line).values(short=0))
