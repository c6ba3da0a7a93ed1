"""Percentiles of what was measured, and the row that every benchmark reports."""

import statistics
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Figures: TypeAlias = dict[str, float]


def figures(values: Sequence[float], digits: int = 3) -> Figures:
    """p50, p95, p99 and n of at least two values, in the values' own unit."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {
        "p50": round(cuts[49], digits),
        "p95": round(cuts[94], digits),
        "p99": round(cuts[98], digits),
        "n": len(values),
    }


def row(
    unit: str, subject: Sequence[float], floor: Sequence[float] | None, goal: float | None
) -> dict[str, object]:
    """A subject beside its floor: the ratio of the p50s, and whether it is at most `goal` (None: only reported)."""
    found: dict[str, object] = {"unit": unit, "subject": figures(subject)}
    if floor is not None:
        ratio = statistics.median(subject) / statistics.median(floor)
        found |= {"floor": figures(floor), "ratio": round(ratio, 2)}
        if goal is not None:
            found |= {"goal": goal, "met": ratio <= goal}
    return found


def met(rows: Mapping[str, Mapping[str, object]]) -> bool:
    """Whether no row missed its goal."""
    return all(one.get("met", True) for one in rows.values())
