"""What the proofs share: one fork server for each process of the test run, and a line of counts for the build's log."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.prove.children import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Processes that need no time to start."""
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Prints one JSON line of results past pytest's capture, from a process of pytest-xdist too."""

    def say(proof: str, **facts: Any) -> None:
        with capfd.disabled():
            print("\n" + json.dumps({"proof": proof, **facts}), file=sys.stderr, flush=True)

    return say
