"""A database becomes the new schema or stays the old one; what cannot be migrated is refused with cause and way out."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlmodel import SQLModel

import returns_station.store.tables  # noqa: F401 - fills the metadata
from returns_station.errors import StationError
from returns_station.store import migrate as module
from returns_station.store.engine import ProcessLock, driver, open_engine
from returns_station.store.epoch import epoch_file
from returns_station.store.faults import explain
from returns_station.store.migrate import backup, migrate, read_epoch, require, restore
from returns_station.store.schema import connect, revisions, scripts
from tests.store import migration_kit as kit
from tests.store.migration_kit import HEAD, ask, later, worked

NEXT = f"{int(HEAD) + 1:04}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


def refusal(call: Callable[..., Any], *args: Any, **values: Any) -> StationError:
    with pytest.raises(StationError) as caught:
        call(*args, **values)
    return caught.value


def differences(path: Path) -> list[Any]:
    engine = open_engine(path)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    engine.dispose()
    return list(found)


def structure(path: Path) -> dict[str, Any]:
    """Every table with its columns, row id, keys and indexes, as SQLite itself tells them."""
    tables = {
        row[1]: row[2:]
        for row in ask(path, "PRAGMA table_list")
        if not row[1].startswith(("sqlite_", "alembic_"))
    }
    found: dict[str, Any] = {}
    for name, kind in tables.items():
        indexes = ask(path, f'PRAGMA index_list("{name}")')
        found[name] = (
            kind,
            ask(path, f'PRAGMA table_xinfo("{name}")'),
            ask(path, f'PRAGMA foreign_key_list("{name}")'),
            sorted((one[2:], tuple(ask(path, f'PRAGMA index_xinfo("{one[1]}")'))) for one in indexes),
        )
    return found


class TestSchema:
    def test_migrating_makes_exactly_the_tables_of_the_code(self, path: Path) -> None:
        migrate(path)
        assert differences(path) == []

    def test_a_column_too_many_is_seen_by_the_comparison(self, path: Path) -> None:
        migrate(path)
        connection = connect(path)
        connection.execute("ALTER TABLE outbox ADD COLUMN mood TEXT")
        connection.close()
        assert [str(change[0]) for change in differences(path)] == ["remove_column"]

    def test_keys_row_ids_and_indexes_are_those_of_the_code_too(self, path: Path, tmp_path: Path) -> None:
        migrate(path)
        engine = create_engine(f"sqlite:///{tmp_path / 'code.db'}", module=driver().module)
        SQLModel.metadata.create_all(engine)
        engine.dispose()
        assert structure(path) == structure(tmp_path / "code.db")

    def test_the_numbers_of_the_files_are_the_revisions_in_one_line(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(scripts()))
        config.set_main_option("path_separator", "os")
        walked = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        assert revisions(scripts()) == tuple(reversed(walked))


class TestMigrating:
    def test_a_new_database_is_private_and_begins_epoch_one(self, path: Path) -> None:
        report = migrate(path)
        assert (report.from_, report.to, report.backup) == (None, HEAD, None)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert read_epoch(path) == require(path) == 1

    def test_a_current_database_is_left_alone(self, path: Path) -> None:
        migrate(path)
        before = path.read_bytes()
        report = migrate(path)
        assert (report.from_, report.to, report.backup) == (HEAD, HEAD, None)
        assert path.read_bytes() == before
        assert not (path.parent / "backups").exists()

    def test_an_older_one_is_copied_first_and_the_copy_is_the_old_one(
        self, path: Path, tmp_path: Path
    ) -> None:
        kit.with_products(path)
        steps: list[tuple[str, int, int]] = []
        report = migrate(
            path,
            folder=later(tmp_path / "m", kit.RECREATE, kit.MOVE),
            progress=lambda *step: steps.append(step),
        )
        assert kit.verdict(path) == "new"
        assert report.backup == tmp_path / "backups" / f"station-{HEAD}-1.db"
        assert kit.verdict(report.backup) == "old"
        assert stat.S_IMODE(report.backup.stat().st_mode) == 0o600
        assert steps[-2:] == [
            ("migrate", len(revisions(tmp_path / "m")) - 1 + n, len(revisions(tmp_path / "m")))
            for n in (0, 1)
        ]
        assert steps[0][0] == "backup"

    def test_a_backup_never_takes_the_place_of_another(self, path: Path, tmp_path: Path) -> None:
        kit.with_products(path, 3)
        saved = tmp_path / "elsewhere"
        first = shutil.copy(path, tmp_path / "first.db")
        one = migrate(
            path, folder=later(tmp_path / "m", kit.MOVE.replace("shelf_days", "1")), backup_dir=saved
        )
        shutil.copy(first, path)
        two = migrate(path, folder=tmp_path / "m", backup_dir=saved)
        assert [report.backup for report in (one, two)] == [saved / f"station-{HEAD}-{n}.db" for n in (1, 2)]

    def test_a_migration_that_fails_takes_back_everything_it_did(self, path: Path, tmp_path: Path) -> None:
        kit.with_products(path)
        broken = kit.MOVE + "    op.execute('INSERT INTO shelf SELECT id, 1 FROM product')\n"
        fault = refusal(migrate, path, folder=later(tmp_path / "m", kit.RECREATE, broken))
        assert fault.code == "store.fault"
        assert fault.sentence == (
            f"SQLite refuses to work on {path}: 'UNIQUE constraint failed: shelf.product_id'."
        )
        assert kit.verdict(path) == "old"

    def test_making_a_table_anew_keeps_the_rows_that_hang_on_it(self, path: Path, tmp_path: Path) -> None:
        migrate(path)
        family = """
