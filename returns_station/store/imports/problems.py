"""What is wrong with a file, place by place, and what an import came to."""

from dataclasses import dataclass, field

from returns_station.domain.scan.model import shown

SHOWN = 100
"""Problems kept with their places; the rest are counted."""


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """One value that was not what it should be. `expected` reads on after "is not": "a price, 0 or more"."""

    line: int
    column: str
    value: str
    expected: str

    @property
    def sentence(self) -> str:
        """Line, column, value and expectation in one sentence."""
        found = f"'{shown(self.value)}' is not" if self.value else "it is empty,"
        return f"Line {self.line}, column {shown(self.column)}: {found} {self.expected} was expected."

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of an import: `rows` items read, and how many of them were new, changed or as before.

    With problems nothing was merged: `problems` holds the first 100, `more` counts the others. `notices` are
    sentences about
    what was understood with doubt.
    """

    rows: int
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: tuple[ImportProblem, ...] = ()
    more: int = 0
    notices: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there was no problem."""
        return not self.problems


@dataclass(slots=True)
class Problems:
    """Problems as they are found; only the first hundred are kept."""

    found: list[ImportProblem] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, column: str, value: object, expected: str) -> None:
        """Notes a value that is not what was expected."""
        self.count += 1
        if len(self.found) < SHOWN:
            self.found.append(ImportProblem(line, column, "" if value is None else str(value), expected))

    def report(self, rows: int, notices: tuple[str, ...] = ()) -> ImportReport:
        """The report of an import that merged nothing."""
        return ImportReport(
            rows, problems=tuple(self.found), more=self.count - len(self.found), notices=notices
        )
