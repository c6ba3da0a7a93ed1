"""Each write and each sync of a shift fails once, and from then on: nothing is acknowledged that is not there."""

import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from tests.prove.checks import Books, database_faults, label_faults
from tests.prove.children import Child, Server
from tests.prove.shift import Line, inputs_of
from tests.prove.tracing import SYNCS, WRITES, attach, ended, need_strace, only
from tests.prove.world import World, make_world

Tell = Callable[..., None]
IO = "disk I/O error"
# SQLite says so of every sync that fails, whatever the reason.
REASONS = {"EIO": (IO,), "ENOSPC": ("database or disk is full", IO)}
STOPS = {
    "store.unknown": "The database could not confirm the last scan: {}. "
    "Stop scanning, look at the disk, start the station again: it knows what was saved.",
    "store.failed": "Nothing was saved: {}. Look at the disk and the database, then start the station again.",
    # While it is kept what became of a label (the input was answered before), or when the station starts.
    "store.io": "The disk failed while the database {path} was being used: SQLite says '{}'. "
    "Look at the disk and its free space before going on; what was being written has been taken back.",
    "store.full": "The disk that holds {path.parent} is full. "
    "Free some space and try again; what was being written has been taken back.",
}
PARCEL = 1  # three pieces of one product


@dataclass(slots=True)
class Trial:
    """One parcel on a disk of which `calls` fail as `when` says; then once more with a whole disk."""

    world: World
    server: Server
    calls: str
    error: str
    when: str
    line: Line = field(init=False)
    tracer: subprocess.Popen[str] | None = None
    status: int | None = None
    stop: str = ""

    def __post_init__(self) -> None:
        self.line = Line(self._start, self._died)

    def run(self) -> list[str]:
        """What was wrong."""
        self.line.sign_in()
        for scan in inputs_of(PARCEL, Random(3)):
            self.line.play(scan)
        status = self.line.finish()
        self._untraced()
        problems = [] if status == 0 else [f"The last station ended with {status}."]
        books = Books(self.world.database)
        problems += [*self.line.problems, *database_faults(books, self.line.acknowledged)]
        problems += label_faults(self.world, books)
        books.close()
        return [f"{self.calls} {self.error} {self.when}: {one}" for one in problems]

    def _start(self) -> Child:
        first = self.tracer is None and self.status is None
        pragmas = ["PRAGMA wal_autocheckpoint=60"]  # so that writes to the database itself are among them
        station = self.server.start("station", self.world.config, gated=first, pragmas=pragmas)
        if first:
            files = only([self.world.database, self.world.wal, self.world.folder / "station.db-shm"])
            fault = f"inject={self.calls}:error={self.error}:when={self.when}"
            self.tracer = attach(
                station, self.world.folder / "trace", [*files, "-e", f"trace={WRITES},{SYNCS}", "-e", fault]
            )
        return station

    def _died(self, station: Child) -> None:
        self._untraced()
        assert self.status is None, f"A station on a whole disk ended with {station.status}."
        self.status = station.status
        if self.status != 5:
            self.line.problems.append(f"The station ended with {self.status}.")
        if not self.line.notices:
            self.stop = "never ready"
            said = self.server.errors.read_text().splitlines()[-1]
            if said not in self._words("store.io", "store.full"):
                self.line.problems.append(f"The station did not begin and said {said}")
            return
        last = self.line.notices[-1]
        self.stop = str(last["code"])
        named = self.line.key if self.stop in ("store.unknown", "store.failed") else None
        if (last.get("signal"), last.get("in"), last["text"] in self._words(self.stop)) != (
            "stop",
            named,
            True,
        ):
            self.line.problems.append(f"Intake ended with {last}.")

    def _words(self, *codes: str) -> list[str]:
        """The whole sentences that may be said."""
        path = self.world.database
        return [STOPS.get(code, "").format(why, path=path) for code in codes for why in REASONS[self.error]]

    def _untraced(self) -> None:
        if self.tracer is not None:
            ended(self.tracer)
            self.tracer = None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, server: Server) -> World:
    world = make_world(tmp_path_factory.mktemp("disk") / "world", 3)
    need_strace(server, world.config)
    return world


def count(world: World, server: Server, folder: Path) -> tuple[int, int]:
    """How many writes and how many syncs a station makes of this parcel."""
    trial = Trial(world.copy(folder / "counted"), server, "fsync", "EIO", "60000")
    assert trial.run() == []
    lines = (folder / "counted" / "trace").read_text().splitlines()
    calls = Counter(line.split()[1].partition("(")[0] for line in lines if "(" in line)
    return sum(calls[name] for name in WRITES.split(",")), sum(calls[name] for name in SYNCS.split(","))


def sweep(
    world: World, server: Server, folder: Path, trials: Iterable[tuple[str, str, str]]
) -> tuple[Counter[str], list[str]]:
    """How the first station of each trial ended, and everything that was wrong."""
    ends: Counter[str] = Counter()
    problems: list[str] = []
    for number, (calls, error, when) in enumerate(trials):
        trial = Trial(world.copy(folder / str(number)), server, calls, error, when)
        problems += trial.run()
        ends[trial.stop or "went on"] += 1
    return ends, problems


def test_a_disk_that_fails_here_and_there_gives_no_false_acknowledgement(
    world: World, server: Server, tmp_path: Path, tell: Tell
) -> None:
    trials = [(WRITES, "ENOSPC", "90+"), (WRITES, "EIO", "130"), (SYNCS, "EIO", "4"), (SYNCS, "ENOSPC", "6+")]
    ends, problems = sweep(world, server, tmp_path, trials)
    tell("disk fails, small", ends=ends)
    assert problems == [], server.errors.read_text()[-2000:]
    assert ends["store.unknown"] >= 3


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("error", REASONS)
def test_every_sync_that_fails_gives_no_false_acknowledgement(
    world: World, server: Server, tmp_path: Path, tell: Tell, error: str
) -> None:
    _, syncs = count(world, server, tmp_path)
    trials = [(SYNCS, error, f"{n}{more}") for n in range(1, syncs + 1) for more in ("", "+", f"+{n}")]
    ends, problems = sweep(world, server, tmp_path, trials)
    tell("syncs fail", error=error, syncs=syncs, trials=len(trials), ends=ends)
    assert problems == [], server.errors.read_text()[-2000:]
    assert ends["store.unknown"] > syncs


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("more", ["", "+"])
def test_every_write_that_fails_gives_no_false_acknowledgement(
    world: World, server: Server, tmp_path: Path, tell: Tell, more: str
) -> None:
    """One that fails alone, or all from it on; the two errors take turns."""
    writes, _ = count(world, server, tmp_path)
    trials = [(WRITES, "EIO" if n % 2 else "ENOSPC", f"{n}{more}") for n in range(1, writes + 1)]
    ends, problems = sweep(world, server, tmp_path, trials)
    tell("writes fail", more=more, writes=writes, trials=len(trials), ends=ends)
    assert problems == [], server.errors.read_text()[-2000:]
    assert ends["store.unknown"] > writes / 2
