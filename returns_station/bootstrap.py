"""The one place that joins the parts: a configuration becomes a station that takes inputs, prints and lets the sync job run."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from types import TracebackType

from sqlalchemy import Engine, select

from returns_station import logs
from returns_station.config import Config
from returns_station.domain import policy
from returns_station.domain.effects import EffectType
from returns_station.domain.scan import station_code
from returns_station.errands import Errands
from returns_station.errors import StationError
from returns_station.hardware.printing import LabelPrinters, PrinterState
from returns_station.label_jobs import WATCH_S, LabelJobs, PrinterWatch
from returns_station.label_jobs import PrintNotice as PrintNotice
from returns_station.store import tables as t
from returns_station.store.engine import ProcessLock, open_engine
from returns_station.store.faults import explained
from returns_station.store.migrate import migrate, require
from returns_station.store.unit_of_work import StationUnitOfWork
from returns_station.wording.speech import REFERENCE
from returns_station.workflow.drive import Outcome, Render, drive
from returns_station.workflow.ports import Input, Prompt, Rules
from returns_station.workflow.session import resting
from returns_station.workflow.state import State, load

# A drainer that ended is started again after the first, each time later up to the second; seconds.
SYNC_AGAIN_S = (1.0, 60.0)
_LOOK_S = 0.1
SEEDED_DAY = datetime(2011, 9, 1, 8, 0, tzinfo=UTC)
_state = t.table(t.SessionState)
Checkpoint = Callable[[str], None]


class SeededClock:
    """A clock for repeatable runs: one second an input, from the seeded day on."""

    def __init__(self) -> None:
        self.sequence = 0

    def __call__(self) -> datetime:
        return SEEDED_DAY + timedelta(seconds=self.sequence)


def read_policy(config: Config) -> policy.Policy:
    """The policy the configuration names, or the one that ships in the station's language."""
    path, language = config.policy.path, config.station.language
    shipped = "policy.toml" if language == REFERENCE else f"policy.{language}.toml"
    try:
        text = (
            path.read_text("utf-8-sig")
            if path
            else files("returns_station").joinpath(shipped).read_text("utf-8")
        )
    except OSError as error:
        raise StationError(
            "policy.file",
            f"The policy {path} cannot be read: {error.strerror}.",
            "Name another file under [policy].",
        ) from error
    return policy.parse(text)


def rules_of(config: Config, epoch: int) -> Rules:
    """Who and where the station is, what it decides by, and who learns what."""
    routes = {
        type.value: tuple(one.name for one in config.targets if not one.types or type.value in one.types)
        for type in EffectType
    }
    found, printers = config.station, tuple(printer.name for printer in config.printers)
    return Rules(
        station_code(found.number), epoch, found.site, found.merchant, read_policy(config), routes, printers
    )


