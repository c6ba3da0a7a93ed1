"""The configuration: one TOML file, the environment over it, as frozen values that know where they came from.

Read with `tomllib` and dataclasses, for every start waits for it and every mistake must name its line.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from returns_station.credentials import Held, Places
from returns_station.errors import Problem, StationError
from returns_station.given import Schema, Sections, gather
from returns_station.input_settings import Scanner as Scanner
from returns_station.input_settings import Wedge as Wedge
from returns_station.output_settings import Camera as Camera
from returns_station.output_settings import Printer as Printer
from returns_station.output_settings import Scale as Scale
from returns_station.output_settings import Sound as Sound
from returns_station.output_settings import check_camera, check_printer, check_sound
from returns_station.shapes import Given, Reading, Source, escaped, setting, shown
from returns_station.target_settings import Target as Target
from returns_station.target_settings import check_hosts, check_target
from returns_station.tomlfile import TomlFile, read_toml
from returns_station.wording.speech import LANGUAGES, REFERENCE

FILE_VARIABLE: Final = "RETURNS_STATION_CONFIG"
WARNINGS: Final = frozenset({"config.readable"})
_OPEN_TO_ALL: Final = "an address and port of this machine, as in 127.0.0.1:9108"


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

    By default `secrets.env` beside the configuration. `keyring` is the service under which the system's keyring has
    them; it is asked for what no other place holds, and only when it is named.
    """

    path: Path = setting()
    keyring: str = setting("")


@dataclass(frozen=True, slots=True)
class Log:
    """The rotating log file: its level, the size in bytes at which it turns, and how many old ones stay."""

    level: str = setting("info", choices=("debug", "info", "warning", "error"))
    bytes: int = setting(5_000_000, low=10_000, high=1_000_000_000)
    keep: int = setting(5, low=1, high=100)


@dataclass(frozen=True, slots=True)
class Sync:
    """How often effects are delivered and feeds pulled, how long an answer may take, how many go at once.

    `allow_hosts` are hosts that every target may talk to; with none here and none in the target, its own url alone
    decides. `listen` (`127.0.0.1:9108`) serves health and metrics while `sync --watch` runs; other addresses than this
    machine's need `listen_public`.
    """

    interval_seconds: int = setting(2, low=1, high=86_400)
    pull_seconds: int = setting(60, low=1, high=86_400)
    timeout_seconds: int = setting(30, low=1, high=600)
    batch: int = setting(100, low=1, high=1_000)
    allow_hosts: tuple[str, ...] = setting(())
    listen: str = setting("")
    listen_public: bool = setting(False)


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
            rows += _rows(config, f"{label}.{one.name}", getattr(table, one.name), environ)
    return rows


def _rows(config: Config, key: str, value: object, environ: Mapping[str, str]) -> Iterable[Shown]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _rows(config, f"{key}.{name}", inner, environ)
        return
    source, where = config.origins.get(key, ("default", ""))
    yield Shown(key, _told(config, key, value, environ), where or source)


def secret(config: Config, variable: str, environ: Mapping[str, str] | None = None) -> str:
    """The secret called `variable`; docs/sync.md has the order of the places it may be kept in.

    Raises StationError `config.secret_missing`, `config.keyring`.
    """
    places = _places(config, environ)
    held = places.find(variable)
    if held is None:
        raise StationError(
            "config.secret_missing",
            f"The secret {shown(variable)} is neither in the environment{places.looked()}.",
            f"Set the variable, or add a line `{shown(variable)}=…` to {places.file.name} (and `chmod 600` it).",
        )
    return held.value


def secret_place(config: Config, variable: str, environ: Mapping[str, str] | None = None) -> str | None:
    """Where the secret called `variable` is kept, in words; None where it is kept nowhere. Raises `config.keyring`."""
    held: Held | None = _places(config, environ).find(variable)
    return held.source if held else None


def _places(config: Config, environ: Mapping[str, str] | None) -> Places:
    return Places(config.secrets.path, config.secrets.keyring, os.environ if environ is None else environ)


def _told(config: Config, key: str, value: object, environ: Mapping[str, str]) -> str:
    if key.endswith("_env") and value:
        return f"{value} ({_set(config, str(value), environ)})"
    if isinstance(value, bytes):
        return escaped(value)
    if isinstance(value, Mapping):
        return ""
    if isinstance(value, tuple):
        return ", ".join(shown(str(part)) for part in value)
    return "" if value is None else shown(str(value), 400)


def _set(config: Config, variable: str, environ: Mapping[str, str]) -> str:
    try:
        place = secret_place(config, variable, environ)
    except StationError as error:
        return f"not known: {error.sentence}"
    return f"set by {place}, hidden" if place else "not set"


def _read(path: Path | None, environ: Mapping[str, str]) -> tuple[Config | None, list[Problem]]:
    try:
        file, at = _file(path, environ)
    except StationError as fault:
        return None, [Problem(fault.code.replace("toml.", "config."), fault.sentence, fault.hint)]
    reading = Reading()
    folder = at.parent if at else Path.cwd()
    given = gather(_SCHEMA, file, folder, _settings(environ), reading)
    config = _config(given, at, reading)
    if config is not None:
        config = replace(config, warnings=tuple(_readable(config, environ)))
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
    _check_sync(tables["sync"], given.get("sync", [{}])[0], reading)
    for name, shape in _LISTS.items():
        tables[f"{name}s"] = tuple(_many(name, shape, given.get(name, []), tables["folders"], reading))
    return Config(**tables, file=at, origins=reading.origins)


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
            check_target(one, table, reading)
        if isinstance(one, Printer):
            check_printer(one, f"{name}[{number}]", table, where, reading)
        yield one


def _check_sync(sync: Sync, given: Mapping[str, Given], reading: Reading) -> None:
    if "allow_hosts" in given:
        check_hosts("allow_hosts", sync.allow_hosts, given["allow_hosts"].where, reading)
    if "listen" in given and (expected := listening(sync)[1]):
        reading.wrong("listen", sync.listen, given["listen"].where, expected)


def listening(sync: Sync) -> tuple[tuple[str, int] | None, str]:
    """Where the sync job serves health and metrics, None for nowhere; and what was expected where that is no address."""
    if not sync.listen:
        return None, ""
    host, _, port = sync.listen.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port) <= 65_535):
        return None, _OPEN_TO_ALL
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return None, _OPEN_TO_ALL
    if not address.is_loopback and not sync.listen_public:
        return None, f"{_OPEN_TO_ALL}; another one needs `listen_public = true`"
    return (str(address), int(port)), ""


def _readable(config: Config, environ: Mapping[str, str]) -> Iterable[Problem]:
    named = [name for target in config.targets for name in secret_names(target)]
    return _places(config, environ).open_to_others(tuple(dict.fromkeys(named)))


def secret_names(target: Target) -> tuple[str, ...]:
    """The names of the secrets of a target, its options' (`…_env`) among them."""
    named = [target.secret_env, target.token_env]
    named += [value for key, value in target.options.items() if key.endswith("_env")]
    return tuple(name for name in named if name)
