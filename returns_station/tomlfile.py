"""A TOML file whose keys know their lines, so that a mistake in it can be pointed at."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from returns_station.errors import StationError

KeyPath = tuple[str | int, ...]

_QUOTED = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|(?P<comment>#[^\n]*)',
    re.DOTALL,
)
_PLACE = re.compile(r" \(at line (\d+), column \d+\)$| \(at end of document\)$")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What a TOML file says: its values as `tomllib` gives them, and the line (from 1) of each key and table.

    A path is a tuple of keys and, inside an array of tables, indices: `("scanner", 0, "url")`.
    """

    name: str
    values: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def line(self, *path: str | int) -> int:
        """The line of `path`, or of the nearest table above it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def where(self, *path: str | int) -> str:
        """The place as people say it: `config.toml, line 7`."""
        return f"{self.name}, line {self.line(*path)}"


def read_toml(path: Path) -> TomlFile:
    """The file at `path`. Raises StationError `toml.read`, `toml.encoding` or `toml.syntax`."""
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise StationError(
            "toml.read", f"{path} cannot be read: {fault.strerror}.", "Check the path and its permissions."
        ) from fault
    return parse_toml(raw, path.name)


def parse_toml(raw: bytes, name: str) -> TomlFile:
    """TOML from bytes: UTF-8, with or without a byte order mark, with LF or CRLF. Raises like `read_toml`."""
    text = _decoded(raw, name).replace("\r\n", "\n")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise _syntax(fault, text, name) from fault
    return TomlFile(name, values, _first(_lines(text)))


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw[: fault.start].count(b"\n") + 1
        raise StationError(
            "toml.encoding",
            f"{name}, line {line}: byte 0x{raw[fault.start]:02X} is not UTF-8 text.",
            "Save the file as UTF-8.",
        ) from fault


def _syntax(fault: tomllib.TOMLDecodeError, text: str, name: str) -> StationError:
    said = str(fault)
    place = _PLACE.search(said)
    number = place[1] if place and place[1] else str(text.count("\n") + 1)
    cause = _PLACE.sub("", said)
    return StationError(
        "toml.syntax",
        f"{name}, line {number}: not readable as TOML: {cause[:1].lower()}{cause[1:]}.",
        'Mend that line; texts stand in quotes, as in `name = "Dock 1"`.',
    )


def _masked(text: str) -> str:
    """The text with strings and comments blanked out, every character in its place."""
    return _QUOTED.sub(lambda found: re.sub(r"[^\n]", " " if found["comment"] else "_", found[0]), text)


def _lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Every table header and key with its line; nested keys of inline values answer through their parent."""
    table: KeyPath = ()
    arrays: dict[KeyPath, int] = {}
    depth = 0
    for number, (line, mask) in enumerate(
        zip(text.split("\n"), _masked(text).split("\n"), strict=True), start=1
    ):
        if depth == 0 and mask.lstrip().startswith("["):
            table = _table(line, mask, arrays)
            yield table, number
        elif depth == 0 and "=" in mask:
            yield table + _keys(line[: mask.index("=")] + "= 0"), number
        depth += sum(mask.count(mark) for mark in "[{") - sum(mask.count(mark) for mark in "]}")


def _first(found: Iterator[tuple[KeyPath, int]]) -> dict[KeyPath, int]:
    lines: dict[KeyPath, int] = {}
    for path, number in found:
        lines.setdefault(path, number)
        if path and isinstance(path[-1], int):
            lines.setdefault(path[:-1], number)
    return lines


def _table(line: str, mask: str, arrays: dict[KeyPath, int]) -> KeyPath:
    many = mask.lstrip().startswith("[[")
    keys = _keys(f"[{line[mask.rindex('[') + 1 : mask.index(']')]}]")
    path: KeyPath = ()
    for position, key in enumerate(keys):
        path = (*path, key)
        if many and position == len(keys) - 1:
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, arrays[path])
    return path


def _keys(statement: str) -> tuple[str, ...]:
    """The dotted key of a header or an assignment, unquoted by the TOML parser itself."""
    keys: list[str] = []
    inner: Any = tomllib.loads(statement)
    while isinstance(inner, dict) and inner:
        key, inner = next(iter(inner.items()))
        keys.append(key)
    return tuple(keys)
