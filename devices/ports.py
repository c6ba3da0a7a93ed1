"""The serial ports this machine has, as values: for `doctor` and for whoever writes the configuration."""

import os
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

_BY_ID = Path("/dev/serial/by-id")


@dataclass(frozen=True, slots=True)
class SerialPort:
    """One port; `stable_path` keeps naming the same device over unplugging, where the system offers that.

    The other texts are what the device says of itself; empty when it says nothing.
    """

    path: str
    stable_path: str | None
    description: str
    hardware_id: str
    manufacturer: str
    serial_number: str

    @property
    def url(self) -> str:
        """What to write into the configuration."""
        return self.stable_path or self.path


def serial_ports(by_id: Path = _BY_ID) -> list[SerialPort]:
    """All serial ports, sorted by path; built-in ports count even with nothing plugged in."""
    stable = stable_paths(by_id)
    return [
        SerialPort(
            path=port.device,
            stable_path=stable.get(os.path.realpath(port.device)),
            description=_said(port.description),
            hardware_id=_said(port.hwid),
            manufacturer=_said(port.manufacturer),
            serial_number=_said(port.serial_number),
        )
        for port in sorted(list_ports.comports(), key=lambda port: port.device)
    ]


def stable_paths(by_id: Path = _BY_ID) -> dict[str, str]:
    """Real device path to its link in udev's /dev/serial/by-id; empty where there is no such folder."""
    if not by_id.is_dir():
        return {}
    return {os.path.realpath(link): str(link) for link in sorted(by_id.iterdir(), reverse=True)}


def _said(text: str | None) -> str:
    return "" if text in (None, "n/a") else str(text)
