"""The epoch: a number beside the database that each restore raises, so that no plate comes twice."""

import os
from pathlib import Path

from returns_station.errors import StationError


def epoch_file(path: Path) -> Path:
    """Where the epoch lives: outside of the database, for a restore must not bring back an old one."""
    return path.with_name(f"{path.name}.epoch")


def read_epoch(path: Path) -> int:
    """The epoch of the database at `path`, from 1 on. Raises `store.epoch_missing` or `store.epoch`."""
    file = epoch_file(path)
    try:
        text = file.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError as fault:
        raise StationError(
            "store.epoch_missing",
            f"The epoch file {file} is missing, and the database {path} has been worked with.",
            "Restore a backup, which begins a new epoch, or put the file back.",
        ) from fault
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) == int(text)):
        raise StationError(
            "store.epoch",
            f"The epoch file {file} does not hold a number from 1 on.",
            "Restore a backup, which begins a new epoch, or put the file back.",
        )
    return int(text)


def write_epoch(path: Path, epoch: int) -> None:
    """Writes the epoch durably: it is either the old one or the new one, whatever fails."""
    file = epoch_file(path)
    partial = file.with_name(f"{file.name}.partial")
    with open(partial, "w", encoding="ascii") as stream:
        stream.write(f"{epoch}\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, file)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
