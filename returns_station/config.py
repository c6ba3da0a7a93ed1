"""The configuration: one TOML file, the environment over it, as frozen values that know where they came from.

Read with `tomllib` and dataclasses, for every start waits for it and every mistake must name its line.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from returns_station.errors import Problem, StationError
from returns_station.given import Schema, Sections, gather, refuse_secret
from returns_station.input_settings import Scanner as Scanner
from returns_station.input_settings import Wedge as Wedge
from returns_station.output_settings import Camera as Camera
from returns_station.output_settings import Printer as Printer
from returns_station.output_settings import Scale as Scale
from returns_station.output_settings import Sound as Sound
from returns_station.output_settings import check_camera, check_printer, check_sound
from returns_station.shapes import Given, Reading, Source, escaped, setting, shown
from returns_station.tomlfile import TomlFile, read_toml
from returns_station.wording.speech import LANGUAGES, REFERENCE

FILE_VARIABLE: Final = "RETURNS_STATION_CONFIG"
WARNINGS: Final = frozenset({"config.readable"})
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class Station:
    """Who this station is; `number` (0-675) stands in every licence plate, so no two stations share one."""

    name: str = setting("Station")
    number: int = setting(0, low=0, high=675)
    site: str = setting("main")
    merchant: str = setting("main")
    language: str = setting(REFERENCE, choices=tuple(LANGUAGES))


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things of this user live; platformdirs names the defaults."""

    data: Path = setting()
    log: Path = setting()
    state: Path = setting()


@dataclass(frozen=True, slots=True)
class Database:
    """The SQLite file; by default `station.db` in the data folder."""

    path: Path = setting()


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """The grading and refund policy; None is the one that ships with the product."""

    path: Path | None = setting(None)


@dataclass(frozen=True, slots=True)
class Secrets:
    """A file of `NAME=value` lines for secrets that the environment does not hold.

    By default `secrets.env` beside the configuration.
    """

    path: Path = setting()


@dataclass(frozen=True, slots=True)
class Log:
    """The rotating log file: its level, the size in bytes at which it turns, and how many old ones stay."""

    level: str = setting("info", choices=("debug", "info", "warning", "error"))
    bytes: int = setting(5_000_000, low=10_000, high=1_000_000_000)
    keep: int = setting(5, low=1, high=100)


@dataclass(frozen=True, slots=True)
class Sync:
    """How often effects are delivered and feeds pulled, how long an answer may take, how many go at once."""

    interval_seconds: int = setting(2, low=1, high=86_400)
    pull_seconds: int = setting(60, low=1, high=86_400)
    timeout_seconds: int = setting(30, low=1, high=600)
    batch: int = setting(100, low=1, high=1_000)


