"""What the other system says of the files it took: `ack/*.csv` and `ack/*.jsonl`, the last word on each key."""

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from returns_station.connectors.answers import clean
from returns_station.connectors.files.disk import ACK, Drop, Unreadable, names

ACCEPTED, REFUSED = "accepted", "refused"
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

    A line counts once its line end is written, so a file may grow while it is read.
    """

    drop: Drop
    _held: dict[str, _File] = field(default_factory=dict)

    def word(self, key: str) -> Word | None:
        """The last word on a key; OSError where the folder cannot be read."""
        self._look()
        found: Word | None = None
        for name in sorted(self._held):
            found = self._held[name].words.get(key, found)
        return found

    @property
    def problem(self) -> str | None:
        """What could not be read at the last look, the first of it."""
        told = (self._held[name].problem for name in sorted(self._held))
        return next((problem for problem in told if problem), None)

    def _look(self) -> None:
        folder = self.drop.folder(ACK)
        found = [name for name in names(folder) if name.lower().endswith(_SUFFIXES)]
        for gone in self._held.keys() - set(found):
            del self._held[gone]
        for name in found:
            try:
                state = os.lstat(folder / name)
            except FileNotFoundError:
                continue
            mark = (state.st_ino, state.st_size, state.st_mtime_ns)
            if name not in self._held or self._held[name].mark != mark:
                self._held[name] = self._read(folder / name, mark)

    def _read(self, path: Path, mark: tuple[int, int, int]) -> _File:
        words: dict[str, Word] = {}
        problem: str | None = None
        try:
            content = self.drop.read(path)
            text = content[: content.rfind(b"\n") + 1].decode("utf-8-sig")
            for line, row in _rows(text, path.suffix.lower()):
                word = _word(row)
                if word is None:
                    problem = problem or f"Line {line} of {clean(path.name)} is no acknowledgement."
                else:
                    words[str(row["key"])] = word
        except UnicodeDecodeError:
            problem = f"{clean(path.name)} is not UTF-8."
        except (Unreadable, OSError, csv.Error) as error:
            problem = f"{clean(path.name)} cannot be read: {clean(str(error))}."
        return _File(mark, words, problem)


def _rows(text: str, suffix: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    if suffix == ".csv":
        reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
        for row in reader:
            yield reader.line_num, {str(name).strip().lower(): _unmarked(cell) for name, cell in row.items()}
        return
    for line, part in enumerate(text.split("\n"), 1):
        if part.strip():
            try:
                found = json.loads(part)
            except (ValueError, RecursionError):
                found = None
            yield line, found if isinstance(found, dict) else {}


def _unmarked(cell: object) -> object:
    """A cell without blanks around it and the mark that `files_cells` puts before what a spreadsheet would run."""
    return cell.strip().removeprefix("'") if isinstance(cell, str) else None


def _word(row: Mapping[str, object]) -> Word | None:
    key, status = row.get("key"), row.get("status")
    if not isinstance(key, str) or not key or status not in (ACCEPTED, REFUSED):
        return None
    return Word(str(status), _text(row.get("reference")), _text(row.get("sentence")))


def _text(value: object) -> str | None:
    return clean(value) if isinstance(value, str) and value.strip() else None
