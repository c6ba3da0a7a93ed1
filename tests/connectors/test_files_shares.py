"""A shared folder that goes away, lies on two disks, or holds two months of files."""

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from returns_station.connectors.api import Asked, Delivered, NotFound, RetryLater, Settings
from returns_station.connectors.files import FilesConnector
from returns_station.connectors.files.acks import MANY
from returns_station.testing.references import MemoryReferences
from tests.connectors.drop_kit import connector, files, made
from tests.connectors.upstream_kit import refund, stock


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    return made(tmp_path / "drop")


def unnamed(drop: Path, effect: Any, refs: MemoryReferences, monkeypatch: pytest.MonkeyPatch) -> None:
    """An effect whose draft is on disk and whose file has no name yet: the share went away in between."""

    def away(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", away)
        answer = connector(drop).deliver(effect, refs)
    assert isinstance(answer, RetryLater)
    assert answer.unknown


@pytest.mark.parametrize("lost", ["drop", "drop/out"])
def test_a_file_without_its_name_is_not_taken_for_delivered_while_its_share_is_away(
    drop: Path, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    effect, refs = refund("1001", 1250), MemoryReferences()
    unnamed(drop, effect, refs, monkeypatch)
    away = drop.parent / lost
    away.rename(drop.parent / "elsewhere")
    for answer in (connector(drop).look_up(effect, refs), connector(drop).deliver(effect, refs)):
        assert isinstance(answer, RetryLater)
        assert (answer.code, answer.unknown) == ("files.disk", True)
    (drop.parent / "elsewhere").rename(away)
    assert connector(drop).look_up(effect, refs) == NotFound()
    assert isinstance(connector(drop).deliver(effect, refs), Delivered)
    assert [json.loads((drop / "out" / name).read_text())["id"] for name in files(drop)] == [effect.key]


def test_a_share_whose_folder_cannot_be_looked_into_is_not_an_empty_one(
    drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    effect, refs = refund("1001", 1250), MemoryReferences()
    unnamed(drop, effect, refs, monkeypatch)

    def stale(*_: object, **__: object) -> os.stat_result:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with monkeypatch.context() as patch:
        for call in ("stat", "lstat"):
            patch.setattr(os, call, stale)
        answer = connector(drop).deliver(effect, refs)
    assert isinstance(answer, RetryLater)
    assert isinstance(connector(drop).deliver(effect, refs), Delivered)
    assert len(files(drop)) == 1


@pytest.mark.parametrize("lost", ["out", "ack"])
def test_nothing_is_stated_of_a_share_that_is_away(drop: Path, lost: str) -> None:
    effect, refs = stock(), MemoryReferences()
    connector(drop).deliver(effect, refs)
    (drop / lost).rename(drop / "elsewhere")
    told = connector(drop).statement(Asked("r", None, None, (effect,)), refs)
    assert isinstance(told, RetryLater)
    assert told.sentence == f"The folder {drop / lost} cannot be used: No such file or directory."


def test_a_missing_folder_for_acknowledgements_is_said_and_nobody_waits_for_what_cannot_come(
    drop: Path,
) -> None:
    (drop / "ack").rmdir()
    answer = connector(drop, await_ack="true").deliver(stock(), MemoryReferences())
    assert isinstance(answer, RetryLater)
    assert answer.sentence == f"The folder {drop / 'ack'} cannot be used: No such file or directory."
    assert files(drop) == []


# --- acknowledgements as other programs write them -------------------------------------------------------------------


@pytest.mark.parametrize("separator", [";", "\t"])
def test_acknowledgements_are_read_with_the_separators_of_feeds(drop: Path, separator: str) -> None:
    effect = refund("1001", 1250)
    rows = [("key", "status", "reference"), (effect.key, "accepted", "C-7")]
    text = "\r\n".join(separator.join(row) for row in rows) + "\r\n"
    (drop / "ack" / "today.csv").write_text(text, encoding="utf-8-sig")
    answer = connector(drop, await_ack="true").deliver(effect, MemoryReferences())
    assert answer == Delivered("C-7", duplicate=True)


def test_one_byte_that_is_not_utf_8_costs_one_sentence_and_no_acknowledgement(drop: Path) -> None:
    refused, accepted = stock(), refund("1001", 1250)
    text = f"key,status,sentence\n{refused.key},refused,Lager f\xfcr M\xf6bel\n{accepted.key},accepted,\n"
    (drop / "ack" / "today.csv").write_bytes(text.encode("cp1252"))
    waiting = connector(drop, await_ack="true")
    assert isinstance(waiting.deliver(accepted, MemoryReferences()), Delivered)
    assert getattr(waiting.deliver(refused, MemoryReferences()), "sentence", "") == "Lager für Möbel"


def test_a_last_line_without_its_end_is_not_read_and_is_said(drop: Path) -> None:
    effect, refs = refund("1001", 1250), MemoryReferences()
    (drop / "ack" / "today.csv").write_text(f"key,status\n{effect.key},accepted")
    told = connector(drop, await_ack="true").deliver(effect, refs)
    assert isinstance(told, RetryLater)
    assert told.sentence.endswith(" The last line of today.csv has no line end yet.")


def test_a_quotation_mark_that_is_never_closed_swallows_no_acknowledgement(drop: Path) -> None:
    first, second = stock(), refund("1001", 1250)
    rows = f'key,status,sentence\n{first.key},refused,"5 inch\n{second.key},accepted,\n'
    (drop / "ack" / "today.csv").write_text(rows)
    waiting = connector(drop, await_ack="true")
    assert isinstance(waiting.deliver(second, MemoryReferences()), Delivered)
    assert getattr(waiting.deliver(first, MemoryReferences()), "sentence", "") == "5 inch"


# --- two disks, many files -------------------------------------------------------------------------------------------


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the tests' own."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("There is only one file system here.")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def test_a_feed_is_kept_whole_where_done_lies_on_another_disk(drop: Path, other_disk: Path) -> None:
    (drop / "in" / "done").symlink_to(other_disk)
    (drop / "in" / "locations-1.csv").write_text("code\nA-1\n")
    feeds = connector(drop)
    page = feeds.pull("locations", None, 10)
    assert [row["code"] for row in page.items] == ["A-1"]
    assert feeds.pull("locations", page.cursor, 10).items == ()
    assert os.listdir(other_disk) == ["locations-1.csv"]
    assert sorted(os.listdir(drop / "in")) == ["done"]


def test_a_statement_lists_no_folder_for_a_file_that_still_has_its_name(
    drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects, refs = [stock() for _ in range(3)], MemoryReferences()
    desk: FilesConnector = connector(drop)
    for effect in effects:
        desk.deliver(effect, refs)
    listed: list[Path] = []
    real = os.listdir

    def counted(folder: Any) -> list[str]:
        listed.append(Path(folder))
        return real(folder)

    monkeypatch.setattr(os, "listdir", counted)
    told = desk.statement(Asked("r", None, None, tuple(effects)), refs)
    assert isinstance(told, tuple)
    assert [one.done for one in told] == [False] * 3
    assert listed == []


def test_two_months_of_acknowledgements_are_not_looked_through_for_every_effect(
    drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MANY):
        (drop / "ack" / f"{number:05d}.csv").write_text("key,status\n")
    clock = [datetime(2026, 11, 23, 10, tzinfo=UTC)]
    waiting = FilesConnector(Settings(drop.as_uri(), "", options={"await_ack": "true"}), now=lambda: clock[0])
    looks: list[object] = []
    real = os.scandir

    def counted(folder: Any) -> Any:
        looks.append(folder)
        return real(folder)

    monkeypatch.setattr(os, "scandir", counted)
    first, second, third = stock(), stock(), refund("1001", 1250)
    for effect in (first, second, third):
        assert isinstance(waiting.deliver(effect, MemoryReferences()), RetryLater)
    assert len(looks) == 1
    (drop / "ack" / "new.jsonl").write_text(json.dumps({"key": first.key, "status": "accepted"}) + "\n")
    assert isinstance(waiting.deliver(first, MemoryReferences()), Delivered)
    with (drop / "ack" / "00000.csv").open("a") as grown:
        grown.write(f"{second.key},accepted\n")
    clock[0] += timedelta(seconds=60)
    assert isinstance(waiting.deliver(second, MemoryReferences()), Delivered)
