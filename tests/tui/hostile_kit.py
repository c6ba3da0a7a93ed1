"""Hostile bytes through both ways into the screen, and what must be kept of them."""

import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.faults.fault_kit import ANNA, copied
from tests.hostile_frames import frames
from tests.tui.screen_kit import KEYS, Row, ScreenRun, until

LONGEST = 4096
# Behind everything: a keyboard scan, a person's word, a serial scan.
_LAST = (b"LAST-OF-THE-KEYBOARD", b"ZQ", b"LAST-OF-THE-SCANNER")
_ROOM = 600_000_000
_ENDS = re.compile(rb"\r\n|\r|\n")
# What a terminal tells by itself may come in the middle of a burst and is taken out of it: focus gained, focus lost.
_TOLD = re.compile(rb"\x1b\[[IO]|\x1b\[\?[0-9;]+\$y")
AHEAD = 12
"""How many scans are sent before their answers are waited for: the list of last scans paints nearly every one."""
# What stands on the screen while each dialog is open.
DIALOGS = {"f1": "Codes that work here", "f2": "Details", "f9": "Search", "f10": "End the station?"}
DIALOG_EVERY = 500
# A person's key stands alone: silence before it and behind it, longer than a scanner makes.
SILENCE_S = 0.07


def by_serial(raw: bytes) -> list[bytes]:
    """The frames that a serial scanner's line with a CR behind it makes."""
    return [piece[:LONGEST] for piece in _ENDS.split(raw) if piece]


def by_wedge(raw: bytes) -> tuple[list[bytes], list[str]]:
    """What bursts of a keyboard scanner make: scans, and short words that may be a person's, which arrive as typed."""
    pieces = [piece[:LONGEST] for piece in _ENDS.split(_TOLD.sub(b"", raw)) if piece]
    typed = [piece for piece in pieces if _is_short(piece)]
    return [piece for piece in pieces if piece not in typed], [piece.decode() for piece in typed]


def _is_short(piece: bytes) -> bool:
    return len(piece) < 3 and piece.isalnum()


class Expected:
    """What was sent, by device, as it must be kept."""

    def __init__(self, guns: Iterable[str] = ("gun",)) -> None:
        self.raws: dict[str, list[bytes]] = {name: [] for name in (*guns, "wedge", "keyboard")}

    @property
    def count(self) -> int:
        """How many inputs there must be."""
        return sum(map(len, self.raws.values()))

    def serial(self, raw: bytes, gun: str = "gun") -> None:
        """A serial scanner sends this."""
        self.raws[gun] += by_serial(raw)

    def wedge(self, raw: bytes) -> None:
        """The keyboard scanner sends this."""
        scans, typed = by_wedge(raw)
        self.raws["wedge"] += scans
        self.raws["keyboard"] += [word.encode() for word in typed]


def kept(run: ScreenRun, after: int, *, keys: bool = False) -> dict[str, list[bytes]]:
    """What the station kept of each device behind input `after`, in order; `keys`: short words of the keyboard's line
    are the keyboard's, also where a dialog made scans of them."""
    found: dict[str, list[bytes]] = {}
    for row in run.rows("select device, raw from raw_input where sequence > ? order by sequence", after):
        short = keys and row["device"] == "wedge" and _is_short(row["raw"])
        found.setdefault("keyboard" if short else row["device"], []).append(row["raw"])
    return found


