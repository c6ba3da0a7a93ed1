"""A shift's writes and syncs as the kernel got them, and the disk as it may be after a power cut at any of them."""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.prove.children import Child, Server
from tests.prove.shift import Line, inputs_of
from tests.prove.tracing import SYNCS, WRITES, attach, ended
from tests.prove.world import World

SECTOR = 512
_CALL = re.compile(r"^\d+\s+(\w+)\((?:\d+<([^>]*)>[^,)]*)?(.*)\)\s+= (-?\d+)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>")
_UNFINISHED = "<unfinished ...>"
_HEX = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at an offset of a file."""

    file: str
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file made shorter or longer; None is gone."""

    file: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything that was done to a file before is on the disk now."""

    file: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that left the process."""

    key: str
    line: bytes


Op = Write | Cut | Sync | Reply
Change = Write | Cut


def record(world: World, server: Server, parcels: int, *pragmas: str) -> list[Op]:
    """Plays a shift on a traced station; what it did to the database and its log, and when it said so.

    Ids and clock are fixed, so every recording of a shift is the same shift.
    """
    trace = world.folder / "trace"
    options = ["-y", "-xx", "-s", "100000", "-e", f"trace={WRITES},{SYNCS},unlink,unlinkat"]
    tracers: list[subprocess.Popen[str]] = []

    def start() -> Child:
        station = server.start("station", world.config, gated=True, pragmas=pragmas, seed=1)
        tracers.append(attach(station, trace, options))
        return station

    def died(station: Child) -> None:
        raise AssertionError(f"The station ended with {station.status}.")

    line = Line(start, died)
    line.sign_in()
    for number in range(parcels):
        for scan in inputs_of(number, Random(number)):
            line.play(scan)
    assert (line.finish(), line.problems) == (0, [])
    ended(tracers[0])
    ops = list(_read(trace, world))
    said = {op.key: op.line for op in ops if isinstance(op, Reply)}
    assert said == line.acknowledged, "The trace has the replies that were read."
    trace.unlink()
    return ops


def _read(trace: Path, world: World) -> Iterator[Op]:
    files = {str(world.database): "db", str(world.wal): "wal"}
    with trace.open(encoding="ascii") as lines:
        for line in whole_calls(lines):
            if found := _CALL.match(line):
                name, path, rest, result = found.groups()
                assert int(result) >= 0, line[:200]
                yield from _op(name, _text(path or ""), rest, files, str(world.folder))


def whole_calls(lines: Iterable[str]) -> Iterator[str]:
    """The calls, put together where another thread's call stands inside: a reply counts from where it began to leave,
    everything else, a sync above all, from where it was over."""
    begun: dict[str, str] = {}
    for line in lines:
        thread, _, said = line.partition(" ")
        if said.rstrip().endswith(_UNFINISHED):
            head = line.rstrip().removesuffix(_UNFINISHED)
            if said.lstrip().startswith("write(") and "<" + shown("pipe:") in said:
                yield head.rstrip() + ") = 0"
                head = ""
            begun[thread] = head
        elif found := _RESUMED.match(said.lstrip()):
            if head := begun.pop(thread):
                yield head + said.lstrip()[found.end() :]
        else:
            yield line
    assert not begun, "Every call came to its end."


def shown(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def _op(name: str, path: str, rest: str, files: dict[str, str], folder: str) -> Iterator[Op]:
    if name == "write" and path.startswith("pipe:"):
        yield from _replies(_bytes(rest))
    elif name.startswith("unlink") and (gone := files.get(_text(rest.split('"')[1]))):
        yield Cut(gone, None)
    elif name in SYNCS.split(",") and path == folder:
        yield Sync("folder")
    elif path in files:
        file = files[path]
        if name == "pwrite64":
            yield Write(file, int(rest.rsplit(", ", 1)[1]), _bytes(rest))
        elif name == "ftruncate":
            yield Cut(file, int(rest.rsplit(", ", 1)[1]))
        else:
            assert name in SYNCS.split(","), name
            yield Sync(file)


def _replies(said: bytes) -> Iterator[Reply]:
    for line in said.splitlines():
        found = json.loads(line)
        if found["type"] == "reply":
            yield Reply(found["in"], line)


def _bytes(rest: str) -> bytes:
    shown = rest.split('"')
    assert not shown[2].startswith("..."), "strace left bytes out"
    return bytes.fromhex(shown[1].replace("\\x", ""))


def _text(shown: str) -> str:
    return bytes.fromhex("".join(_HEX.findall(shown))).decode()


# --- the disk ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Disk:
    """What is certainly on the disk, and what the kernel was given since and may have written in any part and order."""

    durable: dict[str, bytearray]
    pending: list[Change] = field(default_factory=list)
    replies: dict[str, bytes] = field(default_factory=dict)
    folder: bool = False
    """Whether the name of the log is on the disk: until then a cut may take the whole file."""

    def take(self, op: Op) -> None:
        """One more thing that happened."""
        if isinstance(op, Reply):
            self.replies[op.key] = op.line
            assert self.folder, "A reply left before the log had a name on the disk."
        elif not isinstance(op, Sync):
            self.pending.append(op)
        elif op.file == "folder":
            self.folder = True
        else:
            for change in self.pending:
                if change.file == op.file:
                    apply(self.durable, change)
            self.pending = [change for change in self.pending if change.file != op.file]

    def image(self, kept: Iterable[Change]) -> dict[str, bytearray]:
        """The files after a cut that let these changes through."""
        files = {name: bytearray(content) for name, content in self.durable.items()}
        for change in kept:
            apply(files, change)
        return files

    def some(self, chance: Random) -> list[Change]:
        """Any of the pending changes, each with an even chance."""
        return [change for change in self.pending if chance.random() < 0.5]

    def torn(self, chance: Random) -> list[Change]:
        """All pending changes, of some writes only some sectors."""
        kept: list[Change] = []
        for change in self.pending:
            if isinstance(change, Write) and (change is self.pending[-1] or chance.random() < 0.2):
                kept += _sectors(change, chance)
            else:
                kept.append(change)
        return kept


def _sectors(write: Write, chance: Random) -> Iterator[Write]:
    start = 0
    while start < len(write.content):
        end = start + SECTOR - (write.offset + start) % SECTOR
        if chance.random() < 0.5:
            yield Write(write.file, write.offset + start, write.content[start:end])
        start = end


def apply(files: dict[str, bytearray], change: Change) -> None:
    """Does a change to the files in memory; what lies between is zero, as file systems say."""
    if isinstance(change, Cut):
        if change.size is None:
            files.pop(change.file, None)
        else:
            held = files.setdefault(change.file, bytearray())
            del held[change.size :]
            held.extend(bytes(change.size - len(held)))
        return
    held = files.setdefault(change.file, bytearray())
    end = change.offset + len(change.content)
    held.extend(bytes(max(0, end - len(held))))
    held[change.offset : end] = change.content
