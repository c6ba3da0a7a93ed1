"""A progress bar on standard error for the jobs that take long; nothing at all where nobody looks at it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Told = Callable[[int, int], None]
"""Takes how much is done, of how much."""


def watched() -> bool:
    """Whether a person looks at standard error."""
    return sys.stderr.isatty()


@contextmanager
def bar(title: str) -> Iterator[Told]:
    """A bar that is drawn while its callback is told how far the job is."""
    if not watched():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, all_: progress.update(task, completed=done, total=all_)
