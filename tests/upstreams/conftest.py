"""Real upstreams for the tests of this folder: installed, started and stopped once a run, each in one worker.

Every test here is marked `upstreams`; one that uses an upstream is also in its xdist group. Where an upstream cannot
be installed its tests skip and say why; with CI=true a skip is a failure.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

UPSTREAMS = ("tryton", "medusa")
PATIENCE_S = 900
_HERE = Path(__file__).parent


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks what stands in this folder, before xdist reads the groups; the first use of an upstream installs it, which
    takes minutes."""
    if not item.path.is_relative_to(_HERE):
        return
    item.add_marker(pytest.mark.upstreams)
    names = set(getattr(item, "fixturenames", ())) | set(item.path.relative_to(_HERE).parts)
    for upstream in UPSTREAMS:
        if upstream in names:
            item.add_marker(pytest.mark.xdist_group(upstream))
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
