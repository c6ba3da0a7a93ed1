"""The thread that plays inputs one by one, and the one that prints and looks at devices; both tell the app what happened."""

import gc
import threading
from collections.abc import Callable
from typing import Any, Protocol

from textual.message import Message

from returns_station import logs
from returns_station.config import Config
from returns_station.domain.scan import Kind
from returns_station.errors import StationError
from returns_station.hardware.habits import repair_of
from returns_station.hardware.wedge import NAME as WEDGE
from returns_station.printable import printable
from returns_station.replies import as_json, reply, say
from returns_station.tui.messages import (
    Answer,
    Answered,
    Asking,
    Checked,
    Condition,
    Counted,
    Delayed,
    Looked,
    Noticed,
    Opened,
    Option,
    Stopped,
)
from returns_station.tui.queue import Burst, Commanded, End, Queue, Typed
from returns_station.tui.words import word
from returns_station.wording import choice, notice
from returns_station.workflow.accepts import KINDS
from returns_station.workflow.board import Board
from returns_station.workflow.drive import Outcome, Render
from returns_station.workflow.ports import Input, InputKind, Prompt
from returns_station.workflow.state import State

CHECK_EVERY_S = 5.0
# The tables are read for the screen when no further scan has come for this long: an answer is painted first.
LOOK_AFTER_S = 0.04
LONGEST_SHOWN = 60
KEYBOARD = "keyboard"
# Steps where a digit can only be an answer: there one key is enough.
ONE_KEY = KINDS[Kind.ANSWER] - KINDS[Kind.REFERENCE] - {"quantity", "split", "piece", "weight"}

Tell = Callable[[Message], object]


class Station(Protocol):
    """What the screen drives: bootstrap.Station."""

    @property
    def state(self) -> State: ...
    def prompt(self) -> Prompt: ...
    def play(self, given: Input, render: Render) -> Outcome: ...
    def look(self) -> tuple[Board, Counted]: ...
    def print_asked(self) -> list[Any]: ...
    def conditions(self) -> tuple[Condition, ...]: ...
    def warm(self) -> None: ...
    def time_of_day(self) -> str: ...
    def close(self) -> None: ...


def asking(prompt: Prompt) -> Asking:
    """A prompt in words."""
    step = str(prompt.step)
    options = tuple(
        Option(c.number, c.code, printable(choice(step, c.code, c.text)), c.scan) for c in prompt.choices
    )
    return Asking(step, say(prompt.short), say(prompt.message), options, one_key=step in ONE_KEY)


def shown(given: Input) -> str:
    """An input as one short line of printable text."""
    text = printable(given.raw.decode("utf-8", "replace"))
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


