"""What `doctor` looks at outside of this machine's disk: scanners, printers, upstreams and their clocks."""

import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from returns_station.commands.common import now
from returns_station.commands.findings import Band, Finding, part
from returns_station.commands.locks import holder
from returns_station.commands.syncing import connect, settings
from returns_station.config import Config, Printer, Scanner, Target, secret_names, secret_place
from returns_station.errors import StationError

# Standard Webhooks receivers refuse a signature whose time is more than five minutes off.
CLOCK_WARNS_S, CLOCK_BREAKS_S = 30.0, 300.0
_PATIENCE_S = 5.0


@part("scanner")
def scanners(config: Config) -> Iterator[Finding]:
    """Every configured scanner: is it there, and may it be opened?"""
    if not config.scanners:
        fix = f"Add a [[scanner]] to the configuration. Serial ports here: {_ports()}."
        yield Finding("scanner", "warning", "No serial scanner is configured.", fix)
    for scanner in config.scanners:
        yield _scanner(scanner, holder(config.database.path, "station"))


def _scanner(scanner: Scanner, station: int | None) -> Finding:
    from returns_station.hardware.scanners import Scanners

    if station is not None:
        told = (
            f"Scanner {scanner.name} ({scanner.url}) was not opened: the station (process {station}) uses it."
        )
        return Finding("scanner", "fine", told)
    absent = _absent(scanner.url)
    if absent:
        fix = f"Plug it in: it is taken up by itself. Serial ports here: {_ports()}."
        return Finding("scanner", "warning", f"Scanner {scanner.name} ({scanner.url}) {absent}.", fix)
    opened = Scanners([scanner], lambda _arrived: None)
    try:
        opened.start()
    except StationError as error:
        return Finding("scanner", "broken", error.sentence, error.hint)
    opened.stop()
    return Finding("scanner", "fine", f"Scanner {scanner.name} ({scanner.url}) can be opened.")


def _absent(url: str) -> str:
    """Why nothing is there, in a word; the scanner's own start waits for what is absent and does not tell."""
    if "://" not in url:
        return "" if Path(url).exists() else "has nothing plugged in"
    parts = urlsplit(url)
    if parts.scheme not in ("socket", "rfc2217") or not parts.hostname or not parts.port:
        return ""
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=_PATIENCE_S).close()
    except OSError as error:
        return f"does not answer: {error.strerror or error}"
    return ""


def _ports() -> str:
    from serial.tools.list_ports import comports

    return ", ".join(sorted(port.device for port in comports())) or "none"


@part("printer")
def printers(config: Config) -> Iterator[Finding]:
    """Every configured printer, asked now."""
    if not config.printers:
        fix = "Add a [[printer]] to the configuration; labels wait until there is one."
        yield Finding("printer", "warning", "No printer is configured.", fix)
    for printer in config.printers:
        yield _printer(printer)


def _printer(printer: Printer) -> Finding:
    from returns_station.hardware.printing import LabelPrinter

    found = LabelPrinter(printer).state()
    band: Band = {"fine": "fine", "stopped": "broken"}.get(found.band, "warning")  # type: ignore[assignment]
    fix = "Labels stay asked for and the work goes on; repair the place or the printer."
    named = f"Printer {printer.name}"
    return Finding(
        "printer",
        band,
        found.sentence if found.sentence.startswith(named) else f"{named}: {found.sentence}",
        fix,
    )


@part("scale")
def scale(config: Config) -> Iterator[Finding]:
    """The scale, asked now; an empty or moving one answers and is in order."""
    from returns_station.errors import Problem
    from returns_station.hardware.weighing import Scale

    device = Scale(config.scale)
    if not device.there:
        yield Finding("scale", "fine", "No scale is configured: weights are typed.")
        return
    where = f"Scale {config.scale.name} ({config.scale.url}, profile {config.scale.profile})"
    found = device.weigh()
    if not isinstance(found, Problem):
        yield Finding("scale", "fine", f"{where} shows {found.grams:,} g.")
    elif found.code in _ANSWERING:
        yield Finding("scale", "fine", f"{where} answers: {found.sentence}")
    else:
        yield Finding("scale", "warning" if found.code in _ABSENT else "broken", found.sentence, found.hint)


