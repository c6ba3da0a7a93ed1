"""The line mode: one input a line, one answer a line; for screen readers, dumb terminals, scripts and tests."""

import codecs
import io
import json
import shutil
import sys
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import IO, Any, Protocol

from returns_station import logs
from returns_station.config import Config
from returns_station.errors import StationError
from returns_station.printable import printable, wrapped
from returns_station.replies import (
    VERSION,
    as_json,
    asked_value,
    choice_value,
    parcel_value,
    reply,
    say,
    unit_value,
)
from returns_station.wording import REFERENCE, SIGNALS, choice, notice, sentence, signals
from returns_station.workflow.drive import Outcome, Render
from returns_station.workflow.ports import Input, InputKind, Prompt
from returns_station.workflow.state import State

ENDED_IN_PARCEL = 3
STORE_FAILED = 5
NARROWEST = 20
_NEAREST = "returns-station.nearest"


class Dock(Protocol):
    """What the line mode drives: bootstrap.Station."""

    state: State

    def prompt(self) -> Prompt: ...
    def play(self, given: Input, render: Render) -> Outcome: ...
    def print_asked(self) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A line of standard input, or of a script: then it is a JSON object in the text mode too."""

    text: str
    scripted: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """Standard input has ended."""


Arrival = Any
Queue = SimpleQueue[Arrival]


# --- the loop ---------------------------------------------------------------------------------------------------------


class LineMode:
    """Takes inputs from one queue, plays each, answers each exactly once and after its commit."""

    def __init__(
        self,
        dock: Dock,
        queue: Queue,
        out: IO[str],
        *,
        as_json: bool,
        width: int | None = None,
        after: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self._dock = dock
        self._queue = queue
        self._out = out
        self._json = as_json
        self._width = width
        self._after = after
        self._last: dict[str, Any] = {}
        self._answered: Arrival = None

    def run(self) -> int:
        """Until the input ends; the exit code."""
        self._notices()
        self._greet()
        while not isinstance(arrived := self._queue.get(), End):
            try:
                self._take(arrived)
            except StationError as error:
                if not error.code.startswith("store."):
                    raise
                self._stop(arrived, error)
                return STORE_FAILED
        return ENDED_IN_PARCEL if self._dock.state.parcel is not None else 0

    def _greet(self) -> None:
        asked = self._dock.prompt()
        state = self._dock.state
        ready = {
            "v": VERSION,
            "type": "notice",
            "code": "station.ready",
            "text": say(asked.message),
            "prompt": asked_value(asked),
            "choices": [choice_value(asked, one) for one in asked.choices],
            "parcel": parcel_value(state.parcel, state) if state.parcel else None,
            "unit": unit_value(state.unit) if state.unit else None,
        }
        self._last = ready
        if self._json:
            self._emit(ready)
        else:
            self._ask(asked)
        self._after(ready)

    def _take(self, arrived: Arrival) -> None:
        if isinstance(arrived, Line):
            given = self._parsed(arrived)
            if given is None:
                return None
        elif arrived.given is None:
            self._notice(arrived.code, notice(arrived.code, arrived.sentence, arrived.device))
            return self._notices()
        else:
            given = arrived.given
        outcome = self._dock.play(given, self._render(given))
        self._answer(outcome)
        self._answered = arrived
        self._notices()
        self._after(self._last)
        return None

    def _render(self, given: Input) -> Render:
        return lambda sequence, state, step: as_json(reply(given.key, sequence, state, step))

    def _parsed(self, line: Line) -> Input | None:
        """An input from a line; an empty line asks nothing, a broken object is told and loses nothing."""
        if (self._json or line.scripted) and line.text.lstrip().startswith("{"):
            return self._object(line.text)
        text = self._filled(line.text)
        return (
            Input(text.encode("utf-8", "surrogateescape"), "keyboard", typed=True) if text.strip() else None
        )

    def _object(self, text: str) -> Input | None:
        try:
            return self._given(json.loads(text))
        except (ValueError, TypeError, RecursionError):
            self._notice(
                "input.object",
                'The line is no input: {"id": …, "scan" | "answer" | "command": "…"} was expected.',
                line=text,
            )
            return None

    def _given(self, raw: Any) -> Input:
        """The input an object asks for; ValueError or TypeError where it asks for none, or in text that is no Unicode."""
        kinds = [kind for kind in InputKind if kind.value in raw]
        if (
            len(kinds) != 1
            or not isinstance(raw[kinds[0].value], str)
            or not set(raw) <= {"id", "device", *InputKind}
        ):
            raise ValueError
        value = self._filled(raw[kinds[0].value])
        key = str(raw["id"]) if raw.get("id") is not None else None
        device = str(raw.get("device", "keyboard"))
        for stored in (key or "", device):
            stored.encode()
        return Input(value.encode("utf-8", "surrogateescape"), device, kinds[0], key)

    def _filled(self, text: str) -> str:
        """`${unit.lpn}` and the like from the last reply, so that scripts can use what the station made."""
        start = text.find("${")
        if start < 0:
            return text
        end = text.find("}", start)
        found: Any = self._last
        for name in text[start + 2 : end].split(".") if end > 0 else ():
            found = found.get(name) if isinstance(found, Mapping) else None
        known = isinstance(found, str | int) and end > 0
        return text[:start] + str(found) + text[end + 1 :] if known else text

    # --- output ------------------------------------------------------------------------------------------------------

    def _answer(self, outcome: Outcome) -> None:
        self._last = json.loads(outcome.reply)
        if self._json:
            self._write(outcome.reply)
            return
        self._wrapped(f"{SIGNALS[self._last['signal']]} ", self._last["message"]["text"])
        self._ask(self._dock.prompt())

    def _ask(self, prompt: Prompt) -> None:
        self._wrapped("> ", say(prompt.message))
        for one in prompt.choices:
            self._wrapped(f"{one.number} ", printable(choice(prompt.step, one.code, one.text)))

    def _notices(self) -> None:
        for one in self._dock.print_asked():
            if one.printed.problem is not None:
                problem, printer = one.printed.problem, one.printed.printer or ""
                told = notice(f"print.{problem.code}", str(problem), printer)
                self._notice("print.failed", told, job=one.job_id, label=one.code)
            else:
                self._notice(
                    f"print.{one.printed.state}",
                    _printed(one.code, one.printed.state, one.printed.missing),
                    job=one.job_id,
                    label=one.code,
                    reference=one.printed.reference,
                )

    def _notice(self, code: str, text: str, **facts: Any) -> None:
        if self._json:
            self._emit({"v": VERSION, "type": "notice", "code": code, "text": printable(text)} | facts)
        else:
            self._wrapped("- ", printable(text))

    def _stop(self, arrived: Arrival, error: StationError) -> None:
        """Nothing is said to be saved: intake stops, loudly. An input that was answered is not named: it is saved."""
        key = None
        if arrived is not self._answered:
            given = self._parsed(arrived) if isinstance(arrived, Line) else arrived.given
            key = given.key if given is not None else None
        if self._json:
            self._emit(
                {
                    "v": VERSION,
                    "type": "notice",
                    "code": error.code,
                    "in": key,
                    "signal": "stop",
                    "text": printable(str(error)),
                }
            )
        else:
            self._write("\a")
            self._wrapped("STOP ", printable(str(error)))

    def _emit(self, value: dict[str, Any]) -> None:
        self._write(as_json(value))

    def _wrapped(self, lead: str, text: str) -> None:
        width = max(NARROWEST, self._width or shutil.get_terminal_size().columns)
        for line in wrapped(lead + text, width, " " * min(len(lead), 4)):
            self._write(line.rstrip())

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def _printed(label: str, state: str, missing: Sequence[str]) -> str:
    told = sentence(f"print.{state}", {"label": label})
    return f"{told} {sentence('print.missing', {'letters': ''.join(missing)})}" if missing else told


def read_lines(stream: IO[str], queue: Queue) -> threading.Thread:
    """Feeds lines of `stream` into the queue from a thread of its own, and `End` when there are no more."""

    def pump() -> None:
        try:
            for line in stream:
                queue.put(Line(line.rstrip("\r\n")))
        finally:
            queue.put(End())

    thread = threading.Thread(target=pump, name="standard-input", daemon=True)
    thread.start()
    return thread


def run(dock: Dock, *, as_json: bool, start_devices: Callable[[Queue], Callable[[], None]]) -> int:
    """The line mode on standard input and output; `start_devices` feeds the same queue and returns how to stop it."""
    queue: Queue = SimpleQueue()
    take_every_byte()
    stop = start_devices(queue)
    try:
        read_lines(sys.stdin, queue)
        return LineMode(dock, queue, sys.stdout, as_json=as_json).run()
    finally:
        stop()


def take_every_byte() -> None:
    """Whatever the locale: every byte that is typed comes through, and a letter the terminal lacks is shown as its nearest."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error(_NEAREST, _nearest)
        sys.stdout.reconfigure(errors=_NEAREST)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """Letters without their accents, no opening question mark, and `?` for what has no nearer one."""
    assert isinstance(error, UnicodeEncodeError)
    found = (
        "" if char in "¿¡" else unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode() or "?"
        for char in error.object[error.start : error.end]
    )
    return "".join(found), error.end


def readable(config: Config) -> Config:
    """In English where standard output has no letters of the station's language: a row of question marks helps nobody."""
    try:
        "".join(signals(config.station.language)).encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        logs.logger("station").warning("language.unreadable", language=config.station.language)
        return replace(config, station=replace(config.station, language=REFERENCE))
    return config
