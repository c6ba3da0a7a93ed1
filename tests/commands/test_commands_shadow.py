"""Beside an old system: nothing is sent, families go over one by one, and the report says exactly what differs."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from returns_station.domain.money import decimal
from returns_station.testing.upstream.process import Upstream
from tests.commands.dock_kit import TARGET, Dock
from tests.commands.shadow_kit import SHADOW, Row, planted, play, scan, script_of, states, write_export

BADGE, SUPERVISOR, ONLY, MIXED = "RS-B-1001", "RS-B-1003", "9400111201200003405171", 12
PARCELS = (1, 2, 4, 5, 6, 7, 8, 11, 13, 14, 23, 24, 37, 38)


@pytest.fixture
def shadow(dock: Dock) -> Dock:
    """The sample's station, whose target runs in the shadow and would not answer."""
    dock.configure(SHADOW, url="http://127.0.0.1:9")
    return dock


def switch(dock: Dock, family: str, turn: str) -> None:
    assert dock("shadow", "switch", "wms", family, turn, "--by", SUPERVISOR).exit_code == 0


def parcel(tracking: str = "1Z999AA10300079196", item: str = "22960") -> list[str]:
    """A parcel with one sealed unit, to the scan of its place."""
    return scan(BADGE, tracking, item, "RS-SEALED", "${unit.lpn}", "${prompt.place}")


class TestNothingIsSent:
    def test_everything_is_worked_out_and_kept_and_said_and_nothing_is_due(self, shadow: Dock) -> None:
        play(shadow, parcel())
        assert set.union(*states(shadow).values()) == {"shadow"}
        assert {"receipt", "stock", "refund"} <= set(states(shadow))
        told = shadow.json("outbox", "list")
        assert (told["rows"], told["counts"]["shadow"] >= 3, told["counts"]["local"]) == ([], True, 0)
        row = shadow.json("outbox", "list", "--state", "shadow")["rows"][0]
        assert "never sent" in shadow("outbox", "why", row["id"]).stdout
        assert shadow("outbox", "retry", row["id"]).exit_code == 2

    def test_undo_reverses_in_the_shadow_and_takes_money_back_that_nobody_was_told(
        self, shadow: Dock
    ) -> None:
        play(shadow, [*parcel(), *scan("RS-UNDO")])
        found = states(shadow)
        assert "refund" not in found
        assert found["stock.reversed"] == found["stock"] == {"shadow"}


class TestFamilies:
    def test_a_family_that_is_on_goes_live_and_one_that_is_off_does_not(self, shadow: Dock) -> None:
        switch(shadow, "default", "on")
        play(shadow, parcel())
        assert set.union(*states(shadow).values()) == {"local"}

    def test_a_parcel_ends_where_it_began_whichever_way_it_is_switched_meanwhile(self, shadow: Dock) -> None:
        whole = parcel()
        play(shadow, whole[:4])
        switch(shadow, "default", "on")
        play(shadow, whole[4:])
        assert set.union(*states(shadow).values()) == {"shadow"}
        play(shadow, scan("RS-UNDO", "${prompt.place}"))
        assert states(shadow)["stock.reversed"] == {"shadow"}
        later = parcel("RMA-100009", "22720")[1:]
        play(shadow, later[:3])
        assert states(shadow)["receipt"] == {"shadow", "local"}
        switch(shadow, "default", "off")
        play(shadow, later[3:])
        assert states(shadow)["stock"] == {"shadow", "local"}
        assert states(shadow)["refund"] == {"shadow", "local"}

    def test_a_mixed_return_tells_its_live_part_and_leaves_its_money_to_the_old_system(
        self, shadow: Dock
    ) -> None:
        switch(shadow, "electronics", "on")
        play(shadow, script_of([MIXED]))
        found = states(shadow)
        assert found["receipt"] == {"local"}
        assert found["refund"] == {"shadow"}
        stock = shadow.rows(
            "select state, json_extract(body, '$.sku') as sku from outbox where type = 'returns.stock'"
        )
        assert {(row["sku"], row["state"]) for row in stock} == {("22072", "shadow"), ("22193", "local")}
        told = shadow.rows(
            "select type, body from outbox where type in ('returns.receipt', 'returns.completed')"
        )
        for row in told:
            body = json.loads(row["body"])
            assert {one["sku"] for name in ("lines", "units") for one in body.get(name, ())} <= {"22193"}

    def test_what_began_in_the_shadow_ends_there_when_the_target_leaves_it(self, shadow: Dock) -> None:
        whole = parcel()
        play(shadow, whole[:4])
        shadow.configure(TARGET, url="http://127.0.0.1:9")
        play(shadow, [*whole[4:], *parcel("RMA-100009", "22720")[1:]])
        rows = shadow.rows("select return_id, state from outbox where state != 'withdrawn'")
        by_return: dict[str, set[str]] = {}
        for row in rows:
            by_return.setdefault(row["return_id"], set()).add(row["state"])
        assert sorted(map(sorted, by_return.values())) == [["local"], ["shadow"]]

    def test_only_a_supervisor_switches_and_only_a_family_that_there_is(self, shadow: Dock) -> None:
        for family, by in (("default", BADGE), ("default", "RS-B-9999"), ("defualt", SUPERVISOR)):
            assert shadow("shadow", "switch", "wms", family, "on", "--by", by).exit_code == 2
        listed = shadow.json("shadow", "families", "wms")["families"]
        assert {row["name"]: row["live"] for row in listed}["electronics"] is False


