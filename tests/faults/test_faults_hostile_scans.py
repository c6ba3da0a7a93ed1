"""Whatever a bar code holds, at whatever step: kept byte for byte, answered in printable text, and undone or gone on from."""

import pytest

from returns_station.workflow.state import At
from tests.commands.dock_kit import Dock
from tests.faults.fault_kit import HOSTILE, WAYS, Words, at, opened, raws, unprintable


def test_every_step_of_the_dialogue_can_be_reached_and_no_other_is_named() -> None:
    assert set(WAYS) == {"badge", "locked", *At}


def _back_to(step: str, words: Words) -> None:
    """Takes back what the scan led to, as a worker would."""
    for _ in range(8):
        if at(words.station) == step:
            return
        words("RS-UNDO")
    pytest.fail(f"no way back to {step} from {at(words.station)}")


@pytest.mark.parametrize("step", WAYS, ids=str)
def test_a_hostile_scan_is_kept_raw_answered_once_in_printable_text_and_can_be_taken_back(
    dock: Dock, step: str
) -> None:
    """Line mode and JSON Lines take turns, so that each scan meets both within the steps."""
    with opened(dock) as station:
        modes = (Words(station), Words(station, as_json=False))
        modes[0](*WAYS[step])
        assert at(station) == step
        for turn, (name, raw) in enumerate(HOSTILE.items(), list(WAYS).index(step)):
            said = modes[turn % 2](raw)
            assert said.output.strip(), name
            assert not unprintable(said.output), name
            assert turn % 2 or len(said.replies) == 1, name
            _back_to(step, modes[0])
    assert [raw for raw in raws(dock) if raw in HOSTILE.values()] == list(HOSTILE.values())
