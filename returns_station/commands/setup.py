"""`returns-station setup`: a few questions, one page of codes, and the configuration that comes of both."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from returns_station import config as configuration
from returns_station.commands.codes import Code
from returns_station.commands.common import ConfigFile, guarded
from returns_station.commands.settings_file import Change, Value, merged, replace_file
from returns_station.commands.talk import Talk
from returns_station.config import Config

_HIGHEST: Final = 675
_PATIENCE_S: Final = 5

Scanner = Annotated[
    list[str] | None,
    typer.Option("--scanner", help="URL of a serial scanner to listen to, besides those found."),
]
Baud = Annotated[int, typer.Option(help="Its baud rate; USB scanners have none.")]
Page = Annotated[Path, typer.Option("--codes", help="Where the page of codes is written.")]


def register(app: typer.Typer) -> None:
    """Adds `setup`."""
    app.command()(guarded(setup))


def setup(
    config: ConfigFile = None,
    scanner: Scanner = None,
    baud: Baud = 9600,
    codes: Page = Path("setup-codes.pdf"),
    teach: Annotated[bool, typer.Option("--teach/--no-teach", help="Learn from a scanner.")] = True,
    yes: Annotated[
        bool, typer.Option("--yes", help="Take every default, change the file, ask nothing.")
    ] = False,
) -> Code:
    """Ask a few questions, learn how the scanner talks from a page of codes, write the configuration."""
    talk, path = Talk(defaults=yes), (config or configuration.default_file()).expanduser().absolute()
    old = configuration.load(path) if path.exists() else None
    talk.say("Returns Station setup. An empty answer takes what stands in brackets.", "")
    changes = [_station(talk, old), *_printer(talk, old)]
    if teach:
        changes += _lessons(talk, codes, scanner or [], baud, old.scanners if old else ())
    if not written(talk, path, changes):
        return Code.FAILED
    return _looked_at(talk, path)


def _lessons(
    talk: Talk, codes: Path, urls: Sequence[str], baud: int, known: tuple[configuration.Scanner, ...]
) -> list[Change]:
    """What was learned of one scanner after the other."""
    from returns_station.commands.lesson import hold, listening

    changes: list[Change] = []
    while (lesson := hold(talk, codes, listening(urls, baud), known)) is not None:
        changes.append(lesson)
        if lesson.name is not None:
            known = (*known, configuration.Scanner(lesson.name, str(lesson.values["url"])))
        if not talk.agrees("Teach another scanner?", default=False, by_itself=False):
            break
    return changes


def written(talk: Talk, path: Path, changes: Sequence[Change]) -> bool:
    """Whether the changes stand in the file now: an old one is changed only with consent, and kept beside it."""
    old = path.read_text("utf-8-sig") if path.exists() else ""
    text = merged(old, changes, path.name)
    if text == old:
        talk.say("", f"The configuration in {path} says all of this already.")
        return True
    if old and not talk.agrees(f"Change {path}?", by_itself=False):
        talk.say("Nothing was changed.")
        return False
    kept = replace_file(path, text)
    talk.say("", f"The configuration is in {path}.", *([f"What it was before is in {kept}."] if kept else ()))
    return True


# --- questions --------------------------------------------------------------------------------------------------------


def _station(talk: Talk, old: Config | None) -> Change:
    before = old.station if old else configuration.Station(name="Dock 1")
    name = talk.ask("What is this station called?", before.name, _no_text)
    number = talk.ask(
        f"Its number, 0 to {_HIGHEST}; no two stations share one:", str(before.number), _no_number
    )
    site = talk.ask("The site it stands at:", before.site, _no_text)
    merchant = talk.ask("The merchant whose returns come here:", before.merchant, _no_text)
    values: dict[str, Value] = {"name": name, "number": int(number), "site": site, "merchant": merchant}
    notes = {"number": "stands in every label; never the same on two stations"}
    return Change("station", values, comment="Who this station is.", notes=notes)


def _no_text(answer: str) -> str | None:
    return None if answer.strip() and answer.isprintable() else "A text of printable letters is needed."


def _no_number(answer: str) -> str | None:
    fits = answer.isascii() and answer.isdecimal() and len(answer) < 5 and int(answer) <= _HIGHEST
    return None if fits else f"A number from 0 to {_HIGHEST} is needed."


def _printer(talk: Talk, old: Config | None) -> Iterator[Change]:
    if old and old.printers:
        talk.say(f"Labels go to {', '.join(one.name for one in old.printers)}, as before.")
        return
    queues = _queues()
    talk.say(
        "Where do labels go? `folder` writes PDF files, `zpl` is a Zebra printer in the network, `none` is later."
    )
    if queues:
        talk.say(f"Printers of this computer: {', '.join(queues)}.")
    choices = ("folder", "zpl", "none", *queues)
    wrong = f"One of {', '.join(choices)} is needed."
    answer = talk.ask("Labels to:", "folder", lambda given: None if given in choices else wrong)
    comment = "Where labels go."
    if answer == "folder":
        yield Change("printer", {"name": "labels", "kind": "pdf-folder"}, "labels", comment)
    elif answer == "zpl":
        host = talk.ask("Its address in the network:", "zebra.local", _no_text)
        yield Change("printer", {"name": "labels", "kind": "zpl-tcp", "host": host}, "labels", comment)
    elif answer != "none":
        yield Change("printer", {"name": "labels", "kind": "spooler", "queue": answer}, "labels", comment)


def _queues() -> tuple[str, ...]:
    """The printers that the system's spooler knows."""
    program = shutil.which("lpstat")
    if program is None:
        return ()
    try:
        done = subprocess.run(
            [program, "-e"],
            check=False,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(done.stdout.split()) if done.returncode == 0 else ()


# --- the end ----------------------------------------------------------------------------------------------------------


def _looked_at(talk: Talk, path: Path) -> Code:
    """Looks at what was set as `doctor` does, and says what comes next."""
    from returns_station.commands import checks, reach
    from returns_station.commands.findings import Finding

    config = configuration.load(path)
    for printer in config.printers:
        if printer.kind == "pdf-folder":
            printer.folder.mkdir(parents=True, exist_ok=True)
    scanners = (reach.scanners,) if config.scanners else ()
    looks = (checks.packages, checks.disk, *scanners, reach.printers)
    findings: list[Finding] = [finding for look in looks for finding in look(config)]
    talk.say("", *(str(warning) for warning in config.warnings))
    for one in findings:
        if one.band != "fine":
            talk.say(f"{one.band.upper()} {one.area}: {one.sentence} {one.fix}".strip())
    broken = any(one.band == "broken" for one in findings)
    talk.say("Something is broken: see above." if broken else "Everything that was set works.")
    named = "" if path == configuration.default_file() else f" --config {shlex.quote(str(path))}"
    there = config.database.path.exists()
    talk.say("Next:")
    talk.command(f"returns-station {'run' if there else 'migrate'}{named}")
    if not there:
        talk.say("Then import products, orders and badges (docs/import.md).")
    return Code.FAILED if broken else Code.OK
