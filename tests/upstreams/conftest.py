"""Real upstreams for the tests of this folder: installed, started and stopped once a run, each in one worker.

Every test here is marked `upstreams`, and one that uses an upstream has its name in its own. Where an upstream cannot
be installed its tests skip and say why; with CI=true a skip is a failure.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

UPSTREAMS = ("tryton", "medusa")
PATIENCE_S = 900
_HERE = Path(__file__).parent


class ByUpstream(LoadScopeScheduling):  # type: ignore[misc]
    """One worker an upstream, by the names of the tests: xdist 3.8's groups do not work under pytest 9.2, which keeps
    the ids of tests elsewhere."""

    def _split_scope(self, nodeid: str) -> str:
        return next((name for name in UPSTREAMS if name in nodeid.lower()), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByUpstream | None:
    """Used where `--dist loadscope` is asked for and this folder is named on the command line."""
    return ByUpstream(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks what stands in this folder; the first use of an upstream installs it, which takes minutes."""
    if not item.path.is_relative_to(_HERE):
        return
    item.add_marker(pytest.mark.upstreams)
    if item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(PATIENCE_S))


def _served(name: str, kind: str) -> Iterator[Any]:
    module = import_module(f"tests.upstreams.{name}.server")
    server = getattr(module, kind)()
    try:
        running = server.__enter__()
    except getattr(module, "Unavailable", ()) as reason:
        pytest.skip(f"{name} is not here: {reason}")
    try:
        yield running
    finally:
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def tryton() -> Iterator[Any]:
    """A real Tryton (tests.upstreams.tryton.server.TrytonServer)."""
    yield from _served("tryton", "TrytonServer")


@pytest.fixture(scope="session")
def medusa() -> Iterator[Any]:
    """A real Medusa (tests.upstreams.medusa.server.MedusaServer)."""
    yield from _served("medusa", "MedusaServer")
