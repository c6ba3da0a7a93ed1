"""Printers and a scale without hardware, for the demo and for tests that need them."""

from devices.testing_scale import FakeScale
from devices.testing_spooler import PrivateSpooler
from devices.testing_zebra import FakeZebra

__all__ = ["FakeScale", "FakeZebra", "PrivateSpooler"]
