"""Generated hostile codes without end through scanner and keyboard into the screen; SCREEN_FRAMES says how many."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.prove.chance import seed
from tests.tui.conftest import _stocked, stocked
from tests.tui.hostile_kit import framed

__all__ = ["_stocked", "stocked"]

COUNT = int(os.environ.get("SCREEN_FRAMES", "200000"))
"""1,000,000 in the nightly run."""
HALVES = 2
# Each station of the proof gets so many, so that its database stays small.
SHIFT = 20_000


@pytest.mark.prove
@pytest.mark.timeout(max(2400, COUNT // 20))
@pytest.mark.parametrize("half", range(HALVES))
def test_generated_codes_without_end_are_kept_answered_and_leave_the_terminal_alone(
    stocked: Path, tmp_path: Path, half: int, tell: Callable[..., None]
) -> None:
    first = seed()
    left, inputs, shifts = COUNT // HALVES, 0, 0
    while left > 0:
        frames = min(SHIFT, left)
        inputs += framed(stocked, tmp_path, seed=first + half * 1_000_000 + shifts, count=frames)
        left -= frames
        shifts += 1
    assert inputs > 0.9 * (COUNT // HALVES)
    tell(
        "screen: hostile frames",
        half=half,
        seed=first,
        frames=COUNT // HALVES,
        inputs=inputs,
        stations=shifts,
    )
