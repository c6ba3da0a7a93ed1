"""What every command shares: its options, its way to the database, its words on screen and its way to fail."""

import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from returns_station.commands.codes import Code, exit_code
from returns_station.config import FILE_VARIABLE, Config
from returns_station.errors import StationError

if TYPE_CHECKING:
    from sqlalchemy import Engine

P = ParamSpec("P")

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration file.", envvar=FILE_VARIABLE)
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of sentences.")]


def guarded(command: Callable[P, Code]) -> Callable[P, None]:
    """A command whose errors are one line on standard error and an exit code, never a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except StationError as error:
            complain(str(error))
            code = exit_code(error)
        raise typer.Exit(int(code))

    return run


def usage(sentence: str, hint: str) -> StationError:
    """A command that was called in a way that makes no sense."""
    return StationError("usage.wrong", sentence, hint)


def configured(path: Path | None) -> Config:
    """The configuration this command works by; labels and sheets speak its language."""
    from returns_station.config import load
    from returns_station.wording import speak

    config = load(path)
    speak(config.station.language)
    return config


@contextmanager
def database(config: Config) -> Iterator["Engine"]:
    """The station's database at this version's schema; what SQLite complains of becomes a StationError."""
    from returns_station.store.engine import open_engine
    from returns_station.store.faults import explained
    from returns_station.store.migrate import require

    path = config.database.path
    require(path)
    with explained(path):
        engine = open_engine(path)
        try:
            yield engine
        finally:
            engine.dispose()


def now() -> datetime:
    """The system's time in UTC."""
    return datetime.now(UTC)


# --- saying -----------------------------------------------------------------------------------------------------------


def safe(text: object) -> str:
    """Foreign text as one line that no terminal obeys: control, format and direction characters become a dot."""
    return "".join(char if char.isprintable() else "·" for char in str(text))


def say(*lines: str) -> None:
    """Lines on standard output, whole however narrow the screen."""
    from rich.console import Console
    from rich.text import Text

    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    for line in lines:
        console.print(Text(safe(line)))


def complain(line: str) -> None:
    """One line on standard error."""
    print(safe(line), file=sys.stderr)


def emit(value: Any) -> None:
    """One JSON object on a line, in ASCII: nothing in it can reach a terminal as a command."""
    print(json.dumps(value), flush=True)


def columns(rows: Iterable[Sequence[object]]) -> list[str]:
    """Rows as lines whose columns stand under each other, by the width a terminal gives each character."""
    from rich.cells import cell_len

    texts = [[safe(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*texts, strict=True)]
    padded = [
        [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        for row in texts
    ]
    return ["  ".join(row).rstrip() for row in padded]


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 row", "2 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def ago(text: str | None, at: datetime) -> str:
    """How long ago a stored instant was, in its largest whole unit: "3 min"."""
    if text is None:
        return ""
    seconds = max(0, int((at - datetime.fromisoformat(text)).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
