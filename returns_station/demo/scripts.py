"""Scripts of a shift: JSON Lines of inputs with what each is expected to bring, checked as they are played."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from returns_station.errors import StationError

_INPUTS = ("scan", "answer", "command")


class Script:
    """A script in play: gives one input after another and checks each reply against what the script says."""

    def __init__(self, lines: list[dict[str, Any]], name: str) -> None:
        self._lines = lines
        self._name = name
        self._expected: dict[str, Any] = {}
        self.problems: list[str] = []

    def steps(self) -> Iterator[str]:
        """The inputs as lines for the line mode, each with an id."""
        for number, line in enumerate(self._lines, 1):
            self._expected = {
                "id": f"{self._name}-{number}",
                **{k: v for k, v in line.items() if k not in _INPUTS},
            }
            given = {kind: line[kind] for kind in _INPUTS if kind in line}
            yield json.dumps({"id": self._expected["id"], **given})

    def check(self, reply: Mapping[str, Any]) -> None:
        """Compares a reply with what its line expects: signal, step."""
        wanted = self._expected
        found = {
            "signal": reply["signal"],
            "step": (reply["prompt"] or {}).get("step"),
            "message": reply["message"]["code"],
        }
        for key in ("signal", "step", "message"):
            if key in wanted and wanted[key] != found[key]:
                self.problems.append(
                    f"{wanted['id']}: {key} {wanted[key]!r} was expected, {found[key]!r} was found: {reply['message']['text']}"
                )


def read_script(name: str) -> Script:
    """A script by name from the sample data, or from a file; StationError `script.missing` or `script.line`."""
    shipped = files("returns_station.samples").joinpath(f"{name}.jsonl")
    path = Path(name)
    if shipped.is_file():
        text = shipped.read_text("utf-8")
    elif path.is_file():
        text = path.read_text("utf-8")
    else:
        raise StationError(
            "script.missing",
            f"There is no script {name!r}.",
            "Use `shift`, `one`, or the path of a JSON Lines file.",
        )
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            lines.append(json.loads(line))
        except ValueError as error:
            raise StationError(
                "script.line", f"{name}, line {number}: {error}.", "One JSON object a line."
            ) from error
    return Script(lines, Path(name).stem)
