"""Stations filled from the sample."""

from tests.faults.conftest import _stocked, dock, docks

__all__ = ["_stocked", "dock", "docks"]
