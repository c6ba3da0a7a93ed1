"""Effects out as files, acknowledgements back: each key once, whatever dies, and nothing a spreadsheet would run."""

import csv
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from returns_station.connectors.api import (
    Asked,
    ConnectorError,
    Delivered,
    NotFound,
    Refused,
    RetryLater,
    Settings,
)
from returns_station.connectors.files import FilesConnector
from returns_station.testing.references import MemoryReferences
from tests.connectors.drop_kit import Reader, connector, files, killed_at, made
from tests.connectors.upstream_kit import receipt, refund, reversal, stock
from tests.sync.outbox_kit import Station, new_database


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    return made(tmp_path / "drop")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    engine = new_database(tmp_path / "station.db")
    yield Station(engine)
    engine.dispose()


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


# --- out --------------------------------------------------------------------------------------------------------------


def test_an_effect_is_one_file_whose_name_sorts_by_time_and_holds_the_key(drop: Path) -> None:
    effects = [receipt(), stock(), refund("1001", 1250)]
    files_out, refs = connector(drop), MemoryReferences()
    for effect in effects:
        answer = files_out.deliver(effect, refs)
        assert isinstance(answer, Delivered)
        assert (answer.reference, answer.duplicate) == (
            f"20261123T100000.000000Z-{effect.sequence:06d}-{effect.type}-{effect.key}.jsonl",
            False,
        )
    assert [json.loads((drop / "out" / name).read_text())["id"] for name in files(drop)] == [
        effect.key for effect in effects
    ]


def test_the_same_effect_again_writes_nothing_even_when_its_reader_took_the_file_away(drop: Path) -> None:
    effect, refs = refund("1001", 1250), MemoryReferences()
    first = connector(drop).deliver(effect, refs)
    assert isinstance(first, Delivered)
    assert connector(drop).deliver(effect, refs) == Delivered(first.reference, duplicate=True)
    (drop / "out" / str(first.reference)).unlink()
    assert connector(drop).deliver(effect, refs) == Delivered(first.reference, duplicate=True)
    assert connector(drop).look_up(effect, refs) == Delivered(first.reference, duplicate=True)
    assert files(drop) == []


def test_a_database_put_back_from_a_copy_finds_the_file_again_by_its_name(drop: Path) -> None:
    effect = stock()
    first = connector(drop).deliver(effect, MemoryReferences())
    (drop / "done").mkdir()
    (drop / "out" / str(getattr(first, "reference", ""))).rename(drop / "done" / f"READ-{effect.key}.jsonl")
    assert isinstance(connector(drop).look_up(effect, MemoryReferences()), Delivered)
    assert connector(drop).look_up(stock(), MemoryReferences()) == NotFound()


def test_a_csv_file_has_amounts_as_decimal_text_and_a_row_a_line(drop: Path) -> None:
    lines = [
        {"order_line": "1", "sku": "A", "quantity": 1, "amount_minor": 1000},
        {"order_line": "2", "sku": "B", "quantity": 2, "amount_minor": 250},
    ]
    effect = refund("1001", 1250, lines=lines)
    connector(drop, format="csv").deliver(effect, MemoryReferences())
    first, second = rows_of(drop / "out" / files(drop)[0])
    told = ("key", "type", "order_number", "currency", "amount", "line_sku", "line_quantity", "line_amount")
    assert [first[name] for name in told] == [
        *(effect.key, "returns.refund", "1001", "GBP", "12.50", "A", "1", "10.00")
    ]
    assert [second[name] for name in told] == [effect.key, "", "", "", "", "B", "2", "2.50"]


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'quoted", '"; drop'],
)
def test_no_cell_begins_as_a_formula_and_a_reader_gets_the_text_back(drop: Path, text: str) -> None:
    connector(drop, format="csv").deliver(stock(sku=text), MemoryReferences())
    (row,) = rows_of(drop / "out" / files(drop)[0])
    assert not row["sku"].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    assert row["sku"].removeprefix("'") == printable