class TestTheOldSystemsExport:
    def test_every_problem_has_its_line_and_column_and_nothing_is_kept(
        self, shadow: Dock, tmp_path: Path
    ) -> None:
        rows: list[Row] = [
            {"kind": "stock", "return_number": "R-1", "sku": "22960", "quantity": 1},
            {"kind": "stock", "return_number": "R-1", "quantity": "x"},
            {"kind": "refund", "amount": "1.00", "currency": "GBP"},
            {"kind": "parcel", "return_number": "R-1"},
        ]
        result = shadow("shadow", "import", "wms", str(write_export(tmp_path / "old.csv", rows)))
        assert result.exit_code == 2
        for place in ("Line 3, column quantity", "Line 3, column sku", "Line 4, column return_number"):
            assert place in result.stderr
        assert "Line 5, column kind" in result.stderr
        assert shadow.rows("select id from legacy_effect") == []

    def test_the_same_export_again_changes_nothing_and_a_corrected_one_corrects(
        self, shadow: Dock, tmp_path: Path
    ) -> None:
        row: Row = {"kind": "stock", "return_number": "R-1", "sku": "22960", "quantity": 1}
        path = write_export(tmp_path / "old.csv", [row, row])
        first, again = (shadow.json("shadow", "import", "wms", str(path)) for _ in range(2))
        assert (first["inserted"], again["inserted"], again["unchanged"]) == (2, 0, 2)
        lines = "".join(json.dumps(each) + "\n" for each in (row | {"quantity": 2}, row))
        (tmp_path / "old.jsonl").write_text(lines, encoding="utf-8")
        corrected = shadow.json("shadow", "import", "wms", str(tmp_path / "old.jsonl"))
        assert (corrected["updated"], corrected["unchanged"]) == (1, 1)


@pytest.fixture(scope="module")
def export(_filled: Path, tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Iterator[list[Row]]:
    """What the reference upstream says of a shift that another station played live: the old system's export."""
    folder = tmp_path_factory.mktemp("old")
    for file in _filled.glob("station.db*"):
        shutil.copy(file, folder / file.name)
    with Upstream(folder / "upstream", seed_dir=sample) as upstream:
        dock = Dock(folder)
        dock.configure(TARGET, url=upstream.url)
        play(dock, script_of(PARCELS))
        assert dock("sync", "--once").exit_code == 0
        yield list(_exported(upstream))


def _exported(upstream: Upstream) -> Iterator[Row]:
    number = {row["return_id"]: row["return_number"] for row in upstream.receipts()}
    for row in upstream.receipts():
        yield {"kind": "receipt", "return_number": row["return_number"], "reference": row["reference"]}
    for row in upstream.movements():
        names = ("sku", "quantity", "disposition", "location", "reference")
        yield {"kind": "stock", "return_number": number[row["return_id"]]} | {n: row[n] for n in names}
    for row in upstream.refunds():
        minor, currency = row["amount_minor"], str(row["currency"])
        assert isinstance(minor, int)
        money = {"amount": decimal(minor, currency), "currency": currency, "reference": row["reference"]}
        yield {"kind": "refund", "return_number": number[row["return_id"]]} | money


@pytest.fixture
def both(shadow: Dock) -> Dock:
    """The same shift played in the shadow."""
    play(shadow, script_of(PARCELS))
    return shadow


def test_twelve_differences_planted_in_the_export_are_named_and_no_other_and_none_without(
    both: Dock, export: list[Row], tmp_path: Path
) -> None:
    both("shadow", "import", "wms", str(write_export(tmp_path / "clean.csv", export)))
    clean = both("shadow", "report", "wms", "--pieces", "10")
    assert clean.exit_code == 0, clean.stdout
    assert clean.stdout.splitlines()[-1] == "Ready to switch."
    both.rows("delete from legacy_effect")
    changed, expected = planted(export)
    both("shadow", "import", "wms", str(write_export(tmp_path / "planted.csv", changed)))
    told = both.json("shadow", "report", "wms", "--pieces", "10", "--export", str(tmp_path / "found.csv"))
    assert sorted((one["code"], one["group"]) for one in told["differences"]) == expected
    assert len(expected) == 12
    assert not told["ready"]
    assert len((tmp_path / "found.csv").read_text(encoding="utf-8").splitlines()) == 13
    assert both("shadow", "report", "wms", "--units", "1", "--money", "0", "--pieces", "1").exit_code == 0


def test_an_export_in_which_a_cell_would_be_a_formula_is_text_to_a_spreadsheet(
    shadow: Dock, tmp_path: Path
) -> None:
    row: Row = {"kind": "stock", "return_number": "=1+1", "sku": "@SUM(A1)", "quantity": 1}
    shadow("shadow", "import", "wms", str(write_export(tmp_path / "old.csv", [row])))
    shadow("shadow", "report", "wms", "--export", str(tmp_path / "found.csv"))
    written = (tmp_path / "found.csv").read_text(encoding="utf-8")
    assert "'=1+1" in written
    assert "'@SUM(A1)" in written
