"""The values that people gave, by section: the TOML file, the environment over it, secrets turned away."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from returns_station.errors import Problem
from returns_station.shapes import Given, Reading, shown
from returns_station.tomlfile import TomlFile

PREFIX: Final = "RETURNS_STATION_"
_SECRET = re.compile(r"secret|passw|token|credential|(^|api|private|signing)[_-]?key$", re.IGNORECASE)
_SECRET_VALUE = "whsec_"
"""How every Standard Webhooks secret begins."""

# A section is a list of tables (exactly one, except in lists) of given values.
Sections = dict[str, list[dict[str, Given]]]


@dataclass(frozen=True, slots=True)
class Schema:
    """The sections there are: plain tables `[station]`, and lists of tables `[[scanner]]`."""

    tables: Mapping[str, type[Any]]
    lists: Mapping[str, type[Any]]

    def keys(self, section: str) -> set[str]:
        """The keys of a plain table."""
        return {one.name for one in fields(self.tables[section])}

    def header(self, section: str) -> str:
        """How the section's header is written."""
        return f"[[{section}]]" if section in self.lists else f"[{section}]"


def gather(
    schema: Schema, file: TomlFile | None, folder: Path, environ: Mapping[str, str], reading: Reading
) -> Sections:
    """File and environment together, the environment winning; what fits nowhere is a problem in `reading`."""
    given = _from_file(schema, file, folder, reading) if file else {}
    for name, tables in _from_environment(schema, environ, reading).items():
        given[name] = tables if name in schema.lists else [{**given.get(name, [{}])[0], **tables[0]}]
    return given


def refuse_secret(key: str, where: str, reading: Reading) -> None:
    """Notes that a secret stands where none may; its value is never repeated."""
    reading.problems.append(
        Problem(
            "config.secret",
            f"{where}: '{shown(key)}' looks like a secret, and secrets do not live in this file.",
            'Put it into an environment variable and name that variable here: `secret_env = "WMS_SECRET"`.',
        )
    )


def _from_file(schema: Schema, file: TomlFile, folder: Path, reading: Reading) -> Sections:
    found: Sections = {}
    for name, value in file.values.items():
        many = name in schema.lists
        tables = value if isinstance(value, list) else [value]
        if _looks_secret(name) and name not in schema.tables:
            refuse_secret(name, file.where(name), reading)
        elif not many and name not in schema.tables:
            reading.unknown(name, file.where(name), [*schema.tables, *schema.lists])
        elif isinstance(value, list) != many or not all(isinstance(table, dict) for table in tables):
            reading.wrong(name, value, file.where(name), f"a table headed `{schema.header(name)}`")
        else:
            found[name] = [
                _table(file, (name, number) if many else (name,), table, folder, reading)
                for number, table in enumerate(tables)
            ]
    return found


def _table(
    file: TomlFile, path: tuple[str | int, ...], table: Mapping[str, Any], folder: Path, reading: Reading
) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for key, value in table.items():
        where = file.where(*path, key)
        if _looks_secret(key, value):
            refuse_secret(key, where, reading)
            continue
        if isinstance(value, dict):
            value = _table(file, (*path, key), value, folder, reading)
        given[key] = Given(value, where, "file", folder)
    return given


def _looks_secret(key: str, value: object = None) -> bool:
    if key.endswith("_env"):
        return False
    return _SECRET.search(key) is not None or (isinstance(value, str) and value.startswith(_SECRET_VALUE))


def _from_environment(schema: Schema, environ: Mapping[str, str], reading: Reading) -> Sections:
    """`RETURNS_STATION_<SECTION>_<KEY>`; other names are left alone unless they nearly say a section's."""
    found: Sections = {}
    for variable in sorted(name for name in environ if name.startswith(PREFIX) and environ[name]):
        section, _, key = variable.removeprefix(PREFIX).lower().partition("_")
        if section in schema.tables and key and (key in schema.keys(section) or not _looks_secret(key)):
            given = Given(environ[variable], variable, "environment", Path.cwd())
            found.setdefault(section, [{}])[0][key] = given
        elif section in schema.lists and not key:
            found[section] = _inline(variable, environ[variable], reading)
        elif (
            key
            and section not in {*schema.tables, *schema.lists}
            and get_close_matches(section, schema.tables, 1, 0.8)
        ):
            reading.unknown(section, variable, schema.tables)
    return found


def _inline(variable: str, text: str, reading: Reading) -> list[dict[str, Given]]:
    """Tables in one variable, as TOML writes them inline: `[{name = "hand", url = "/dev/ttyACM0"}]`."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = None
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        reading.wrong(variable, text, "environment", 'inline tables, as in `[{name = "…"}]`')
        return []
    return [_named(row, variable, reading) for row in value]


def _named(row: Mapping[str, Any], variable: str, reading: Reading, depth: int = 0) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for key, value in row.items():
        if depth and _looks_secret(key, value):
            refuse_secret(key, variable, reading)
            continue
        if isinstance(value, dict):
            value = _named(value, variable, reading, depth + 1)
        given[key] = Given(value, variable, "variable", Path.cwd())
    return given