def test_a_float_or_a_key_that_is_a_path_never_leaves(drop: Path) -> None:
    answers = [
        connector(drop).deliver(stock(quantity=1.5), MemoryReferences()),
        connector(drop).deliver(_keyed("../../etc/passwd"), MemoryReferences()),
    ]
    assert [getattr(answer, "code", "") for answer in answers] == ["effect.float", "files.name"]
    assert files(drop) == []


def _keyed(key: str) -> Any:
    from dataclasses import replace

    return replace(stock(), key=key)


def test_a_share_that_is_not_mounted_keeps_the_effect_here(tmp_path: Path) -> None:
    answer = connector(tmp_path / "mnt").deliver(stock(), MemoryReferences())
    assert isinstance(answer, RetryLater)
    assert (answer.code, answer.unknown) == ("files.disk", False)
    assert answer.sentence == f"The folder {tmp_path / 'mnt'} cannot be used: No such file or directory."
    assert not (tmp_path / "mnt").exists()


def test_a_full_disk_before_the_name_is_known_to_have_done_nothing(
    drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    effect, refs = stock(), MemoryReferences()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        answer = connector(drop).deliver(effect, refs)
    assert (getattr(answer, "unknown", None), refs.puts) == (False, [])
    assert isinstance(connector(drop).deliver(effect, refs), Delivered)
    assert len(files(drop)) == 1


# --- kills ------------------------------------------------------------------------------------------------------------


def test_a_drainer_killed_at_any_step_of_a_file_leaves_the_key_in_one_file(
    station: Station, drop: Path
) -> None:
    # Killed after a call is killed before the next one.
    kills = 0
    for number in range(1, 50):
        (key,) = station.put(refund("1001", 100 + number))
        station.engine.dispose()  # a connection does not survive a fork
        if killed_at(number, drop, lambda: station.pass_once(connector(drop)), before=False):
            kills += 1
            assert station.row(key).state.value == "sent"
        station.drain(connector(drop))
        held = [name for name in files(drop) if key in name]
        assert len(held) == 1, held
        assert not held[0].startswith(".")
        event = json.loads((drop / "out" / held[0]).read_text())
        assert event["data"]["amount_minor"] == 100 + number
        row = station.row(key)
        assert (row.state.value, row.reference) == ("acknowledged", held[0])
        if kills < number:
            break
    assert kills == 10, (
        "look into two folders; open, write, fsync; folder: open, fsync; rename; folder: open, fsync"
    )


def test_a_reader_that_takes_files_while_the_drainer_dies_sees_each_key_once(
    station: Station, drop: Path
) -> None:
    reader = Reader(drop)
    for number in range(1, 9):
        station.put(refund("1001", number))
        station.engine.dispose()
        assert killed_at(number, drop, lambda: station.pass_once(connector(drop)), before=False)
        reader.work()
        for file in (drop / "done").iterdir():
            file.unlink()
        station.drain(connector(drop))
        reader.work()
    assert [event["data"]["amount_minor"] for event in reader.taken] == list(range(1, 9))


# --- acknowledgements -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_out_and_back_the_reader_decides_what_becomes_of_each_effect(
    station: Station, drop: Path, kind: str
) -> None:
    taken, refused = station.put(stock(), refund("1001", 1250))
    reader = Reader(drop, {"returns.refund": "Order 1001 is closed."})
    waiting = connector(drop, format=kind, await_ack="true")
    report = station.pass_once(waiting)
    assert (report.acknowledged, report.retried, report.paused_until) == (0, 2, None)
    row = station.row(taken)
    assert row.problem_code == "files.awaiting_ack"
    assert str(row.problem).endswith(f" stands in {drop / 'out'}; it is not acknowledged yet.")
    assert reader.work() == 2
    station.clock.forward(seconds=61)
    station.pass_once(waiting)
    assert (station.row(taken).state.value, station.row(taken).reference) == ("acknowledged", "R-1")
    parked = station.row(refused)
    assert (parked.state.value, parked.problem_code, parked.problem) == (
        "refused",
        "files.refused",
        "Order 1001 is closed.",
    )
    assert len(files(drop)) == 2


