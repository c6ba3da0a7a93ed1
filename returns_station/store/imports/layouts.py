"""CSV layouts: which columns of a file are ours, and how its rows are grouped into orders and
authorisations."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from returns_station.errors import StationError
from returns_station.store.imports import source as files
from returns_station.store.imports.problems import Problems
from returns_station.store.imports.shapes import KINDS, Raw, Shape

Names = Mapping[str, str]
"""Our column → the file's header."""

Finish = Callable[[list[tuple[int, Mapping[str, str]]], Raw], Raw]
"""Makes a shop's rows, with the head already read from them, into our raw row."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in a CSV file: columns of the head, and of each kind of row within it."""

    head: Names
    children: Mapping[str, Names] = field(default_factory=dict)
    finish: Finish | None = None
    unknown: tuple[str, ...] = ()


def own(kind: str, header: list[str]) -> Layout:
    """Our own layout of a kind; StationError `import.columns` where a column that must be there is not."""
    shape = KINDS[kind]
    renamed = {"payments": {"reference": "payment_reference"}}
    found = {name.lower(): name for name in header}
    children = {
        name: {ours: renamed.get(name, {}).get(ours, ours) for ours in child.columns}
        for name, child in shape.children.items()
    }
    needed = [name for name, column in shape.columns.items() if column.required]
    needed += [
        n for child in shape.needs for n, column in shape.children[child].columns.items() if column.required
    ]
    missing = [name for name in needed if name not in found]
    if missing:
        raise StationError(
            "import.columns",
            f"The file of {kind} has no column {', '.join(missing)}; it has {', '.join(header)[:200]}.",
            "The columns of each kind are in docs/import.md.",
        )
    known = {*shape.columns, *(name for names in children.values() for name in names.values())}
    return Layout(
        {name: found[name] for name in shape.columns if name in found},
        {
            child: {ours: found[theirs] for ours, theirs in names.items() if theirs in found}
            for child, names in children.items()
        },
        unknown=tuple(name for name in header if name and name.lower() not in known),
    )


def read(
    source: files.Source, layout: Layout, shape: Shape, names: list[str], separator: str, problems: Problems
) -> Iterator[Raw]:
    """The raw rows of a CSV file; rows that follow each other with the same number, or none, belong
    together."""
    body = files.rows(source, names, separator, problems)
    next(body, None)
    rows = ((line, dict(zip(names, cells, strict=False))) for line, cells in body)
    if not shape.children:
        for line, cells in rows:
            yield Raw(line, {ours: cells[theirs] for ours, theirs in layout.head.items()}, layout.head)
        return
    seen: set[str] = set()
    for group in _groups(rows, layout.head[shape.key]):
        head = _head(group, layout.head, problems)
        number = str(head.values.get(shape.key, ""))
        if number and number in seen:
            problems.add(
                head.line, head.name(shape.key), number, "a number not seen above, all its rows together,"
            )
        seen.add(number)
        yield layout.finish(group, head) if layout.finish else _within(group, head, layout)


Group = list[tuple[int, Mapping[str, str]]]


def _groups(rows: Iterator[tuple[int, dict[str, str]]], key: str) -> Iterator[Group]:
    group: Group = []
    for line, cells in rows:
        if group and cells[key].strip() not in ("", group[0][1][key].strip()):
            yield group
            group = []
        group.append((line, cells))
    if group:
        yield group


def _head(group: Group, names: Names, problems: Problems) -> Raw:
    """What the rows of a group say of the whole: the first cell that is not blank; the others are blank or
    the same."""
    values: dict[str, object] = {}
    for ours, theirs in names.items():
        values[ours] = ""
        for line, cells in group:
            cell = cells[theirs].strip()
            if cell and values[ours] == "":
                values[ours] = cell
            elif cell and cell != values[ours]:
                problems.add(
                    line,
                    theirs,
                    cell,
                    f"blank or '{values[ours]}', as above; one value for all rows of a number",
                )
    return Raw(group[0][0], values, names)


def _within(group: Group, head: Raw, layout: Layout) -> Raw:
    for child, names in layout.children.items():
        rows = [(line, {ours: cells[theirs] for ours, theirs in names.items()}) for line, cells in group]
        filled = [
            Raw(line, dict(values), names)
            for line, values in rows
            if any(value.strip() for value in values.values())
        ]
        if names:
            head.children[child] = _once(filled) if child == "payments" else filled
    return head


def _once(payments: list[Raw]) -> list[Raw]:
    """Payments repeat on every row of an order: each reference once, with the cells that are filled."""
    found: dict[str, Raw] = {}
    for raw in payments:
        held = found.setdefault(str(raw.values.get("reference", "")).strip(), raw)
        held.values.update(
            {name: value for name, value in raw.values.items() if not str(held.values[name]).strip()}
        )
    return list(found.values())
