"""Labels that were put off: which units went on without one, and the job that still waits to be printed."""

from dataclasses import dataclass

from sqlalchemy import Engine, select

from returns_station.domain.axes import PrintState
from returns_station.store import tables as t

_job = t.table(t.PrintJob)
_unit = t.table(t.ReturnUnit)
_UNPRINTED = (
    select(_job.c.id, _unit.c.id, _unit.c.lpn, _unit.c.title, _unit.c.container, _unit.c.location, _job.c.asked_at)
    .join(_unit, _unit.c.id == _job.c.unit_id)
    .where(_job.c.state.in_([PrintState.ASKED.value, PrintState.FAILED.value]), _unit.c.labelling == "later")
    .order_by(_job.c.id)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unprinted:
    """A unit whose label was left for later: the job, and where the unit lies now."""

    job_id: str
    unit_id: str
    lpn: str
    title: str
    place: str | None
    asked_at: str


def unprinted(engine: Engine) -> tuple[Unprinted, ...]:
    """Labels left for later that no printer has taken yet, oldest first; by the index on the jobs' states."""
    with engine.connect() as connection:
        return tuple(
            Unprinted(job, unit, lpn, title, container or location, at)
            for job, unit, lpn, title, container, location, at in connection.execute(_UNPRINTED)
        )