def test_a_later_acknowledgement_goes_before_an_earlier_one(drop: Path) -> None:
    effect, refs = refund("1001", 1250), MemoryReferences()
    waiting = connector(drop, await_ack="true")
    waiting.deliver(effect, refs)
    ack = drop / "ack"
    (ack / "1.jsonl").write_text(json.dumps({"key": effect.key, "status": "refused"}) + "\n")
    first = waiting.deliver(effect, refs)
    assert isinstance(first, Refused)
    assert first.sentence == "The reader of the file refused it without a reason."
    (ack / "2.jsonl").write_text(
        json.dumps({"key": effect.key, "status": "accepted", "reference": "C-7"}) + "\n"
    )
    assert waiting.deliver(effect, refs) == Delivered("C-7", duplicate=True)


def test_a_line_that_is_not_whole_yet_is_not_read_and_one_that_is_wrong_is_told(drop: Path) -> None:
    effect, refs = refund("1001", 1250), MemoryReferences()
    waiting = connector(drop, await_ack="true")
    waiting.deliver(effect, refs)
    ack = drop / "ack" / "today.csv"
    ack.write_text(f"key,status\n{effect.key},refus")
    assert isinstance(waiting.deliver(effect, refs), RetryLater)
    ack.write_text(f"key,status\n{effect.key},perhaps\n")
    told = waiting.deliver(effect, refs)
    assert isinstance(told, RetryLater)
    assert told.sentence.endswith(" Line 2 of today.csv is no acknowledgement.")
    ack.write_text(f"key,status\n{effect.key},accepted\n")
    assert isinstance(waiting.deliver(effect, refs), Delivered)


def test_a_link_in_the_folder_leads_nowhere(drop: Path, tmp_path: Path) -> None:
    effect, refs = refund("1001", 1250), MemoryReferences()
    (tmp_path / "secret").write_text(f"key,status\n{effect.key},accepted\n")
    (drop / "ack" / "a.csv").symlink_to(tmp_path / "secret")
    assert isinstance(connector(drop, await_ack="true").deliver(effect, refs), RetryLater)


def test_the_statement_says_what_was_taken_and_what_still_lies_there(drop: Path) -> None:
    files_out, refs = connector(drop), MemoryReferences()
    here, put, money = receipt(), stock(), refund("1001", 1250)
    back = reversal(put)
    asked = Asked("r", None, None, (here, put, money, back))
    files_out.deliver(here, refs)
    files_out.deliver(put, refs)
    Reader(drop, {"returns.stock": "No such place."}).work()
    files_out.deliver(money, refs)
    files_out.deliver(back, refs)
    told = files_out.statement(asked, refs)
    assert isinstance(told, tuple)
    assert [(one.kind, one.subject, one.done) for one in told] == [
        ("receipt", here.data["parcel_id"], True),
        ("stock", put.data["unit_id"], False),
        ("refund", money.data["settlement_id"], False),
    ]
    Reader(drop).work()
    told = files_out.statement(asked, refs)
    assert isinstance(told, tuple)
    assert [(one.kind, one.done) for one in told] == [("receipt", True), ("refund", True)]


@pytest.mark.parametrize(
    ("url", "options", "sentence"),
    [
        ("file://server/share", {}, "The address 'file://server/share' names no folder of this machine."),
        ("https://a.example", {}, "The address 'https://a.example' names no folder of this machine."),
        ("file:///x", {"format": "xml"}, "The option format is 'xml'."),
        ("file:///x", {"ack_seconds": "-1"}, "The option ack_seconds is '-1'."),
    ],
)
def test_settings_that_cannot_work_are_named(url: str, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        FilesConnector(Settings(url, "", options=options))
    assert (caught.value.sentence, caught.value.retry) == (sentence, False)
