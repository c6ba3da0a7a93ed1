"""The app: joins the screen, the terminal's keys, the intake thread and the signals; it holds no rules."""

import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import CommandPalette
from textual.screen import Screen
from textual.widget import Widget

from returns_station.config import Config, Keys
from returns_station.errors import StationError
from returns_station.hardware.wedge import Wedge
from returns_station.printable import printable
from returns_station.tui import messages
from returns_station.tui.driver import StationDriver
from returns_station.tui.messages import Asking
from returns_station.tui.queue import Burst, Commanded, End, Queue, Typed
from returns_station.tui.screen import DockScreen
from returns_station.tui.themes import NAMES, themes
from returns_station.tui.words import word
from returns_station.wording import notice

if TYPE_CHECKING:
    from textual.command import Provider

    from returns_station.tui.dock import Station
    from returns_station.workflow.board import Board

STORE_FAILED = 5
ENDED_IN_PARCEL = 3
# Before an input is called waiting, and how often the clock is looked at; seconds.
PATIENCE_S = 1.0
TICK_S = 0.25
SWITCH_S = 0.0005
STATION = "station"
# Steps that a stopped printer matters to.
LABELLING = ("label", "hold_label")


class Sounds(Protocol):
    """What plays a signal: hardware.sounds.Sounds."""

    def play(self, signal: str) -> None: ...


def _commands() -> "type[Provider]":
    from returns_station.tui.palette import Commands

    return Commands


