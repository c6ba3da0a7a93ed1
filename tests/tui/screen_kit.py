"""A station with its screen on a pty: scanned at by serial scanners and the keyboard, waited on by what is durable or painted."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import pyte

from returns_station.store.engine import driver
from returns_station.testing.scanner import PtyPair
from returns_station.testing.terminal import Terminal
from tests.commands.dock_kit import PRINTER, TARGET, Dock
from tests.tui.terminal_grammar import Grammar

Row = dict[str, Any]
PATIENCE_S = 60.0
_LOOK_S = 0.004
GUN = '\n[[scanner]]\nname = "{name}"\nurl = "{{folder}}/{name}"\n'
# No upstream answers there; the drainer is not started either.
NOWHERE = "http://127.0.0.1:9"


def reading(dock: Dock, query: str, *values: object) -> list[Row]:
    """Rows of a query on the station's database, beside the station and without a right to write."""
    connection = driver().module.connect(f"file:{dock.database}?mode=ro", uri=True, timeout=30)
    try:
        found = connection.execute(query, values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]
    finally:
        connection.close()


def until(true: Callable[[], bool], what: Callable[[], str], *, within_s: float = PATIENCE_S) -> None:
    """Looks again and again until something is true; AssertionError says `what` was found instead."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(_LOOK_S)


class Painted:
    """What a person would see of an output: the cells of a terminal emulator."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)

    def feed(self, data: bytes) -> None:
        """Takes a piece of the output."""
        self._stream.feed(data)

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size now."""
        self._screen.resize(rows, columns)

    @property
    def lines(self) -> list[str]:
        """Its rows as text."""
        return [row.rstrip() for row in self._screen.display]

    @property
    def text(self) -> str:
        """All of it on one line, blanks run together: how something is wrapped does not matter."""
        return " ".join(" ".join(self.lines).split())

    def column(self, start: int, stop: int | None = None) -> str:
        """A column of the screen on one line."""
        return " ".join(" ".join(row[start:stop] for row in self._screen.display).split())


class ScreenRun:
    """`returns-station run` on a pty; `with ScreenRun(dock) as run:` ends it by its pid at the end.

    `guns` are the names of serial scanners that are plugged in; `module` is what is run instead of the program itself.
    """

    def __init__(
        self,
        dock: Dock,
        *args: str,
        guns: Sequence[str] = ("gun",),
        columns: int = 80,
        rows: int = 24,
        more: str = "",
        module: str = "returns_station",
        environ: Mapping[str, str] | None = None,
        keep_output: bool = True,
    ) -> None:
        self.dock = dock
        self.guns = {name: PtyPair(dock.folder / name) for name in guns}
        self.grammar = Grammar()
        self.painted = Painted(columns, rows)
        dock.configure(PRINTER + TARGET + "".join(GUN.format(name=name) for name in guns) + more, url=NOWHERE)
        command = [sys.executable, "-m", module, "run", "--no-sync", "--config", str(dock.config), *args]
        self.terminal = Terminal(command, columns=columns, rows=rows, environ=environ, heard=self._hear)
        self._size = columns, rows
        self._keep = keep_output
        self._heard: list[bytes] = []
        self._lock = threading.Lock()
        self._breach: BaseException | None = None

    def __enter__(self) -> Self:
        for gun in self.guns.values():
            gun.plug()
        self.terminal.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminal.__exit__(kind, error, trace)
        for gun in self.guns.values():
            gun.unplug()

    def _hear(self, data: bytes) -> None:
        with self._lock:
            if self._keep:
                self._heard.append(data)
        if self._breach is None:
            try:
                self.grammar.feed(data)
                if not self._keep:
                    self.grammar.forget()
            except BaseException as breach:
                self._breach = breach

    # --- what is painted ----------------------------------------------------------------------------------------------

    def see(self) -> Painted:
        """The screen as it is now."""
        with self._lock:
            heard, self._heard = self._heard, []
        if heard:
            self.painted.feed(b"".join(heard))
        return self.painted

    def fresh(self) -> "ScreenRun":
        """Forgets what was painted and has all of it painted anew, in a window one row lower."""
        columns, rows = self._size
        self._size = columns, rows - 1
        with self._lock:
            self._heard.clear()
            self.painted = Painted(columns, rows - 1)
        self.terminal.resize(columns, rows - 1)
        return self.shows("F1 help")

    def shows(self, *texts: str, within_s: float = PATIENCE_S) -> "ScreenRun":
        """Waits until each of the texts stands on the screen."""
        until(
            lambda: all(text in self.see().text for text in texts),
            lambda: f"not on the screen: {texts} in\n" + "\n".join(self.see().lines),
            within_s=within_s,
        )
        return self

    def hides(self, text: str) -> None:
        """Waits until a text stands on the screen no more."""
        until(lambda: text not in self.see().text, lambda: "\n".join(self.see().lines))

    def ready(self) -> "ScreenRun":
        """Waits until the station is open."""
        return self.shows("Ready.")

    # --- what is durable ----------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[Row]:
        """Rows of the station's database."""
        return reading(self.dock, query, *values)

    def answered(self) -> int:
        """How many inputs were answered ever."""
        return int(self.rows("select coalesce(max(sequence), 0) as n from raw_input")[0]["n"])

    def waits_for(self, count: int) -> Row:
        """Waits until the input of this number is answered; its row."""
        until(
            lambda: self.answered() >= count or self.terminal.ended is not None,
            lambda: f"{self.answered()} of {count} answered, screen:\n" + "\n".join(self.see().lines),
        )
        found = self.rows("select * from raw_input where sequence = ?", count)
        assert found, f"ended with {self.terminal.ended}:\n{self.terminal.output[-2000:]!r}"
        return found[0]

    def scan(self, code: str | bytes, gun: str = "gun") -> Row:
        """Scans with a serial scanner and waits for the answer; the row of the input."""
        count = self.answered()
        self.send(code, gun)
        return self.waits_for(count + 1)

    def send(self, code: str | bytes, gun: str = "gun") -> None:
        """Scans with a serial scanner."""
        self.guns[gun].send((code.encode() if isinstance(code, str) else code) + b"\r")

    def burst(self, code: str | bytes) -> None:
        """Scans with the keyboard scanner, faster than any: all of it at once."""
        self.terminal.send((code.encode() if isinstance(code, str) else code) + b"\r")

    # --- laws ---------------------------------------------------------------------------------------------------------

    def is_clean(self) -> None:
        """Raises when anything was written that the screen does not write by itself."""
        if self._breach is not None:
            raise self._breach
        assert self.terminal.ended is not None or not self.grammar.left

    def is_alive(self) -> None:
        """Raises when the program has ended."""
        assert self.terminal.ended is None, (
            f"ended with {self.terminal.ended}: {self.terminal.output[-3000:]!r}"
        )


KEYS = {
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f8": b"\x1b[19~",
    "f9": b"\x1b[20~",
    "f10": b"\x1b[21~",
    "escape": b"\x1b",
    "enter": b"\r",
}


def kill(pid: int) -> None:
    """Ends a process at once."""
    os.kill(pid, 9)