@dataclass(frozen=True, slots=True)
class Screen:
    """The full-screen terminal: colours, how much it shows, minutes until it locks (0 never), mouse, the terminal's bell.

    The mouse is off, for a bar code keyed by a scanner could hold a click.
    """

    theme: str = setting("dock", choices=("dock", "light", "contrast"))
    compact: bool = setting(False)
    lock_minutes: int = setting(10, low=0, high=480)
    mouse: bool = setting(False)
    bell: bool = setting(True)


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of the full-screen terminal by action, several separated by commas, in Textual's names (`f5`, `asterisk`).

    The signs of a ten-key pad count only while nothing is typed.
    """

    help: str = setting("f1,slash")
    details: str = setting("f2")
    reprint: str = setting("f3")
    hold: str = setting("f4,plus")
    undo: str = setting("f5,minus")
    done: str = setting("f6,asterisk")
    photo: str = setting("f7")
    compact: str = setting("f8")
    commands: str = setting("f9")
    quit: str = setting("f10")


@dataclass(frozen=True, slots=True)
class Target:
    """An upstream; empty `types` routes every type of effect to it.

    `secret_env` and `token_env` are *names* of variables that hold the signing secret and the bearer token.
    """

    name: str = setting()
    url: str = setting()
    connector: str = setting("http")
    secret_env: str = setting("")
    token_env: str = setting("")
    types: tuple[str, ...] = setting(())


_SECTIONS: Final[dict[str, type[Any]]] = {
    "station": Station,
    "folders": Folders,
    "database": Database,
    "policy": PolicyFile,
    "secrets": Secrets,
    "log": Log,
    "sync": Sync,
    "wedge": Wedge,
    "screen": Screen,
    "keys": Keys,
    "scale": Scale,
    "camera": Camera,
    "sound": Sound,
}
_LISTS: Final[dict[str, type[Any]]] = {"scanner": Scanner, "printer": Printer, "target": Target}
_SCHEMA: Final = Schema(_SECTIONS, _LISTS)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a person can set; `file` is None when there was none.

    `origins` maps a key such as `station.number` to the kind of source and the place its value came from.
    """

    station: Station
    folders: Folders
    database: Database
    policy: PolicyFile
    secrets: Secrets
    log: Log
    sync: Sync
    wedge: Wedge
    screen: Screen
    keys: Keys
    scale: Scale
    camera: Camera
    sound: Sound
    scanners: tuple[Scanner, ...] = ()
    printers: tuple[Printer, ...] = ()
    targets: tuple[Target, ...] = ()
    file: Path | None = None
    warnings: tuple[Problem, ...] = ()
    origins: Mapping[str, tuple[Source, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of `config show`: key, value as text (never a secret), and its origin."""

    key: str
    value: str
    origin: str


def default_file() -> Path:
    """Where the configuration is looked for when nobody names one."""
    import platformdirs

    return platformdirs.user_config_path("returns-station") / "config.toml"


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration of `path`, of $RETURNS_STATION_CONFIG, or of `default_file()` when that exists.

    The environment wins over the file. Raises StationError with the first problem and, in its hint, how many
    more there are; warnings are in `Config.warnings`.
    """
    config, problems = _read(path, os.environ if environ is None else environ)
    if config is None:
        first, more = problems[0], len(problems) - 1
        others = f" {more} more: run `returns-station config check`." if more else ""
        raise StationError(first.code, first.sentence, f"{first.hint}{others}")
    return config


def check(path: Path | None = None, environ: Mapping[str, str] | None = None) -> list[Problem]:
    """Every problem of the configuration, those of one table together; codes in `WARNINGS` stop no start."""
    config, problems = _read(path, os.environ if environ is None else environ)
    return [*problems, *(config.warnings if config else ())]


def show(config: Config, environ: Mapping[str, str] | None = None) -> list[Shown]:
    """Every value with its origin; of a secret only whether it is set."""
    environ = os.environ if environ is None else environ
    rows: list[Shown] = []
    tables = [(name, getattr(config, name)) for name in _SECTIONS]
    tables += [
        (f"{name}[{at}]", one) for name in _LISTS for at, one in enumerate(getattr(config, f"{name}s"), 1)
    ]
    for label, table in tables:
        for one in fields(table):
            source, where = config.origins.get(f"{label}.{one.name}", ("default", ""))
            value = _told(config, one.name, getattr(table, one.name), environ)
            rows.append(Shown(f"{label}.{one.name}", value, where or source))
    return rows


def secret(config: Config, variable: str, environ: Mapping[str, str] | None = None) -> str:
    """The secret called `variable`, from the environment or the secrets file.

    Raises StationError `config.secret_missing`.
    """
    environ = os.environ if environ is None else environ
    value = environ.get(variable) or _secrets(config.secrets.path).get(variable, "")
    if not value:
        raise StationError(
            "config.secret_missing",
            f"The secret {shown(variable)} is neither in the environment nor in {config.secrets.path}.",
            f"Set the variable, or add a line `{shown(variable)}=…` to that file (and `chmod 600` it).",
        )
    return value


def _told(config: Config, key: str, value: object, environ: Mapping[str, str]) -> str:
    if key.endswith("_env") and value:
        held = environ.get(str(value)) or _secrets(config.secrets.path).get(str(value))
        return f"{value} ({'set, hidden' if held else 'not set'})"
    if isinstance(value, bytes):
        return escaped(value)
    if isinstance(value, tuple):
        return ", ".join(shown(str(part)) for part in value)
    return "" if value is None else shown(str(value), 400)


def _secrets(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (
        line.strip().removeprefix("export ").partition("=")
        for line in lines
        if not line.strip().startswith("#")
    )
    return {name.strip(): value.strip().strip("\"'") for name, mark, value in pairs if mark}


def _read(path: Path | None, environ: Mapping[str, str]) -> tuple[Config | None, list[Problem]]:
    try:
        file, at = _file(path, environ)
    except StationError as fault:
        return None, [Problem(fault.code.replace("toml.", "config."), fault.sentence, fault.hint)]
    reading = Reading()
    folder = at.parent if at else Path.cwd()
    given = gather(_SCHEMA, file, folder, _settings(environ), reading)
    config = _config(given, at, reading)
    return (None if reading.problems else config), reading.problems


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name != FILE_VARIABLE}


def _file(path: Path | None, environ: Mapping[str, str]) -> tuple[TomlFile | None, Path | None]:
    named = path or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    at = (named or default_file()).expanduser().absolute()
    if named is None and not at.exists():
        return None, None
    return read_toml(at), at


def _config(given: Sections, at: Path | None, reading: Reading) -> Config | None:
    tables: dict[str, Any] = {}
    for name, shape in _SECTIONS.items():
        found = given.get(name, [{}])[0]
        tables[name] = reading.table(shape, found, name, "", _defaults(name, at, tables.get("folders")))
    if any(table is None for table in tables.values()):
        return None
    check_camera(tables["camera"], given.get("camera", [{}])[0], reading)
    check_sound(tables["sound"], given.get("sound", [{}])[0], reading)
    for name, shape in _LISTS.items():
        tables[f"{name}s"] = tuple(_many(name, shape, given.get(name, []), tables["folders"], reading))
    warnings = tuple(_readable(tables["secrets"].path))
    return Config(**tables, file=at, warnings=warnings, origins=reading.origins)


def _defaults(section: str, at: Path | None, folders: Folders | None) -> dict[str, object]:
    if section == "folders":
        import platformdirs

        here = platformdirs.PlatformDirs("returns-station", appauthor=False)
        return {"data": here.user_data_path, "log": here.user_log_path, "state": here.user_state_path}
    if section == "database" and folders:
        return {"path": folders.data / "station.db"}
    if section == "secrets":
        return {"path": (at or default_file()).parent / "secrets.env"}
    return {}


def _many(
    name: str, shape: type[Any], given: list[dict[str, Given]], folders: Folders, reading: Reading
) -> Iterable[Any]:
    names: set[str] = set()
    defaults: dict[str, object] = {"folder": folders.data / "labels"} if name == "printer" else {}
    for number, table in enumerate(given, start=1):
        where = next((one.where for one in table.values()), name)
        one = reading.table(shape, table, f"{name}[{number}]", where, defaults)
        if one is None:
            continue
        if one.name in names:
            reading.wrong("name", one.name, table["name"].where, f"a name that no other {name} has")
        names.add(one.name)
        if isinstance(one, Target):
            _target(one, table, reading)
        if isinstance(one, Printer):
            check_printer(one, f"{name}[{number}]", table, where, reading)
        yield one


def _target(target: Target, given: Mapping[str, Given], reading: Reading) -> None:
    parts = urlsplit(target.url)
    if parts.username or parts.password:
        refuse_secret("password in the url", given["url"].where, reading)
    elif parts.scheme not in ("http", "https") or not parts.hostname:
        reading.wrong(
            "url", target.url, given["url"].where, "an address that starts with https:// or http://"
        )
    for key in ("secret_env", "token_env"):
        if key in given and not _VARIABLE.fullmatch(getattr(target, key)):
            reading.problems.append(
                Problem(
                    "config.secret",
                    f"{given[key].where}: '{key}' is not the name of an environment variable.",
                    "Write the name (capitals, digits, underscores) of the variable that holds the secret.",
                )
            )


def _readable(path: Path) -> Iterable[Problem]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        yield Problem(
            "config.readable",
            f"The secrets file {path} is open to others (mode {mode:04o}).",
            f"Run `chmod 600 {path}`.",
        )
