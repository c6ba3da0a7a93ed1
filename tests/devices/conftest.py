"""One queue for all scanners of a test."""

import pytest
from scanner_inbox import Inbox


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()
