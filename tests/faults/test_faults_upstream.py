"""Parcels worked while the upstream is away, then told twice and in disorder: the upstream ends in the same state."""

import random
from pathlib import Path

import pytest

from returns_station.testing.upstream.process import TEST_SECRET, Upstream
from tests.commands.dock_kit import PRINTER, TARGET, Dock
from tests.faults.fault_kit import ANNA, Words, opened
from tests.journeys.journey_kit import command

ONE_PARCEL = ("RS-NO-LABEL", "22960", "RS-Q1", "RS-SEALED", "${unit.lpn}", "${prompt.place}", "RS-DONE")


@pytest.mark.parametrize(
    "parcels", [15, pytest.param(500, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]
)
def test_parcels_worked_offline_all_arrive_once_and_in_order_and_told_again_they_change_nothing(
    dock: Dock, tmp_path: Path, parcels: int
) -> None:
    with opened(dock) as station:
        done = Words(station)(ANNA, *ONE_PARCEL * parcels)
    bad = [reply["message"]["text"] for reply in done.replies if reply["signal"] not in ("accepted", "hold")]
    assert bad == []
    rows = dock.rows("select id, state from outbox")
    assert len(rows) >= 2 * parcels
    with Upstream(tmp_path / "upstream") as upstream:
        dock.configure(PRINTER + TARGET, url=upstream.url)
        args = ("sync", "--once", "--config", str(dock.config))
        first = command(*args, timeout=600, WMS_SECRET=TEST_SECRET)
        assert dock.rows("select count(*) as n from outbox where state != 'acknowledged'") == [{"n": 0}], (
            first
        )
        events, stock = upstream.events(), upstream.movements()
        assert sorted(str(event["id"]) for event in events) == sorted(row["id"] for row in rows)
        assert len(stock) == parcels
        last: dict[str, int] = {}
        for event in sorted(events, key=lambda one: int(str(one["arrival"]))):
            subject, sequence = str(event["subject"]), int(str(event["sequence"]))
            assert last.get(subject, 0) < sequence
            last[subject] = sequence
        chosen = random.Random(7).sample([row["id"] for row in rows], parcels)
        for id in chosen:
            dock.rows(f"update outbox set state = 'local', unknown = 0, settled_at = null where id = '{id}'")
        command(*args, timeout=600, WMS_SECRET=TEST_SECRET)
        assert dock.rows("select count(*) as n from outbox where state != 'acknowledged'") == [{"n": 0}]
        assert upstream.movements() == stock
        assert len(upstream.events()) == len(events)
