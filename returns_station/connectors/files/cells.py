"""An effect as CSV for people and spreadsheets: flat, amounts as decimal text, no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Final

from returns_station.connectors.api import Outgoing
from returns_station.domain.money import decimal

_LINES: Final = ("lines", "units")
"""Lists within an effect: a row each."""
_RUN: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), and our own mark."""


def safe_cell(value: object) -> str:
    """A value as a cell: text that would be run has an apostrophe before it; control characters are blanks.

    A reader takes the text back by dropping one apostrophe at the beginning.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return f"'{text}" if str(value).startswith(_RUN) else text


def as_csv(effect: Outgoing) -> bytes:
    """The effect's file: a header, and a row a line or unit; what belongs to the whole stands on the first row."""
    head = {
        "key": effect.key,
        "type": effect.type,
        "sequence": effect.sequence,
        "time": effect.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "station": effect.station,
    }
    currency = effect.data.get("currency")
    head |= _flat(effect.data, str(currency) if currency else None, "")
    rows = [
        {"line_of": name} | _flat(row, str(currency) if currency else None, "line_")
        for name in _LINES
        for row in _listed(effect.data.get(name))
    ]
    names = [*head, *dict.fromkeys(name for row in rows for name in row)]
    told = io.StringIO(newline="")
    writer = csv.writer(told, lineterminator="\r\n")
    writer.writerow(names)
    for number, row in enumerate(rows or [{}]):
        whole = (head if number == 0 else {"key": effect.key}) | row
        writer.writerow([safe_cell(whole.get(name)) for name in names])
    return told.getvalue().encode()


def _listed(value: object) -> Iterable[Mapping[str, object]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


def _flat(data: Mapping[str, object], currency: str | None, prefix: str) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in data.items():
        if name.endswith("_minor"):
            exact = isinstance(value, int) and currency
            flat[prefix + name.removesuffix("_minor")] = (
                decimal(int(str(value)), str(currency)) if exact else None
            )
        elif name not in _LINES:
            flat[prefix + name.removeprefix(prefix)] = _joined(value)
    return flat


def _joined(value: object) -> object:
    if isinstance(value, list | tuple):
        return "|".join(map(str, value))
    if isinstance(value, Mapping):
        return "|".join(f"{name}={one}" for name, one in value.items())
    return value
