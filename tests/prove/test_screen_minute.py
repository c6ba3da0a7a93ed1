"""A whole minute of a busy dock at the screen: scanners, keyboard scanner and a person at once, twenty scans a second."""

from collections.abc import Callable

import pytest

from tests.commands.dock_kit import Dock
from tests.tui.conftest import _stocked, docks
from tests.tui.traffic_kit import busy

__all__ = ["_stocked", "docks"]

SECONDS = 60.0


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_minute_of_everything_at_once_loses_doubles_crosses_and_presses_nothing(
    docks: Callable[[], Dock],
    tell: Callable[..., None],
) -> None:
    traffic = busy(docks, SECONDS, 310)
    assert traffic.expected.count > SECONDS * 18
    tell("screen: a busy minute", inputs=traffic.expected.count, dialogs=traffic.opened)
