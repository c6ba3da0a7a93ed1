"""`python -m bench [NAME …] [--json FILE] [--quick]`: every benchmark beside its floor, a table, and the same as JSON."""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bench import commit, drain, identify, label, screen, start
from returns_station.store.engine import driver

NAMES: Final = ("label", "drain", "commit", "identify", "start", "screen")
RETURNS: Final = 220


def _works(folder: Path, quick: bool) -> Mapping[str, Callable[[], dict[str, object]]]:
    size = 100_000 if quick else 1_000_000
    made: list[Path] = []

    def old() -> Path:
        if not made:
            made.append(commit.old_database(folder, size, RETURNS))
        return made[0]

    return {
        "label": lambda: label.run(200 if quick else 500),
        "drain": lambda: drain.run(18_000 if quick else 48_000, 12.0 if quick else 24.0),
        "commit": lambda: commit.run(RETURNS, size, old()),
        "identify": lambda: identify.run(500 if quick else 2_000, size, old()),
        "start": lambda: start.run(5 if quick else 15),
        "screen": lambda: screen.run(15 if quick else 80, 4 if quick else 12),
    }


def _floor(found: Mapping[str, Any]) -> tuple[str, str]:
    """Which of a result's figures is the work, and which its floor."""
    return next(
        (pair for pair in (("subject", "floor"), ("label", "floor"), ("drain", "floor"), ("beside", "alone"),
                           ("many", "few")) if pair[0] in found),
        ("", ""),
    )  # fmt: skip


def _rows(name: str, result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every measured row of a result, whatever the benchmark calls its parts."""
    parts = result.get("rows") or {key: value for key, value in result.items() if isinstance(value, dict)}
    if _floor(result)[0] in ("subject", "label") and "rows" not in result:
        parts = {"": result}
    for part, found in parts.items():
        if _floor(found)[0]:
            yield f"{name} {part}".strip(), found


def _goal(goal: object) -> str:
    """A goal in words; a share of the floor's rate is to be reached, a multiple of its time not to be passed."""
    if isinstance(goal, float):
        return f"{'≥' if goal < 1 else '≤'} {goal:g}"
    return str(goal or "")


def _print(name: str, result: Mapping[str, Any]) -> None:
    for title, found in _rows(name, result):
        work, floor = _floor(found)
        goal = _goal(found.get("goal"))
        verdict = "" if not goal else ("met" if found["met"] else "MISSED")
        for part, tail in (
            (floor, ""),
            (work, f"{found.get('ratio', ''):>8}  {goal:<14}{verdict}"),
        ):
            if part in found:
                at = found[part]
                which = f"{title}, {part}"
                print(f"{which:<34}{at['p50']:>11.3f}{at['p95']:>11.3f}{at['p99']:>11.3f}{at['n']:>7}{tail}")


def _machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": ".".join(map(str, driver().version)),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Runs what was named, all without names. The exit code is 0 whatever was missed: a machine's day is no defect."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and a hundred thousand returns")
    arguments = parser.parse_args()
    names = arguments.names or list(NAMES)
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    results: dict[str, object] = {"machine": _machine(), "quick": arguments.quick}
    missed = []
    print(f"{'work, or its floor':<34}{'p50':>11}{'p95':>11}{'p99':>11}{'n':>7}{'ratio':>8}  goal")
    with tempfile.TemporaryDirectory() as made:
        works = _works(Path(made), arguments.quick)
        # The look-ups only read, so they come before the commits when both use the old database.
        for name in sorted(names, key=("screen", "start", "label", "drain", "identify", "commit").index):
            result = works[name]()
            results[name] = result
            _print(name, result)
            missed += [] if result["met"] else [name]
    print(f"MISSED: {', '.join(missed)}" if missed else "every goal was met")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