_ANSWERING: Final = frozenset({"scale_empty", "scale_motion", "scale_negative", "scale_overload"})
_ABSENT: Final = frozenset({"scale_silent", "device_unplugged", "device_unreachable"})


@part("camera")
def camera(config: Config) -> Iterator[Finding]:
    """Whether the camera's command or folder is there; no picture is taken."""
    command, folder = config.camera.command, config.camera.folder
    if command:
        found = shutil.which(command[0])
        told = (
            f"Pictures are taken by {found}."
            if found
            else f"The camera command {command[0]} is not installed."
        )
        yield Finding(
            "camera", "fine" if found else "broken", told, "Install it, or correct `command` under [camera]."
        )
    elif folder is not None:
        there = folder.is_dir()
        told = (
            f"Pictures are taken from {folder}." if there else f"The watched folder {folder} does not exist."
        )
        yield Finding(
            "camera", "fine" if there else "broken", told, "Make it, or correct `folder` under [camera]."
        )
    else:
        yield Finding("camera", "fine", "No camera is configured.")


@part("sound")
def sound(config: Config) -> Iterator[Finding]:
    """Whether signals can be heard."""
    from returns_station.hardware.sounds import Sounds

    player = Sounds(config.sound).player
    if not config.sound.on:
        yield Finding("sound", "fine", "Sounds are switched off.")
    elif player:
        yield Finding("sound", "fine", f"Sounds are played by {player}.")
    else:
        told = "This machine has no player for sounds: the terminal's bell is all that can be heard."
        yield Finding(
            "sound", "fine" if not config.sound.player else "broken", told, "Correct `player` under [sound]."
        )


# --- upstream ------------------------------------------------------------------------------------------------


@part("upstream")
def upstreams(config: Config) -> Iterator[Finding]:
    """Every target: is its secret set, does it answer, and is its clock ours?"""
    if not config.targets:
        fix = "Add a [[target]] to the configuration; `returns-station upstream` serves one to try."
        yield Finding("upstream", "warning", "No target is configured: nobody is told of anything.", fix)
    for target in config.targets:
        try:
            yield from _upstream(config, target)
        except StationError as error:
            yield Finding("upstream", "broken", f"{target.name}: {error.sentence}", error.hint)


def _upstream(config: Config, target: Target) -> Iterator[Finding]:
    from returns_station.connectors.api import RetryLater
    from returns_station.connectors.wire import Wire

    connect(config, target, lambda: "doctor").close()
    yield Finding(
        "upstream", "fine", f"{target.name}: connector {target.connector}, {_secrets(config, target)}."
    )
    if target.connector != "http":
        return
    wire = Wire(settings(config, target))
    try:
        began = now()
        reply = wire.send("GET", "/v1/health", {})
    finally:
        wire.close()
    if isinstance(reply, RetryLater):
        yield Finding("upstream", "broken", f"{target.name}: {reply.sentence}", reply.hint or _LATER)
    elif reply.status != 200:
        sentence = (
            f"{target.name}: {target.url} answered the health question with {reply.status}; 200 is expected."
        )
        yield Finding(
            "upstream", "broken", sentence, "Look whether the address is right and the upstream runs."
        )
    else:
        yield Finding("upstream", "fine", f"{target.name}: {target.url} answers.")
        yield from _difference(target, reply.headers.get("date"), began)


def _secrets(config: Config, target: Target) -> str:
    """Where the secrets of a target come from; never what they are."""
    places = [(name, secret_place(config, name)) for name in secret_names(target)]
    told = ", ".join(f"{name} from {place}" if place else f"{name} not set" for name, place in places)
    return f"secrets are set: {told}" if told else "no secrets"


_LATER: Final = "Look at the network and the upstream. Until then everything is kept here and goes later."


def _difference(target: Target, date: str | None, began: datetime) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    # The header has whole seconds and is written between our question and now.
    seconds = max(0.0, (began - theirs).total_seconds() - 1, (theirs - now()).total_seconds())
    band: Band = "broken" if seconds >= CLOCK_BREAKS_S else "warning" if seconds >= CLOCK_WARNS_S else "fine"
    told = f"{target.name}: its clock and ours differ by {seconds:.0f} s."
    yield Finding("clock", band, told, "Set the clock by NTP: signatures older than 5 minutes are refused.")
