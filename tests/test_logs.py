"""The log is for machines: one object a line, turned by size, and without a person in it."""

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from returns_station import logs
from returns_station.errors import StationError


@pytest.fixture(autouse=True)
def _quiet_again() -> Iterator[None]:
    yield
    for handler in list(logging.getLogger().handlers):
        if isinstance(handler, logs._Private):
            logging.getLogger().removeHandler(handler)
            handler.close()
    logging.getLogger().setLevel(logging.WARNING)
    structlog.reset_defaults()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_is_one_object_with_time_level_and_facts(tmp_path: Path) -> None:
    path = logs.start(tmp_path, "sync")
    logs.logger("sync").info("delivered", target="wms", count=3)
    (line,) = lines(path)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "delivered", "level": "info", "logger": "sync", "target": "wms", "count": 3}


def test_a_key_nobody_vouched_for_is_withheld(tmp_path: Path) -> None:
    path = logs.start(tmp_path, "station")
    logs.logger("station").info("opened", customer="Ada Lovelace", scan="]C1 4 Privet Drive", parcel_id="p-1")
    (line,) = lines(path)
    assert (line["customer"], line["scan"], line["parcel_id"]) == ("withheld", "withheld", "p-1")


def test_a_card_number_is_withheld_wherever_it_stands(tmp_path: Path) -> None:
    path = logs.start(tmp_path, "station")
    logs.logger("station").info("paid 4111 1111 1111 1111 today", code="5500-0000-0000-0004")
    assert "4111" not in path.read_text()
    assert "5500" not in path.read_text()


def test_an_id_that_happens_to_be_mostly_digits_is_kept(tmp_path: Path) -> None:
    path = logs.start(tmp_path, "station")
    logs.logger("station").info("opened", parcel_id="01936f21-7123-7456-8789-012345678901")
    assert lines(path)[0]["parcel_id"] == "01936f21-7123-7456-8789-012345678901"


def test_an_exception_is_its_type_and_its_places_without_its_words(tmp_path: Path) -> None:
    path = logs.start(tmp_path, "station")
    try:
        int("Ada Lovelace")
    except ValueError:
        logs.logger("station").exception("broke")
    (line,) = lines(path)
    assert line["fault"] == "ValueError"
    assert line["at"][-1].startswith("test_logs.py:")
    assert "Lovelace" not in path.read_text()


def test_of_another_librarys_line_only_the_template_is_kept(tmp_path: Path) -> None:
    path = logs.start(tmp_path, "station")
    logging.getLogger("httpx2").warning("GET %s failed", "https://wms.example/customers/lovelace")
    assert lines(path)[0]["event"] == "GET %s failed"
    assert "lovelace" not in path.read_text()


def test_it_turns_by_size_and_keeps_only_so_many_private_files(tmp_path: Path) -> None:
    logs.start(tmp_path, "station", size=2_000, keep=2)
    for number in range(200):
        logs.logger("station").info("turned", count=number)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["station.log", "station.log.1", "station.log.2"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_before_the_start_it_says_nothing_and_afterwards_the_same_logger_speaks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    early = logs.logger("station")
    early.warning("too early")
    assert capfd.readouterr() == ("", "")
    path = logs.start(tmp_path, "station")
    early.warning("now")
    assert [line["event"] for line in lines(path)] == ["now"]


def test_a_folder_that_cannot_be_written_is_told_at_the_start(
    tmp_path: Path, bound_by_permissions: None
) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StationError) as caught:
        logs.start(tmp_path, "station")
    tmp_path.chmod(0o700)
    assert caught.value.sentence == f"The log {tmp_path}/station.log cannot be written: Permission denied."
