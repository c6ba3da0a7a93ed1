"""Feed files of another system, page by page: read when they are whole, moved to `in/done` when all of them is kept.

The cursor names the files that are kept and the place within the one that is being read; a file is known by its name and
the SHA-256 of its bytes. A file is moved only once the cursor that names it came back, for then its rows are on disk.
"""

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Final

from returns_station.connectors.answers import clean
from returns_station.connectors.api import ConnectorError, Page
from returns_station.connectors.files.disk import IN, SEPARATORS, Drop, Unreadable, free_name, names

DONE, REFUSED = "done", "refused"
_NAME: Final = re.compile(
    r"(products|orders|authorizations|customers|locations)([-_. ].*)?\.(csv|jsonl)", re.IGNORECASE
)

_ORDER_LINE: Final = ("line_id", "sku", "title", "quantity", "unit_price", "discount", "tax", "delivered_at")
CHILDREN: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "orders": {
        "lines": {name: name for name in (*_ORDER_LINE, "returned", "serials")},
        "payments": {"payment_reference": "reference", "captured": "captured", "refunded": "refunded"},
    },
    "authorizations": {"lines": {name: name for name in ("sku", "line_id", "expected", "reason")}},
}
"""Columns that stand in a row within the row, by feed: the file's name of it → ours (docs/import.md)."""
NEEDED: Final = {
    "products": ("sku",),
    "orders": ("number", "line_id", "sku", "quantity"),
    "authorizations": ("number",),
    "customers": ("number",),
    "locations": ("code",),
}
"""Columns without which a CSV file is refused."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a reader stands: files that are kept (name → digest), and rows kept of the one that is being read."""

    kept: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    digest: str | None = None
    rows: int = 0

    def text(self) -> str:
        told = {"kept": dict(self.kept), "name": self.name, "digest": self.digest, "rows": self.rows}
        return json.dumps(told, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Feeds:
    """The files in `in/`; one that ends in no `.done` marker must not have changed for `settle_s` seconds."""

    drop: Drop
    settle_s: float
    now: Callable[[], datetime]
    _parsed: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    """The file that is being read, by feed and digest, so that its later pages cost no parsing."""

    def page(self, feed: str, cursor: str | None, limit: int) -> Page:
        """The next rows, at most `limit`, of one file; ConnectorError `files.*` for a folder or a file that is not well.

        A file that cannot be read is moved to `in/refused` with the reason beside it; the next call goes on behind it.
        """
        folder = self.drop.folder(IN)
        if not folder.is_dir():
            raise _missing(folder)
        try:
            self._refuse_unnamed(folder)
            place = self._cleared(folder, _placed(cursor))
            files = (name for name in names(folder) if _feed_of(name) == feed)
            # What comes later may be newer, so it waits for what is still being written.
            waiting = list(takewhile(lambda name: self._whole(folder / name), files))
            if not waiting:
                return Page((), place.text(), False)
            return self._page(folder, feed, place, waiting, limit)
        except OSError as error:
            sentence = f"The folder {folder} cannot be used: {error.strerror or error}."
            raise ConnectorError("files.disk", sentence, _FOLDER) from None

    def _page(self, folder: Path, feed: str, place: _Place, waiting: list[str], limit: int) -> Page:
        name = waiting[0]
        try:
            content = self.drop.read(folder / name)
            digest = hashlib.sha256(content).hexdigest()
            items = self._parsed.get((feed, digest)) or rows(feed, name, content)
        except (Unreadable, csv.Error) as error:
            raise self._refused(folder / name, str(error)) from None
        self._parsed.clear()
        begun = place.rows if (place.name, place.digest) == (name, digest) else 0
        page, after = items[begun : begun + limit], begun + limit
        if after < len(items):
            self._parsed[feed, digest] = items
            return Page(tuple(page), _Place(place.kept, name, digest, after).text(), True)
        kept = _Place({**place.kept, name: digest})
        return Page(tuple(page), kept.text(), len(waiting) > 1)

    def _cleared(self, folder: Path, place: _Place) -> _Place:
        """Moves what the cursor says is kept; what lies there under a kept name with other bytes is a new file."""
        for name, digest in place.kept.items():
            path = folder / name
            try:
                same = hashlib.sha256(self.drop.read(path)).hexdigest() == digest
            except (FileNotFoundError, Unreadable):
                continue
            if same:
                self.drop.move(path, folder / DONE)
                _unmark(path)
        return _Place({}, place.name, place.digest, place.rows)

    def _whole(self, path: Path) -> bool:
        if os.path.lexists(f"{path}.done"):
            return True
        try:
            # The change time, for the time of modification is what an uploader says it is.
            changed = os.lstat(path).st_ctime
        except FileNotFoundError:
            return False
        return self.now().timestamp() - changed >= self.settle_s

    def _refuse_unnamed(self, folder: Path) -> None:
        for name in names(folder):
            path = folder / name
            ours = name.lower().endswith((".csv", ".jsonl")) and _feed_of(name) is None
            if ours and path.is_file() and self._whole(path):
                raise self._refused(
                    path, "has a name that begins with none of the feeds: " + ", ".join(NEEDED)
                )

    def _refused(self, path: Path, why: str) -> ConnectorError:
        sentence = f"The file {clean(path.name)} {clean(why)}."
        moved = free_name(path, path.parent / REFUSED)
        # The reason first: a file that lies there without one would be a riddle.
        Path(f"{moved}.txt").write_text(sentence + "\n", encoding="utf-8")
        self.drop.move(path, moved.parent)
        _unmark(path)
        hint = f"It lies in {moved.parent}; correct it and put it into {path.parent} again."
        return ConnectorError("files.refused", sentence, hint)


_FOLDER: Final = "Check that the share is mounted and may be written; what is queued stays queued."


def _missing(folder: Path) -> ConnectorError:
    sentence = f"The folder {folder} is not there."
    return ConnectorError("files.folder", sentence, "Mount the share, or make the folder once by hand.")


def _unmark(path: Path) -> None:
    Path(f"{path}.done").unlink(missing_ok=True)


def _feed_of(name: str) -> str | None:
    found = _NAME.fullmatch(name)
    return found.group(1).lower() if found else None


def _placed(cursor: str | None) -> _Place:
    try:
        told = json.loads(cursor or "{}")
        kept = {str(name): str(digest) for name, digest in dict(told.get("kept") or {}).items()}
        return _Place(kept, told.get("name"), told.get("digest"), int(told.get("rows") or 0))
    except (ValueError, TypeError, AttributeError):
        # A cursor of another connector of this target's past: reading again changes nothing.
        return _Place()


def rows(feed: str, name: str, content: bytes) -> list[Row]:
    """The rows of a whole file in the shape of JSON Lines; Unreadable says what is wrong with the file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8") from None
    if not text.strip():
        raise Unreadable("is empty")
    return list(_objects(text) if name.lower().endswith(".jsonl") else _grouped(feed, text))


def _objects(text: str) -> Iterator[Row]:
    for line, part in enumerate(text.split("\n"), 1):
        if not part.strip():
            continue
        try:
            found = json.loads(part, parse_constant=_no_number)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Unreadable(f"has no JSON object on line {line}")
        yield found


def _no_number(name: str) -> object:
    raise ValueError(name)


def _grouped(feed: str, text: str) -> Iterator[Row]:
    """CSV rows; those that follow each other with the same number, or none, are one order or authorisation."""
    children = CHILDREN.get(feed, {})
    held: Row | None = None
    for cells in _cells(feed, text):
        inside = {column for columns in children.values() for column in columns}
        head: Row = {name: cell for name, cell in cells.items() if name not in inside}
        if not children:
            yield head
            continue
        if held is None or head["number"] not in ("", held["number"]):
            if held is not None:
                yield held
            held = head | {child: [] for child, columns in children.items() if set(columns) & set(cells)}
        held |= {name: cell for name, cell in head.items() if cell}
        for child, columns in children.items():
            _within(held, child, {ours: cells[theirs] for theirs, ours in columns.items() if theirs in cells})
    if held is not None:
        yield held


def _within(held: Row, child: str, values: dict[str, str]) -> None:
    listed = held.get(child)
    if not isinstance(listed, list) or not any(values.values()):
        return
    if child == "payments":
        # A payment repeats on every row of its order.
        same = next((one for one in listed if one.get("reference") == values.get("reference")), None)
        if same is not None:
            same.update({name: value for name, value in values.items() if value})
            return
    listed.append(values)


def _cells(feed: str, text: str) -> Iterator[dict[str, str]]:
    first = next(line for line in text.splitlines() if line.strip())
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header = next(([cell.strip().lower() for cell in row] for row in reader if any(row)), [])
    missing = [name for name in NEEDED[feed] if name not in header]
    if missing:
        raise Unreadable(f"has no column {', '.join(missing)}")
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
            raise Unreadable(
                f"has {len(row)} cells on line {reader.line_num}, and {len(header)} in its header"
            )
        cells = [cell.strip(" \t\r\n") for cell in row] + [""] * (len(header) - len(row))
        yield dict(zip(header, cells, strict=False))
