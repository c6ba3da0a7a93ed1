"""A shared folder, the connector on it, and the other system: a small reader that takes files and acknowledges them."""

import csv
import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from returns_station.connectors.api import Settings
from returns_station.connectors.files import FilesConnector

SEEN = ("open", "write", "fsync", "rename")
"""Calls of the operating system that a file goes through."""


def made(folder: Path) -> Path:
    """The folder as a person makes it once."""
    for name in ("out", "ack", "in"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def connector(folder: Path, **options: str) -> FilesConnector:
    options = {"settle_seconds": "0"} | options
    return FilesConnector(Settings(folder.as_uri(), "", options=options))


def files(folder: Path) -> list[str]:
    """Everything in `out` and `done`, drafts too."""
    return sorted(
        name for where in ("out", "done") if (folder / where).is_dir() for name in os.listdir(folder / where)
    )


def killed_at(number: int, folder: Path, act: Callable[[], object], *, before: bool) -> bool:
    """Runs `act` in a process that is killed before or after its n-th call on a file of `folder`; whether it was."""
    child = os.fork()
    if child == 0:
        try:
            _count(number, before=before)
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _count(number: int, *, before: bool) -> None:
    left = [number]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and before:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*args, **named)
            finally:
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        return call

    for name in SEEN:
        setattr(os, name, counted(getattr(os, name)))


class Reader:
    """The other system: takes each file of `out`, keeps what it says by key, moves it to `done`, acknowledges it."""

    def __init__(self, folder: Path, refuse: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.refuse = refuse or {}
        self.taken: list[dict[str, Any]] = []

    def work(self) -> int:
        """Everything that stands there; how many files."""
        found = sorted((self.folder / "out").glob("[!.]*"))
        (self.folder / "done").mkdir(exist_ok=True)
        lines = ["key,status,reference,sentence"]
        for file in found:
            event = self._read(file)
            self.taken.append(event)
            file.rename(self.folder / "done" / file.name)
            why = self.refuse.get(event["type"])
            lines.append(f"{event['key']},{'refused' if why else 'accepted'},R-{len(self.taken)},{why or ''}")
        if found:
            draft = self.folder / "ack" / ".draft"
            draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
            draft.rename(self.folder / "ack" / f"{len(self.taken):06d}.csv")
        return len(found)

    def _read(self, file: Path) -> dict[str, Any]:
        text = file.read_text("utf-8")
        if file.suffix == ".csv":
            return dict(next(csv.DictReader(text.splitlines())))
        event: dict[str, Any] = json.loads(text)
        return event | {"key": event["id"]}