def poured(run: ScreenRun, made: Iterator[bytes]) -> tuple[Expected, int]:
    """Sends frame after frame, by turns through the serial scanner and the keyboard's line, now and then with a dialog
    open; what must be kept, behind which input."""
    began = run.answered()
    expected = Expected(run.guns)
    for number, raw in enumerate(made):
        if number % DIALOG_EVERY == 0:
            run.waits_for(began + expected.count)
            opened(run, [*DIALOGS][number // DIALOG_EVERY % 4])
        if number % 2:
            if number % DIALOG_EVERY < 4 * AHEAD and _has_bare_enter(raw):
                continue
            expected.wedge(raw)
            run.terminal.send(raw + b"\r")
        else:
            expected.serial(raw)
            run.send(raw)
        if number % AHEAD == 0:
            run.waits_for(max(began, began + expected.count - AHEAD))
            run.is_clean()
    _closed(run, expected)
    return expected, began


def _closed(run: ScreenRun, expected: Expected) -> None:
    """A last one each way, waited for: what a digit answered at once made more inputs of one code than were counted."""
    gun = next(iter(run.guns))
    for number, send in enumerate((run.burst, run.burst, lambda raw: run.send(raw, gun))):
        raw = _LAST[number]
        after = run.answered()
        if number < 2:
            expected.wedge(raw)
        else:
            expected.serial(raw, gun)
        send(raw)
        _arrived(run, raw, after)


def _arrived(run: ScreenRun, raw: bytes, after: int) -> None:
    query = "select 1 from raw_input where raw = ? and sequence > ?"
    until(
        lambda: bool(run.rows(query, raw, after)) or run.terminal.ended is not None,
        lambda: f"{raw!r} was not answered",
    )


def _has_bare_enter(raw: bytes) -> bool:
    """Whether an Enter stands alone in a burst: a person's key as far as anybody can tell, and a dialog takes it."""
    return not all(_ENDS.split(_TOLD.sub(b"", raw)))


def opened(run: ScreenRun, key: str) -> None:
    """A person opens a dialog."""
    time.sleep(SILENCE_S)
    since = run.terminal.written
    run.terminal.send(KEYS[key])
    run.terminal.wait_for(DIALOGS[key], since=since, within_s=60)


def framed(stocked: Path, spare: Path, *, seed: int, count: int) -> int:
    """Generated frames at a station of its own, kept in memory where there is room; how many inputs they made.

    Raises where one was lost, doubled or changed, where it was not answered, where the program ended, or where it wrote
    to its terminal what the screen itself does not write.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM
    with tempfile.TemporaryDirectory(dir=memory if roomy else spare) as folder:
        dock = copied(stocked, Path(folder) / "dock")
        unsafe = {"SCREEN_PRAGMAS": "synchronous=OFF"}
        with ScreenRun(dock, module="tests.tui.entry", environ=unsafe, keep_output=False) as run:
            run.terminal.wait_for("Ready.")
            run.scan(ANNA)
            expected, began = poured(run, frames(seed, count))
            is_kept(run, expected, began, keys=True)
            left = unanswered(run)
            assert not left, left[:3]
            run.is_alive()
            run.is_clean()
            return expected.count


def first_difference(found: list[bytes], wanted: list[bytes]) -> str:
    """Where two long lists part, in short."""
    for number, (one, other) in enumerate(zip(found, wanted, strict=False)):
        if one != other:
            same = max(
                0,
                next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
                - 10,
            )
            return f"number {number}, from {same}: {one[same:][:100]!r} was kept, {other[same:][:100]!r} was sent"
    more = max(found, wanted, key=len)[min(len(found), len(wanted)) :]
    return f"{len(found)} were kept, {len(wanted)} were sent, more: {more[:3]!r}"


def is_kept(run: ScreenRun, expected: Expected, after: int, *, keys: bool = False) -> None:
    """Raises where something was lost, doubled, changed or crossed.

    `keys`: words of one or two letters and digits from the keyboard's line are a person's keys, for nobody can tell;
    where a digit answers at once, "10" is a "1" and a "0". Then their signs are compared in order, not their lines.
    """
    found = kept(run, after, keys=keys)
    if keys:
        for lines in (found, expected.raws):
            lines["keyboard"] = [b"".join(lines.get("keyboard", []))]
    wrong = {
        device: first_difference(found.get(device, []), expected.raws.get(device, []))
        for device in {*found, *expected.raws}
        if found.get(device, []) != expected.raws.get(device, [])
    }
    assert not wrong, wrong


def unanswered(run: ScreenRun) -> list[Row]:
    """Inputs without a whole answer."""
    return run.rows("select * from raw_input where json_extract(reply, '$.message.text') is null")
