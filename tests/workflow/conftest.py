"""Docks of the small world, each on a copy of one database."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.workflow.kit import ANNA, Dock, copied_dock, new_dock


@pytest.fixture(scope="session")
def pond(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the small world, made once."""
    folder = tmp_path_factory.mktemp("pond")
    new_dock(folder).close()
    return folder / "pond.db"


@pytest.fixture
def docks(pond: Path, tmp_path: Path) -> Iterator[Callable[[], Dock]]:
    """Opens fresh docks, Anna signed in; closed at the end of the test."""
    with ExitStack() as stack:
        count = iter(range(1_000_000))

        def fresh(**routes: tuple[str, ...]) -> Dock:
            dock = copied_dock(pond, tmp_path / str(next(count)), **routes)
            stack.enter_context(closing(dock))
            dock.scan(ANNA)
            return dock

        yield fresh


@pytest.fixture
def dock(docks: Callable[[], Dock]) -> Dock:
    """A fresh dock with Anna signed in."""
    return docks()
