"""How the program ends when something of ours goes wrong: one sentence on standard error and an exit code, never a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from returns_station.errors import StationError


@contextmanager
def ending() -> Iterator[None]:
    """Turns a StationError, and Ctrl+C, into the program's end."""
    try:
        yield
    except StationError as error:
        from returns_station.commands.codes import exit_code

        print(f"{error.sentence} {error.hint}".strip(), file=sys.stderr)
        raise SystemExit(exit_code(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
