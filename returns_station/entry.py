"""The program's entrance. `run` on a terminal goes straight to the screen; everything else is a command.

The screen's first paint waits for every import, and those of the command line are half as many as its own.
"""

import sys
from collections.abc import Sequence
from pathlib import Path


def main() -> None:
    """Runs what was asked for and ends the program."""
    asked = _straight(sys.argv[1:])
    if asked is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from returns_station.cli import main as commands

        return commands()
    from returns_station.ending import ending
    from returns_station.running import work

    config, sync = asked
    with ending():
        code = work(config, as_json=False, scanners=(), seed=None, sync=sync, on_screen=True)
    raise SystemExit(code)


def _straight(words: Sequence[str]) -> tuple[Path | None, bool] | None:
    """What `run` was given, if no more than `--config FILE` and `--no-sync`; None for any other call, the commands' to read."""
    match list(words):
        case ["run"]:
            return None, True
        case ["run", "--config", path]:
            return Path(path), True
        case ["run", "--no-sync", "--config", path] | ["run", "--config", path, "--no-sync"]:
            return Path(path), False
    return None
