"""A unit of work that is wrong on purpose: outbox rows go into a second transaction, after the commit."""

from sqlalchemy import Connection

from returns_station.domain.effects import Effect
from returns_station.store.unit_of_work import StationUnitOfWork


class DividedUnitOfWork(StationUnitOfWork):
    """What everybody writes first: save the work, then queue the message. A kill in between loses the message."""

    _later: tuple[tuple[Effect, ...], str] = ((), "")

    def _effects(self, connection: Connection, effects: tuple[Effect, ...], at: str) -> None:
        self._later = (effects, at)

    def commit(self) -> None:
        """Commits what was done, and only then, in a transaction of their own, what others must learn."""
        super().commit()
        effects, at = self._later
        self._later = ((), "")
        if effects:
            connection = self._open()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            super()._effects(connection, effects, at)
            connection.exec_driver_sql("COMMIT")
            connection.rollback()
