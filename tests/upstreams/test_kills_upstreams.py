"""A return of a real upstream, its drainer killed after every single call, one kill a run: one of everything each time."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from returns_station.testing.contract import Bench
from tests.upstreams.kit_kills import Kills, kills

MOST = 120


def bench_of(name: str, server: Any) -> Bench:
    """The upstream's bench, as its own tests use it."""
    module = import_module(f"tests.upstreams.{name}.bench")
    made: Bench = getattr(module, f"{name.title()}Bench")(server)
    return made


class Killed:
    """What is held on either upstream."""

    @pytest.fixture
    def harness(self, bench: Bench, tmp_path: Path) -> Iterator[Kills]:
        """Processes that drain through a proxy, and die."""
        with kills(bench, tmp_path) as harness:
            yield harness

    def test_killed_after_every_single_call_each_run_ends_with_one_of_everything(
        self, harness: Kills, record_property: Any
    ) -> None:
        number, wrong = harness.everywhere(MOST)
        record_property("kills", json.dumps({"kills": number, "after": harness.calls}))
        print(f"{type(self).__name__}: {number} kills, one a run")
        assert wrong == []
        assert number > len(harness.bench.fresh().effects)

    def test_with_every_second_answer_lost_a_return_ends_with_one_of_everything(self, harness: Kills) -> None:
        assert harness.losing_every(2) == []

    def test_the_harness_sees_writes_that_are_done_twice(self, harness: Kills) -> None:
        assert harness.doubling() != []


class TestTryton(Killed):
    """One return sale, one receipt, one credit note; stock and money to the piece and the cent."""

    @pytest.fixture
    def bench(self, tryton: Any) -> Bench:
        return bench_of("tryton", tryton)


class TestMedusa(Killed):
    """One return, received and dismissed pieces as decided, one refund."""

    @pytest.fixture
    def bench(self, medusa: Any) -> Bench:
        return bench_of("medusa", medusa)
