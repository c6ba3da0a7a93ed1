"""What goes wrong around the screen: killed, locked out of its database, without scanner, without terminal, too small."""

import contextlib
import os
import random
import signal
import threading
from collections.abc import Iterator

import pytest

from returns_station.store.engine import driver
from tests.commands.dock_kit import Dock
from tests.faults.fault_kit import ANNA, SEALED
from tests.tui.screen_kit import KEYS, ScreenRun, until

SHORT_PATIENCE = {"SCREEN_PRAGMAS": "busy_timeout=300"}


@contextlib.contextmanager
def locked(dock: Dock) -> Iterator[None]:
    """Another process would hold the write lock like this, as a backup does."""
    connection = driver().module.connect(str(dock.database), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def kept(run: ScreenRun) -> list[bytes]:
    return [row["raw"] for row in run.rows("select raw from raw_input order by sequence")]


# --- killed -----------------------------------------------------------------------------------------------------------


def test_a_screen_that_is_killed_anywhere_goes_on_where_it_stood_and_what_it_showed_is_kept(
    dock: Dock,
) -> None:
    """Each scan is told by a number of its own, so that what was painted can be looked up."""
    chance = random.Random(11)
    asked = ""
    sent: list[bytes] = []
    for round in range(4):
        with ScreenRun(dock) as run:
            run.ready()
            if asked:
                run.shows(asked)
            count = run.answered()
            if not count:
                run.scan(ANNA)
            for number in range(3):
                sent.append(f"UNKNOWN-{round}-{number}".encode())
                run.scan(sent[-1])
            last = [f"UNKNOWN-{round}-{number}".encode() for number in range(3, 9)]
            sent += last
            since = run.terminal.written
            for raw in last:
                run.send(raw)
            _painted(run, since + chance.randint(0, 12_000), count + 9)
            os.kill(run.terminal.pid, signal.SIGKILL)
            run.terminal.wait()
            painted = run.see().text
            found = kept(run)
            assert [raw for raw in sent if raw in found] == [raw for raw in found if raw in sent]
            for raw in last:
                if f"{raw.decode()}" in painted:
                    assert raw in found, f"{raw!r} was shown and is lost"
            sent = [raw for raw in sent if raw in found]
            asked = run.rows(
                "select json_extract(reply, '$.prompt.text') as text from raw_input order by sequence desc limit 1"
            )[0]["text"]


def _painted(run: ScreenRun, size: int, count: int) -> None:
    """Waits until that many bytes were painted, or all was answered before."""
    until(lambda: run.terminal.written >= size or run.answered() >= count, lambda: "nothing painted")


# --- locked out -------------------------------------------------------------------------------------------------------


def test_beside_a_lock_the_screen_says_that_it_waits_and_answers_everything_in_order_afterwards(
    dock: Dock,
) -> None:
    """The station's usual patience of 30 s is not used up."""
    with ScreenRun(dock) as run:
        run.ready()
        run.scan(ANNA)
        began = run.answered()
        with locked(dock):
            for number in range(12):
                run.send(f"WAITS-{number:02d}")
                run.burst(f"ALSO-{number:02d}")
            run.shows("The database is busy", "24 kept", "24 waiting")
            run.terminal.send(KEYS["f1"])
            run.shows("Codes that work here")
            run.terminal.send(KEYS["escape"])
            run.hides("Codes that work here")
            assert run.answered() == began
        run.waits_for(began + 24)
        found = kept(run)[began:]
        for way in (b"WAITS-", b"ALSO-"):
            assert [raw for raw in found if raw.startswith(way)] == [way + b"%02d" % n for n in range(12)]
        run.hides("The database is busy")
        run.is_clean()


def test_a_lock_that_outlasts_the_stations_patience_again_and_again_is_outwaited_without_a_hand(
    dock: Dock,
) -> None:
    """The patience is 0.3 s here; each time it runs out the screen says so once."""
    with ScreenRun(dock, module="tests.tui.entry", environ=SHORT_PATIENCE) as run:
        run.ready()
        run.scan(ANNA)
        with locked(dock):
            for raw in SEALED[:3]:
                run.send(raw)
            run.shows("3 kept")
            until(
                lambda: run.terminal.output.count(b"locked") + run.terminal.output.count(b"busy") > 3,
                lambda: "it does not tell that it tries again",
            )
            run.is_alive()
        run.waits_for(4)
        assert kept(run)[1:] == [raw.encode() for raw in SEALED[:3]]
        assert {row["signal"] for row in run.rows("select signal from raw_input")} == {"accepted"}
        run.is_clean()


# --- devices and terminal ---------------------------------------------------------------------------------------------


def test_a_scanner_that_is_pulled_and_plugged_in_again_is_told_and_goes_on(dock: Dock) -> None:
    with ScreenRun(dock) as run:
        run.ready()
        run.scan(ANNA)
        for turn in range(3):
            run.guns["gun"].unplug()
            run.shows("is unplugged")
            run.burst(f"BY-KEYBOARD-{turn}")
            run.waits_for(2 + 2 * turn)
            since = run.terminal.written
            run.guns["gun"].plug()
            run.terminal.wait_for("is connected", since=since, within_s=30)
            run.scan(f"BY-SCANNER-{turn}")
        assert kept(run)[1:] == [
            f"BY-{way}-{turn}".encode() for turn in range(3) for way in ("KEYBOARD", "SCANNER")
        ]
        run.is_clean()


def lock_is_free(dock: Dock) -> bool:
    """Whether another station may work on the database."""
    from returns_station.errors import StationError
    from returns_station.store.engine import ProcessLock

    lock = ProcessLock(dock.database, "station")
    try:
        lock.acquire()
    except StationError:
        return False
    lock.release()
    return True


@pytest.mark.parametrize("way", ["closed", "SIGHUP", "SIGTERM"])
def test_a_station_whose_terminal_is_gone_ends_by_itself_and_gives_its_database_back(
    dock: Dock, way: str
) -> None:
    with ScreenRun(dock) as run:
        run.ready()
        run.scan(ANNA)
        assert not lock_is_free(dock)
        if way == "closed":
            run.terminal.hang_up()
        else:
            os.kill(run.terminal.pid, getattr(signal, way))
        run.terminal.wait(within_s=30)
        assert lock_is_free(dock)
        assert kept(run) == [ANNA.encode()]
        assert dock.rows("pragma integrity_check") == [{"integrity_check": "ok"}]
    with ScreenRun(dock) as again:
        again.shows("Scan the parcel.")


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_a_storm_of_sizes_among_scans_loses_nothing_and_ends_in_a_whole_picture(dock: Dock) -> None:
    chance = random.Random(5)
    with ScreenRun(dock) as run:
        run.ready()
        run.scan(ANNA)
        stop = threading.Event()

        def storm() -> None:
            while not stop.wait(0.01):
                run.terminal.resize(chance.randint(10, 160), chance.randint(4, 60))

        thread = threading.Thread(target=storm)
        thread.start()
        try:
            for number in range(60):
                run.scan(f"SIZED-{number:02d}")
        finally:
            stop.set()
            thread.join()
        assert kept(run)[1:] == [f"SIZED-{number:02d}".encode() for number in range(60)]
        since = run.terminal.written
        run.terminal.resize(80, 24)
        run.send("RS-STATUS")
        run.waits_for(62)
        run.terminal.wait_for("F1 help", since=since)
        run.is_alive()
        run.is_clean()


@pytest.mark.parametrize("size", [(20, 8), (12, 4), (40, 20), (300, 100)], ids=str)
def test_a_terminal_of_any_size_works_a_parcel(dock: Dock, size: tuple[int, int]) -> None:
    with ScreenRun(dock, columns=size[0], rows=size[1]) as run:
        until(lambda: bool(run.grammar.sequences), lambda: "nothing was painted")
        for raw in (ANNA, *SEALED[:3]):
            run.send(raw)
        run.waits_for(4)
        for key in ("f1", "escape", "f9", "escape", "f2", "escape"):
            run.terminal.send(KEYS[key])
        lpn = run.rows("select lpn from return_unit")[0]["lpn"]
        run.send(lpn)
        run.waits_for(5)
        assert {row["signal"] for row in run.rows("select signal from raw_input")} == {"accepted"}
        run.is_alive()
        run.is_clean()
