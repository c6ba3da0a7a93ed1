"""What stands in a database file: which schema, whether it is ours, whether this version knows it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import returns_station
from returns_station.errors import StationError
from returns_station.store.engine import driver
from returns_station.store.epoch import epoch_file, read_epoch
from returns_station.store.faults import explained

_RESTORE = "Restore the newest backup with `returns-station migrate --restore BACKUP`."


@dataclass(frozen=True, slots=True)
class Found:
    """A database file as it is: its schema (None before the first migration), its events' last epoch."""

    revision: str | None
    last_epoch: int | None

    @property
    def has_events(self) -> bool:
        """Whether this station has worked with it."""
        return self.last_epoch is not None


def scripts() -> Path:
    """The folder of the migrations: inside the package in an installed wheel, beside it in a checkout."""
    package = Path(returns_station.__file__).parent
    return next(place for place in (package / "migrations", package.parent / "migrations") if place.is_dir())


def revisions(folder: Path) -> tuple[str, ...]:
    """The schemas this version knows, oldest first: the numbers that the files in `versions` begin with."""
    return tuple(sorted(file.name.partition("_")[0] for file in (folder / "versions").glob("[0-9]*_*.py")))


def inspect(path: Path, folder: Path | None = None) -> Found:
    """Reads the schema of the file at `path` without changing it; a file that is not there has none.

    Raises StationError: `store.gone` and `store.truncated` when an epoch file tells that there was more,
    `store.foreign` for another program's tables, `store.newer` for a schema this version does not know, and
    what `explained` says of files that are damaged or no database.
    """
    if not path.exists() or path.stat().st_size == 0:
        _refuse_lost(path)
        return Found(None, None)
    with explained(path):
        connection = connect(path)
        try:
            found = _read(connection, path)
        finally:
            connection.close()
    _refuse_newer(path, found, revisions(folder or scripts()))
    return found


def require(path: Path) -> int:
    """The epoch of a database that this version can work with at once; milliseconds, for every start asks.

    Raises StationError `store.missing`, `store.older`, `store.epoch_missing` or what `inspect` raises.
    """
    if not path.exists() and not epoch_file(path).exists():
        hint = "Run `returns-station migrate` to make one, or restore a backup."
        raise StationError("store.missing", f"There is no database at {path}.", hint)
    found = inspect(path)
    newest = revisions(scripts())[-1]
    if found.revision != newest:
        raise StationError(
            "store.older",
            f"The database {path} has schema {found.revision or 'none'}; this version needs {newest}.",
            "Run `returns-station migrate`; it makes a backup first.",
        )
    return read_epoch(path)


def connect(path: Path, mode: str = "rw") -> Any:
    """A bare driver connection on an existing file, without the station's pragmas. The caller closes it."""
    module = driver().module
    return module.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, timeout=30, isolation_level=None
    )


def _read(connection: Any, path: Path) -> Found:
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    ours = "alembic_version" in names
    strangers = sorted(name for name in names if not name.startswith("sqlite_"))
    if not ours and strangers:
        raise StationError(
            "store.foreign",
            f"{path} holds the tables of another program (such as '{strangers[0]}').",
            "Name another file in the configuration; this one was not touched.",
        )
    rows = connection.execute("SELECT version_num FROM alembic_version").fetchall() if ours else []
    epoch = connection.execute("SELECT max(epoch) FROM event").fetchone()[0] if "event" in names else None
    return Found(rows[0][0] if rows else None, epoch)


def _refuse_lost(path: Path) -> None:
    if not epoch_file(path).exists():
        return
    if path.exists():
        raise StationError(
            "store.truncated", f"The database {path} is empty, but it was not before.", _RESTORE
        )
    raise StationError(
        "store.gone",
        f"The database {path} is gone, but its epoch file is still there.",
        f"{_RESTORE} To begin anew on purpose, remove {epoch_file(path)} first.",
    )


def _refuse_newer(path: Path, found: Found, known: tuple[str, ...]) -> None:
    if found.revision is not None and found.revision not in known:
        raise StationError(
            "store.newer",
            f"The database {path} has schema {found.revision}; this version's newest is {known[-1]}.",
            "Install the newer Returns Station that wrote it, or restore a backup made before.",
        )