def upgrade():
    op.execute("CREATE TABLE mother (id INTEGER PRIMARY KEY, name TEXT)")
    op.execute("CREATE TABLE child (id INTEGER PRIMARY KEY, of INTEGER REFERENCES mother ON DELETE CASCADE)")
    op.execute("INSERT INTO mother VALUES (1, 'Molly')")
    op.execute("INSERT INTO child VALUES (1, 1), (2, 1), (3, 1)")
"""
        anew = """
def upgrade():
    with op.batch_alter_table("mother", recreate="always") as batch:
        batch.add_column(sa.Column("knits", sa.Boolean()))
"""
        migrate(path, folder=later(tmp_path / "m", family))
        migrate(path, folder=later(tmp_path / "m", anew))
        assert ask(path, "SELECT count(*) FROM child") == [(3,)]

    def test_a_migration_that_would_orphan_rows_is_taken_back(self, path: Path, tmp_path: Path) -> None:
        migrate(path)
        orphans = """
def upgrade():
    op.execute("CREATE TABLE mother (id INTEGER PRIMARY KEY)")
    op.execute("CREATE TABLE child (id INTEGER PRIMARY KEY, of INTEGER REFERENCES mother)")
    op.execute("INSERT INTO child VALUES (1, 7), (2, 7)")
