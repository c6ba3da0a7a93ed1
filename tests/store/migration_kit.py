"""Schemas that come after the real ones, for tests of migrating; and a station that lets itself be killed while it migrates."""

import gzip
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from returns_station.errors import StationError
from returns_station.store.engine import driver
from returns_station.store.epoch import write_epoch
from returns_station.store.migrate import migrate
from returns_station.store.schema import connect, revisions, scripts

HEAD = revisions(scripts())[-1]
ROWS = 2_000

_HEADER = """\
import os
import signal
import sqlalchemy as sa
from alembic import op
revision = {revision!r}
down_revision = {before!r}
"""

# Two steps, so that a kill can fall between them: a table is made anew by batch, then every row moves into another.
RECREATE = """
def upgrade():
    with op.batch_alter_table("product", recreate="always") as batch:
        batch.add_column(sa.Column("shelf_days", sa.Integer(), nullable=False, server_default="7"))
"""
MOVE = """
def upgrade():
    op.create_table("shelf", sa.Column("product_id", sa.String(), primary_key=True), sa.Column("days", sa.Integer()))
    op.execute("INSERT INTO shelf SELECT id, shelf_days FROM product")
    op.execute("UPDATE product SET title = upper(title)")
"""


def later(folder: Path, *upgrades: str) -> Path:
    """A copy of the product's migrations in `folder`, continued by one revision for each text of an `upgrade`."""
    if not folder.exists():
        shutil.copytree(scripts(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    for upgrade in upgrades:
        before = revisions(folder)[-1]
        revision = f"{int(before) + 1:04}"
        text = _HEADER.format(revision=revision, before=before) + upgrade
        (folder / "versions" / f"{revision}_test.py").write_text(text)
    return folder


def with_products(path: Path, rows: int = ROWS) -> Path:
    """A database of the newest real schema with products in it."""
    migrate(path)
    connection = connect(path)
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO product (id, merchant, source, sku, title, type, serial_tracked, lot_tracked, expiry_tracked,"
        " components) VALUES (?, 'candles', 'shop', ?, 'wick', 'default', 0, 0, 0, '[]')",
        [(f"p-{number}", f"{number:06}") for number in range(rows)],
    )
    connection.execute("COMMIT")
    connection.close()
    return path


def worked(path: Path, epoch: int = 1, sequence: int = 1) -> Path:
    """Lets the database at `path` have seen an event."""
    connection = connect(path)
    connection.execute(
        "INSERT INTO event (sequence, id, station, epoch, type, v, at, body, hash)"
        " VALUES (?, ?, '7', ?, 'parcel.opened', 1, '2026-11-23T08:00:00.000000Z', x'7b7d', x'00')",
        (sequence, f"event-{epoch}-{sequence}", epoch),
    )
    connection.close()
    return path


def ask(path: Path, sql: str) -> list[Any]:
    """Rows of a question to the database at `path`."""
    connection = connect(path)
    try:
        return list(connection.execute(sql).fetchall())
    finally:
        connection.close()


def verdict(path: Path) -> str:
    """`old` or `new` when the database is wholly one of them, `between` with what was found otherwise."""
    if ask(path, "PRAGMA integrity_check") != [("ok",)]:
        return "between: damaged"
    revision = ask(path, "SELECT version_num FROM alembic_version")[0][0]
    columns = {row[1] for row in ask(path, "PRAGMA table_info(product)")}
    tables = {row[0] for row in ask(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    titles = dict(ask(path, "SELECT title, count(*) FROM product GROUP BY title"))
    seen = (revision, "shelf_days" in columns, "shelf" in tables, "_alembic_tmp_product" in tables, titles)
    if seen == (HEAD, False, False, False, {"wick": ROWS}):
        return "old"
    shelves = ask(path, "SELECT count(*) FROM shelf")[0][0] if "shelf" in tables else 0
    if seen == (f"{int(HEAD) + 2:04}", True, True, False, {"WICK": ROWS}) and shelves == ROWS:
        return "new"
    return f"between: {seen}"


def _copied(base: Path, path: Path) -> None:
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    shutil.copy(base, path)
    shutil.copy(f"{base}.epoch", f"{path}.epoch")


def _migrate_in_a_fork(path: Path, folder: Path, seconds: float | None) -> None:
    """Migrates in a process of its own and kills it after `seconds` (None: lets it end)."""
    child = os.fork()
    if child == 0:
        try:
            migrate(path, folder=folder)
        finally:
            os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def kill_again_and_again(base: Path, path: Path, folder: Path, times: int) -> list[str]:
    """A verdict after each of `times` kills, spread evenly over the time that a migration takes undisturbed."""
    _copied(base, path)
    began = time.monotonic()
    _migrate_in_a_fork(path, folder, None)
    whole = time.monotonic() - began
    verdicts = []
    for number in range(times):
        _copied(base, path)
        _migrate_in_a_fork(path, folder, whole * 1.1 * number / times)
        verdicts.append(verdict(path))
        if number % 4 == 0:
            migrate(path, folder=folder)
            verdicts.append(f"again {verdict(path)}")
    return verdicts


def released(path: Path, revision: str) -> Path:
    """A database as a released version of that schema left it in the middle of a shift, its outbox full."""
    text = gzip.decompress((Path(__file__).parent / "released" / f"{revision}.sql.gz").read_bytes()).decode()
    connection = driver().module.connect(path, isolation_level=None)
    connection.executescript(text)
    connection.close()
    write_epoch(path, 1)
    return path


def contents(path: Path, columns: dict[str, list[str]] | None = None) -> dict[str, list[Any]]:
    """Every row of every table, or only these columns of these tables."""
    names = [row[0] for row in ask(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = columns or {name: columns_of(path, name) for name in names}
    return {
        name: sorted(ask(path, f"SELECT {', '.join(map(_quoted, wanted))} FROM {_quoted(name)}"), key=repr)
        for name, wanted in columns.items()
    }


def columns_of(path: Path, table: str) -> list[str]:
    return [row[1] for row in ask(path, f"PRAGMA table_info({_quoted(table)})")]


def _quoted(name: str) -> str:
    return f'"{name}"'


def kill_at_every_statement(base: Path, path: Path, folder: Path) -> list[str]:
    """What is left when the migration of `base` is killed before its first, second, third … statement."""
    before, found = contents(base), []
    while True:
        _copied(base, path)
        child = os.fork()
        if child == 0:
            _killed_at(len(found) + 1)
            migrate(path, folder=folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        whole = ask(path, "PRAGMA integrity_check") == [("ok",)] and contents(path) == before
        ended = os.WIFEXITED(status)
        found.append("new" if ended else "old" if whole else "between")
        if ended:
            return found


def _killed_at(number: int) -> None:
    seen = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def _count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)


def fill_the_disk(base: Path, path: Path, folder: Path) -> list[str]:
    """What is said, and what is left, when the disk is too full to begin and when it fills up on the way."""
    _copied(base, path)
    said = []
    for _attempt in range(2):
        try:
            migrate(path, folder=folder, backup_dir=base.parent / "backups")
        except StationError as fault:
            said += [fault.code, fault.sentence]
        said.append(verdict(path))
        free = shutil.disk_usage(path.parent).free
        (path.parent / "film.mkv").write_bytes(bytes(max(0, free - path.stat().st_size)))
    return said


def main() -> None:
    """`migration_kit.py kill|statements|fill BASE PATH FOLDER [TIMES]`: one JSON list on standard output."""
    driver()
    what, base, path, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    if what == "statements":
        done = kill_at_every_statement(base, path, folder)
    elif what == "kill":
        done = kill_again_and_again(base, path, folder, int(sys.argv[5]))
    else:
        done = fill_the_disk(base, path, folder)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
