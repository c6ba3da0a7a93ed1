"""The harness of kills itself, on the reference upstream: it ends clean, and it sees what is doubled."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from returns_station.connectors import registry
from returns_station.testing.upstream.process import Upstream
from tests.connectors.reference_bench import ReferenceBench, write_seed
from tests.upstreams.kit_kills import Kills, kills

EFFECTS = 5


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    folder = tmp_path_factory.mktemp("reference")
    with Upstream(folder / "upstream", seed_dir=write_seed(folder / "seed")) as upstream:
        yield upstream


def test_killed_after_every_single_call_a_return_arrives_once(upstream: Upstream, tmp_path: Path) -> None:
    with kills(ReferenceBench(upstream), tmp_path) as harness:
        assert harness.everywhere(EFFECTS + 3) == (EFFECTS, [])


def test_with_every_second_answer_lost_a_return_arrives_once(upstream: Upstream, tmp_path: Path) -> None:
    with kills(ReferenceBench(upstream, first=20), tmp_path) as harness:
        assert harness.losing_every(2) == []


@pytest.fixture
def blind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The connector that must not be, installed for the processes of this test."""
    info = tmp_path / "installed" / "blind-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: blind\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{registry.GROUP}]\nblind = tests.upstreams.blind:BlindConnector\n"
    )
    paths = [str(info.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return "blind"


def test_the_harness_sees_every_effect_that_a_blind_connector_doubles(
    upstream: Upstream, tmp_path: Path, blind: str
) -> None:
    with kills(ReferenceBench(upstream, blind, first=40), tmp_path) as harness:
        deaths = [_wrong(harness, number) for number in range(1, EFFECTS + 1)]
    assert deaths[0] == ["receipts: expected 1, found 2"]
    assert deaths[1][0].startswith("units: expected ")
    assert deaths[2][0].startswith("units: expected ")
    # A second refund is beyond what was paid: the upstream's own ceiling parks it, and that is told.
    assert deaths[4] != []


def _wrong(harness: Kills, number: int) -> list[str]:
    killed, problems = harness.killed_after(number)
    assert killed
    return problems
