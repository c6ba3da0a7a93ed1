"""What can be set of the devices that put something out or measure: printers, scale, camera, sound; and their checks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from returns_station.shapes import Given, Reading, setting

PRINTER_KINDS: Final = ("pdf-folder", "spooler", "zpl-tcp", "zpl-serial")
SCALE_PROFILES: Final = ("generic", "toledo", "toledo-continuous", "nci")
_QUEUE = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,126}")
_HOST = re.compile(r"[A-Za-z0-9:.-]{1,253}")
_OPTION = re.compile(r"[A-Za-z][A-Za-z0-9-]*(=\S+)?")
_NEEDS: Final = {"spooler": "queue", "zpl-tcp": "host", "zpl-serial": "url"}
_ONLY: Final[dict[str, tuple[str, ...]]] = {
    "folder": ("pdf-folder",),
    "queue": ("spooler",),
    "options": ("spooler",),
    "host": ("zpl-tcp",),
    "port": ("zpl-tcp",),
    "url": ("zpl-serial",),
    "baud": ("zpl-serial",),
    "dpi": ("zpl-tcp", "zpl-serial"),
}
"""Key → the kinds of printer that know it."""


@dataclass(frozen=True, slots=True)
class Printer:
    """A label printer; the first one is used unless another is chosen.

    `pdf-folder` writes one PDF a label into `folder` (`labels` in the data folder), `spooler` hands PDF to the system's
    `queue` with `options` of lp, `zpl-tcp` sends ZPL to `host` and `port`, `zpl-serial` to the serial port `url` at
    `baud`. `dpi` is the print head's; `size` the label's. A whole print
    takes at most `seconds`, a connection `connect_seconds`.
    """

    name: str = setting()
    folder: Path = setting()
    kind: str = setting("pdf-folder", choices=PRINTER_KINDS)
    queue: str = setting("")
    options: tuple[str, ...] = setting(())
    host: str = setting("")
    port: int = setting(9100, low=1, high=65_535)
    url: str = setting("")
    baud: int = setting(9600, low=300, high=4_000_000)
    dpi: int = setting(203, low=203, high=600)
    size: str = setting("large", choices=("large", "compact"))
    seconds: int = setting(5, low=1, high=60)
    connect_seconds: int = setting(1, low=1, high=30)


@dataclass(frozen=True, slots=True)
class Scale:
    """A serial scale; without `url` there is none.

    `profile` is the language it speaks (docs/devices.md). `unit` is what it means where it names none. `request` is sent
    to be told a weight: b"" for a scale that talks by itself, None for what the profile sends. A weighing takes at most
    `seconds`, coming to rest included.
    """

    name: str = setting("scale")
    url: str = setting("")
    baud: int = setting(9600, low=300, high=4_000_000)
    profile: str = setting("generic", choices=SCALE_PROFILES)
    unit: str = setting("kg", choices=("g", "kg", "lb", "oz"))
    request: bytes | None = setting(None)
    seconds: int = setting(3, low=1, high=60)


@dataclass(frozen=True, slots=True)
class Camera:
    """How a picture is taken: `command` is run with `{path}` for the file it is to write, or the newest file of the watched
    `folder` is taken; without either there is no camera.

    `evidence` is where pictures are kept (the folder of that name beside the database); one may have at most `megabytes` and
    take at most `seconds`.
    """

    command: tuple[str, ...] = setting(())
    folder: Path | None = setting(None)
    evidence: Path | None = setting(None)
    seconds: int = setting(10, low=1, high=120)
    megabytes: int = setting(20, low=1, high=500)


@dataclass(frozen=True, slots=True)
class Sound:
    """Signals as sounds: whether, how loud in per cent, and by which `player` (a command; `{path}` is the WAV file)."""

    on: bool = setting(True)
    volume: int = setting(80, low=0, high=100)
    player: tuple[str, ...] = setting(())


def check_printer(
    printer: Printer, label: str, given: Mapping[str, Given], where: str, reading: Reading
) -> None:
    """Notes what a printer lacks for its kind, what only other kinds know, and names that cannot be."""
    needed = _NEEDS.get(printer.kind)
    if needed and not getattr(printer, needed) and needed not in given:
        reading.missing(needed, label, given["kind"].where if "kind" in given else where)
    for key in sorted(given.keys() & _ONLY.keys()):
        if printer.kind not in _ONLY[key]:
            kinds = " or ".join(f"'{kind}'" for kind in _ONLY[key])
            reading.wrong(key, given[key].value, given[key].where, f"this key only with kind {kinds}")
        elif (expected := _unfit(key, printer)) is not None:
            reading.wrong(key, given[key].value, given[key].where, expected)


def _unfit(key: str, printer: Printer) -> str | None:
    """What was expected of the key, when it is not that."""
    if key == "queue" and not _QUEUE.fullmatch(printer.queue):
        return "the name of a queue, as `lpstat -a` lists it"
    if key == "host" and not _HOST.fullmatch(printer.host):
        return "the name or address of a printer, without scheme and port"
    if key == "options" and not all(_OPTION.fullmatch(option) for option in printer.options):
        return 'options of lp, as in `["media=Custom.100x150mm"]`'
    if key == "dpi" and printer.dpi not in (203, 300, 600):
        return "203, 300 or 600"
    return None


def check_camera(camera: Camera, given: Mapping[str, Given], reading: Reading) -> None:
    """Notes a camera with two sources, and a command that is not told where to write."""
    if camera.command and not any("{path}" in word for word in camera.command):
        reading.wrong(
            "command",
            list(camera.command),
            given["command"].where,
            "a command in which `{path}` stands for the picture",
        )
    if camera.command and camera.folder is not None:
        reading.wrong(
            "folder", str(given["folder"].value), given["folder"].where, "either a command or a folder"
        )


def check_sound(sound: Sound, given: Mapping[str, Given], reading: Reading) -> None:
    """Notes a player that is not told what to play."""
    if sound.player and not any("{path}" in word for word in sound.player):
        expected = "a command in which `{path}` stands for the sound"
        reading.wrong("player", list(sound.player), given["player"].where, expected)
