"""What an upstream calls the things it made for a return, kept the moment it is known."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.dialects.sqlite import insert

from returns_station.store import tables
from returns_station.store.outbox import stamp, writing

_REFS: Final = tables.table(tables.UpstreamRef)


@dataclass(frozen=True, slots=True)
class StoredReferences:
    """The names of one return at one target; a value that was put is on disk when `put` returns."""

    engine: Engine
    target: str
    return_id: str
    clock: Callable[[], datetime]
    committing: Callable[[], AbstractContextManager[None]] = nullcontext
    """Held around each commit of ours, so that it is not taken for another writer's."""

    def get(self, name: str) -> str | None:
        """The upstream's id, or None where none was put."""
        where = (_REFS.c.target == self.target, _REFS.c.return_id == self.return_id, _REFS.c.name == name)
        with self.engine.connect() as connection:
            found: str | None = connection.execute(select(_REFS.c.value).where(*where)).scalar()
        return found

    def put(self, name: str, value: str) -> None:
        """Keeps an id, in place of an earlier one; nothing is written when it is the same."""
        if self.get(name) == value:
            return
        told: dict[str, Any] = {"value": value, "put_at": stamp(self.clock())}
        row = insert(_REFS).values(target=self.target, return_id=self.return_id, name=name, **told)
        with self.committing(), writing(self.engine) as connection:
            connection.execute(
                row.on_conflict_do_update(index_elements=["target", "return_id", "name"], set_=told)
            )
