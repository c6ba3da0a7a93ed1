"""The serial ports of this machine, for those who list or teach scanners."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Port:
    """A port: what to write into the configuration, the device path of the moment, and what the device says of itself.

    `usb` tells a device that is plugged in from a socket in the wall of the machine.
    """

    url: str
    path: str
    description: str
    usb: bool


def ports() -> tuple[Port, ...]:
    """All serial ports, sorted by path."""
    from devices.ports import serial_ports

    return tuple(
        Port(
            one.url,
            one.path,
            " ".join(part for part in (one.manufacturer, one.description) if part),
            "USB" in one.hardware_id,
        )
        for one in serial_ports()
    )
