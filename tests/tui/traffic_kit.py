"""A dock at its busiest: two serial scanners, a keyboard scanner and a person at one keyboard, and dialogs all the while."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from string import ascii_uppercase, digits

from returns_station.testing.terminal import PERSON_PACE_S
from returns_station.testing.typist import FASTEST_S, SLOWEST_S
from tests.commands.dock_kit import Dock
from tests.faults.fault_kit import ANNA
from tests.tui.hostile_kit import Expected, is_kept, unanswered
from tests.tui.screen_kit import KEYS, ScreenRun, until

GUNS = ("left", "right")
GUN_EVERY_S = 0.115
# Silence behind a burst before a person's next key, and before the next burst: a person sees that the scanner has done.
# A key that is pressed in the middle of a burst of the same keyboard cannot be told from the scanner's.
SILENCE_S = 0.07
# A burst in which this machine paused longer than this is no burst of a scanner, nor one that is read so much later.
STALLED_S = 0.045
ATTEMPTS = 5
DIALOGS = ("f1", "f9", "f10", "f2")
LAST = b"LAST-SCAN-OF-ALL"


class Traffic:
    """Sends for `seconds`; `expected` is what was sent, `stalled` the longest pause that this machine put into a burst."""

    def __init__(self, run: ScreenRun, seconds: float, seed: int) -> None:
        self._run = run
        self._until = time.monotonic() + seconds
        self._seed = seed
        self._keyboard = threading.Lock()
        self.expected = Expected(GUNS)
        self.stalled = 0.0
        self.opened = 0
        self._faults: list[BaseException] = []

    def send(self) -> None:
        """All at once, from a thread each, to the end."""
        ways: list[Callable[[Random], None]] = [
            *(lambda chance, name=name: self._gun(chance, name) for name in GUNS),  # type: ignore[misc]
            self._wedge,
            self._person,
        ]
        threads = [
            threading.Thread(target=self._guarded, args=(way, Random(self._seed + n)))
            for n, way in enumerate(ways)
        ]
        with _brisk():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        if self._faults:
            raise self._faults[0]
        self.expected.serial(LAST, GUNS[0])
        self._run.send(LAST, GUNS[0])

    def _guarded(self, way: Callable[[Random], None], chance: Random) -> None:
        try:
            way(chance)
        except BaseException as fault:
            self._faults.append(fault)

    @property
    def _going(self) -> bool:
        return time.monotonic() < self._until

    def _gun(self, chance: Random, name: str) -> None:
        number = 0
        due = time.monotonic()
        while self._going:
            code = f"{name}-{number:05d}-{_letters(chance, 6)}".encode()
            self.expected.serial(code, name)
            self._run.guns[name].send(code + b"\r", 19_200)
            number += 1
            due += chance.uniform(0.8, 1.2) * GUN_EVERY_S
            time.sleep(max(0.0, due - time.monotonic()))

    def _wedge(self, chance: Random) -> None:
        number = 0
        while self._going:
            code = f"W{number:04d}{_letters(chance, chance.randint(1, 5))}".encode()
            with self._keyboard:
                self.expected.wedge(code)
                self._burst(code + b"\r", chance)
                time.sleep(SILENCE_S)
            number += 1
            time.sleep(0.002)

    def _burst(self, keys: bytes, chance: Random) -> None:
        last = time.monotonic()
        for key in keys:
            self._run.terminal.send(bytes((key,)))
            now = time.monotonic()
            self.stalled, last = max(self.stalled, now - last), now
            time.sleep(chance.uniform(FASTEST_S, SLOWEST_S))

    def _person(self, chance: Random) -> None:
        """Opens a dialog and closes it again, then types a line; never in the middle of a burst."""
        number = 0
        while self._going:
            self._press(KEYS[DIALOGS[number % 4]])
            self.opened += 1
            self._press(KEYS["escape"])
            line = f"T{number}{_letters(chance, 2)}"
            for character in line:
                self._press(character.encode())
            self.expected.raws["keyboard"].append(line.encode())
            self._press(KEYS["enter"])
            number += 1

    def _press(self, key: bytes) -> None:
        with self._keyboard:
            self._run.terminal.send(key)
            time.sleep(PERSON_PACE_S)
        time.sleep(0.002)


@contextmanager
def _brisk() -> Iterator[None]:
    """Threads of this process hand over as quickly as keys follow each other."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _letters(chance: Random, count: int) -> str:
    return "".join(chance.choices(ascii_uppercase + digits, k=count))


def sent(run: ScreenRun, seconds: float, seed: int) -> tuple[Traffic, int]:
    """Traffic until its last scan is answered, and the number of the input before it."""
    run.ready()
    run.scan(ANNA, GUNS[0])
    began = run.answered()
    traffic = Traffic(run, seconds, seed)
    traffic.send()
    until(
        lambda: (
            bool(run.rows("select 1 from raw_input where raw = ?", LAST)) or run.terminal.ended is not None
        ),
        lambda: f"{run.answered()} answered, the last scan is not among them",
    )
    # What is lost never comes: waited for no longer than everything else took.
    with contextlib.suppress(AssertionError):
        until(lambda: run.answered() >= began + traffic.expected.count, lambda: "", within_s=5)
    return traffic, began


def busy(docks: Callable[[], Dock], seconds: float, seed: int) -> Traffic:
    """Traffic that came through whole.

    Where it did not, and this machine itself had paused in the middle of a burst or had kept the station from running
    for as long as a scanner takes to its next key, that says nothing of the station: then it is done again.
    """
    pauses = []
    for attempt in range(ATTEMPTS):
        dock = docks()
        stalls = dock.folder / "stalled"
        environ = {"SCREEN_STALLED": str(stalls)}
        with ScreenRun(dock, guns=GUNS, module="tests.tui.entry", environ=environ) as run:
            run.ready()
            stalls.unlink(missing_ok=True)
            traffic, began = sent(run, seconds, seed + attempt)
            try:
                is_whole(run, traffic, began)
            except AssertionError:
                paused = float(stalls.read_text()) if stalls.exists() else 0.0
                pauses.append(max(traffic.stalled, paused))
                if pauses[-1] < STALLED_S:
                    raise
            else:
                shown = run.terminal.output.count(b"End the station?")
                assert shown > seconds / 12, f"the dialog was shown {shown} times"
                return traffic
    raise AssertionError(f"torn, and this machine itself paused, in every attempt: {pauses} s")


def is_whole(run: ScreenRun, traffic: Traffic, began: int) -> None:
    """Raises where anything was lost, doubled, crossed, torn or pressed."""
    is_kept(run, traffic.expected, began)
    lost = unanswered(run)
    assert not lost, lost
    run.is_alive()
    run.is_clean()
    others = [colour for colour in (b"48;2;246;248;250", b"48;2;0;0;0m") if colour in run.terminal.output]
    assert not others, "the colours were changed"