class StationApp(App[int], inherit_bindings=False):
    """The dock's terminal. `open_station` is called once, in the intake thread, after the first paint."""

    CSS_PATH = Path(__file__).with_name("station.tcss")
    TITLE = "Returns Station"
    COMMANDS: ClassVar = {_commands}
    BINDINGS: ClassVar = [
        Binding("f1", "help", id="help"),
        Binding("f2", "details", id="details"),
        Binding("f3", "command('reprint')", id="reprint"),
        Binding("f4", "command('hold')", id="hold"),
        Binding("f5", "command('undo')", id="undo"),
        Binding("f6", "command('done')", id="done"),
        Binding("f7", "command('photo')", id="photo"),
        Binding("f8", "compact", id="compact"),
        Binding("f9", "command_palette", id="commands"),
        Binding("f10", "end", id="quit"),
    ]

    def __init__(
        self,
        config: Config,
        open_station: "Callable[[], Station]",
        *,
        sounds: Sounds | None = None,
        queue: Queue | None = None,
        beside: Sequence[Widget] = (),
    ) -> None:
        super().__init__(driver_class=StationDriver)
        self.config = config
        self.queue = queue or Queue()
        self.wedge = Wedge.of(
            config.wedge,
            lambda data: self.queue.put(Burst(data)),
            asking=lambda: len(self.screen_stack) > 1,
        )
        self.mouse = config.screen.mouse
        self._sounds = sounds
        self._open_station = open_station
        self._intake = threading.Thread(target=self._work, name="intake", daemon=True)
        self._dock = DockScreen(config.station.name, beside)
        self._worker: str | None = None
        self._role: str | None = None
        self._locked = False
        self._board: Board | None = None
        self._conditions: tuple[messages.Condition, ...] = ()
        self._alive_at = monotonic()
        self._unanswered_at: float | None = None
        self._stopped: StationError | None = None
        self.answered = 0
        """How many inputs were answered, and how many of them when the tables were last read; -1 before the first look."""
        self.looked = -1
        self.set_keymap({name: getattr(config.keys, name) for name in Keys.__slots__})

    # --- life ---------------------------------------------------------------------------------------------------------

    def work(self) -> int:
        """Runs until a person ends it; the exit code. The StationError that ended intake is raised again."""
        # Three threads share the interpreter on a scan's way to the screen: none may keep it for 5 ms, the default.
        sys.setswitchinterval(SWITCH_S)
        code = self.run(mouse=self.mouse)
        if self._stopped is not None:
            raise self._stopped
        return STORE_FAILED if code is None else code

    def get_default_screen(self) -> Screen[None]:
        """The one screen."""
        return self._dock

    def on_mount(self) -> None:
        """Colours and the first paint, then the station."""
        for theme in themes():
            self.register_theme(theme)
        self.theme = self.config.screen.theme
        self.set_class(self.config.screen.compact, "compact")
        self._dock.ask.ask(Asking("starting", word("starting.short"), word("starting")))
        self._tick()
        self.set_interval(TICK_S, self._tick)
        self.call_after_refresh(self._intake.start)

    def _work(self) -> None:
        # After the first paint: what the dialogue and its store need is loaded here.
        from returns_station.tui.dock import Intake

        Intake(self.config, self._open_station, self.queue, self.post_message).work()

    def hang_up(self) -> None:
        """The terminal is gone: the station ends as if it had been asked to."""
        self.call_later(self.exit, ENDED_IN_PARCEL if self._in_parcel() else 0)

    async def on_unmount(self) -> None:
        """The intake thread ends after the input in hand."""
        self.queue.put(End())
        if self._intake.is_alive():
            self._intake.join(timeout=35)

    def _in_parcel(self) -> bool:
        return self._board is not None and self._board.parcel is not None

    # --- what happened ------------------------------------------------------------------------------------------------

    def on_opened(self, event: messages.Opened) -> None:
        """The station is ready."""
        self._worker, self._role, self._locked = event.worker, event.role, event.locked
        self._dock.band.tell("accepted", word("ready"))
        self._dock.ask.ask(event.asking)
        self._tell_top()

    def on_answered(self, event: messages.Answered) -> None:
        """An input was answered: shown at once, heard at once; whatever lay over the work goes away."""
        answer = event.answer
        self.answered += 1
        self._worker, self._role, self._locked = answer.worker, answer.role, answer.locked
        self._unanswered_at = monotonic() if self.queue.waiting > 1 else None
        if answer.device != STATION:
            self._alive_at = monotonic()
        self._dock.band.tell(answer.signal, answer.text)
        self._dock.ask.ask(answer.asking)
        self._close_dialogs()
        self._heard(answer.signal)
        self._hint()
        # The answer is painted first; what comes behind it is no hurry.
        self.call_after_refresh(self._remember, answer)

    def _remember(self, answer: messages.Answer) -> None:
        self._dock.past.add(answer)
        self._tell_top()

    def on_looked(self, event: messages.Looked) -> None:
        """What is known of the work in hand."""
        self._board = event.board
        self.looked = self.answered
        self._dock.known.tell(event.board)
        self._dock.brief.tell(event.board)
        self._dock.status.count(event.counted)
        self._tell_top()

    def on_noticed(self, event: messages.Noticed) -> None:
        """A device or a label has something to say."""
        self._dock.past.note(self._dock.status.clock, event.text, bad=event.bad)
        if not event.bad:
            if event.code.endswith(".reconnected"):
                self.clear_notifications()
            return
        self._ring()
        if event.code == "print.failed" and self.step in LABELLING:
            self._dock.ask.hint(word("printer.stopped", sentence=event.text))
        else:
            self.notify(event.text, severity="warning", markup=False, timeout=5)

    def on_checked(self, event: messages.Checked) -> None:
        """How the devices are; a stopped printer names the ways on."""
        self._dock.status.check(event.conditions)
        self._conditions = event.conditions
        self._hint()

    def _hint(self) -> None:
        stopped = [one for one in self._conditions if one.chosen and one.band == "stopped"]
        asked = stopped and self.step in LABELLING
        told = notice("printer.stopped", stopped[0].sentence, stopped[0].name) if asked else ""
        self._dock.ask.hint(word("printer.stopped", sentence=told) if told else "")

    def on_delayed(self, event: messages.Delayed) -> None:
        """The database did not take an input yet."""
        self._dock.past.note(self._dock.status.clock, printable(event.text), bad=True)

    def on_stopped(self, event: messages.Stopped) -> None:
        """Intake has ended, loudly: nothing more is called saved."""
        self._stopped = event.error
        self._dock.band.tell("stop", printable(str(event.error)))
        self._dock.ask.ask(Asking("stopped", word("stopped.short"), word("stopped")))
        self._close_dialogs()
        self._heard("stop")

    # --- the clock ----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        waiting = self.queue.waiting
        self._dock.status.tick(waiting)
        now = monotonic()
        if waiting and self._unanswered_at is None:
            self._unanswered_at = now
        elif not waiting:
            self._unanswered_at = None
        late = self._unanswered_at is not None and now - self._unanswered_at > PATIENCE_S
        if late and self._stopped is None and self._dock.ask.asking.step != "starting":
            self._dock.band.tell("hold", word("waiting", count=waiting), said=word("waiting.word"))
        self._lock_when_idle(now)

    def _lock_when_idle(self, now: float) -> None:
        if self.queue.waiting:
            self._alive_at = now
        limit = self.config.screen.lock_minutes * 60
        if limit and self._worker and not self._locked and now - self._alive_at > limit:
            self._alive_at = now
            self.queue.put(Commanded("lock", STATION))

    # --- what a person does -------------------------------------------------------------------------------------------

    @property
    def step(self) -> str:
        """The step the dialogue is at."""
        return self._dock.ask.asking.step

    @property
    def role(self) -> str | None:
        """The role of whoever is signed in."""
        return self._role

    def is_bound(self, key: str) -> bool:
        """Whether a key has an action of its own while nothing is typed."""
        return key in self.active_bindings

    def send_typed(self, text: str) -> None:
        """A typed line goes the way of every input."""
        if text.strip():
            self._send(Typed(text))

    def command(self, name: str) -> None:
        """A command of the dialogue."""
        self._send(Commanded(name))

    def action_command(self, name: str) -> None:
        """A command that has a key."""
        self.command(name)

    def _send(self, given: Typed | Commanded) -> None:
        self._alive_at = monotonic()
        if self._stopped is None:
            self.queue.put(given)

    def perform(self, name: str) -> None:
        """An action of the screen by its name."""
        self.call_later(self.run_action, "end" if name == "quit" else name)

    def action_help(self) -> None:
        """Help for what has the focus: a part of the screen, else the step."""
        from returns_station.tui.pages import help_page

        self.push_screen(help_page(self.focused, self.step, self._role, self.config.keys, self.size.width))

    def action_details(self) -> None:
        """All that is known of the unit in hand, and why it goes where it goes."""
        from returns_station.hardware.camera import evidence_folder
        from returns_station.tui.pages import details_page

        self.push_screen(details_page(self._board, evidence_folder(self.config)))

    def action_compact(self) -> None:
        """Shows the question alone, or all."""
        self.toggle_class("compact")

    def action_end(self) -> None:
        """Asks whether the station is to end; one that has stopped ends at once."""
        from returns_station.tui.dialogs import Ending

        if self._stopped is not None:
            self.exit(STORE_FAILED)
        elif not isinstance(self.screen, Ending):
            self.push_screen(Ending(), self._end)

    def _end(self, yes: bool | None) -> None:
        if yes:
            self.exit(ENDED_IN_PARCEL if self._in_parcel() else 0)

    def looks(self) -> Iterable[tuple[str, str, "partial[None]"]]:
        """The themes, for the palette."""
        for name, title in NAMES.items():
            yield word("colours", theme=title), "", partial(self._look, name)

    def _look(self, name: str) -> None:
        self.theme = name

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """None of Textual's own: this is a kiosk."""
        return ()

    # --- how it looks and sounds --------------------------------------------------------------------------------------

    def _close_dialogs(self) -> None:
        while len(self.screen_stack) > 1:
            top = self.screen
            if isinstance(top, CommandPalette):
                top._cancel_gather_commands()
            self.pop_screen()

    def _heard(self, signal: str) -> None:
        if self._sounds is not None:
            self._sounds.play(signal)
        if signal != "accepted":
            self._ring()

    def _ring(self) -> None:
        if self.config.screen.bell:
            self.bell()

    def _tell_top(self) -> None:
        who = f"{self._worker} · {word(f'role.{self._role}')}" if self._worker else word("nobody")
        if self._locked:
            who += f" · {word('locked')}"
        parcel = self._board.parcel if self._board else None
        self._dock.top.tell(printable(who), printable(parcel.plate) if parcel else "")
