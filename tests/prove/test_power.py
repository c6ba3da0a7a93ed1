"""The power goes at every write of a shift: what was acknowledged is there, work and outbox are there together."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.prove.chance import seed
from tests.prove.checks import Books, database_faults
from tests.prove.children import Server
from tests.prove.power import Change, Disk, Op, Reply, Sync, Write, record, shown, whole_calls
from tests.prove.tracing import need_strace
from tests.prove.world import World, make_world

Tell = Callable[..., None]
# The log is carried over into the database in the middle of the shift too, not only at its end.
OFTEN = "PRAGMA wal_autocheckpoint=150"
PARTS = 4


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, server: Server) -> World:
    world = make_world(tmp_path_factory.mktemp("power") / "world", 10)
    need_strace(server, world.config)
    return world


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder that needs no disk: thousands of images pass through it."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


def faults(folder: Path, files: dict[str, bytearray], replies: dict[str, bytes]) -> list[str]:
    """What is wrong with a station that starts from these files."""
    names = {"db": "station.db", "wal": "station.db-wal"}
    for file in folder.iterdir():
        file.unlink()
    for name, content in files.items():
        (folder / names[name]).write_bytes(content)
    books = Books(folder / "station.db")
    try:
        return database_faults(books, replies)
    finally:
        books.close()


class Cutting:
    """Goes through a shift and cuts the power at some of its writes; counts images and sentences of what was lost."""

    def __init__(self, database: bytes, memory: Path, chance: Random) -> None:
        self.disk = Disk({"db": bytearray(database)})
        self.images: Counter[str] = Counter()
        self.problems: list[str] = []
        self._memory = memory
        self._chance = chance

    def at_writes(self, ops: list[Op], part: int, parts: int) -> None:
        """At each write whose number is `part` modulo `parts`; at each sync and each reply nothing unsynced is kept."""
        writes = marks = 0
        for op in ops:
            self.disk.take(op)
            if isinstance(op, Sync | Reply):
                marks += 1
                if marks % PARTS == part % PARTS:
                    self._cut("none", [])
            elif isinstance(op, Write):
                writes += 1
                if writes % parts == part:
                    self._cut("all", self.disk.pending)
                    self._cut("some", self.disk.some(self._chance))
                    self._cut("torn", self.disk.torn(self._chance))

    def at_replies(self, ops: list[Op]) -> None:
        """Whenever a reply left, with nothing kept that was not synced."""
        for op in ops:
            self.disk.take(op)
            if isinstance(op, Reply):
                self._cut("none", [])

    def _cut(self, kind: str, kept: Iterable[Change]) -> None:
        found = faults(self._memory, self.disk.image(kept), self.disk.replies)
        self.images[kind] += 1
        self.problems += [f"{kind}, {len(self.disk.replies)} replies: {problem}" for problem in found]


def recorded(
    world: World, server: Server, folder: Path, parcels: int, *pragmas: str
) -> tuple[bytes, list[Op]]:
    """The database as it was before a shift, and what the shift did to it."""
    here = world.copy(folder / "played")
    before = here.database.read_bytes()
    return before, record(here, server, parcels, *pragmas)


def test_a_power_cut_loses_nothing_that_was_acknowledged(
    world: World, server: Server, tmp_path: Path, memory: Path, tell: Tell
) -> None:
    """Two parcels, every fortieth write: the small sister of the proof below."""
    chosen = seed()
    before, ops = recorded(world, server, tmp_path, 2, OFTEN)
    cutting = Cutting(before, memory, Random(chosen))
    cutting.at_writes(ops, 3, 40)
    tell("power, small", seed=chosen, images=cutting.images, lost=len(cutting.problems))
    assert cutting.problems == []
    assert cutting.images.total() > 30


def test_the_simulation_sees_what_a_log_that_is_not_synced_loses(
    world: World, server: Server, tmp_path: Path, memory: Path, tell: Tell
) -> None:
    """The negative control: the same station with `synchronous=NORMAL` loses acknowledged inputs."""
    before, ops = recorded(world, server, tmp_path, 2, "PRAGMA synchronous=NORMAL")
    cutting = Cutting(before, memory, Random(1))
    cutting.disk.folder = True
    cutting.at_replies(ops)
    lost = [problem for problem in cutting.problems if problem.endswith("was acknowledged and is lost.")]
    tell("power, negative control", images=cutting.images, lost=len(lost))
    assert len(lost) > len(cutting.disk.replies)


def test_a_reply_that_leaves_while_another_thread_syncs_counts_before_the_sync() -> None:
    log, pipe = shown("/station.db-wal"), shown("pipe:[12]")
    trace = (
        f"10    fsync(7<{log}> <unfinished ...>\n",
        f'11    write(1<{pipe}>, "a", 1 <unfinished ...>\n',
        "10    <... fsync resumed>) = 0\n",
        "11    <... write resumed>) = 1\n",
        f'10    pwrite64(7<{log}>, "b", 1, 0) = 1\n',
    )
    calls = [call.split(maxsplit=1)[1].partition("(")[0] for call in whole_calls(trace)]
    assert calls == ["write", "fsync", "pwrite64"]


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_power_cut_at_every_write_of_ten_parcels_loses_nothing(
    part: int, world: World, server: Server, tmp_path: Path, memory: Path, tell: Tell
) -> None:
    """At each write: all of what was not synced, some of it, and torn sectors; at each sync and reply none of it."""
    chosen = seed() + part
    before, ops = recorded(world, server, tmp_path, 10, OFTEN)
    writes = Counter(op.file for op in ops if isinstance(op, Write))
    cutting = Cutting(before, memory, Random(chosen))
    cutting.at_writes(ops, part, PARTS)
    replies = len(cutting.disk.replies)
    tell(
        "power", part=part, seed=chosen, writes=writes, syncs=sum(isinstance(op, Sync) for op in ops),
        replies=replies, images=cutting.images, lost=len(cutting.problems),
    )  # fmt: skip
    assert cutting.problems == []
    assert cutting.images["all"] >= writes.total() // PARTS
    assert writes["db"] > 100, "The log was carried over in the middle."
