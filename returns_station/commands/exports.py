"""Rows for a spreadsheet or a program: CSV in which no cell is taken for a formula, or JSON Lines."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from returns_station.commands.common import usage
from returns_station.errors import StationError

# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), in full width too.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def check_export(path: Path | None) -> None:
    """Raises StationError `usage.wrong` for a name that says neither of the two kinds."""
    if path is not None and path.suffix not in (".csv", ".jsonl"):
        raise usage(
            f"The export {path.name} is neither .csv nor .jsonl.", "Name a file such as differences.csv."
        )


def export(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes the columns of all rows. Raises StationError `usage.export` where the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            if path.suffix == ".jsonl":
                file.writelines(
                    json.dumps({name: row[name] for name in columns}, ensure_ascii=False) + "\n"
                    for row in rows
                )
                return
            table = csv.writer(file)
            table.writerow(columns)
            table.writerows([cell(row[name]) for name in columns] for row in rows)
    except OSError as error:
        raise StationError(
            "usage.export", f"{path} cannot be written: {error.strerror}.", "Name a file in another folder."
        ) from error


def cell(value: object) -> str:
    """A value as a cell that is text to every spreadsheet: an apostrophe stands before what would be a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
