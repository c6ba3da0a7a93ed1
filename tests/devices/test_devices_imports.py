"""The boundary: devices know nothing of the station, and framing needs no serial library."""

import subprocess
import sys

import pytest

EVERY = (
    "import pkgutil, devices\nnames = ['devices.' + m.name for m in pkgutil.iter_modules(devices.__path__)]\n"
)


def loaded(program: str, packages: tuple[str, ...]) -> list[str]:
    """The modules of these packages that a fresh interpreter has after running the program."""
    program += f"\nimport sys\nprint(*sorted(m for m in sys.modules if m.split('.')[0] in {packages}))"
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()


def test_all_of_devices_loads_nothing_of_the_station_or_the_labels() -> None:
    program = EVERY + "for name in names: __import__(name)"
    assert loaded(program, ("returns_station", "labels")) == []
    assert {"devices.scanners", "devices.printers", "devices.testing"} <= set(loaded(program, ("devices",)))


@pytest.mark.parametrize("module", ["frame", "states", "replay", "printers", "testing"])
def test_what_needs_no_port_loads_no_serial_library(module: str) -> None:
    assert loaded(f"import devices.{module}", ("serial",)) == []
