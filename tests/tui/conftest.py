"""Stations filled from the sample, for the screen."""

from pathlib import Path

import pytest

from tests.faults.conftest import _stocked, dock, docks

__all__ = ["_stocked", "dock", "docks", "stocked"]


@pytest.fixture(scope="session")
def stocked(_stocked: Path) -> Path:
    """The folder of a station that nobody works at: to be copied."""
    return _stocked
