"""The real program with one thing about it changed for a test, as environment variables say: `python -m tests.tui.entry run …`.

SCREEN_PRAGMAS: SQLite pragmas after the station's own, separated by ";". SCREEN_LOADED: a file that gets the names of all
modules loaded at the first paint. SCREEN_UNSPLIT: keys go to Textual as they come, past the splitting of bursts.
SCREEN_STALLED: a file that gets the longest time, in seconds, for which a thread of the program that wanted to run did not.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

_WATCH_S = 0.005


def _pragmas(wanted: list[str]) -> None:
    from returns_station.store import engine

    usual = engine._pragmas
    engine._pragmas = lambda journal: (*usual(journal), *(f"PRAGMA {one}" for one in wanted))


def _tell_loaded(file: Path) -> None:
    """Writes the names of modules when the driver first writes a row of the screen: text behind a cursor's move."""
    from textual.drivers.linux_driver import LinuxDriver

    usual = LinuxDriver.write

    def write(self: LinuxDriver, data: str) -> None:
        if not file.exists() and "Dock 7" in data:
            file.write_text(json.dumps(sorted(sys.modules)), encoding="utf-8")
        usual(self, data)

    LinuxDriver.write = write  # type: ignore[method-assign]


def _unsplit() -> None:
    from returns_station.hardware.wedge import Wedge

    Wedge.feed = lambda self, chunk, at: chunk  # type: ignore[method-assign]
    Wedge.due_in = lambda self, at: None  # type: ignore[method-assign]


def _tell_stalls(file: Path) -> None:
    """Keeps the longest stall in a file: a keyboard that is read later than that may glue a key to a burst."""

    def watch() -> None:
        longest, last = 0.0, time.monotonic()
        while True:
            time.sleep(_WATCH_S)
            now = time.monotonic()
            if not file.exists():
                longest = 0.0
            if now - last - _WATCH_S > longest:
                longest = now - last - _WATCH_S
                file.write_text(str(longest), encoding="ascii")
            last = now

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Changes what is to be changed, then runs the program."""
    if "SCREEN_PRAGMAS" in os.environ:
        _pragmas(os.environ["SCREEN_PRAGMAS"].split(";"))
    if "SCREEN_LOADED" in os.environ:
        _tell_loaded(Path(os.environ["SCREEN_LOADED"]))
    if "SCREEN_UNSPLIT" in os.environ:
        _unsplit()
    if "SCREEN_STALLED" in os.environ:
        _tell_stalls(Path(os.environ["SCREEN_STALLED"]))
    from returns_station.entry import main

    main()


if __name__ == "__main__":
    main()
