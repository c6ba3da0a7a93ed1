"""An import from file to tables: staged in short transactions, checked whole, merged in one or not at all."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from returns_station.errors import StationError
from returns_station.store import tables
from returns_station.store.engine import ProcessLock
from returns_station.store.imports import layouts, merge, shops, source
from returns_station.store.imports.problems import ImportReport, Problems
from returns_station.store.imports.shapes import KINDS, Raw, check, raw_of
from returns_station.store.imports.upsert import Row, Target

Progress = Callable[[int, int], None]
"""Told how far an import is: done, of all."""

BATCH = 1000
"""Rows staged in one transaction, so that a running station waits some milliseconds at most."""

MERGE = 500
"""Rows merged at a time inside the one transaction at the end."""


def run_import(
    engine: Engine,
    kind: str,
    path: Path,
    *,
    merchant: str,
    source: str,
    site: str,
    now: datetime,
    uuid: Callable[[], str],
    progress: Progress = lambda _done, _all: None,
    dry_run: bool = False,
    salt: Callable[[], bytes] = merge.salt,
) -> ImportReport:
    """Imports a CSV or JSON Lines file of one kind, gzip or not; with any problem nothing is merged.

    `dry_run` does everything and takes it back, so its counts are those of the real run. StationError
    `import.kind`,
    `import.missing`, `import.empty`, `import.unreadable`, `import.columns`, or `store.locked` while another
    import runs.
    """
    if kind not in KINDS:
        raise StationError(
            "import.kind", f"There is no import of {kind!r}.", f"Kinds are {', '.join(KINDS)}."
        )
    problems = Problems()
    found, raws, notices = opened(kind, path, problems)
    checked = ((raw.line, kind, check(raw, KINDS[kind], problems)) for raw in raws)
    with importing(engine):
        job = Job(engine, uuid(), progress, 2 * found.lines)
        rows = job.stage(checked, problems)
        if problems.count:
            job.drop()
            return problems.report(rows, notices)
        report = job.merge(
            lambda connection: Target(connection, merchant, source, site, now, uuid, salt),
            tables.ImportRun(
                id=job.id,
                kind=kind,
                source=source,
                digest=found.digest,
                rows=rows,
                at=now.isoformat(timespec="microseconds"),
            ),
            dry_run=dry_run,
        )
    return ImportReport(rows, report[0], report[1], rows - sum(report), notices=notices)


def opened(kind: str, path: Path, problems: Problems) -> tuple[source.Source, Iterator[Raw], tuple[str, ...]]:
    """The file looked over, its raw rows, and notices about how it was understood."""
    found, shape = source.examine(path), KINDS[kind]
    if found.is_json:
        items = (raw_of(item, line, shape, problems) for line, item in source.objects(found, problems))
        return found, (raw for raw in items if raw is not None), found.notices
    header, separator = source.header(found)
    shop = shops.recognise(header) if kind == "orders" else None
    layout = shop or layouts.own(kind, header)
    notices = found.notices
    if layout.unknown:
        notices = (*notices, f"Columns not known and not read: {', '.join(layout.unknown)}.")
    return found, layouts.read(found, layout, shape, header, separator, problems), notices


@contextmanager
def importing(engine: Engine) -> Iterator[None]:
    """One import at a time; what an import that died has left staged is cleared first."""
    lock = ProcessLock(Path(str(engine.url.database)), "import").acquire()
    try:
        with transaction(engine) as connection:
            connection.execute(tables.table(tables.ImportStage).delete())
        yield
    finally:
        lock.release()


@contextmanager
def transaction(engine: Engine, *, keep: bool = True) -> Iterator[Connection]:
    """A write transaction from its first statement on; rolled back on an error, or at the end when `keep` is
    false."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.exec_driver_sql("COMMIT" if keep else "ROLLBACK")
        except BaseException:
            if connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
                connection.exec_driver_sql("ROLLBACK")
            raise


class Job:
    """One import on its way through the stage."""

    def __init__(self, engine: Engine, id: str, progress: Progress, steps: int) -> None:
        self._engine, self.id, self._progress, self._steps = engine, id, progress, max(steps, 2)
        self._staged = 0

    def stage(self, rows: Iterable[tuple[int, str, Row]], problems: Problems) -> int:
        """Writes checked rows to the stage, a batch a transaction; from the first problem on they are only
        counted."""
        seen, waiting = iter(rows), True
        while waiting:
            batch = list(islice(seen, BATCH))
            waiting = bool(batch)
            if batch and not problems.count:
                with transaction(self._engine) as connection:
                    connection.execute(
                        tables.table(tables.ImportStage).insert(),
                        [self._body(n, row) for n, row in enumerate(batch)],
                    )
            self._staged += len(batch)
            if batch:
                self._progress(min(batch[-1][0], self._steps // 2), self._steps)
        return self._staged

    def _body(self, n: int, row: tuple[int, str, Row]) -> Row:
        body = json.dumps(row[2], ensure_ascii=False, separators=(",", ":"))
        return {"import_id": self.id, "line": self._staged + n, "kind": row[1], "body": body}

    def drop(self) -> None:
        """Empties the stage without merging."""
        with transaction(self._engine) as connection:
            connection.execute(tables.table(tables.ImportStage).delete())
        self._progress(self._steps, self._steps)

    def merge(
        self, target: Callable[[Connection], Target], run: tables.ImportRun, *, dry_run: bool = False
    ) -> tuple[int, int]:
        """Merges the stage in one transaction: rows inserted and updated."""
        with transaction(self._engine, keep=not dry_run) as connection:
            where, inserted, updated, done = target(connection), 0, 0, 0
            kinds: set[str] = set()
            for kind, rows in self._batches(connection):
                new, changed = merge.merge_checked(where, kind, rows)
                inserted, updated, done = inserted + new, updated + changed, done + len(rows)
                kinds |= {kind} if new else set()
                self._progress(self._steps // 2 + self._steps // 2 * done // (self._staged + 1), self._steps)
            self._undisturbed(done)
            merge.finish(where, kinds)
            connection.execute(tables.table(tables.ImportRun).insert(), run.model_dump())
            connection.execute(tables.table(tables.ImportStage).delete())
        if dry_run:
            self.drop()
        self._progress(self._steps, self._steps)
        return inserted, updated

    def _undisturbed(self, done: int) -> None:
        if done != self._staged:
            sentence = f"Of {self._staged} staged rows {done} were found again, so nothing was merged."
            raise StationError("import.disturbed", sentence, "Import the file again.")

    def _batches(self, connection: Connection) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Staged rows in order, some hundred of one kind at a time."""
        held, last = tables.table(tables.ImportStage), -1
        query = (
            select(held.c.line, held.c.kind, held.c.body)
            .where(held.c.import_id == self.id)
            .order_by(held.c.line)
        )
        while rows := connection.execute(query.where(held.c.line > last).limit(MERGE)).all():
            for kind, group in groupby(rows, key=lambda row: str(row[1])):
                yield kind, [json.loads(row[2]) for row in group]
            last = rows[-1][0]
