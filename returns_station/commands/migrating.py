"""`returns-station migrate`: the database at this version's schema, and a backup put back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import AsJson, ConfigFile, configured, emit, guarded, say
from returns_station.commands.progress import bar
from returns_station.config import Config

if TYPE_CHECKING:
    from returns_station.store.migrate import MigrationReport


def register(app: typer.Typer) -> None:
    """Adds `migrate`."""
    app.command()(guarded(migrate))


def migrate(
    config: ConfigFile = None,
    backup_dir: Annotated[
        Path | None,
        typer.Option("--backup-dir", help="Where the backup goes; `backups` beside the database."),
    ] = None,
    restore: Annotated[
        Path | None, typer.Option("--restore", help="Put this backup in the place of the database.")
    ] = None,
    json: AsJson = False,
) -> Code:
    """Make the database, or bring it to this version's schema; an existing one is backed up first."""
    found = configured(config)
    _make_default_folder(found)
    return _restored(found, restore, json) if restore else _migrated(found, backup_dir, json)


def _make_default_folder(config: Config) -> None:
    """A folder nobody named is made; one that somebody named and that is missing may be a disk not mounted."""
    keys = ("database.path", "folders.data")
    if all(config.origins.get(key, ("default", ""))[0] == "default" for key in keys):
        config.database.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)


def _migrated(config: Config, backup_dir: Path | None, as_json: bool) -> Code:
    from returns_station.store.migrate import migrate as bring

    path = config.database.path
    with bar("Migrating") as told:
        report = bring(path, backup_dir=backup_dir, progress=lambda _what, done, all_: told(done, all_))
    if as_json:
        saved = str(report.backup) if report.backup else None
        emit({"database": str(path), "from": report.from_, "to": report.to, "backup": saved})
    else:
        say(_sentence(path, report))
    return Code.OK


def _sentence(path: Path, report: "MigrationReport") -> str:
    if report.from_ is None:
        return f"Made the database {path} with schema {report.to}."
    if report.from_ == report.to:
        return f"The database {path} has schema {report.to} already; nothing was changed."
    return f"Brought the database {path} from schema {report.from_} to {report.to}; its backup is {report.backup}."


def _restored(config: Config, backup: Path, as_json: bool) -> Code:
    from returns_station.store.migrate import restore

    path = config.database.path
    with bar("Restoring") as told:
        report = restore(backup, path, progress=lambda _what, done, all_: told(done, all_))
    if as_json:
        aside = str(report.replaced) if report.replaced else None
        emit({"database": str(path), "schema": report.revision, "epoch": report.epoch, "replaced": aside})
        return Code.OK
    kept = f" What was there is kept as {report.replaced}." if report.replaced else ""
    say(f"Restored {backup} (schema {report.revision}) as {path}; epoch {report.epoch} begins.{kept}")
    return Code.OK
