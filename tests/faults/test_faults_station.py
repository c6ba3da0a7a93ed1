"""The station against its own machine: locks, clocks, printers, scanners, people; work goes on and nothing is lost."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from returns_station.config import Scanner
from returns_station.hardware.scanners import Scanners
from returns_station.plain import End, Line, LineMode, Queue
from returns_station.store import engine
from returns_station.testing.scanner import PtyPair
from tests.commands.dock_kit import Dock
from tests.faults.fault_kit import ANNA, BERT, SEALED, WAYS, Words, at, opened, raws, talk
from tests.journeys.journey_kit import command

HELD_S = 2.0
"""A backup that holds the lock for half a minute, scaled."""


class Lines:
    """What a line mode writes, line by line, as it writes it."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[str] = SimpleQueue()

    def write(self, text: str) -> None:
        self.queue.put(text)

    def flush(self) -> None: ...

    def next_reply(self, within: float = 30.0) -> dict[str, Any]:
        """The next reply; `queue.Empty` when there is none in time."""
        while True:
            found: dict[str, Any] = json.loads(self.queue.get(timeout=within))
            if found["type"] == "reply":
                return found


@contextmanager
def held(database: Path) -> Iterator[Any]:
    """Another process's write lock on the database."""
    other = engine.driver().module.connect(str(database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that wait for a lock a twentieth of a second instead of half a minute."""
    patient = engine._pragmas
    monkeypatch.setattr(engine, "_pragmas", lambda journal: (*patient(journal), "PRAGMA busy_timeout=50"))


# --- the database -----------------------------------------------------------------------------------------------------


def test_scans_beside_a_backup_that_holds_the_lock_are_kept_and_answered_in_order_when_it_lets_go(
    dock: Dock,
) -> None:
    queue: Queue = SimpleQueue()
    lines = Lines()
    with opened(dock) as station:
        mode = LineMode(station, queue, lines, as_json=True)  # type: ignore[arg-type]
        working = threading.Thread(target=mode.run)
        with held(dock.database):
            working.start()
            for code in (ANNA, *SEALED[:2]):
                queue.put(Line(code))
            with pytest.raises(Empty):
                lines.next_reply(within=HELD_S)
            assert raws(dock) == []
        assert [lines.next_reply()["prompt"]["step"] for _ in range(3)] == ["parcel", "item", "question"]
        queue.put(End())
        working.join()
    assert raws(dock) == [ANNA.encode(), *(code.encode() for code in SEALED[:2])]


def test_a_lock_that_outlasts_all_patience_stops_intake_with_code_5_and_the_same_input_is_done_once_later(
    dock: Dock, impatient: None
) -> None:
    scan = json.dumps({"id": "a-1", "scan": SEALED[0]})
    talk(dock, ANNA)
    with held(dock.database):
        stopped = talk(dock, scan)
    assert stopped.code == 5
    assert stopped.replies == []
    assert stopped.lines[-1]["signal"] == "stop"
    assert stopped.lines[-1]["in"] == "a-1"
    assert stopped.lines[-1]["text"] == (
        "Nothing was saved: database is locked. Another program holds the database: wait for it or end it, "
        "then start the station again."
    )
    again = talk(dock, scan, scan)
    assert [reply["prompt"]["step"] for reply in again.replies] == ["item", "item"]
    assert len(dock.rows("select id from parcel")) == 1


def test_a_lock_met_while_a_label_is_marked_printed_stops_with_code_5_and_the_label_is_marked_at_the_next_start(
    dock: Dock, impatient: None
) -> None:
    with ExitStack() as locks:

        def lock_after_printing(name: str) -> None:
            if name == "printed":
                locks.enter_context(held(dock.database))

        with opened(dock, checkpoint=lock_after_printing) as station:
            stopped = Words(station)(ANNA, *SEALED[:3])
    assert stopped.code == 5
    assert [reply["prompt"]["step"] for reply in stopped.replies][-1] == "label"
    assert stopped.lines[-1]["text"].startswith(f"Another process holds the database {dock.database}. ")
    assert dock.rows("select state from print_job") == [{"state": "asked"}]
    assert talk(dock).notices == ["print.confirmed", "station.ready"]
    assert len(list((dock.folder / "labels").glob("*.pdf"))) == 1


def test_a_second_station_on_the_same_database_is_refused_with_code_4_and_the_first_ones_pid(
    dock: Dock,
) -> None:
    with opened(dock) as station:
        Words(station)(ANNA)
        second = command("run", "--plain", "--no-sync", "--config", str(dock.config), stdin="RMA-100001\n")
    holder = Path(f"{dock.database}.station.lock").read_text("utf-8")
    assert (second.returncode, second.stdout) == (4, "")
    assert second.stderr == (
        f"Another station process (pid {holder}) already works on this database. "
        "End that one first, or use its terminal. Reports may read beside it.\n"
    )
    assert raws(dock) == [ANNA.encode()]


@pytest.mark.parametrize(
    ("spoil", "code", "sentence"),
    [
        ("gone", 2, "There is no database at {path}. Run `returns-station migrate` to make one, or restore a backup."),
        ("garbage", 2, "{path} is not a database. Name the right file, or restore a backup."),
        (
            "cut off",
            5,
            ("The database {path} is damaged: SQLite says 'database disk image is malformed'. Keep the file; "
            "restore the newest backup with `returns-station migrate --restore BACKUP`."),
        ),
        (
            "newer",
            2,
            ("The database {path} has schema 9999; this version's newest is 0003. "
            "Install the newer Returns Station that wrote it, or restore a backup made before."),
        ),
    ],
)  # fmt: skip
def test_a_station_does_not_start_on_what_is_no_database_of_its_own_and_makes_none(
    dock: Dock, spoil: str, code: int, sentence: str
) -> None:
    path = dock.database
    if spoil == "newer":
        dock.rows("update alembic_version set version_num = '9999'")
    whole = path.read_bytes()
    for beside in path.parent.glob("station.db*"):
        beside.unlink()
    if spoil != "gone":
        path.write_bytes({"garbage": b"moo" * 2000, "cut off": whole[:20_000], "newer": whole}[spoil])
    before = path.read_bytes() if path.exists() else None
    done = command("run", "--plain", "--no-sync", "--config", str(dock.config), stdin=f"{ANNA}\n")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", sentence.format(path=path) + "\n")
    assert (path.read_bytes() if path.exists() else None) == before


# --- the clock --------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_a_day_in_the_middle_of_a_parcel_changes_no_order_and_no_result(dock: Dock) -> None:
    noon = datetime(2011, 9, 1, 12, tzinfo=UTC)
    jumps = {0: timedelta(), 3: timedelta(days=-1), 4: timedelta(days=5 * 365), 5: timedelta(minutes=-61)}
    now = noon

    def jump(answered: int) -> None:
        nonlocal now
        now += jumps.get(answered, timedelta()) + timedelta(seconds=1)

    with opened(dock, lambda: now) as station:
        done = Words(station)(ANNA, *SEALED, after=jump)
    assert [reply["signal"] for reply in done.replies] == ["accepted"] * 6
    times = [row["at"] for row in dock.rows("select at from raw_input order by sequence")]
    assert times != sorted(times)
    assert [row["sequence"] for row in dock.rows("select sequence from event order by sequence")] == list(
        range(1, len(dock.rows("select sequence from event")) + 1)
    )
    for table, column in (("raw_input", "sequence"), ("event", "sequence")):
        assert (
            dock.rows(f"select count(*) as n from {table}")[0]["n"]
            == dock.rows(f"select max({column}) as n from {table}")[0]["n"]
        )
    ordinals = dock.rows("select return_id, ordinal from outbox order by return_id, ordinal")
    assert [row["ordinal"] for row in ordinals] == [1, 2, 3, 4]
    shown = json.loads(dock("show", SEALED[0], "--json").stdout)
    told = [one["sequence"] for one in shown["found"][0]["history"]]
    assert told == sorted(told)
    assert dock("doctor", "--json").exit_code in (0, 1)


# --- printer and scanner ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone_after", range(7))
def test_a_printer_that_disappears_at_any_step_is_told_and_never_stops_the_work(
    dock: Dock, gone_after: int
) -> None:
    labels = dock.folder / "labels"

    def take_away(answered: int) -> None:
        if answered == gone_after:
            shutil.rmtree(labels)

    with opened(dock) as station:
        done = Words(station)(ANNA, *SEALED, after=take_away)
    assert done.code == 0
    assert [reply["signal"] for reply in done.replies] == ["accepted"] * 6
    assert done.notices == ["station.ready", "print.failed" if gone_after < 4 else "print.confirmed"]
    assert dock.rows("select placement from return_unit") == [{"placement": "put"}]
    assert [row["type"] for row in dock.rows("select type from outbox order by ordinal")] == [
        "returns.receipt", "returns.stock", "returns.completed", "returns.refund",
    ]  # fmt: skip


def test_a_label_that_could_not_be_printed_is_named_with_cause_and_fix_and_can_be_printed_again_as_a_copy(
    dock: Dock,
) -> None:
    labels = dock.folder / "labels"
    shutil.rmtree(labels)
    with opened(dock) as station:
        words = Words(station)
        failed = words(ANNA, *SEALED[:3]).lines[-1]
        assert failed["text"] == f"The label folder {labels} does not exist. Make it, or mount its disk."
        labels.mkdir()
        again = words("RS-REPRINT")
    assert again.replies[0]["prints"][0]["code"] == failed["label"]
    assert again.notices[-1] == "print.confirmed"
    jobs = dock.rows("select state, reprint from print_job order by reprint")
    assert jobs == [{"state": "failed", "reprint": 0}, {"state": "confirmed", "reprint": 1}]
    assert len(list(labels.glob("*.pdf"))) == 1


def test_a_scanner_unplugged_in_the_middle_of_every_scan_of_a_parcel_loses_and_glues_nothing(
    dock: Dock,
) -> None:
    queue: Queue = SimpleQueue()
    lines = Lines()
    pair = PtyPair(dock.folder / "tty")
    scanners = Scanners([Scanner("gun", str(pair.link))], queue.put)
    sent: list[str] = []
    with opened(dock) as station, pair:
        working = threading.Thread(target=LineMode(station, queue, lines, as_json=True).run)  # type: ignore[arg-type]
        working.start()
        scanners.start()
        last: dict[str, Any] = {}
        for code in (ANNA, *SEALED):
            if sent:
                pair.send(code[:5].encode())
                pair.unplug()
                pair.plug()
            named = {SEALED[3]: ("unit", "lpn"), SEALED[4]: ("prompt", "place")}.get(code)
            sent.append(last[named[0]][named[1]] if named else code)
            pair.send(sent[-1].encode() + b"\r")
            last = lines.next_reply()
            assert last["signal"] == "accepted", last
        scanners.stop()
        queue.put(End())
        working.join()
    assert last["prompt"]["step"] == "parcel"
    assert [raw.decode() for raw in raws(dock)] == sent


# --- people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [step for step in WAYS if step not in ("badge", "locked")])
def test_a_badge_at_any_step_hands_over_and_stays_there_and_stop_and_help_always_answer(
    dock: Dock, step: str
) -> None:
    with opened(dock) as station:
        words = Words(station)
        words(*WAYS[step])
        handed = words(BERT).replies[0]
        assert (handed["worker"], handed["message"]["code"]) == ("w-2", "badge.handed_over")
        assert at(station) == step
        assert words("RS-HELP").replies[0]["message"]["code"] == f"help.{step}"
        assert at(station) == step
        stopped = words("RS-STOP-LEAK").replies[0]
        assert stopped["signal"] == "stop"
        assert stopped["message"]["text"].startswith("Hands off.")


@pytest.mark.parametrize("step", WAYS)
def test_a_station_that_ends_at_any_step_goes_on_there_and_asks_the_same(dock: Dock, step: str) -> None:
    first = talk(dock, *WAYS[step])
    again = talk(dock)
    parcel_open = bool(dock.rows("select 1 from parcel where work = 'open'"))
    assert first.code == again.code == (3 if parcel_open else 0)
    before, after = first.replies[-1] if first.replies else first.lines[0], again.lines[0]
    assert (after["prompt"], after["choices"]) == (before["prompt"], before["choices"])


WRONG: dict[str, tuple[str, ...]] = {
    "parcel": ("02002296000007", "RESTOCK-1", "RS-DONE", "RS-SEALED", "RS-Q3"),
    "item": ("1Z999AA10301346234", "RESTOCK-1", "RS-SEALED"),
    "question": ("1Z999AA10301346234", "RESTOCK-1", "RS-YES", "RS-B"),
    "label": ("02002296000007", "RESTOCK-1", "1Z999AA10301346234"),
    "destination": ("02002296000007", "1Z999AA10301346234", "RS-SEALED"),
    "quantity": ("1Z999AA10301346234", "RESTOCK-1", "0", "-1", "0.005", "1000000000"),
}
"""Step → scans that belong to other steps."""


@pytest.mark.parametrize("step", WRONG)
def test_a_scan_of_another_class_is_refused_with_a_signal_and_changes_neither_step_nor_tables(
    dock: Dock, step: str
) -> None:
    tables = ("parcel", "return_unit", "outbox", "settlement", "print_job")
    with opened(dock) as station:
        words = Words(station)
        words(*WAYS[step])
        before = {table: dock.rows(f"select * from {table}") for table in tables}
        for code in WRONG[step]:
            reply = words(code).replies[0]
            assert reply["signal"] in ("mismatch", "unknown", "duplicate"), (code, reply)
            assert reply["effects"] == reply["prints"] == []
            assert at(station) == step, code
        assert {table: dock.rows(f"select * from {table}") for table in tables} == before
