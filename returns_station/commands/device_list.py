"""What `devices` lists: every device as a row of plain values."""

from collections.abc import Iterator
from typing import Any

from returns_station.commands.locks import holder
from returns_station.config import Config, Scanner
from returns_station.errors import StationError

Row = dict[str, Any]


def listed(config: Config) -> dict[str, list[Row]]:
    """Ports, scanners, printers and scale; nothing raises for a device that does not work."""
    return {
        "ports": list(_ports()),
        "scanners": [*_scanners(config), _wedge(config)],
        "printers": list(_printers(config)),
        "scale": list(_scale(config)),
    }


def _ports() -> Iterator[Row]:
    from returns_station.hardware.ports import ports

    for port in ports():
        yield {"port": port.url, "path": port.path if port.path != port.url else "", "says": port.description}


def _scanners(config: Config) -> Iterator[Row]:
    station = holder(config.database.path, "station")
    for one in config.scanners:
        state, sentence = ("in use", f"The station (process {station}) uses it.") if station else _state(one)
        yield {"name": one.name, "url": one.url, "profile": one.profile, "state": state, "sentence": sentence}


def _state(scanner: Scanner) -> tuple[str, str]:
    """Opens it for a moment."""
    from returns_station.hardware.scanners import Scanners

    scanners = Scanners([scanner], lambda _arrived: None)
    try:
        scanners.start()
    except StationError as error:
        return "stopped", str(error)
    (state,) = scanners.states()
    scanners.stop()
    return ("connected" if state.connected else "absent"), state.sentence


def _wedge(config: Config) -> Row:
    wedge = config.wedge
    sentence = f"A keyboard scanner on this terminal: ends with {wedge.suffix}, layout {wedge.layout}."
    return {"name": "wedge", "url": "keyboard", "profile": "", "state": "", "sentence": sentence}


def _printers(config: Config) -> Iterator[Row]:
    from returns_station.hardware.printing import LabelPrinters

    for one, state in zip(config.printers, LabelPrinters(config.printers).statuses(), strict=True):
        yield {"name": state.name, "kind": one.kind, "state": state.band, "sentence": state.sentence}


def _scale(config: Config) -> Iterator[Row]:
    from returns_station.hardware.weighing import Scale, Weight

    one = config.scale
    if one.url:
        found = Scale(one).weigh()
        weighed = isinstance(found, Weight)
        sentence = f"It reads {found.grams} g." if isinstance(found, Weight) else str(found)
        state = "connected" if weighed else "stopped"
        yield {"name": one.name, "url": one.url, "profile": one.profile, "state": state, "sentence": sentence}