class Intake:
    """Opens the station, then plays what arrives, each exactly once and in order; `work` is the body of one thread."""

    def __init__(self, config: Config, open_station: Callable[[], Station], queue: Queue, tell: Tell) -> None:
        self._open_station = open_station
        self._queue = queue
        self._tell = tell
        self._repair = repair_of(config.wedge)
        self._paper: Paper | None = None

    def work(self) -> None:
        """Until `End` arrives or the store fails."""
        try:
            self._play(self._open_station())
        except StationError as error:
            self._tell(Stopped(error))
        except (
            Exception
        ) as fault:  # a thread that dies of a defect would be a screen that never answers again
            self._tell(Stopped(_defect(fault)))

    def _play(self, station: Station) -> None:
        self._paper = Paper(station, self._tell)
        try:
            self._greet(station)
            self._paper.start()
            # All that is loaded stays: looking through it for garbage again and again would stop every thread, the
            # keyboard's too, for 100 ms and more.
            gc.collect()
            gc.freeze()
            looked = True
            while True:
                arrived = self._queue.get(None if looked else LOOK_AFTER_S)
                if arrived is None:
                    self._look(station)
                elif isinstance(arrived, End):
                    return
                else:
                    self._take(station, arrived)
                    self._queue.done()
                looked = arrived is None
        finally:
            self._paper.stop()
            station.close()

    def _greet(self, station: Station) -> None:
        worker = station.state.worker
        self._tell(
            Opened(
                asking(station.prompt()),
                worker.id if worker else None,
                worker.role.value if worker else None,
                station.state.locked,
            )
        )
        self._look(station)

    def _take(self, station: Station, arrived: Any) -> None:
        given = self._given(arrived)
        if given is None:
            told = notice(arrived.code, arrived.sentence, arrived.device)
            self._tell(Noticed(arrived.code, printable(told), bad=_is_bad(arrived.code)))
            return
        outcome = self._played(station, given)
        self._tell(Answered(_answer(station, given, outcome)))
        if self._paper is not None and outcome.step is not None and outcome.step.prints:
            self._paper.wake()

    def _given(self, arrived: Any) -> Input | None:
        """The input in what arrived; None in a notice of a device."""
        match arrived:
            case Input():
                return arrived
            case Burst(data):
                return Input(data, WEDGE, meant=self._repair(data))
            case Typed(text):
                return Input(text.encode("utf-8", "surrogateescape"), KEYBOARD, typed=True)
            case Commanded(name, device):
                return Input(name.encode(), device, InputKind.COMMAND)
        found: Input | None = arrived.given
        return found

    def _played(self, station: Station, given: Input) -> Outcome:
        """Plays one input; as long as another process holds the database, nothing is saved and it is tried again."""
        while True:
            try:
                return station.play(
                    given,
                    lambda sequence, state, step: as_json(reply(given.key, sequence, state, step)),
                )
            except StationError as error:
                if error.code != "store.busy":
                    raise
                self._tell(Delayed(error.sentence))

    def _look(self, station: Station) -> None:
        board, counted = station.look()
        self._tell(Looked(board, counted))


def _defect(fault: Exception) -> StationError:
    """What nobody foresaw, as an error with a way out; its traceback goes into the log."""
    logs.logger("screen").error("screen.defect", exc_info=fault)
    kind = type(fault).__name__
    return StationError("station.defect", word("defect", kind=kind), word("defect.hint"))


def _is_bad(code: str) -> bool:
    return not code.endswith((".reconnected", ".told", ".connected"))


def _answer(station: Station, given: Input, outcome: Outcome) -> Answer:
    worker, step = outcome.state.worker, outcome.step
    assert step is not None  # inputs of the screen carry no key, so none is a replay
    return Answer(
        step.signal.value,
        say(step.message),
        shown(given),
        given.device,
        station.time_of_day(),
        asking(station.prompt()),
        worker.id if worker else None,
        worker.role.value if worker else None,
        outcome.state.locked,
    )


class Paper(threading.Thread):
    """Prints what was asked for and asks the devices how they are; no printer, however slow, holds up a scan."""

    def __init__(self, station: Station, tell: Tell) -> None:
        super().__init__(name="paper", daemon=True)
        self._station = station
        self._tell = tell
        self._due = threading.Event()
        self._ending = False

    def wake(self) -> None:
        """Something was asked for."""
        self._due.set()

    def stop(self) -> None:
        """Ends after the label in hand."""
        self._ending = True
        self._due.set()
        self.join(timeout=10)

    def run(self) -> None:
        """Until stopped."""
        before: tuple[Condition, ...] = ()
        self._station.warm()
        while not self._ending:
            try:
                for one in self._station.print_asked():
                    self._told(one)
                now = self._station.conditions()
            except StationError as error:
                if error.code != "store.busy":
                    self._tell(Noticed(error.code, printable(str(error)), bad=True))
            except Exception as fault:  # labels must go on being printed
                self._tell(Noticed("print.defect", str(_defect(fault)), bad=True))
            else:
                if now != before:
                    self._tell(Checked(now))
                before = now
            self._due.wait(CHECK_EVERY_S)
            self._due.clear()

    def _told(self, one: Any) -> None:
        printed = one.printed
        if printed.problem is not None:
            problem = notice(f"print.{printed.problem.code}", str(printed.problem), printed.printer or "")
            self._tell(Noticed("print.failed", printable(problem), bad=True))
            return
        told = word(f"label.{printed.state}", label=one.code, printer=printed.printer)
        if printed.missing:
            told += " " + word("label.missing", letters="".join(printed.missing))
        self._tell(Noticed(f"print.{printed.state}", printable(told), bad=bool(printed.missing)))
