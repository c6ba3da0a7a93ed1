"""A station with its real line mode in this process, and the shortest way to each step of the dialogue."""

import io
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from returns_station import config as configuration
from returns_station.bootstrap import Station
from returns_station.hardware.scanners import Arrived
from returns_station.plain import End, Line, LineMode, Queue
from returns_station.workflow.ports import Input, InputKind
from returns_station.workflow.state import At
from tests.commands.dock_kit import PRINTER, TARGET, Dock

ANNA, BERT = "RS-B-1001", "RS-B-1002"
SEALED = ("1Z999AA10300079196", "22960", "RS-SEALED", "${unit.lpn}", "${prompt.place}")
"""A matched, sealed parcel of one unit: five scans."""
_OFFICE = '\n[[printer]]\nname = "office"\nfolder = "{folder}/office"\n'
_OPEN = SEALED[0]
_TRUCK = (ANNA, "RS-RECEIVE", "K000000002S", "RMA-100001")
TOTE = "K000000000P"
WAYS: dict[str, tuple[str, ...]] = {
    "badge": (),
    "locked": (ANNA, "RS-LOCK"),
    At.PARCEL: (ANNA,),
    At.CHOOSE_RETURN: (ANNA, "TWICE-1"),
    At.CONFIRM_BLIND: (ANNA, "MYSTERY 77"),
    At.REFUSE_REASON: (ANNA, "SF000000245489", "RS-REFUSE"),
    At.ITEM: (ANNA, _OPEN),
    At.CHOOSE_ITEM: (ANNA, _OPEN, "4006381333931"),
    At.CONFIRM_UNKNOWN: (ANNA, _OPEN, "SOMETHING GREEN"),
    At.CONFIRM_EMPTY: (ANNA, "C00000001267043", "RS-DONE"),
    At.SERIAL: (ANNA, _OPEN, "02002219300009"),
    At.LOT: (ANNA, "TBA000000300922", "02002330900003"),
    At.EXPIRY: (ANNA, "TBA000000300922", "02002330900003", "L99"),
    At.QUANTITY: (ANNA, "536533", "02002075400004"),
    At.QUESTION: (ANNA, _OPEN, "22960"),
    At.SPLIT: (ANNA, "1Z999AA10301346234", "02002207200007", "RS-ALL", "RS-G-OPENED", "RS-SPLIT"),
    At.LABEL: (ANNA, *SEALED[:3]),
    At.DESTINATION: (ANNA, *SEALED[:4]),
    At.PLACE_REASON: (ANNA, *SEALED[:4], "RESALE-1"),
    At.DISPOSITION_REASON: (ANNA, _OPEN, "22960", "RS-G-OPENED", "RS-G-LIKE-NEW", "RS-D-DONATE"),
    At.HOLD_LABEL: (ANNA, _OPEN, "22960", "RS-HOLD"),
    At.HOLD_SHELF: (ANNA, "RS-NO-LABEL", "RS-HOLD"),
    At.STOP_KIND: (ANNA, _OPEN, "22960", "RS-STOP"),
    At.STOP_SHELF: (ANNA, _OPEN, "22960", "RS-STOP-LEAK"),
    At.CHOOSE_PARCEL: (*_TRUCK, "RMA-100001", "RS-YES", "RS-DONE", "RMA-100001"),
    At.PRINTER: (ANNA, *SEALED[:3], "RS-PRINTER"),
    At.CAGE: _TRUCK[:2],
    At.RECEIVE: _TRUCK,
    At.RECEIVE_AGAIN: (*_TRUCK, "RMA-100001"),
    At.CARRIER: (*_TRUCK, "RS-CARRIER"),
    At.MANIFEST: (*_TRUCK, "RS-MANIFEST"),
    At.SEAL: (*_TRUCK, "RS-SEAL"),
    At.PIECE: (*_TRUCK, "RS-PIECE"),
    At.WEIGHT: (*_TRUCK, "RS-WEIGHT"),
    At.DAMAGE: (*_TRUCK, "RS-DAMAGE"),
    At.CONTAINER: (ANNA, TOTE),
    At.CONTAINER_REASON: (ANNA, *SEALED[:4], TOTE, TOTE, "RESALE-1"),
}
"""Step → what is scanned to get there from a fresh station."""

