"""A folder that is shared with another system: files written whole or not at all, files read only when whole.

POSIX makes `rename` atomic within a folder; the new name survives a power cut once the folder itself is synced.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from returns_station.connectors.api import ConnectorError

OUT, TAKEN, ACK, IN = "out", "done", "ack", "in"


class Unreadable(Exception):
    """A file that is not read; its text says why, in words that follow the file's name."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The shared folder: `out` and `in` must be there, for a share that is not mounted looks like an empty one."""

    root: Path
    most_bytes: int
    """Larger files are not read."""

    def folder(self, name: str) -> Path:
        """One of its folders."""
        return self.root / name

    def draft(self, name: str) -> Path:
        """Where a file of `out` is before it is whole; a name that no reader of `*.csv` or `*.jsonl` sees."""
        return self.root / OUT / f".{name}.part"

    def write_draft(self, name: str, content: bytes) -> None:
        """The draft of a file, on disk with its name when this returns; OSError where it cannot be."""
        handle = os.open(self.draft(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(self.root / OUT)

    def publish(self, name: str) -> None:
        """Gives the draft its name, on disk when this returns."""
        os.rename(self.draft(name), self.root / OUT / name)
        sync_folder(self.root / OUT)

    def has_draft(self, name: str) -> bool:
        """Whether a draft of this file stands there."""
        return os.path.lexists(self.draft(name))

    def stands(self, name: str) -> str | None:
        """The folder in which a file with this name stands: `out`, or `done` where its reader put it."""
        return next((where for where in (OUT, TAKEN) if os.path.lexists(self.root / where / name)), None)

    def named(self, part: str) -> str | None:
        """The folder of the first file whose name has this part, whatever its reader made of the rest."""
        for where in (OUT, TAKEN):
            if any(part in name for name in names(self.root / where)):
                return where
        return None

    def read(self, path: Path) -> bytes:
        """The whole of a regular file; Unreadable for a link, a device, or one that is too large."""
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Unreadable("is no regular file")
            content = file.read(self.most_bytes + 1)
        if len(content) > self.most_bytes:
            raise Unreadable(f"has more than {self.most_bytes} bytes")
        return content

    def move(self, path: Path, folder: Path) -> Path:
        """Moves a file into a folder under a name that is free there; its new path."""
        moved = free_name(path, folder)
        os.rename(path, moved)
        sync_folder(folder)
        sync_folder(path.parent)
        return moved


def drop_of(url: str, most_bytes: int) -> Drop:
    """The folder that a `file:` address names; ConnectorError `files.url` for one that names none."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not path.startswith("/"):
        sentence = f"The address {url!r} names no folder of this machine."
        raise ConnectorError("files.url", sentence, "Write url as file:///path/to/folder.", retry=False)
    return Drop(Path(path), most_bytes)


def names(folder: Path) -> Iterator[str]:
    """The names in a folder that are no drafts, sorted; none for a folder that is not there."""
    try:
        found = sorted(os.listdir(folder))
    except FileNotFoundError:
        found = []
    return (name for name in found if not name.startswith("."))


def free_name(path: Path, folder: Path) -> Path:
    """Where a file goes in a folder, which is made if it is not there, without taking another's place."""
    folder.mkdir(exist_ok=True)
    free, number = folder / path.name, 1
    while os.path.lexists(free):
        number += 1
        free = folder / f"{path.stem}.{number}{path.suffix}"
    return free


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
