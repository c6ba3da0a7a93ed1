"""Stations filled from the sample, for the screen."""

from tests.faults.conftest import _stocked, dock, docks

__all__ = ["_stocked", "dock", "docks"]