HOSTILE: dict[str, bytes] = {
    "escape": b"\x1b[2J\x1b[31mred",
    "title": b"\x1b]0;owned\x07",
    "csi in eight bits": b"\x9b31mred",
    "c1 in utf-8": "\x85\x90\x9b31m".encode(),
    "nul": b"12\x0034",
    "bell": b"\x07\x07\x07",
    "backspace": b"RMA-100001\x08\x08\x08",
    "carriage return": b"nothing\rOK saved",
    "right to left": "RMA\u202e100001-AMR\u2066x".encode(),
    "zero width": "RMA\u200b-1\ufeff00001".encode(),
    "markup end": b"[/",
    "markup action": b"[@click=app.quit]quit[/]",
    "nested brackets": b"[[[bold]]]" * 20,
    "sql": b"'; DROP TABLE parcel; --",
    "sql in double": b'" OR 1=1 --',
    "like": b"%_%\\",
    "format": b"{lpn} {0} %s %n ${unit.lpn}",
    "html": b"<b><img src=/etc/passwd>&amp;",
    "zpl": b"^XZ^XA~JR",
    "formula": b'=cmd|" /C calc"!A0',
    "emoji": "👩‍👩‍👧‍👦🏴‍☠️".encode(),
    "cjk": "返品の箱 退货".encode(),
    "arabic": "مرتجع ١٢٣".encode(),
    "combining": ("e" + "\u0301" * 300).encode(),
    "latin-1": "Zoë & Søn".encode("latin-1"),
    "no text at all": bytes(range(256)),
    "two symbols glued": b"\x1d".join([b"]C1010400638133393110A", b"]C1010400638133393110B"]),
    "a check digit off": b"4006381333932",
    "a hundred thousand": b"A" * 100_000,
    "nearly nothing": b" ",
    "nothing": b"",
    "a number past all counts": b"999999999999999999999999",
    "minus one": b"-1",
    "not a number": b"NaN",
}
"""What may stand in a bar code, by what is wrong with it."""


@dataclass(slots=True)
class Talk:
    """What was said in one run: exit code, everything written, and the JSON objects in it."""

    code: int
    output: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]

    @property
    def replies(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["type"] == "reply"]

    @property
    def notices(self) -> list[str]:
        return [line["code"] for line in self.lines if line["type"] == "notice"]


class TimedStation(Station):
    """A station whose clock is the test's."""

    clock: Callable[[], datetime] | None = None

    def now(self) -> datetime:
        return self.clock() if self.clock else super().now()


class Words:
    """The line mode on a station, fed one line or one scan at a time."""

    def __init__(self, station: Station, *, as_json: bool = True) -> None:
        self.station = station
        self._json = as_json

    def __call__(self, *given: str | bytes, after: Callable[[int], None] = lambda _: None) -> Talk:
        """Plays lines (str, as typed) and scans (bytes, as a scanner sends them); `after` is told how many were answered."""
        queue: Queue = SimpleQueue()
        out = io.StringIO()
        told = iter(range(len(given) + 1))
        for one in given:
            queue.put(Line(one) if isinstance(one, str) else Arrived(Input(one, "gun")))
        queue.put(End())
        mode = LineMode(
            self.station, queue, out, as_json=self._json, width=80, after=lambda _: after(next(told))
        )
        return Talk(mode.run(), out.getvalue())


def talk(dock: Dock, *given: str | bytes, as_json: bool = True) -> Talk:
    """One run of the station from start to end of input."""
    with opened(dock) as station:
        return Words(station, as_json=as_json)(*given)


def opened(
    dock: Dock,
    clock: Callable[[], datetime] | None = None,
    checkpoint: Callable[[str], None] | None = None,
) -> TimedStation:
    """The station of a dock; `with opened(dock) as station:` gives it back at the end."""
    station = TimedStation(configuration.load(dock.config), checkpoint=checkpoint)
    station.clock = clock
    return station


def put(station: Station, raw: bytes, kind: InputKind = InputKind.SCAN) -> None:
    """One input past the line mode."""
    station.play(Input(raw, "gun", kind), lambda _number, _state, _step: "{}")


def copied(source: Path, folder: Path) -> Dock:
    """A station of its own from the files of another."""
    folder.mkdir(exist_ok=True)
    for file in source.glob("station.db*"):
        shutil.copy(file, folder / file.name)
    (folder / "labels").mkdir(exist_ok=True)
    dock = Dock(folder)
    dock.configure(PRINTER + _OFFICE + TARGET, url="http://127.0.0.1:9")
    return dock


def at(station: Station) -> str:
    """The step the dialogue is at."""
    return str(station.prompt().step)


def unprintable(text: str, allowed: str = "\n") -> set[str]:
    """The characters of `text` that a terminal might obey or that show it in another order."""
    return {char for char in text if not char.isprintable() and char not in allowed}


def raws(dock: Dock) -> list[bytes]:
    """Everything that was scanned, byte for byte, in order."""
    return [row["raw"] for row in dock.rows("select raw from raw_input order by sequence")]


def written(folder: Path, names: Iterable[str] = ("*",)) -> dict[Path, bytes]:
    """Every file below a folder with its bytes."""
    return {path: path.read_bytes() for name in names for path in folder.rglob(name) if path.is_file()}
