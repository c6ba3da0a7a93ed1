"""`returns-station doctor`: everything the station stands on, looked at once, each finding with its fix."""

from collections.abc import Iterator

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import AsJson, ConfigFile, columns, configured, emit, guarded, say
from returns_station.commands.progress import bar
from returns_station.errors import StationError

_MARKS = {"fine": "ok", "warning": "WARNING", "broken": "BROKEN"}


def register(app: typer.Typer) -> None:
    """Adds `doctor`."""
    app.command()(guarded(doctor))


def doctor(json: AsJson = False, config: ConfigFile = None) -> Code:
    """Look at database, disk, devices, printer, upstream and clock; exits 1 when anything is broken."""
    from returns_station.commands.checks import CHECKS
    from returns_station.commands.findings import Finding

    findings: list[Finding] = []
    try:
        found = configured(config)
    except StationError as error:
        findings.append(Finding("configuration", "broken", error.sentence, error.hint))
    else:
        with bar("Looking") as told:
            for done, check in enumerate(CHECKS, 1):
                findings += check(found)
                told(done, len(CHECKS))
    broken = any(finding.band == "broken" for finding in findings)
    if json:
        rows = [
            {"area": one.area, "band": one.band, "sentence": one.sentence, "fix": one.fix} for one in findings
        ]
        emit({"healthy": not broken, "findings": rows})
    else:
        say(*_lines([(_MARKS[one.band], one.area, one.sentence, one.fix) for one in findings]))
    return Code.FAILED if broken else Code.OK


def _lines(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    told = columns([(mark, area, sentence) for mark, area, sentence, _ in rows])
    for line, (mark, _, _, fix) in zip(told, rows, strict=True):
        yield line
        if fix and mark != "ok":
            yield f"  → {fix}"
