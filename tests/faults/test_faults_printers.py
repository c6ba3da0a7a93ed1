"""Printers that stop and come back under a station at work: each label is printed by itself, once, if it is still wanted."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from devices.testing_spooler import PrivateSpooler
from devices.testing_zebra import FakeZebra
from returns_station.hardware.printing import Comebacks, Printed, PrinterState
from returns_station.hardware.scanners import Arrived
from returns_station.plain import End, Line, LineMode, Queue
from tests.commands.dock_kit import Dock
from tests.devices.scanner_inbox import until
from tests.devices.spooler_kit import private_spooler, spooler
from tests.faults.fault_kit import ANNA, SEALED, Words, opened
from tests.labels.label_reading import both, pages, symbols

__all__ = ["private_spooler", "spooler"]
ZEBRA = '\n[[printer]]\nname = "zebra"\nkind = "zpl-tcp"\nhost = "127.0.0.1"\nport = {port}\nseconds = 20\n'


@pytest.fixture
def zebra() -> Iterator[FakeZebra]:
    with FakeZebra() as printer:
        yield printer


@pytest.fixture
def zpl_dock(dock: Dock, zebra: FakeZebra) -> Dock:
    """A station whose only printer is a label printer on TCP."""
    dock.configure(ZEBRA, port=str(zebra.port))
    return dock


def states(dock: Dock) -> list[str]:
    return [row["state"] for row in dock.rows("select state from print_job order by id")]


def test_a_label_that_failed_on_a_stopped_printer_is_printed_by_itself_once_when_the_printer_is_back(
    zpl_dock: Dock, zebra: FakeZebra
) -> None:
    zebra.paper_out = True
    with opened(zpl_dock) as station:
        failed = Words(station)(ANNA, *SEALED[:3]).lines[-1]
        assert failed["text"] == "Printer zebra: there are no labels in it. Load a roll of labels."
        assert [state.band for state in station.printer_states()] == ["stopped"]
        assert (station.print_asked(), states(zpl_dock), zebra.received) == ([], ["failed"], 0)
        zebra.paper_out = False
        assert [state.band for state in station.printer_states()] == ["fine"]
        assert states(zpl_dock) == ["asked"]
        (told,) = station.print_asked()
        assert (told.code, told.printed.state) == (failed["label"], "confirmed")
        for _ in range(3):
            station.printer_states()
            assert station.print_asked() == []
    assert states(zpl_dock) == ["confirmed"]
    assert len(zebra.printed) == 1
    assert failed["label"].encode() in zebra.printed[0]


def test_a_label_that_failed_before_the_station_ended_is_printed_when_it_starts_again(
    zpl_dock: Dock, zebra: FakeZebra
) -> None:
    zebra.unplug()
    with opened(zpl_dock) as station:
        Words(station)(ANNA, *SEALED[:3])
    assert states(zpl_dock) == ["failed"]
    zebra.plug()
    with opened(zpl_dock) as station:
        station.printer_states()
        assert [one.printed.state for one in station.print_asked()] == ["confirmed"]
    assert len(zebra.printed) == 1


@pytest.mark.parametrize("swallowing", ["swallows", "mute"])
def test_a_label_once_sent_is_never_sent_again_by_itself_however_often_its_printer_comes_back(
    zpl_dock: Dock, zebra: FakeZebra, swallowing: str
) -> None:
    zpl_dock.configure(ZEBRA.replace("20", "1"), port=str(zebra.port))
    setattr(zebra, swallowing, True)
    with opened(zpl_dock) as station:
        Words(station)(ANNA, *SEALED[:3])
        assert states(zpl_dock) == ["sent"]
        for _ in range(3):
            zebra.unplug()
            assert [state.band for state in station.printer_states()] == ["stopped"]
            zebra.plug()
            station.printer_states()
            assert station.print_asked() == []
    assert (states(zpl_dock), zebra.received) == (["sent"], 1)


def test_a_copy_printed_meanwhile_takes_the_place_of_the_label_that_failed(dock: Dock) -> None:
    labels = dock.folder / "labels"
    shutil.rmtree(labels)
    with opened(dock) as station:
        words = Words(station)
        words(ANNA, *SEALED[:3])
        assert {state.band for state in station.printer_states()} == {"stopped"}
        labels.mkdir()
        words("RS-REPRINT")
        station.printer_states()
        assert station.print_asked() == []
    assert states(dock) == ["failed", "confirmed"]
    assert len(list(labels.glob("*.pdf"))) == 1


def test_the_label_of_a_unit_that_was_undone_stays_unprinted(dock: Dock) -> None:
    labels = dock.folder / "labels"
    shutil.rmtree(labels)
    with opened(dock) as station:
        words = Words(station)
        words(ANNA, *SEALED[:3])
        words(*["RS-UNDO"] * 2)
        assert dock.rows("select reception from return_unit") == [{"reception": "voided"}]
        labels.mkdir()
        station.printer_states()
        assert station.print_asked() == []
    assert states(dock) == ["failed"]


def test_the_flow_goes_on_past_a_printer_that_is_out_of_paper_to_the_end_of_the_parcel(
    zpl_dock: Dock, zebra: FakeZebra
) -> None:
    zebra.paper_out = True
    with opened(zpl_dock) as station:
        done = Words(station)(ANNA, *SEALED)
        assert [reply["signal"] for reply in done.replies] == ["accepted"] * 6
        assert zpl_dock.rows("select placement from return_unit") == [{"placement": "put"}]
        assert states(zpl_dock) == ["failed"]
        zebra.paper_out = False
        station.printer_states()
        assert station.print_asked() == [], "a label of that number was scanned already"


def test_a_label_left_for_later_is_printed_when_the_printer_is_back_although_its_unit_was_put_away(
    zpl_dock: Dock, zebra: FakeZebra
) -> None:
    zebra.paper_out = True
    with opened(zpl_dock) as station:
        words = Words(station)
        done = words(ANNA, *SEALED[:3], "RS-LATER", "${prompt.place}")
        assert zpl_dock.rows("select placement, labelling from return_unit") == [
            {"placement": "put", "labelling": "later"}
        ]
        zebra.paper_out = False
        station.printer_states()
        assert [one.printed.state for one in station.print_asked()] == ["confirmed"]
    assert done.replies[3]["unit"]["lpn"].encode() in zebra.printed[0]


def test_a_printer_that_prints_twice_or_slowly_changes_nothing_for_the_flow(
    zpl_dock: Dock, zebra: FakeZebra
) -> None:
    zebra.twice, zebra.seconds_per_label = True, 0.05
    with opened(zpl_dock) as station:
        done = Words(station)(ANNA, *SEALED)
    assert [reply["signal"] for reply in done.replies] == ["accepted"] * 6
    assert done.notices == ["station.ready", "print.confirmed"]
    assert (zebra.received, len(zebra.printed)) == (1, 2)


def test_labels_behind_one_that_failed_wait_and_all_are_printed_in_order_when_the_printer_is_back(
    zpl_dock: Dock, zebra: FakeZebra
) -> None:
    with opened(zpl_dock) as station:
        Words(station)(ANNA, *SEALED[:3])
        label = json.loads(zpl_dock.rows("select model from print_job")[0]["model"])["code"]
        for number in (2, 3):
            zpl_dock.rows(
                "insert into print_job (id, kind, unit_id, parcel_id, site, model, state, reprint, asked_at) select "
                f"'later-{number}', kind, null, null, site, replace(model, '{label}', 'C-{number}'), 'asked', "
                f"{number}, asked_at from print_job where reprint = 0"
            )
        zebra.unplug()
        assert [one.printed.state for one in station.print_asked()] == ["failed"]
        assert states(zpl_dock) == ["confirmed", "failed", "asked"]
        zebra.plug()
        station.printer_states()
        assert [one.job_id for one in station.print_asked()] == ["later-2", "later-3"]
    assert states(zpl_dock) == ["confirmed"] * 3


def test_a_worker_who_scans_nothing_gets_the_label_in_line_mode_when_the_printer_is_back(
    zpl_dock: Dock, zebra: FakeZebra
) -> None:
    queue: Queue = SimpleQueue()
    said: SimpleQueue[dict[str, Any]] = SimpleQueue()

    class Out:
        def write(self, text: str) -> None:
            said.put(json.loads(text))

        def flush(self) -> None: ...

    def notice() -> str:
        while (told := said.get(timeout=30))["type"] != "notice":
            pass
        return str(told["code"])

    zebra.paper_out = True
    with opened(zpl_dock) as station:
        unwatch = station.watch_printers(
            lambda told: queue.put(Arrived(code="print.again", sentence=told)), 0.05
        )
        mode = LineMode(station, queue, Out(), as_json=True)  # type: ignore[arg-type]
        working = threading.Thread(target=mode.run, daemon=True)
        working.start()
        for code in (ANNA, *SEALED[:3]):
            queue.put(Line(code))
        assert [notice(), notice()] == ["station.ready", "print.failed"]
        zebra.paper_out = False
        assert [notice(), notice()] == ["print.again", "print.confirmed"]
        unwatch()
        queue.put(End())
        working.join(30)
    assert len(zebra.printed) == 1


def test_behind_the_systems_spooler_a_label_waits_out_want_of_paper_and_a_dead_printer_while_the_work_goes_on(
    dock: Dock, spooler: PrivateSpooler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", os.environ | spooler.environ)
    dock.configure('\n[[printer]]\nname = "office"\nkind = "spooler"\nqueue = "labels"\nseconds = 20\n')
    spooler.state("paper-out", True)
    with opened(dock) as station:
        done = Words(station)(ANNA, *SEALED)
        assert [reply["signal"] for reply in done.replies] == ["accepted"] * 6
        assert states(dock) == ["sent"]
        assert until(lambda: station.printer_states()[0].band == "stopped")
        spooler.printer_off()
        spooler.state("paper-out", False)
        spooler.printer_on()
        assert until(lambda: bool(station.printer_states()) and states(dock) == ["confirmed"], 60)
        assert station.print_asked() == []
    (label,) = spooler.printed()
    (pixels,) = pages(label)
    assert symbols(pixels) == both(done.replies[3]["unit"]["lpn"])


# --- the rule ---------------------------------------------------------------------------------------------------------


def told(*bands: str) -> list[PrinterState]:
    return [PrinterState(f"p{number}", band, "") for number, band in enumerate(bands)]  # type: ignore[arg-type]


def test_a_printer_comes_back_when_it_is_fine_and_was_not_known_to_be() -> None:
    comebacks = Comebacks()
    assert comebacks.seen(told("fine", "stopped")) == {"p0"}
    assert comebacks.seen(told("fine", "unknown")) == set()
    assert comebacks.seen(told("stopped", "warning")) == {"p1"}
    assert comebacks.seen(told("fine", "fine")) == {"p0"}


def test_a_label_that_fails_between_two_looks_brings_its_printer_back_once_and_not_for_ever() -> None:
    comebacks = Comebacks()
    comebacks.seen(told("fine"))
    comebacks.failed("p0")
    assert comebacks.seen(told("fine")) == {"p0"}
    comebacks.failed("p0")
    assert comebacks.seen(told("fine")) == set()
    assert comebacks.seen(told("stopped")) == set()
    assert comebacks.seen(told("fine")) == {"p0"}
    comebacks.failed("p0")
    assert comebacks.seen(told("fine")) == {"p0"}


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        ("printer_out_of_paper", True),
        ("device_refused", True),
        ("printer_folder_missing", True),
        ("printer_disk_full", True),
        ("label.code", False),
        ("printer_media", False),
        ("printer_job_canceled", False),
    ],
)
def test_what_no_comeback_mends_is_not_tried_again(code: str, passes: bool) -> None:
    from returns_station.errors import Problem

    assert Printed("failed", problem=Problem(code, "")).passes is passes
