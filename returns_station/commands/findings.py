"""A finding of `doctor`, and what makes a function that looks at one part of the station into a check."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from returns_station.config import Config
from returns_station.errors import StationError

Band = Literal["fine", "warning", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part is, and what a person can do about it."""

    area: str
    band: Band
    sentence: str
    fix: str = ""


Check = Callable[[Config], list[Finding]]


def part(area: str) -> Callable[[Callable[[Config], Iterator[Finding]]], Check]:
    """A check whose errors are findings too."""

    def made(check: Callable[[Config], Iterator[Finding]]) -> Check:
        @functools.wraps(check)
        def run(config: Config) -> list[Finding]:
            findings: list[Finding] = []
            try:
                findings.extend(check(config))
            except StationError as error:
                findings.append(Finding(area, "broken", error.sentence, error.hint))
            return findings

        return run

    return made