"""
        fault = refusal(migrate, path, folder=later(tmp_path / "m", orphans))
        assert fault.sentence == f"The migration of {path} would orphan 2 rows of 'child'."
        assert ask(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]
        assert ask(path, "SELECT name FROM sqlite_master WHERE name IN ('mother', 'child')") == []

    def test_beside_a_running_station_it_is_refused(self, path: Path) -> None:
        lock = ProcessLock(path, "station").acquire()
        fault = refusal(migrate, path)
        lock.release()
        assert fault.code == "store.locked"
        assert fault.sentence == (
            f"Another station process (pid {os.getpid()}) already works on this database."
        )
        assert not path.exists()


def not_a_database(path: Path) -> None:
    path.write_text("Dear diary, " * 500)


def cut_in_half(path: Path) -> None:
    kit.with_products(path, 200)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    migrate(path)
    path.write_bytes(b"")


def another_programs(path: Path) -> None:
    connection = driver().module.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()


def newer(path: Path) -> None:
    migrate(path)
    connection = connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def without_its_epoch(path: Path) -> None:
    migrate(path)
    worked(path)
    epoch_file(path).unlink()


def with_a_scribbled_epoch(path: Path) -> None:
    migrate(path)
    worked(path)
    epoch_file(path).write_text("one\n")


class TestRefusals:
    @pytest.mark.parametrize(
        ("spoil", "code", "sentence"),
        [
            (not_a_database, "store.not_database", "{path} is not a database."),
            (
                cut_in_half,
                "store.corrupt",
                "The database {path} is damaged: SQLite says 'database disk image is malformed'.",
            ),
            (emptied, "store.truncated", "The database {path} is empty, but it was not before."),
            (
                another_programs,
                "store.foreign",
                "{path} holds the tables of another program (such as 'bookmarks').",
            ),
            (
                newer,
                "store.newer",
                "The database {path} has schema 9999; this version's newest is " + HEAD + ".",
            ),
            (
                without_its_epoch,
                "store.epoch_missing",
                "The epoch file {path}.epoch is missing, and the database {path} has been worked with.",
            ),
            (
                with_a_scribbled_epoch,
                "store.epoch",
                "The epoch file {path}.epoch does not hold a number from 1 on.",
            ),
        ],
    )
    @pytest.mark.parametrize("act", [migrate, require], ids=["migrate", "require"])
    def test_say_what_is_wrong_and_change_nothing(
        self, path: Path, spoil: Callable[[Path], None], code: str, sentence: str, act: Callable[[Path], Any]
    ) -> None:
        spoil(path)
        before = path.read_bytes()
        fault = refusal(act, path)
        assert (fault.code, fault.sentence) == (code, sentence.format(path=path))
        assert fault.hint
        assert path.read_bytes() == before

    def test_a_database_that_is_gone_is_not_made_anew(self, path: Path) -> None:
        migrate(path)
        path.unlink()
        fault = refusal(migrate, path)
        assert fault.sentence == f"The database {path} is gone, but its epoch file is still there."
        assert not path.exists()

    def test_damage_inside_is_found_before_the_migration_writes(self, path: Path, tmp_path: Path) -> None:
        kit.with_products(path)
        (page,) = ask(path, "SELECT rootpage FROM sqlite_master WHERE name = 'product'")[0]
        size = ask(path, "PRAGMA page_size")[0][0]
        ask(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        with open(path, "r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
        before = path.read_bytes()
        fault = refusal(migrate, path, folder=later(tmp_path / "m", kit.RECREATE))
        assert fault.code == "store.corrupt"
        assert fault.sentence.startswith(f"The database {path} is damaged: SQLite says '")
        assert path.read_bytes() == before

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        fault = refusal(migrate, tmp_path / "shed" / "station.db")
        assert fault.sentence == f"The folder {tmp_path}/shed does not exist."

    def test_a_folder_in_place_of_the_file_is_named(self, path: Path) -> None:
        path.mkdir()
        assert refusal(migrate, path).sentence == f"{path} is not a file."

    def test_nothing_there_yet_is_for_the_start_a_missing_database(self, path: Path) -> None:
        assert refusal(require, path).sentence == f"There is no database at {path}."

    def test_an_older_schema_stops_the_start_and_names_the_way_out(
        self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        migrate(path)
        folder = later(tmp_path / "m", kit.RECREATE)
        monkeypatch.setattr("returns_station.store.schema.scripts", lambda: folder)
        fault = refusal(require, path)
        assert fault.sentence == f"The database {path} has schema {HEAD}; this version needs {NEXT}."
        assert fault.hint == "Run `returns-station migrate`; it makes a backup first."

    @pytest.mark.usefixtures("bound_by_permissions")
    @pytest.mark.parametrize("which", ["file", "folder"])
    def test_what_cannot_be_written_is_named(self, tmp_path: Path, which: str) -> None:
        folder = tmp_path / "safe"
        folder.mkdir()
        path = folder / "station.db"
        migrate(path)
        place = path if which == "file" else folder
        place.chmod(0o400 if which == "file" else 0o500)
        fault = refusal(migrate, path, folder=later(tmp_path / "m", kit.RECREATE))
        folder.chmod(0o700)
        assert (fault.code, fault.sentence) == ("store.read_only", f"{place} cannot be written.")

    @pytest.mark.parametrize(
        ("mounts", "kind"),
        [
            ("/dev/sda1 / ext4 rw 0 0\nnas:/v {parent} nfs4 rw 0 0\n", "nfs4"),
            ("/dev/sda1 / ext4 rw 0 0\n//nas/v {parent} cifs rw 0 0\n", "cifs"),
            ("/dev/sda1 / ext4 rw 0 0\n//nas/v {parent} cifs rw 0 0\n/dev/sdb1 {place} ext4 rw 0 0\n", None),
        ],
    )
    def test_a_network_share_is_refused_by_the_nearest_mount(
        self, path: Path, mounts: str, kind: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = path.parent.resolve()
        monkeypatch.setattr(module, "_mounts", lambda: mounts.format(parent=place.parent, place=place))
        if kind is None:
            assert migrate(path).to == HEAD
            return
        assert refusal(migrate, path).sentence == (
            f"{place} is a network share ({kind}), where SQLite's locks cannot be trusted."
        )

    def test_a_database_that_somebody_else_holds_is_busy(self, path: Path) -> None:
        migrate(path)
        one, two = connect(path), connect(path)
        two.execute("PRAGMA busy_timeout=0")
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(driver().module.OperationalError) as caught:
            two.execute("BEGIN IMMEDIATE")
        one.close()
        two.close()
        assert explain(caught.value, path).sentence == f"Another process holds the database {path}."


class TestBackupAndRestore:
    def test_a_backup_made_while_somebody_writes_holds_what_was_committed(
        self, path: Path, tmp_path: Path
    ) -> None:
        migrate(path)
        writer = connect(path)
        worked(path, sequence=1)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM event")
        backup(path, tmp_path / "copy.db")
        writer.execute("ROLLBACK")
        writer.close()
        assert ask(tmp_path / "copy.db", "SELECT count(*) FROM event") == [(1,)]

    def test_a_restore_begins_the_epoch_after_every_one_that_was_used(
        self, path: Path, tmp_path: Path
    ) -> None:
        migrate(path)
        saved = backup(worked(path), tmp_path / "monday.db")
        worked(path, epoch=1, sequence=2)
        report = restore(saved, path)
        assert (report.epoch, report.revision, read_epoch(path)) == (2, HEAD, 2)
        assert ask(path, "SELECT count(*) FROM event") == [(1,)]
        assert report.replaced == tmp_path / "station.db.replaced-2"
        assert ask(report.replaced, "SELECT count(*) FROM event") == [(2,)]
        assert restore(saved, path).epoch == 3

    def test_events_tell_the_epoch_when_its_file_is_lost(self, path: Path, tmp_path: Path) -> None:
        migrate(path)
        saved = backup(worked(path, epoch=4), tmp_path / "monday.db")
        epoch_file(path).unlink()
        assert restore(saved, path).epoch == 5
        assert restore(saved, tmp_path / "other.db").epoch == 5

    def test_the_log_of_the_old_database_is_not_played_into_the_restored_one(
        self, path: Path, tmp_path: Path
    ) -> None:
        migrate(path)
        saved = backup(worked(path), tmp_path / "monday.db")
        open_log = connect(path)
        open_log.execute("PRAGMA wal_autocheckpoint=0")
        open_log.execute("DELETE FROM event")
        beside = Path(f"{path}-wal")
        log = beside.read_bytes() if beside.exists() else b""
        assert log or driver().journal != "WAL"
        report = restore(saved, path)
        open_log.close()
        assert ask(path, "SELECT count(*) FROM event") == [(1,)]
        assert report.replaced is not None
        assert ask(report.replaced, "SELECT count(*) FROM event") == [(0,)]

    def test_a_backup_that_is_none_leaves_the_database_in_its_place(self, path: Path, tmp_path: Path) -> None:
        migrate(worked(path) if path.exists() else path)
        before = path.read_bytes()
        bad = tmp_path / "bad.db"
        not_a_database(bad)
        assert refusal(restore, bad, path).sentence == f"{bad} is not a database."
        assert (
            refusal(restore, tmp_path / "none.db", path).sentence
            == f"There is no backup at {tmp_path}/none.db."
        )
        assert (path.read_bytes(), read_epoch(path)) == (before, 1)

    def test_a_backup_never_overwrites_a_file(self, path: Path, tmp_path: Path) -> None:
        migrate(path)
        (tmp_path / "copy.db").write_text("the only photo of the cat")
        assert refusal(backup, path, tmp_path / "copy.db").sentence == f"{tmp_path}/copy.db already exists."
        assert (tmp_path / "copy.db").read_text() == "the only photo of the cat"


def harness(what: str, folder: Path, place: Path, *more: str, before: list[str] | None = None) -> list[str]:
    """Runs the kit in a process of its own, where it may fork, be limited and mount."""
    base = kit.with_products(folder / "base.db")
    ask(base, "PRAGMA wal_checkpoint(TRUNCATE)")
    command = [sys.executable, "-m", "tests.store.migration_kit", what]
    command += [str(base), str(place / "station.db"), str(folder / "m"), *more]
    run = subprocess.run(
        [*(before or []), *command],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return list(json.loads(run.stdout))


class TestKilled:
    def kills(self, tmp_path: Path, times: int) -> list[str]:
        later(tmp_path / "m", kit.RECREATE, kit.MOVE)
        (tmp_path / "work").mkdir()
        return harness("kill", tmp_path, tmp_path / "work", str(times))

    def test_in_the_middle_it_is_old_or_new_and_migrates_when_asked_again(self, tmp_path: Path) -> None:
        verdicts = self.kills(tmp_path, 20)
        assert set(verdicts) <= {"old", "new", "again new"}
        assert verdicts.count("again new") == 5
        assert verdicts[0] == "old"

    @pytest.mark.prove
    def test_at_three_hundred_points_it_is_old_or_new(self, tmp_path: Path) -> None:
        assert set(self.kills(tmp_path, 300)) == {"old", "new", "again new"}

    def test_a_migration_that_commits_halfway_is_caught_between(self, tmp_path: Path) -> None:
        halfway = kit.RECREATE + "    op.execute('COMMIT')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        later(tmp_path / "m", halfway, kit.MOVE)
        base = kit.with_products(tmp_path / "base.db")
        kit._migrate_in_a_fork(base, tmp_path / "m", None)
        assert kit.verdict(base).startswith("between: ")


class TestFullDisk:
    def test_is_refused_before_and_on_the_way_and_leaves_the_old_schema(self, tmp_path: Path) -> None:
        """On a disk of 12 MB of its own: first the migration outgrows it, then it is too full to begin."""
        greedy = '    op.execute("CREATE TABLE hoard AS SELECT randomblob(10000) FROM product")\n'
        later(tmp_path / "m", kit.RECREATE, kit.MOVE + greedy)
        disk = tmp_path / "disk"
        disk.mkdir()
        own = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c"]
        own += ['mount -t tmpfs -o size=12m tmpfs "$0" && exec "$@"', str(disk)]
        if subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
            pytest.skip("nobody may mount a disk of their own on this machine")
        on_the_way, full, left, early, too_full, still = harness("fill", tmp_path, disk, before=own)
        assert (on_the_way, full, left) == ("store.full", f"The disk that holds {disk} is full.", "old")
        assert (early, still) == ("store.full", "old")
        assert too_full.startswith(f"The disk of {disk} has ")
