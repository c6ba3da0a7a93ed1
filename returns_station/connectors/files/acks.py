"""What the other system says of the files it took: `ack/*.csv` and `ack/*.jsonl`, the last word on each key."""

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from returns_station.connectors.answers import clean
from returns_station.connectors.files.disk import ACK, SEPARATORS, Drop, Unreadable

ACCEPTED, REFUSED = "accepted", "refused"
MANY: Final = 1_000
"""Files from which on each of them is looked at less often."""
_SUFFIXES: Final = (".csv", ".jsonl")


@dataclass(frozen=True, slots=True)
class Word:
    """One acknowledgement: `status` is `accepted` or `refused`; reference and sentence are the other system's own."""

    status: str
    reference: str | None
    sentence: str | None


@dataclass(slots=True)
class _File:
    mark: tuple[int, int, int]
    words: dict[str, Word]
    problem: str | None


@dataclass(slots=True)
class Acknowledgements:
    """The words of all files, in the order of their names; a file is read again when it changed.

    A line counts once its line end is written, so a file may grow while it is read. Where there are very many files, one
    that grows is looked at every `rest_s` seconds; a new one is seen at once, for it changes the folder.
    """

    drop: Drop
    now: Callable[[], datetime]
    rest_s: float
    problem: str | None = None
    """What could not be read at the last look, the first of it."""
    _held: dict[str, _File] = field(default_factory=dict)
    _words: dict[str, Word] = field(default_factory=dict)
    _looked: tuple[int, float] = (-1, 0.0)
    """When the folder had changed at the last look, in nanoseconds, and when that look was, in seconds."""

    def word(self, key: str) -> Word | None:
        """The last word on a key; OSError where the folder is not there or cannot be read: it may hold a refusal."""
        folder = self.drop.folder(ACK)
        changed, at = os.stat(folder).st_mtime_ns, self.now().timestamp()
        rested = 0 <= at - self._looked[1] < self.rest_s
        if len(self._held) < MANY or changed != self._looked[0] or not rested:
            self._look(folder)
            self._looked = changed, at
        return self._words.get(key)

    def _look(self, folder: Path) -> None:
        marks = dict(_marks(folder))
        gone = self._held.keys() - marks
        new = [
            name for name, mark in marks.items() if name not in self._held or self._held[name].mark != mark
        ]
        for name in gone:
            del self._held[name]
        for name in new:
            self._held[name] = self._read(folder / name, marks[name])
        if gone or new:
            files = [self._held[name] for name in sorted(self._held)]
            self.problem = next((file.problem for file in files if file.problem), None)
            self._words = {key: word for file in files for key, word in file.words.items()}

    def _read(self, path: Path, mark: tuple[int, int, int]) -> _File:
        words: dict[str, Word] = {}
        name = clean(path.name)
        try:
            content = self.drop.read(path)
        except (Unreadable, OSError) as error:
            return _File(mark, words, f"{name} cannot be read: {clean(str(error))}.")
        problem: str | None = None
        whole = content[: content.rfind(b"\n") + 1]
        for line, row in _rows(_text_of(whole), path.suffix.lower()):
            word = _word(row)
            if word is None:
                problem = problem or f"Line {line} of {name} is no acknowledgement."
            else:
                words[str(row["key"])] = word
        if content[len(whole) :].strip():
            problem = problem or f"The last line of {name} has no line end yet."
        return _File(mark, words, problem)


def _marks(folder: Path) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Each file by its name, with what changes when it does."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.lower().endswith(_SUFFIXES):
                continue
            with suppress(FileNotFoundError):
                state = entry.stat(follow_symlinks=False)
                yield entry.name, (state.st_ino, state.st_size, state.st_mtime_ns)


def _text_of(content: bytes) -> str:
    """UTF-8, else what Windows writes: keys and statuses are ASCII, so only a sentence could be read wrongly."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _rows(text: str, suffix: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    lines = ((line, part) for line, part in enumerate(text.split("\n"), 1) if part.strip())
    return _csv_rows(lines) if suffix == ".csv" else _json_rows(lines)


def _csv_rows(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Each line by itself: a quotation mark that is never closed must not swallow the lines after it."""
    _, first = next(lines, (0, ""))
    separator = max(SEPARATORS, key=first.count)
    header = [cell.strip().lower() for cell in _cells(first, separator)]
    for line, part in lines:
        yield line, dict(zip(header, map(_unmarked, _cells(part, separator)), strict=False))


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _json_rows(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line, part in lines:
        try:
            found = json.loads(part)
        except (ValueError, RecursionError):
            found = None
        yield line, found if isinstance(found, dict) else {}


def _unmarked(cell: str) -> str:
    """A cell without blanks around it and the mark that `cells` puts before what a spreadsheet would run."""
    return cell.strip().removeprefix("'")


def _word(row: Mapping[str, object]) -> Word | None:
    key, status = row.get("key"), row.get("status")
    if not isinstance(key, str) or not key or status not in (ACCEPTED, REFUSED):
        return None
    return Word(str(status), _text(row.get("reference")), _text(row.get("sentence")))


def _text(value: object) -> str | None:
    return clean(value) if isinstance(value, str) and value.strip() else None
