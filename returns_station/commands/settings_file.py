"""Writes settings into a configuration file as a careful person would: other lines stay, the old file is kept, all or nothing."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from returns_station.errors import StationError
from returns_station.shapes import escaped
from returns_station.tomlfile import TomlFile, parse_toml

Value = str | int | bool | bytes


@dataclass(frozen=True, slots=True)
class Change:
    """Settings of one table: `section` as in `[section]`, or of the one called `name` as in `[[section]]`.

    `comment` stands below the header of a table that is new; `notes` are the comments behind keys.
    """

    section: str
    values: Mapping[str, Value]
    name: str | None = None
    comment: str = ""
    notes: Mapping[str, str] | None = None

    @property
    def header(self) -> str:
        """The header of the table."""
        return f"[{self.section}]" if self.name is None else f"[[{self.section}]]"

    def line(self, key: str) -> str:
        """The line of one key."""
        note = (self.notes or {}).get(key, "")
        return f"{key} = {toml(self.values[key])}" + (f"  # {note}" if note else "")


def toml(value: Value) -> str:
    """A value as TOML has it; bytes in single quotes with escapes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    text = escaped(value) if isinstance(value, bytes) else value
    if isinstance(value, bytes) and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def merged(old: str, changes: Sequence[Change], name: str = "config.toml") -> str:
    """The text of a configuration with these settings in it; every other line of `old` stays as it is.

    Raises StationError `toml.*` when `old` cannot be read, `config.edit` when its tables are written in a way that single
    lines cannot change.
    """
    lines = old.replace("\r\n", "\n").split("\n")
    parse_toml(old.encode(), name)
    try:
        for change in changes:
            lines = _applied(lines, change, name)
        text = "\n".join(lines).strip("\n") + "\n"
        proven = all(_holds(parse_toml(text.encode(), name), change) for change in changes)
    except StationError:
        proven = False
    if not proven:
        hint = (
            "Write each table under its own header, one key a line, or move the file away and run this again."
        )
        raise StationError("config.edit", f"{name} cannot be changed line by line.", hint)
    return text


def replace_file(path: Path, text: str) -> Path | None:
    """Writes the file whole or not at all, and durable; the old one, if any, is kept beside it: its path.

    Raises StationError `config.write`.
    """
    target = path.resolve()
    part, kept = target.with_name(f".{target.name}.part"), target.with_name(f"{target.name}.bak")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        old = target.exists()
        if old:
            shutil.copy2(target, kept)
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if old:
            shutil.copymode(target, part)
        part.replace(target)
        _sync(target.parent)
    except OSError as fault:
        part.unlink(missing_ok=True)
        hint = "Make the folder writable, or name another file with --config."
        raise StationError("config.write", f"{path} cannot be written: {fault.strerror}.", hint) from fault
    return kept if old else None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _applied(lines: list[str], change: Change, name: str) -> list[str]:
    file = parse_toml("\n".join(lines).encode(), name)
    path = _path(file, change)
    start = 0 if path is None else file.lines.get(path, 0)
    if path is None or not start or not lines[start - 1].lstrip().startswith("["):
        comment = [f"# {line}" for line in change.comment.splitlines()]
        rest = [change.line(key) for key in change.values]
        before = [*lines, ""] if lines and lines[-1] else lines
        return [*before, change.header, *comment, *rest, ""]
    end = min((line for line in _headers(file, lines) if line > start), default=len(lines) + 1) - 1
    done = list(lines)
    added = []
    for key in change.values:
        at = file.lines.get((*path, key))
        if at is None:
            added.append(change.line(key))
        else:
            done[at - 1] = change.line(key)
    # Blank lines and comments above the next header belong to that one.
    while end > start and done[end - 1].strip()[:1] in ("", "#"):
        end -= 1
    return [*done[:end], *added, *done[end:]]


def _path(file: TomlFile, change: Change) -> tuple[str | int, ...] | None:
    found = file.values.get(change.section)
    if change.name is None:
        return (change.section,) if isinstance(found, dict) else None
    tables = found if isinstance(found, list) else []
    return next(
        ((change.section, at) for at, one in enumerate(tables) if one.get("name") == change.name), None
    )


def _headers(file: TomlFile, lines: Sequence[str]) -> set[int]:
    return {line for line in file.lines.values() if lines[line - 1].lstrip().startswith("[")}


def _holds(file: TomlFile, change: Change) -> bool:
    """Whether every value of the change stands in the file: one written by hand in another way must not be spoilt."""
    path = _path(file, change)
    if path is None:
        return False
    found = file.values[change.section]
    table = found if change.name is None else found[path[1]]
    wanted = {key: escaped(one) if isinstance(one, bytes) else one for key, one in change.values.items()}
    return all(table.get(key) == one for key, one in wanted.items())
