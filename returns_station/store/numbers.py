"""Numbers taken from a series ahead of their use, for plates that are printed before anything carries them."""

from datetime import datetime
from random import SystemRandom
from typing import TYPE_CHECKING

from sqlalchemy import select

from returns_station.domain.scan.plates import COUNTERS, mint
from returns_station.errors import StationError
from returns_station.store import tables as t

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

# A running station counts its own plates in memory, so those printed ahead have the upper half of the numbers.
_AHEAD = COUNTERS // 2
_SERIES = {"L": "roll", "K": "containers"}


def mint_ahead(connection: "Connection", prefix: str, station: str, epoch: int, count: int) -> list[str]:
    """`count` plates of prefix L or K that nobody had before; the series is advanced in the caller's transaction.

    Raises StationError `plate.range` when the numbers of this epoch are used up.
    """
    series = f"counter.{_SERIES[prefix]}"
    meta = t.table(t.Meta)
    used = connection.execute(select(meta.c.value).where(meta.c.key == series)).scalar()
    first = int(used or 0) + 1
    last = first + count - 1
    if _AHEAD + last >= COUNTERS:
        raise StationError(
            "plate.range",
            f"The numbers of epoch {epoch} are used up: {_AHEAD - first:,} are left, {count:,} were asked for.",
            "Restore a backup, which begins a new epoch, or ask for fewer.",
        )
    if used is None:
        connection.execute(meta.insert(), {"key": series, "value": str(last)})
    else:
        connection.execute(meta.update().where(meta.c.key == series).values(value=str(last)))
    return [mint(prefix, station, epoch, _AHEAD + number) for number in range(first, last + 1)]


def take_plates(engine: "Engine", station: str, epoch: int, count: int) -> list[str]:
    """Licence plates for the roll, on disk as taken before the first of them is printed."""
    from returns_station.store.outbox import writing

    with writing(engine) as connection:
        return mint_ahead(connection, "L", station, epoch, count)


def add_containers(
    engine: "Engine", station: str, epoch: int, count: int, row: dict[str, object], merchant: str, site: str,
    now: datetime,
) -> list[str]:  # fmt: skip
    """New containers with plates of their own, all alike: `row` has their kind, purposes and capacity."""
    from returns_station.store.identity import uuid7
    from returns_station.store.imports import merge_rows
    from returns_station.store.outbox import writing

    chance = SystemRandom()
    with writing(engine) as connection:
        codes = mint_ahead(connection, "K", station, epoch, count)
        rows = [{"code": code, **row} for code in codes]
        report = merge_rows(
            connection, "containers", rows, merchant, "station", site, now, lambda: uuid7(now, chance)
        )
        if report.problems:
            connection.rollback()
            first = report.problems[0]
            raise StationError("usage.wrong", first.sentence, "Correct the kind or the purposes.")
    return codes
