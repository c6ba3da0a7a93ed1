"""`returns-station scan`: what scanned bytes mean, and which step of the dialogue takes them."""

import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import AsJson, emit, guarded, say, usage

if TYPE_CHECKING:
    from returns_station.domain.scan import Candidate, Reading

_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([nrt0\\]))")
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}


def register(app: typer.Typer) -> None:
    """Adds `scan`."""
    app.command()(guarded(scan))


def scan(
    text: Annotated[
        list[str] | None,
        typer.Argument(help=r"Scans, with \x1d, \n and \xNN for bytes; standard input otherwise."),
    ] = None,
    step: Annotated[str | None, typer.Option(help="Say whether this step takes it, such as item.")] = None,
    json: AsJson = False,
) -> Code:
    """Say what a scan means. Exits 2 when a scan is no valid code, or when STEP does not take it."""
    from returns_station.domain.scan import read
    from returns_station.workflow.accepts import STEPS, steps_for

    if step is not None and step not in STEPS:
        raise usage(f"There is no step {step!r}.", f"Steps are {', '.join(STEPS)}.")
    fine = True
    for raw in _inputs(text):
        reading = read(raw)
        steps = steps_for(reading)
        taken = None if step is None else step in steps
        fine = fine and _valid(reading) and taken is not False
        if json:
            emit(_as_json(reading, steps, step, taken))
        else:
            say(*_lines(reading, steps, step, taken))
    return Code.OK if fine else Code.BAD_INPUT


def unescape(text: bytes) -> bytes:
    r"""The bytes that `\x1d`, `\xNN`, `\n`, `\r`, `\t`, `\0` and `\\` stand for; any other backslash is itself."""
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else _NAMED[found[2]], text)


def _inputs(texts: list[str] | None) -> Iterator[bytes]:
    if texts:
        yield from (unescape(text.encode("utf-8", "surrogateescape")) for text in texts)
        return
    for line in sys.stdin.buffer:
        yield unescape(line.removesuffix(b"\n").removesuffix(b"\r"))


def _valid(reading: "Reading") -> bool:
    return not reading.problems and any(candidate.valid for candidate in reading.candidates)


def _as_json(
    reading: "Reading", steps: tuple[str, ...], step: str | None, taken: bool | None
) -> dict[str, Any]:
    from returns_station.domain.scan import explain
    from returns_station.workflow.accepts import steps_of

    told = explain(reading)
    for shown, candidate in zip(told["candidates"], reading.candidates, strict=True):
        shown["steps"] = list(steps_of(candidate))
    asked = {} if step is None else {"step": step, "taken": taken}
    return {**told, "steps": list(steps), **asked}


def _lines(reading: "Reading", steps: tuple[str, ...], step: str | None, taken: bool | None) -> Iterator[str]:
    symbology = f" (AIM {reading.aim})" if reading.aim else ""
    yield f"{reading.text or '(nothing)'}{symbology}"
    for problem in reading.problems:
        yield f"  wrong: {problem}"
    for candidate in reading.candidates:
        yield f"  {candidate_line(candidate)}"
        yield from (f"    wrong: {problem}" for problem in candidate.problems)
    yield f"  taken by: {', '.join(steps) or 'no step'}"
    if step is not None:
        yield f"  The step {step} {'takes' if taken else 'does not take'} it."


def candidate_line(candidate: "Candidate") -> str:
    """One meaning with its attributes, as a line."""
    facts = ", ".join(f"{name} {value}" for name, value in candidate.attributes)
    return f"{candidate.kind.value} {candidate.value}{f' ({facts})' if facts else ''}"
