"""The program's entrance. `run` on a terminal goes straight to the screen; everything else is a command.

The screen's first paint waits for every import, and those of the command line are half as many as its own.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

_CONFIG = "--config"


def main() -> None:
    """Runs what was asked for and ends the program."""
    config = _straight(sys.argv[1:])
    if config is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from returns_station.cli import main as commands

        return commands()
    from returns_station.ending import ending
    from returns_station.running import work

    with ending():
        code = work(config[0], as_json=False, scanners=(), seed=None, sync=True, on_screen=True)
    raise SystemExit(code)


def _straight(words: Sequence[str]) -> tuple[Path | None] | None:
    """The configuration named in `run` or `run --config FILE`; None for any other call, which is the commands' to read."""
    match list(words):
        case ["run"]:
            return (None,)
        case ["run", option, path] if option == _CONFIG:
            return (Path(path),)
    return None
