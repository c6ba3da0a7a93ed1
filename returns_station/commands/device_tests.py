"""What `devices test` does: one device tried out, told as a row of plain values."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

from returns_station.config import Config, Scanner, Wedge
from returns_station.domain.label import LabelModel
from returns_station.errors import Problem
from returns_station.hardware.ears import KEYBOARD, Ears, Overheard, cut
from returns_station.hardware.habits import Repair, repair_of
from returns_station.shapes import escaped

Row = dict[str, Any]


def scans(config: Config, scanners: Sequence[Scanner], *, keyboard: bool, seconds: int) -> Iterator[Row]:
    """Each scan that comes, until none came for so many seconds; a scanner that cannot be opened is told first."""
    terminal = sys.stdin.fileno() if keyboard else None
    named = {one.url: one for one in scanners}
    with Ears(terminal, {one.url: one.baud for one in scanners}) as ears:
        for problem in ears.deaf:
            yield {"ok": False, "problem": str(problem)}
        until = time.monotonic() + seconds
        while (heard := ears.listen(max(0.0, until - time.monotonic()))) is not None:
            yield from _frames(heard, named.get(heard.source), config.wedge)
            until = time.monotonic() + seconds


def _frames(heard: Overheard, scanner: Scanner | None, wedge: Wedge) -> Iterator[Row]:
    """The scans of one burst, cut as the station would cut it."""
    name = "wedge" if heard.source == KEYBOARD else scanner.name if scanner else heard.source
    device = scanner or wedge
    for data, ended_by in cut(heard, device):
        yield _row(name, heard, data, ended_by, repair_of(device))


def _row(name: str, heard: Overheard, data: bytes, ended_by: str, repair: Repair) -> Row:
    from returns_station.commands.scanning import candidate_line
    from returns_station.domain.scan import read

    changed = repair(data)
    reading = read(data if changed is None else changed)
    first, last = heard.strokes[0].at, heard.strokes[-1].at
    problems = [str(problem) for problem in reading.problems]
    return {
        "ok": True,
        "device": name,
        "hex": data.hex(),
        "bytes": escaped(data),
        "meant": None if changed is None else escaped(changed),
        "ended by": ended_by,
        "took": f"{1000 * (last - first):.0f} ms in {len(heard.strokes)} reads",
        "aim": reading.aim,
        "means": "; ".join(problems or [candidate_line(one) for one in reading.candidates]),
    }


def printer(config: Config, name: str) -> Row:
    """Asks a printer how it is, and prints a label on it."""
    from returns_station.hardware.printing import LabelPrinters

    printers = LabelPrinters(config.printers)
    state = next(one for one in printers.statuses() if one.name == name)
    label = LabelModel("plate", "TEST-LABEL", "Test of this printer")
    done = printers.print(f"test-{uuid4()}", label, name)
    return {
        "ok": done.problem is None,
        "device": name,
        "state": state.band,
        "sentence": state.sentence,
        "label": done.state,
        "reference": done.reference,
        "problem": None if done.problem is None else str(done.problem),
    }


def scale(config: Config) -> Row:
    """Reads the scale once."""
    from returns_station.hardware.weighing import Scale

    found = Scale(config.scale).weigh()
    if isinstance(found, Problem):
        return {"ok": False, "device": config.scale.name, "problem": str(found)}
    return {"ok": True, "device": config.scale.name, "grams": found.grams, "stable": found.stable}
