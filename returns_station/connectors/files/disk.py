"""A folder that is shared with another system: files written whole or not at all, files read only when whole.

POSIX makes `rename` atomic within a folder; the new name survives a power cut once the folder itself is synced.
"""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from returns_station.connectors.api import ConnectorError

OUT, TAKEN, ACK, IN = "out", "done", "ack", "in"
SEPARATORS = ",;\t"
"""What may stand between the cells of a CSV file that comes in."""


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

    def blamed(self, error: OSError) -> Path:
        """The folder an error is about: one of its own, or itself where it is not there."""
        told = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else self.root
        inside = told.is_relative_to(self.root) and told != self.root and self.root.is_dir()
        return self.root / told.relative_to(self.root).parts[0] if inside else self.root

    def draft(self, name: str) -> Path:
        """Where a file of `out` is before it is whole; a name that no reader of `*.csv` or `*.jsonl` sees."""
        return self.root / OUT / f".{name}.part"

    def write_draft(self, name: str, content: bytes) -> None:
        """The draft of a file, on disk with its name when this returns; OSError where it cannot be."""
        _write(self.draft(name), content)
        sync_folder(self.root / OUT)

    def publish(self, name: str) -> None:
        """Gives the draft its name, on disk when this returns."""
        os.rename(self.draft(name), self.root / OUT / name)
        sync_folder(self.root / OUT)

    def has_draft(self, name: str) -> bool:
        """Whether a draft of this file stands there; OSError where that cannot be seen, as with a share that is away."""
        return holds(self.root / OUT, self.draft(name).name)

    def stands(self, name: str) -> bool:
        """Whether a file with this name stands in `out`, or in `done` where its reader put it; OSError as above."""
        return holds(self.root / OUT, name) or self._taken(name)

    def waits(self, name: str, part: str) -> bool:
        """Whether a file with this name, or with this part in whatever name its reader gave it, is in `out`.

        OSError as above.
        """
        out = self.root / OUT
        return holds(out, name) or any(part in one for one in names(out))

    def known(self, name: str, part: str) -> bool:
        """The same for `out` and `done`."""
        if self.waits(name, part) or self._taken(name):
            return True
        try:
            return any(part in one for one in names(self.root / TAKEN))
        except FileNotFoundError:
            return False

    def _taken(self, name: str) -> bool:
        try:
            return holds(self.root / TAKEN, name)
        except FileNotFoundError:
            return False

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
        try:
            os.rename(path, moved)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._carry(path, moved)
        sync_folder(folder)
        sync_folder(path.parent)
        return moved

    def _carry(self, path: Path, moved: Path) -> None:
        """To a folder on another disk, where nothing can be renamed to: whole there before it is gone here."""
        draft = moved.with_name(f".{moved.name}.part")
        _write(draft, self.read(path))
        os.rename(draft, moved)
        sync_folder(moved.parent)
        os.unlink(path)


def drop_of(url: str, most_bytes: int) -> Drop:
    """The folder that a `file:` address names; ConnectorError `files.url` for one that names none."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not path.startswith("/"):
        sentence = f"The address {url!r} names no folder of this machine."
        raise ConnectorError("files.url", sentence, "Write url as file:///path/to/folder.", retry=False)
    return Drop(Path(path), most_bytes)


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def names(folder: Path) -> Iterator[str]:
    """The names in a folder that are no drafts, sorted; OSError for one that is not there or cannot be read."""
    return (name for name in sorted(os.listdir(folder)) if not name.startswith("."))


def holds(folder: Path, name: str) -> bool:
    """Whether a name stands in a folder; OSError for a folder that is not there, for it may hold anything.

    Both are asked of one handle, so that a share that goes away in between is not taken for an empty folder.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.stat(name, dir_fd=handle, follow_symlinks=False)
    except FileNotFoundError:
        return False
    finally:
        os.close(handle)
    return True


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
