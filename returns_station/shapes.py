"""A frozen dataclass as the shape of a table of settings: keys, types, limits, the nearest key to a typo."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar, get_type_hints

from returns_station.errors import Problem

T = TypeVar("T")
Source = Literal["default", "file", "environment", "variable"]


@dataclass(frozen=True, slots=True)
class Given:
    """A value somebody gave: where it stands, and the folder that a relative path starts from.

    Of `source` "environment" it is bare text; of "variable" it is TOML written in an environment variable.
    """

    value: object
    where: str
    source: Source
    base: Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What a value must keep to; bounds are inclusive."""

    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()


def setting(
    default: Any = MISSING, *, low: int | None = None, high: int | None = None, choices: tuple[str, ...] = ()
) -> Any:
    """A dataclass field with limits; without a default it must be given."""
    return field(default=default, metadata={"limits": Limits(low, high, choices)})


class Reading:
    """Reads tables into shapes and collects every problem on the way, so that one run names them all."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.origins: dict[str, tuple[Source, str]] = {}

    def table(
        self,
        shape: type[T],
        given: Mapping[str, Given],
        label: str,
        where: str,
        defaults: Mapping[str, object] | None = None,
    ) -> T | None:
        """One `shape` from `given`, or None when a key without a default is missing.

        `label` (such as `scanner[1]`) prefixes the origins; `defaults` stand in where the shape has none.
        """
        known = [one.name for one in fields(shape)]  # type: ignore[arg-type]
        for key in given.keys() - set(known):
            self.unknown(key, given[key].where, known)
        values = dict(self._values(shape, given, label, defaults or {}))
        missing = [key for key in known if key not in values]
        for key in missing:
            if key not in given:
                self.missing(key, label, where)
        return None if missing else shape(**values)

    def unknown(self, key: str, where: str, known: Iterable[str]) -> None:
        """Notes a key that nobody knows, with the nearest one that is known."""
        known = sorted(known)
        near = get_close_matches(key, known, n=1)
        guess = f"; did you mean '{near[0]}'?" if near else "."
        self.problems.append(
            Problem(
                "config.unknown_key",
                f"{where}: unknown key '{shown(key)}'{guess}",
                f"Known here: {', '.join(known)}.",
            )
        )

    def wrong(self, key: str, value: object, where: str, expected: str) -> None:
        """Notes a value that is not what was expected."""
        self.problems.append(
            Problem(
                "config.value",
                f"{where}: '{key}' is {told(value)}; expected {expected}.",
                "Correct the value or remove it.",
            )
        )

    def missing(self, key: str, label: str, where: str) -> None:
        """Notes a key that must be given and is not."""
        self.problems.append(
            Problem(
                "config.missing_key", f"{where}: '{key}' is missing in {label}.", f"Add a line `{key} = …`."
            )
        )

    def _values(
        self, shape: type[Any], given: Mapping[str, Given], label: str, defaults: Mapping[str, object]
    ) -> Iterable[tuple[str, object]]:
        kinds = _hints(shape)
        for one in fields(shape):
            shipped = one.default if one.default_factory is MISSING else one.default_factory()
            fallback = defaults.get(one.name, shipped)
            origin: tuple[Source, str] = ("default", "")
            value: object = MISSING
            if one.name in given:
                found = given[one.name]
                limits = one.metadata.get("limits", Limits())
                value = self._converted(one.name, kinds[one.name], found, limits)
                origin = (found.source, found.where)
                self._inner_origins(f"{label}.{one.name}", found)
            if value is MISSING:
                value = fallback
            if value is not MISSING:
                self.origins[f"{label}.{one.name}"] = origin
                yield one.name, value

    def _inner_origins(self, label: str, given: Given) -> None:
        for key, one in flat(given.value) if isinstance(given.value, dict) else ():
            self.origins[f"{label}.{key}"] = (one.source, one.where)

    def _converted(self, key: str, kind: object, given: Given, limits: Limits) -> object:
        value, expected = _CONVERT[kind](given, limits)
        if value is MISSING:
            self.wrong(key, given.value, given.where, expected)
        return value


def _hints(shape: type[Any]) -> dict[str, Any]:
    return get_type_hints(shape)


def _text(given: Given, limits: Limits) -> tuple[object, str]:
    if limits.choices:
        expected = " or ".join(f"'{choice}'" for choice in limits.choices)
        return (given.value if given.value in limits.choices else MISSING), expected
    fits = isinstance(given.value, str) and given.value.strip() != "" and given.value.isprintable()
    return (given.value if fits else MISSING), "a text in quotes"


def _whole(given: Given, limits: Limits) -> tuple[object, str]:
    expected = "a whole number"
    if limits.low is not None and limits.high is not None:
        expected = f"a whole number from {limits.low} to {limits.high}"
    value = given.value
    if given.source == "environment" and isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:20])
    if not isinstance(value, int) or isinstance(value, bool):
        return MISSING, expected
    fits = (limits.low is None or value >= limits.low) and (limits.high is None or value <= limits.high)
    return (value if fits else MISSING), expected


def _truth(given: Given, _limits: Limits) -> tuple[object, str]:
    words: dict[object, bool] = {"true": True, "false": False}
    value = words.get(given.value) if given.source == "environment" else given.value
    return (value if isinstance(value, bool) else MISSING), "true or false"


def _place(given: Given, _limits: Limits) -> tuple[object, str]:
    fits = isinstance(given.value, str) and given.value.strip() != "" and given.value.isprintable()
    return (given.base / Path(str(given.value)).expanduser() if fits else MISSING), "a path in quotes"


def _texts(given: Given, _limits: Limits) -> tuple[object, str]:
    value = given.value
    if given.source == "environment" and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    fits = isinstance(value, list) and all(isinstance(part, str) and part.isprintable() for part in value)
    return (tuple(value) if fits and isinstance(value, list) else MISSING), "a list of texts"


def _options(given: Given, _limits: Limits) -> tuple[object, str]:
    """A table of texts, whole numbers and truths, all as texts; a table in it is a dotted key, as TOML has it."""
    expected = "a table of texts, whole numbers and true or false"
    if not isinstance(given.value, dict):
        return MISSING, expected
    found: dict[str, str] = {}
    for key, one in flat(given.value):
        if not isinstance(one.value, str | int) or not str(one.value).isprintable():
            return MISSING, f"{expected}; '{shown(key)}' is {_kind(one.value)}"
        found[key] = told(one.value) if isinstance(one.value, bool) else str(one.value)
    return found, expected


def flat(given: Mapping[str, Given], above: str = "") -> Iterable[tuple[str, Given]]:
    """The values of a table and of the tables in it, by their dotted keys."""
    for key, one in given.items():
        if isinstance(one.value, dict):
            yield from flat(one.value, f"{above}{key}.")
        else:
            yield f"{above}{key}", one


def _kind(value: object) -> str:
    words = {list: "a list", float: "a number with a fraction", str: "not printable"}
    return words.get(type(value), "something else")


_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([nrt\\]))")
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
_LONGEST = 64


def unescaped(text: str) -> bytes | None:
    r"""The bytes that a text names: `\x06`, `\r`, `\n`, `\t`, `\\`, anything else as UTF-8; None for another backslash."""
    pieces: list[bytes] = []
    at = 0
    for found in _ESCAPE.finditer(text):
        pieces.append(_encoded(text[at : found.start()]))
        pieces.append(bytes.fromhex(found[1]) if found[1] else _NAMED[found[2]].encode())
        at = found.end()
    pieces.append(_encoded(text[at:]))
    return None if "\\" in _ESCAPE.sub("", text) else b"".join(pieces)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def escaped(raw: bytes) -> str:
    r"""Bytes as printable ASCII that `unescaped` reads back."""
    return "".join(chr(b) if 0x20 <= b < 0x7F and b != 0x5C else f"\\x{b:02x}" for b in raw)


def _bytes(given: Given, _limits: Limits) -> tuple[object, str]:
    expected = rf"at most {_LONGEST} bytes in single quotes, as in '\x06'"
    found = unescaped(given.value) if isinstance(given.value, str) else None
    return (MISSING if found is None or len(found) > _LONGEST else found), expected


_CONVERT: dict[object, Any] = {
    bytes: _bytes,
    bytes | None: _bytes,
    str: _text,
    str | None: _text,
    int: _whole,
    int | None: _whole,
    bool: _truth,
    bool | None: _truth,
    Path: _place,
    Path | None: _place,
    tuple[str, ...]: _texts,
    Mapping[str, str]: _options,
}


def shown(text: str, limit: int = 60) -> str:
    """Foreign text made safe to print: control characters escaped, cut at `limit`."""
    safe = "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)
    return safe if len(safe) <= limit else f"{safe[:limit]}…"


def told(value: object) -> str:
    """A value in a sentence: texts in quotes, truth in TOML's words."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{shown(value)}'"
    if isinstance(value, dict):
        return "a table"
    return shown(str(value))
