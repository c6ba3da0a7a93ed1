"""99 pieces come back of 3 that were sold: what came is recorded; money and restock wait for a person."""

import json
from dataclasses import replace

import pytest

from returns_station.domain.policy import Policy
from returns_station.store.outbox.desk import why
from tests.workflow.kit import DUCK, DUCK_CASE, Dock
from tests.workflow.test_undo_walk import rebuilt

TRUSTING = "trusting"
MORE = "stock.more_than_sold"


def trusting(policy: Policy) -> Policy:
    """A merchant's policy that says nothing of what was not expected: everything sealed goes back to stock and is paid."""
    own = tuple(rule for rule in policy.dispositions if "identity" not in rule.when)
    paid = tuple(rule for rule in policy.refunds if "identity" not in rule.when)
    return replace(policy, version=TRUSTING, dispositions=own, refunds=paid)


@pytest.fixture
def trustful(dock: Dock) -> Dock:
    """A dock whose policy trusts everything, on a world where 3 of order line 536365/1 (ducks) were sold."""
    dock.do("UPDATE order_line SET quantity = 3 WHERE id = 'o-536365/1'")
    dock.rules = replace(dock.rules, policy=trusting(dock.rules.policy))
    return dock


def work(dock: Dock, *item: str, place: str = "BIN-1") -> None:
    """A sealed unit is worked to its place."""
    for code in (*item, "RS-SEALED", "LPN", place):
        dock.scan(code)


def stock(dock: Dock, type: str = "returns.stock") -> list[tuple[int, str, str | None]]:
    """Pieces, state and reason of each stock movement that stands."""
    rows = dock.rows(
        f"SELECT body, state, problem_code FROM outbox WHERE type = '{type}' AND state != 'withdrawn' ORDER BY rowid"
    )
    return [(json.loads(row["body"])["quantity"], row["state"], row["problem_code"]) for row in rows]


def counted(dock: Dock) -> list[tuple[str, str, str | None]]:
    return [
        (row["type"], row["state"], row["problem_code"])
        for row in dock.rows("SELECT * FROM outbox ORDER BY ordinal")
    ]


@pytest.mark.parametrize("kind", ["shipped", TRUSTING])
def test_of_99_pieces_of_3_sold_the_receipt_goes_and_neither_money_nor_restock(dock: Dock, kind: str) -> None:
    dock.do("UPDATE order_line SET quantity = 3 WHERE id = 'o-536365/1'")
    dock.do("UPDATE return_line SET expected = 3 WHERE authorization_id = 'RMA-2' OR expected = 2")
    if kind == TRUSTING:
        dock.rules = replace(dock.rules, policy=trusting(dock.rules.policy))
    dock.scans("RMA-2", DUCK)
    dock.type("99")
    dock.scans("RS-SEALED", "LPN")
    dock.scan("BIN-1" if kind == TRUSTING else str(dock.state.suggestion))
    if dock.state.parcel is not None:
        dock.scan("RS-DONE")
    units = dock.rows("SELECT quantity, identity FROM return_unit")
    assert units == [{"quantity": 99, "identity": "mismatch_quantity"}]
    told = counted(dock)
    assert told[0] == ("returns.receipt", "local", None)
    for effect, state, _ in told:
        body = json.loads(dock.one(f"SELECT body FROM outbox WHERE type = '{effect}'"))
        if effect == "returns.stock":
            sellable = body["disposition"] in ("return_to_stock", "return_to_stock_resale")
            assert sellable == (kind == TRUSTING)
            assert (state, body["quantity"]) == ("held" if sellable else "local", 99)
        if effect == "returns.refund":
            assert (state, body["amount_minor"]) == ("held", 3 * 255), (
                "No release pays for more than was sold."
            )
    assert ("returns.refund" in {effect for effect, _, _ in told}) == (kind == TRUSTING)
    (unit,) = dock.rows("SELECT acceptance, note FROM return_unit")
    assert unit == {"acceptance": "needs_human", "note": MORE}
    rebuilt(dock)


def test_pieces_scanned_one_by_one_go_to_stock_up_to_what_was_sold_and_no_further(dock: Dock) -> None:
    dock.do("UPDATE order_line SET quantity = 2 WHERE id = 'o-536365/1'")
    dock.rules = replace(dock.rules, policy=trusting(dock.rules.policy))
    dock.scan("RMA-2")
    for _ in range(4):
        if dock.state.parcel is None:
            dock.scan("RMA-2")
        said = dock.scan(DUCK)
        if said.at == "quantity":
            dock.type("1")
        dock.scans("RS-SEALED", "LPN", "BIN-1")
    restocked = dock.rows(
        "SELECT state, json_extract(body, '$.quantity') AS pieces FROM outbox WHERE type = 'returns.stock'"
    )
    assert sum(row["pieces"] for row in restocked if row["state"] == "local") == 2
    assert {row["state"] for row in restocked} == {"local", "held"}


# --- the ceiling is the order line, whatever the policy and the announcement say --------------------------------------


