"""`history`: a customer's trade and earlier returns, for a supervisor's badge alone."""

import json
from pathlib import Path

import pytest

from tests.commands.dock_kit import BADGE, MERCHANT, RMA, Dock, Worked

SUPERVISOR = "RS-B-1003"


@pytest.fixture
def known(worked: Worked, tmp_path: Path) -> tuple[Dock, str, str]:
    """The worked station with a customer's totals from the shop; order and customer of the return that was worked."""
    dock = worked.dock
    query = (
        'select a.order_number, c.number from "authorization" a join sales_order o on o.id = a.order_id '
        f"join customer c on c.id = o.customer_id where a.number = '{RMA}'"
    )
    (row,) = dock.rows(query)
    totals = {"orders": 9, "pieces_bought": 30, "pieces_returned": 20, "spent": "99.90", "currency": "GBP"}
    file = tmp_path / "customers.jsonl"
    file.write_text(
        json.dumps({"merchant": MERCHANT, "number": row["number"], "segment": "trade", **totals}) + "\n"
    )
    assert dock("import", "customers", str(file), "--source", "sample").exit_code == 0
    return dock, row["order_number"], row["number"]


def test_an_order_a_return_or_a_number_names_the_customer_and_his_trade(known: tuple[Dock, str, str]) -> None:
    dock, order, number = known
    by_order, by_return, by_number = (
        dock.json("history", name, "--by", SUPERVISOR) for name in (order, RMA, number)
    )
    assert by_order == by_return == by_number
    (one,) = by_order["customers"]
    assert one["trade"] == {
        "orders": 9,
        "pieces_bought": 30,
        "pieces_returned": 20,
        "spent": "99.90 GBP",
        "returned": None,
        "first_order_at": None,
        "return_share_percent": 66,
    }
    assert (one["number"], one["segment"]) == (number, "trade")


def test_what_came_back_at_this_station_is_there_with_its_grades_and_its_money(
    known: tuple[Dock, str, str],
) -> None:
    dock, order, _ = known
    (one,) = dock.json("history", RMA, "--by", SUPERVISOR)["customers"]
    (earlier,) = one["returns"]
    (paid,) = dock.rows("select sum(amount_minor) as minor from settlement where state = 'released'")
    assert (earlier["number"], earlier["order_number"], earlier["pieces"]) == (RMA, order, 1)
    assert earlier["grades"] == "1 × grade_a"
    assert earlier["refunded"] == f"{paid['minor'] // 100}.{paid['minor'] % 100:02d} GBP"
    said = dock("history", order, "--by", SUPERVISOR).stdout
    assert "share returned   66 %" in said
    assert "given back       not known" in said


def test_nobody_but_a_supervisor_sees_it(known: tuple[Dock, str, str]) -> None:
    dock, order, number = known
    result = dock("history", order, "--by", BADGE)
    assert result.exit_code != 0
    assert (result.stdout, result.stderr) == ("", "This is for supervisors. Use the badge of a supervisor.\n")
    assert number not in dock("history", order, "--by", "RS-B-9999").stdout


def test_a_number_that_nobody_knows_is_said(known: tuple[Dock, str, str]) -> None:
    result = known[0]("history", "no-such", "--by", SUPERVISOR)
    assert result.stderr.startswith("No customer is known of 'no-such'. ")