class Station:
    """A running station: one process on one database. `play` is the only way in."""

    def __init__(
        self, config: Config, *, seed: int | None = None, checkpoint: Checkpoint | None = None
    ) -> None:
        self.config = config
        self._checkpoint = checkpoint or (lambda _: None)
        path = config.database.path
        self.rules = rules_of(config, require(path))
        self._lock = ProcessLock(path, "station")
        self._seed = seed
        self._fixed = SeededClock() if seed is not None else None
        with explained(path):
            self._lock.acquire()
            self.engine: Engine = open_engine(path)
            shadow = frozenset(one.name for one in config.targets if one.shadow)
            self._unit_of_work = StationUnitOfWork(
                self.engine, self.rules, self.now, self._randomness, shadow
            )
            if self._fixed:
                self._fixed.sequence = self._unit_of_work.sequence()
            self.state = self._stored()
        self._jobs = LabelJobs(self.engine, path, LabelPrinters(config.printers), self.now, self._checkpoint)
        self._errands: Errands | None = None
        self._sync: threading.Thread | None = None
        self._closing = threading.Event()
        self._log = logs.logger("station")

    def __enter__(self) -> "Station":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def now(self) -> datetime:
        """The time: the system's, or the seeded one."""
        return self._fixed() if self._fixed else datetime.now(UTC)

    def _randomness(self, sequence: int) -> random.Random:
        return random.Random(f"{self._seed}/{sequence}") if self._seed is not None else random.SystemRandom()

    def _stored(self) -> State:
        """Where the dialogue stood. A state of another version begins anew: every plate resumes its work from the tables."""
        with self.engine.connect() as connection:
            row = connection.execute(select(_state).where(_state.c.station == self.rules.station)).first()
        if row is None:
            return State()
        try:
            return load(row.body, row.v)
        except StationError as error:
            self._log = logs.logger("station")
            self._log.warning("state.version", sentence=error.sentence)
            return State()

    # --- intake ------------------------------------------------------------------------------------------------------

    def prompt(self) -> Prompt:
        """What is asked for right now."""
        return resting(self.state, self.rules)

    def play(self, given: Input, render: Render) -> Outcome:
        """One input through the session; what it returns is durable. StationError `store.*` means that intake must stop."""
        self._checkpoint("before-commit")
        if self._fixed:
            self._fixed.sequence = self._unit_of_work.sequence()
        outcome = drive(self._unit_of_work, self.state, given, self.now(), self.rules, render)
        self.state = outcome.state
        self._checkpoint("after-commit")
        if self._errands is not None and outcome.step is not None:
            self._errands.after(given, outcome.step)
        return outcome

    def join(self, errands: Errands) -> None:
        """From now on answers set these errands going; they end with the station."""
        self._errands = errands

    # --- labels ------------------------------------------------------------------------------------------------------

    def print_asked(self) -> list[PrintNotice]:
        """Prints every label that was asked for and not handed over yet; no fault of a printer stops the work."""
        return self._jobs.print_asked()

    def printer_states(self) -> tuple[PrinterState, ...]:
        """Asks every printer, and asks again for what failed on one that came back; a second a printer, from any thread."""
        return self._jobs.look()

    def watch_printers(self, tell: Callable[[str], None], every_s: float = WATCH_S) -> Callable[[], None]:
        """Looks at the printers from time to time; `tell` gets a sentence when labels can be printed again. Returns the end."""
        watch = PrinterWatch(self.printer_states, self._jobs.waiting, tell, every_s)
        watch.start()
        return watch.stop

    # --- sync --------------------------------------------------------------------------------------------------------

    def start_sync(self) -> None:
        """Starts the drainer as a child process, again whenever it has ended; it ends when this process does."""
        if not self.config.targets:
            return
        command = [sys.executable, "-m", "returns_station", "sync", "--watch", "--parent", str(os.getpid())]
        if self.config.file:
            command += ["--config", str(self.config.file)]
        self._sync = threading.Thread(target=self._keep_syncing, args=(command,), name="drainer", daemon=True)
        self._sync.start()

    def _keep_syncing(self, command: list[str]) -> None:
        # The drainer of a station that was killed may hold the lock until its last answer came; one may be killed.
        pause = SYNC_AGAIN_S[0]
        while not self._closing.is_set():
            null = subprocess.DEVNULL
            child = subprocess.Popen(command, stdin=null, stdout=null, stderr=null)
            began = time.monotonic()
            while child.poll() is None and not self._closing.wait(_LOOK_S):
                pass
            if child.returncode is None:
                return _ended(child)
            self._log.warning("sync.ended", code=child.returncode)
            pause = SYNC_AGAIN_S[0] if time.monotonic() - began > SYNC_AGAIN_S[1] else pause
            self._closing.wait(pause)
            pause = min(2 * pause, SYNC_AGAIN_S[1])
        return None

    def close(self) -> None:
        """Ends the drainer, gives back the database."""
        self._closing.set()
        if self._errands is not None:
            self._errands.stop()
        if self._sync is not None:
            self._sync.join()
            self._sync = None
        self._unit_of_work.close()
        self.engine.dispose()
        self._lock.release()


def _ended(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def ready_database(path: Path) -> None:
    """The database at its newest schema, made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    migrate(path)
