"""Who stands behind a badge that somebody names on the command line."""

from sqlalchemy import Engine

from returns_station.domain.codes import Role
from returns_station.domain.nouns import Worker
from returns_station.errors import StationError
from returns_station.store.answers import answer
from returns_station.workflow.ports import Load


def bearer(engine: Engine, code: str, *, supervisor: bool = False) -> Worker:
    """The worker of a badge; StationError `badge.unknown`, or `badge.supervisor` where one of a supervisor is needed."""
    with engine.connect() as connection:
        worker: Worker | None = answer(connection, Load("worker", code.strip().upper()))
    if worker is None:
        raise StationError(
            "badge.unknown", f"No valid badge is called {code!r}.", "Scan the badge, or type its code."
        )
    if supervisor and worker.role is not Role.SUPERVISOR:
        raise StationError("badge.supervisor", "This is for supervisors.", "Use the badge of a supervisor.")
    return worker
