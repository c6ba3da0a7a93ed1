"""A reading as plain dictionaries and lists, for `scan --json`."""

from typing import Any

from returns_station.domain.scan.model import Candidate, Reading
from returns_station.errors import Problem


def explain(reading: Reading) -> dict[str, Any]:
    """`kind` and `valid` of the first candidate, then everything; `raw` is hexadecimal, attributes are pairs
    in order."""
    first = reading.candidates[0] if reading.candidates else None
    return {
        "kind": first.kind.value if first else None,
        "valid": bool(first and first.valid and not reading.problems),
        "text": reading.text,
        "aim": reading.aim,
        "raw": reading.raw.hex(),
        "candidates": [_candidate(candidate) for candidate in reading.candidates],
        "problems": [_problem(problem) for problem in reading.problems],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "kind": candidate.kind.value,
        "value": candidate.value,
        "valid": candidate.valid,
        "attributes": dict(candidate.attributes),
        "problems": [_problem(problem) for problem in candidate.problems],
    }


def _problem(problem: Problem) -> dict[str, str]:
    return {"code": problem.code, "sentence": problem.sentence, "hint": problem.hint}