def test_the_worker_is_told_where_the_goods_wait_and_the_held_row_why(trustful: Dock) -> None:
    trustful.scans("RMA-2", DUCK, "99", "RS-SEALED", "LPN")
    lpn = trustful.state.unit.lpn if trustful.state.unit else ""
    answer = trustful.scan("BIN-1")
    assert answer.signal == "hold"
    assert answer.text == (
        f"{lpn} waits in BIN-1 for a person: 99 came back where 3 could. "
        "Until then nothing of it is sold again or paid back."
    )
    held = trustful.one("SELECT id FROM outbox WHERE type = 'returns.stock'")
    assert why(trustful.engine, held).sentence == f"It is not released yet; the reason is {MORE}."
    (unit,) = json.loads(trustful.one("SELECT body FROM outbox WHERE type = 'returns.completed'"))["units"]
    assert (unit["quantity"], unit["held"]) == (99, True)


def test_what_was_sold_on_the_order_but_never_announced_has_the_same_ceiling(trustful: Dock) -> None:
    """RMA-3 expects socks; 99 ducks of the same order are another article, not another quantity."""
    work(trustful, "RMA-3", DUCK, "99")
    assert trustful.one("SELECT identity FROM return_unit") == "mismatch_class"
    assert stock(trustful) == [(99, "held", MORE)]


def test_more_than_was_announced_but_no_more_than_was_sold_goes_as_the_policy_says(trustful: Dock) -> None:
    work(trustful, "RMA-2", DUCK, "3")
    assert trustful.one("SELECT identity FROM return_unit") == "mismatch_quantity"
    assert stock(trustful) == [(3, "local", None)]


def test_where_no_order_line_is_known_more_than_was_announced_waits(trustful: Dock) -> None:
    trustful.do("UPDATE authorization SET order_id = NULL, order_number = NULL WHERE id = 'a-RMA-2'")
    trustful.do("UPDATE return_line SET order_line_id = NULL WHERE authorization_id = 'a-RMA-2'")
    work(trustful, "RMA-2", DUCK, "3")
    assert stock(trustful) == [(3, "held", "stock.needs_human")]


def test_two_returns_and_several_parcels_of_one_order_line_share_its_ceiling(trustful: Dock) -> None:
    work(trustful, "RMA-1", DUCK)
    work(trustful, "RMA-2", DUCK, "1")
    trustful.scan("RS-DONE")
    work(trustful, "RMA-2", DUCK)
    assert {state for _, state, _ in stock(trustful)} == {"local"}
    work(trustful, "RMA-OLD", DUCK)
    assert stock(trustful) == [(1, "local", None)] * 3 + [(1, "held", MORE)]
    rebuilt(trustful)


def test_what_came_back_elsewhere_is_counted_too(trustful: Dock) -> None:
    trustful.do("UPDATE order_line SET returned_before = 2 WHERE id = 'o-536365/1'")
    work(trustful, "RMA-2", DUCK, "2")
    assert stock(trustful) == [(2, "held", MORE)]


def test_a_case_counts_by_its_pieces(dock: Dock) -> None:
    dock.rules = replace(dock.rules, policy=trusting(dock.rules.policy))
    work(dock, "RMA-20", DUCK_CASE)
    work(dock, DUCK_CASE)
    assert stock(dock) == [(12, "local", None), (12, "held", MORE)]


def test_undo_frees_the_ceiling_and_a_unit_set_aside_does_not_use_it_before_it_is_put(trustful: Dock) -> None:
    work(trustful, "RMA-1", DUCK)
    work(trustful, "RMA-2", DUCK, "3")
    assert stock(trustful) == [(1, "local", None), (3, "held", MORE)]
    while trustful.state.unit is None or trustful.state.parcel is None or len(stock(trustful)):
        assert trustful.scan("RS-UNDO").text == "Undone."
    first = trustful.state.unit.lpn
    assert first is not None
    trustful.scans("RS-HOLD", "SHELF-H")
    work(trustful, "RMA-2", DUCK, "3")
    assert stock(trustful) == [(3, "local", None)]
    trustful.scans(first, "BIN-1")
    assert stock(trustful) == [(3, "local", None), (1, "held", MORE)]
    rebuilt(trustful)


def test_a_split_at_the_dock_sends_what_was_sold_to_stock_and_holds_the_rest(trustful: Dock) -> None:
    trustful.scans("RMA-2", DUCK, "99", "RS-SPLIT", "3")
    work(trustful)
    work(trustful)
    assert stock(trustful) == [(3, "local", None), (96, "held", MORE)]
    assert trustful.one("SELECT SUM(quantity) FROM return_unit") == 99
    rebuilt(trustful)


def test_in_a_tote_what_is_within_becomes_available_and_what_is_beyond_waits_for_the_same_reason(
    trustful: Dock,
) -> None:
    trustful.do("UPDATE container SET purposes = '[\"restock\"]' WHERE code = 'TOTE-1'")
    work(trustful, "RMA-2", DUCK, "2", place="TOTE-1")
    work(trustful, "RMA-1", DUCK, place="TOTE-1")
    work(trustful, "RMA-OLD", DUCK, place="TOTE-1")
    trustful.scans("TOTE-1", "ROW-1")
    assert sorted(stock(trustful, "returns.available")) == [
        (1, "held", MORE),
        (1, "local", None),
        (2, "local", None),
    ]
    rebuilt(trustful)
