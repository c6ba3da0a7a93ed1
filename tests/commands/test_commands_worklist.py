"""A small station without any system: a parcel worked through the real program, the worklist, and a person who ticks."""

import csv
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from returns_station.connectors import manual
from returns_station.connectors.api import Asked, ConnectorError, Delivered, NotFound, Settings
from returns_station.errors import StationError
from returns_station.store import worklist
from returns_station.store.engine import open_engine
from returns_station.testing.references import MemoryReferences
from tests.commands.dock_kit import BADGE, RMA, SKU, TRACKING, Dock
from tests.connectors.upstream_kit import receipt, refund, reversal, short, stock
from tests.sync.outbox_kit import Station

SUPERVISOR = "RS-B-1003"
MANUAL = '\n[[target]]\nname = "shop"\nconnector = "manual"\nurl = "manual:"\n'


def work_by_lines(dock: Dock) -> None:
    """One parcel through `returns-station run` in line mode, by what it asks for."""
    command = [
        sys.executable,
        "-m",
        "returns_station",
        "run",
        "--json",
        "--no-sync",
        "--config",
        str(dock.config),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        said = {"LPN": "", "PLACE": ""}
        for code in (BADGE, TRACKING, SKU, "RS-SEALED", "LPN", "PLACE"):
            child.stdin.write(json.dumps({"scan": said.get(code, code)}) + "\n")
            child.stdin.flush()
            reply: dict[str, Any] = {}
            while reply.get("type") != "reply":
                reply = json.loads(child.stdout.readline())
            asked = json.dumps(reply, ensure_ascii=False)
            label = re.search(r"Stick on label (\S+) and scan it", asked)
            place = re.search(r"Put it into (\S+) and scan that", asked)
            said["LPN"] = label.group(1) if label else said["LPN"]
            said["PLACE"] = place.group(1) if place else said["PLACE"]
        child.stdin.close()
        assert child.wait(timeout=60) == 0


@pytest.fixture
def shop(dock: Dock) -> Dock:
    """A station whose one target is a person."""
    dock.configure(MANUAL)
    return dock


def test_a_parcel_worked_without_any_system_is_a_worklist_that_a_person_ticks(
    shop: Dock, tmp_path: Path
) -> None:
    work_by_lines(shop)
    assert shop("sync", "--once").exit_code == 0
    told = shop.json("worklist")
    kinds = {task["type"]: task for task in told["tasks"]}
    assert {"returns.receipt", "returns.stock", "returns.refund"} <= set(kinds)
    money = kinds["returns.refund"]
    order = shop.rows('select order_number from "authorization" where number = \'' + RMA + "'")[0][
        "order_number"
    ]
    assert money["sentence"] == (
        f"Refund {money['amount']} GBP to order {order} in the back office. Return {RMA}."
    )
    assert re.fullmatch(r"[0-9]+\.[0-9]{2}", money["amount"])
    assert told["money"] == [
        {
            "target": "shop",
            "currency": "GBP",
            "tasks": 1,
            "minor": int(money["amount"].replace(".", "")),
            "amount": money["amount"],
        }
    ]
    assert kinds["returns.stock"]["sentence"].startswith(f"Book 1 × {SKU} (")
    listed = shop("worklist").stdout
    assert listed.startswith("[ ]  shop  ")
    assert f"Money to move for shop: {money['amount']} GBP (1)." in listed

    ticked = shop("worklist", "done", money["key"], "--by", BADGE.lower())
    assert (ticked.exit_code, ticked.stdout[:3]) == (0, "[x]")
    assert money["key"] not in shop("worklist").stdout
    (row,) = [task for task in shop.json("worklist", "--all")["tasks"] if task["key"] == money["key"]]
    assert (row["state"], row["by"]) == ("done", "w-1")
    assert shop.json("worklist")["money"] == []

    export = tmp_path / "list.csv"
    assert shop("worklist", "--all", "--export", str(export)).exit_code == 0
    with export.open(encoding="utf-8", newline="") as file:
        assert [row["key"] for row in csv.DictReader(file)] == [
            task["key"] for task in shop.json("worklist", "--all")["tasks"]
        ]
    assert shop("worklist", "undo", money["key"], "--by", SUPERVISOR).exit_code == 0
    assert [task["key"] for task in shop.json("worklist")["tasks"]] == [task["key"] for task in told["tasks"]]


def test_the_list_speaks_the_language_of_the_station(shop: Dock) -> None:
    shop.config.write_text(shop.config.read_text().replace("number = 7\n", 'number = 7\nlanguage = "zh"\n'))
    assert shop("worklist").stdout == "没有要做的事。\n"


def test_who_ticks_what_another_has_ticked_is_told_so_for_it_may_have_been_done_twice(shop: Dock) -> None:
    (key,) = put(Station(open_engine(shop.database)), refund("1001", 1250))
    first = shop("worklist", "done", key, "--by", BADGE)
    assert (first.exit_code, first.stderr) == (0, "")
    second = shop("worklist", "done", key, "--by", SUPERVISOR)
    assert (second.exit_code, second.stdout) == (0, first.stdout)
    assert re.fullmatch(
        f"{key} was ticked by w-1 [0-9]+ (s|min) ago already. "
        r"If it was done a second time now, take that back there.\n",
        second.stderr,
    )
    assert shop.json("worklist", "done", key, "--by", SUPERVISOR)["earlier"] == [key]


def test_a_target_that_there_is_not_has_no_empty_list(shop: Dock) -> None:
    assert shop("worklist", "--target", "shop").exit_code == 0
    wrong = shop("worklist", "--target", "shpo")
    assert (wrong.exit_code, wrong.stderr) == (2, "There is no target 'shpo'. Targets are shop.\n")
    put(Station(open_engine(shop.database)), refund("1001", 1250))
    shop.configure("")
    assert "Refund 12.50 GBP" in shop("worklist", "--target", "wms").stdout


def test_nobody_ticks_without_a_badge_that_is_known(shop: Dock) -> None:
    result = shop("worklist", "done", "x", "--by", "RS-B-9999")
    assert result.exit_code == 2
    assert result.stderr == "No valid badge is called 'RS-B-9999'. Scan the badge, or type its code.\n"
    result = shop("worklist", "done", "x", "--by", BADGE)
    assert result.exit_code == 2
    assert result.stderr == "No task is called 'x'. `returns-station worklist --all` shows them all.\n"


# --- the list itself --------------------------------------------------------------------------------------------------


@pytest.fixture
def listed(dock: Dock) -> Station:
    """The station's outbox with a target that is a person."""
    return Station(open_engine(dock.database))


def put(station: Station, *effects: Any) -> list[str]:
    keys = station.put(*effects)
    connector = manual.ManualConnector(Settings("manual:", ""))
    station.drain(connector)
    return keys


def states(station: Station) -> dict[str, str]:
    return {task.key: task.state.value for task in worklist.tasks(station.engine)}


def test_what_is_taken_back_before_it_was_done_is_withdrawn_and_after_it_was_done_is_to_be_undone(
    listed: Station,
) -> None:
    early, late = stock(), stock()
    first, second = put(listed, early, late)
    worklist.tick(listed.engine, [second], "w-1", listed.clock())
    back_first, back_second = put(listed, reversal(early), reversal(late))
    assert states(listed) == {
        first: "withdrawn",
        second: "done",
        back_first: "withdrawn",
        back_second: "open",
    }
    said = {task.key: task.sentence for task in worklist.tasks(listed.engine)}
    assert said[back_second] == f"Take back: {said[second]}"
    with pytest.raises(StationError, match="takes back what nobody has done"):
        worklist.tick(listed.engine, [back_first], "w-1", listed.clock())
    worklist.tick(listed.engine, [first], "w-1", listed.clock())
    assert (states(listed)[first], states(listed)[back_first]) == ("done", "open")
    worklist.tick(listed.engine, [back_first], "w-1", listed.clock())
    with pytest.raises(StationError, match="was taken back by"):
        worklist.untick(listed.engine, [first], "w-1", listed.clock())


def test_ticking_is_all_or_nothing_and_the_first_tick_stays(listed: Station) -> None:
    first, second = put(listed, stock(), refund("1001", 1250))
    with pytest.raises(StationError, match="No task is called 'no'"):
        worklist.tick(listed.engine, [first, "no"], "w-1", listed.clock())
    assert set(states(listed).values()) == {"open"}
    worklist.tick(listed.engine, [first, second], "w-1", listed.clock())
    worklist.tick(listed.engine, [first], "w-3", listed.clock())
    assert {task.by for task in worklist.tasks(listed.engine)} == {"w-1"}


def test_a_task_is_named_by_the_end_of_its_key_where_only_one_ends_so(listed: Station) -> None:
    first, second = put(listed, replace(stock(), key="t-1-00aa"), replace(stock(), key="t-2-00aa"))
    for ending, code in (("00aa", "several"), ("0aa", "unknown"), ("none", "unknown")):
        with pytest.raises(StationError) as caught:
            worklist.tick(listed.engine, [first, ending], "w-1", listed.clock())
        assert caught.value.code == f"worklist.{code}"
    (done,) = worklist.tick(listed.engine, ["1-00aa", first], "w-1", listed.clock())
    assert (done.key, states(listed)) == (first, {first: "done", second: "open"})


def test_money_to_take_back_is_counted_against_money_to_give(listed: Station) -> None:
    paid = refund("1001", 1250)
    (key,) = put(listed, paid)
    worklist.tick(listed.engine, [key], "w-1", listed.clock())
    put(listed, reversal(paid), refund("YEN", 1250, currency="JPY"), short())
    assert [(one.currency, one.amount) for one in worklist.open_money(listed.engine)] == [
        ("GBP", "-12.50 GBP"),
        ("JPY", "1250 JPY"),
    ]


def test_an_effect_is_one_task_however_often_it_comes_and_its_tick_is_what_is_stated() -> None:
    connector, refs = manual.ManualConnector(Settings("", "")), MemoryReferences()
    here, money = receipt(), refund("1001", 1250)
    assert connector.look_up(money, refs) == NotFound()
    assert connector.deliver(money, refs) == Delivered("worklist", duplicate=False)
    assert connector.deliver(money, refs) == Delivered("worklist", duplicate=True)
    assert connector.look_up(money, refs) == Delivered("worklist", duplicate=True)
    connector.deliver(here, refs)
    refs.put(manual.tick_name(here.key), json.dumps({"done": True, "by": "w-1", "at": "now"}))
    told = connector.statement(Asked("r", None, None, (here, money)), refs)
    assert isinstance(told, tuple)
    assert [(one.kind, one.done) for one in told] == [("receipt", True), ("refund", False)]


def test_the_worklist_and_the_connector_name_a_task_alike() -> None:
    assert (
        manual.task_name(""),
        manual.tick_name(""),
        manual.WORKLIST,
    ) == (worklist._TASK, worklist._TICK, worklist._VALUE)


def test_an_address_behind_the_worklist_is_refused() -> None:
    with pytest.raises(ConnectorError, match="is of no use to the worklist"):
        manual.ManualConnector(Settings("https://a.example", ""))
