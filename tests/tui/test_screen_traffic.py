"""Two serial scanners, a keyboard scanner and a person at once, dialogs all the while: nothing is lost, crossed or pressed."""

from collections.abc import Callable

import pytest

from tests.commands.dock_kit import Dock
from tests.tui.screen_kit import ScreenRun
from tests.tui.traffic_kit import GUNS, busy, is_whole, sent

SECONDS = 6.0


def test_everything_at_once_for_a_while_loses_doubles_crosses_and_presses_nothing(
    docks: Callable[[], Dock],
) -> None:
    assert busy(docks, SECONDS, 31).expected.count > SECONDS * 18


def test_the_same_traffic_with_keys_that_go_straight_to_textual_is_torn(dock: Dock) -> None:
    """Or the test above could not fail."""
    with ScreenRun(dock, guns=GUNS, module="tests.tui.entry", environ={"SCREEN_UNSPLIT": "1"}) as run:
        traffic, began = sent(run, 2.0, 31)
        with pytest.raises(AssertionError):
            is_whole(run, traffic, began)
