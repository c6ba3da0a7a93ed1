"""A whole shift through the real program: scans in, effects out, equal to the unit and the cent."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from returns_station.samples import FILES
from tests.journeys.journey_kit import (
    Row,
    command,
    lines,
    money_here,
    replies,
    rows,
    stock_here,
    upstream_rows,
)

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "line-mode.schema.json"


class Played:
    """A finished shift: its folder, exit code and output."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.folder = folder
        self.done = command(
            "demo", "--plain", "--json", "--script", "shift", "--seed", "7", "--folder", str(folder), *args
        )
        self.database = folder / "station.db"
        self.upstream = folder / "upstream" / "upstream.db"

    def stock_upstream(self) -> Counter[tuple[str, str, str]]:
        counted: Counter[tuple[str, str, str]] = Counter()
        for row in upstream_rows(self.upstream, "select * from movements"):
            counted[row["sku"], row["container"] or row["location"], row["disposition"]] += row["quantity"]
        return +counted

    def money_upstream(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for row in upstream_rows(self.upstream, "select * from refunds"):
            counted[row["order_number"]] += row["amount_minor"]
        return +counted


@pytest.fixture(scope="module")
def shift(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(tmp_path_factory.mktemp("shift"))


class TestFortyParcels:
    def test_a_shift_of_forty_parcels_ends_well(self, shift: Played) -> None:
        assert shift.done.returncode == 0, shift.done.stdout[-1500:] + shift.done.stderr[-1500:]
        assert len(rows(shift.database, "select id from parcel where work != 'voided'")) == 40

    def test_every_line_said_is_as_the_schema_says_and_every_input_has_one_reply(self, shift: Played) -> None:
        validator = Draft202012Validator(json.loads(SCHEMA_FILE.read_text("utf-8")))
        for line in lines(shift.done.stdout):
            validator.validate(line)
        answered = [reply["in"] for reply in replies(shift.done.stdout)]
        assert len(answered) == len(set(answered)) > 400

    def test_nothing_is_left_to_deliver(self, shift: Played) -> None:
        states = Counter(row["state"] for row in rows(shift.database, "select state from outbox"))
        assert set(states) <= {"acknowledged", "withdrawn", "held"}
        listed = command("outbox", "list", "--json", "--config", str(shift.folder / "config.toml"))
        assert listed.returncode == 0, listed.stderr
        found = json.loads(listed.stdout)
        assert (found["counts"]["local"], found["counts"]["sent"], found["counts"]["refused"]) == (0, 0, 0)
        assert {row["state"] for row in found["rows"]} <= {"held"}

    def test_the_upstream_holds_the_stock_that_the_shift_put_to_the_unit(self, shift: Played) -> None:
        held = {
            row["unit_id"] for row in rows(shift.database, "select unit_id from outbox where state = 'held'")
        }
        assert held <= {None}
        assert shift.stock_upstream() == stock_here(shift.database)
        assert sum(shift.stock_upstream().values()) > 700

    def test_the_upstream_holds_the_money_that_the_shift_gave_to_the_cent(self, shift: Played) -> None:
        assert shift.money_upstream() == money_here(shift.database)
        assert sum(shift.money_upstream().values()) > 0

    def test_what_was_given_back_is_what_was_paid_for_the_pieces(self, shift: Played) -> None:
        """Recomputed from the sample's own price texts, not from anything the station stored."""
        prices = {
            (order["number"], line["line_id"]): Decimal(line["unit_price"])
            for order in map(json.loads, FILES["orders"].read_text("utf-8").splitlines())
            for line in order["lines"]
            if line.get("unit_price")
        }
        percents = {
            row["settlement_id"] + row["sku"]: json.loads(row["decision"])["refund_percent"]
            for row in rows(shift.database, "select * from return_unit where settlement_id is not null")
        }
        checked = 0
        for refund in upstream_rows(shift.upstream, "select * from refunds"):
            for line in json.loads(refund["lines"]):
                if percents.get(refund["settlement_id"] + line["sku"]) == 100 and refund["fee_minor"] == 0:
                    assert (
                        line["amount_minor"]
                        == 100 * prices[refund["order_number"], line["order_line"]] * line["quantity"]
                    )
                    checked += 1
        assert checked > 60

    def test_every_kind_of_parcel_came_by(self, shift: Played) -> None:
        said = {reply["message"]["code"] for reply in replies(shift.done.stdout)}
        kinds = {
            row["return_type"] for row in rows(shift.database, "select distinct return_type from parcel")
        }
        assert kinds == {"rma", "blind", "rts", "bulk"}
        assert said >= {
            "parcel.plated", "parcel.refused", "parcel.closed_empty", "parcel.return_added", "parcel.unknown",
            "parcel.opened_expired", "item.found_mismatch_class", "item.found_mismatch_quantity", "item.unknown", "split.done",
            "hold.done", "hold.parcel_done", "unit.resumed", "undo.done", "reprint.asked", "badge.handed_over", "short.done",
            "stop.stop_leak", "stop.stop_battery", "stop.stop_property", "place.other", "disposition.changed", "item.again_twice",
        }  # fmt: skip

    def test_a_matched_sealed_parcel_takes_five_scans_and_no_key(self, shift: Played) -> None:
        first = rows(shift.database, "select id from parcel order by opened_at limit 1")[0]["id"]
        inputs = rows(shift.database, f"select kind from raw_input where parcel_id = '{first}'")
        assert [row["kind"] for row in inputs] == ["scan"] * 5

    def test_effects_of_a_return_arrive_in_the_order_they_were_made(self, shift: Played) -> None:
        assert arrival_order(shift.upstream) == []

    def test_the_upstream_heard_of_every_finished_parcel_and_of_the_empty_one_without_units(
        self, shift: Played
    ) -> None:
        closed = rows(shift.database, "select * from parcel where work = 'closed' and arrival != 'refused'")
        told = upstream_rows(shift.upstream, "select * from completions order by arrival")
        counted: Counter[tuple[str, str]] = Counter()
        for row in told:
            counted[row["parcel_id"], row["return_id"]] += row["count"]
        assert set(+counted) == {(row["id"], one) for row in closed for one in json.loads(row["returns"])}
        (empty,) = (row["id"] for row in closed if row["note"] == "empty")
        (said,) = (row for row in told if row["parcel_id"] == empty)
        assert json.loads(said["units"]) == []
        assert [(line["received"], line["awaiting"] > 0) for line in json.loads(said["lines"])] == [(0, True)]

    def test_the_bulk_return_of_600_pieces_took_at_most_six_scans_a_group_and_conserved_them(
        self, shift: Played
    ) -> None:
        """8 products, 14 lots, two workers; nothing counted twice, nothing lost."""
        parcel = rows(shift.database, "select id from parcel where return_type = 'bulk'")[0]["id"]
        units = rows(
            shift.database,
            f"select * from return_unit where parcel_id = '{parcel}' and reception = 'received'",
        )
        scans = len(
            rows(
                shift.database,
                f"select 1 from raw_input where parcel_id = '{parcel}' and signal = 'accepted'",
            )
        )
        assert sum(unit["quantity"] for unit in units) == 600
        assert len({unit["sku"] for unit in units}) == 8
        assert len({unit["lot"] for unit in units}) == len(units) == 14
        assert {unit["put_by"] for unit in units} == {"w-1", "w-2"}
        assert (scans - 2) / len(units) <= 6


def arrival_order(upstream: Path) -> list[Row]:
    """Events that arrived before an earlier one of their return."""
    query = (
        "select late.id from events late join events early on early.subject = late.subject "
        "and early.arrival > late.arrival and early.sequence < late.sequence"
    )
    return upstream_rows(upstream, query)


class TestBadUpstream:
    @pytest.fixture(scope="class")
    @staticmethod
    def dropped(tmp_path_factory: pytest.TempPathFactory) -> Played:
        return Played(tmp_path_factory.mktemp("dropped"), "--fault", "drop-every=2,partial-every=7")

    def test_every_second_answer_lost_gives_no_double_refund_and_no_double_stock(
        self, dropped: Played
    ) -> None:
        assert dropped.done.returncode == 0, dropped.done.stdout[-1500:] + dropped.done.stderr[-1500:]
        assert dropped.money_upstream() == money_here(dropped.database)
        assert dropped.stock_upstream() == stock_here(dropped.database)
        keys = [row["settlement_id"] for row in upstream_rows(dropped.upstream, "select * from refunds")]
        assert len(keys) == len(set(keys))
        assert arrival_order(dropped.upstream) == []

    def test_an_upstream_away_for_the_whole_shift_gets_everything_in_order_when_it_is_back(
        self, tmp_path: Path
    ) -> None:
        away = Played(tmp_path, "--offline")
        assert away.done.returncode == 0, away.done.stdout[-1500:] + away.done.stderr[-1500:]
        assert away.money_upstream() == money_here(away.database)
        assert away.stock_upstream() == stock_here(away.database)
        assert arrival_order(away.upstream) == []


class TestBulk:
    def test_a_bulk_return_survives_a_restart_and_a_hand_over_in_its_middle(self, tmp_path: Path) -> None:
        text = FILES["orders"].with_name("shift.jsonl").read_text("utf-8")
        part = text[text.index("600 pieces") :].split("\n", 1)[1].split("\n# ", 1)[0].splitlines()
        badge = [json.dumps({"scan": "RS-B-1001"})]
        half = len(part) // 2 + 3
        folder = str(tmp_path / "d")
        for name, given, code in (("morning", badge + part[:half], 3), ("evening", part[half:], 0)):
            script = tmp_path / f"{name}.jsonl"
            script.write_text("\n".join(given))
            done = command("demo", "--plain", "--json", "--script", str(script), "--folder", folder)
            assert done.returncode == code, done.stdout[-1500:] + done.stderr[-1500:]
        database = tmp_path / "d" / "station.db"
        units = rows(database, "select * from return_unit where reception = 'received'")
        assert sum(unit["quantity"] for unit in units) == 600
        assert len({unit["lot"] for unit in units}) == 14
        assert {unit["put_by"] for unit in units} == {"w-1", "w-2"}
        moved = upstream_rows(
            tmp_path / "d" / "upstream" / "upstream.db", "select sum(quantity) as pieces from movements"
        )
        assert moved == [{"pieces": 600}]
