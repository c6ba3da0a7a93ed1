"""Station and drainer are killed at random points of a shift: nothing acknowledged is lost, everything is told once."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from returns_station.testing.upstream.process import Upstream
from tests.prove.chance import seed
from tests.prove.children import Server
from tests.prove.killing import DRAINER, STATION, Killing
from tests.prove.world import make_world

Tell = Callable[..., None]
NAMED = ("before commit", "commit to reply", "send to mark", "mark to next", "print")
OTHERS = tuple(name for name in (*STATION, *DRAINER) if name not in NAMED)
WORLDS = 4


def shift(
    folder: Path, server: Server, parcels: int, wanted: Counter[str], chosen: int, **more: Any
) -> tuple[Killing, list[str]]:
    """A whole shift with these deaths in it, and what was wrong afterwards."""
    world = make_world(folder / "world", parcels)
    with Upstream(folder / "upstream", seed_dir=world.seed) as upstream:
        world.configure(upstream.url)
        killing = Killing(world, server, upstream, wanted, chosen, **more)
        return killing, killing.run()


def test_a_few_kills_lose_and_double_nothing(tmp_path: Path, server: Server, tell: Tell) -> None:
    """Two deaths of every kind: the small sister of the proof below."""
    chosen = seed()
    killing, problems = shift(tmp_path, server, 200, Counter(dict.fromkeys((*NAMED, *OTHERS), 2)), chosen)
    tell("kills, small", seed=chosen, **killing.summary(), problems=len(problems))
    assert problems == [], server.errors.read_text()[-2000:]


def test_the_harness_sees_an_outbox_that_is_written_in_a_second_transaction(
    tmp_path: Path, server: Server, tell: Tell
) -> None:
    """The negative control: the same kills and the same checks, on a unit of work that is wrong on purpose."""
    chosen = 7  # these deaths do not hang on time, so neither does whether they are seen
    killing, problems = shift(tmp_path, server, 200, Counter({"transaction begun": 30}), chosen, divided=True)
    missing = [one for one in problems if one.startswith("upstream: ") and " is 0, " in one]
    tell("negative control", seed=chosen, **killing.summary(), missing=len(missing))
    assert missing, problems


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("world", range(WORLDS))
def test_hundreds_of_kills_at_random_points_lose_and_double_nothing(
    world: int, tmp_path: Path, server: Server, tell: Tell
) -> None:
    """In each of four worlds 40 deaths in each of the five places that matter most, 20 in four others."""
    chosen = seed() + world
    wanted = Counter(dict.fromkeys(NAMED, 40)) + Counter(dict.fromkeys(OTHERS, 20))
    killing, problems = shift(tmp_path, server, 1200, wanted, chosen)
    tell("kills", seed=chosen, **killing.summary(), problems=len(problems))
    assert problems == [], server.errors.read_text()[-2000:]
    died = killing.station.done + killing.drainer.done
    assert all(died[name] >= 40 for name in NAMED)
    assert died.total() >= 280
