"""One queue for all scanners of a test."""

import pytest

from tests.devices.scanner_inbox import Inbox


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()
