"""Opening a file somebody exported: gzip or not, byte order mark, encoding, separator, line numbers."""

import codecs
import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from returns_station.errors import StationError
from returns_station.store.imports.fields import Inexact
from returns_station.store.imports.problems import Problems

_SEPARATORS = ",;\t"
_CHUNK = 1 << 20
_WINDOWS = "cp1252"
_AS_IT_IS = "returns_station.as_it_is"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Source:
    """A file looked over once: encoding, number of lines, SHA-256 of its bytes, and whether it is JSON
    Lines."""

    path: Path
    encoding: str
    lines: int
    digest: str
    is_json: bool
    notices: tuple[str, ...] = ()

    def open(self) -> IO[str]:
        """The text, line ends as they are."""
        # newline="" keeps a CR LF inside a quoted cell as it is.
        return io.TextIOWrapper(_bytes(self.path), encoding=self.encoding, errors=_AS_IT_IS, newline="")


def _as_it_is(error: UnicodeError) -> tuple[str, int]:
    """A byte that Windows-1252 leaves undefined, as Latin-1 has it; every other error stays one."""
    if not isinstance(error, UnicodeDecodeError) or error.encoding != "charmap":
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(_AS_IT_IS, _as_it_is)


def _bytes(path: Path) -> BinaryIO:
    with path.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def examine(path: Path) -> Source:
    """Looks the file over; StationError `import.missing`, `import.unreadable` or `import.empty`."""
    if not path.is_file():
        raise StationError("import.missing", f"There is no file {path}.", "Check the path.")
    digest, lines, start = hashlib.sha256(), 0, b""
    utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    try:
        with _bytes(path) as file:
            while chunk := file.read(_CHUNK):
                start = start or chunk[:4096]
                digest.update(chunk)
                lines += chunk.count(b"\n")
                utf8 = _still(utf8, chunk)
        utf8 = _still(utf8, b"", final=True)
    except (OSError, EOFError) as error:
        raise StationError(
            "import.unreadable", f"{path} cannot be read: {error}.", "Export it again."
        ) from None
    encoding = _encoding(start, utf8 is not None)
    opening = start.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if not opening:
        raise StationError("import.empty", f"{path} is empty.", "Export it again.")
    notices: tuple[str, ...] = ()
    if encoding == _WINDOWS:
        notices = (f"{path.name} is not UTF-8; it was read as Windows-1252. Look at names with accents.",)
    return Source(path, encoding, lines + 1, digest.hexdigest(), opening[0] in "{[", notices)


def _still(
    decoder: codecs.IncrementalDecoder | None, chunk: bytes, *, final: bool = False
) -> codecs.IncrementalDecoder | None:
    try:
        if decoder is not None:
            decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return None
    return decoder


def _encoding(start: bytes, is_utf8: bool) -> str:
    if start.startswith(_UTF16):
        return "utf-16"
    return "utf-8-sig" if is_utf8 else _WINDOWS


def objects(source: Source, problems: Problems) -> Iterator[tuple[int, object]]:
    """The objects of a JSON Lines file with their line numbers; a line that is no JSON goes to `problems`."""
    with source.open() as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                yield line, json.loads(text.strip(), parse_float=Inexact, parse_constant=Inexact)
            except ValueError as error:
                column = f"character {error.colno}" if isinstance(error, json.JSONDecodeError) else "row"
                problems.add(line, column, text.strip(), "JSON, one object a line,")
            except RecursionError:
                problems.add(line, "row", text.strip(), "JSON, less deeply nested,")


def header(source: Source) -> tuple[list[str], str]:
    """The header of a CSV file and its separator: the one of comma, semicolon and tab that is there most."""
    with source.open() as file:
        first = next((line for line in file if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    cells = next(csv.reader([first], delimiter=separator), [])
    return [cell.strip() for cell in cells], separator


def rows(
    source: Source, names: list[str], separator: str, problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    """The rows after the header with the line each begins on, cells filled up to the header's length; blank
    rows are left out."""
    with source.open() as file:
        reader = csv.reader(file, delimiter=separator)
        begun = 0
        while True:
            line = begun + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                problems.add(reader.line_num, "row", str(error), "a row of cells, quotes closed,")
                return
            if cells is None:
                return
            begun = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if names and len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
                problems.add(
                    line, "row", f"{len(cells)} cells", f"a row like the header, {len(names)} cells,"
                )
                continue
            yield line, cells + [""] * (len(names) - len(cells))
