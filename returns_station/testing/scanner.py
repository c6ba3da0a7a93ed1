"""The simulated serial scanner, for the demo and for tests that need one without hardware."""

from devices.testing import PtyPair

__all__ = ["PtyPair"]
