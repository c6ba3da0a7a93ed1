"""99 pieces come back of 3 that were sold: what came is recorded; money and restock wait for a person."""

import json
from dataclasses import replace

import pytest

from returns_station.domain.policy import Policy
from tests.workflow.kit import DUCK, Dock

TRUSTING = "trusting"


def trusting(policy: Policy) -> Policy:
    """A merchant's policy that says nothing of what was not expected: everything sealed goes back to stock and is paid."""
    own = tuple(rule for rule in policy.dispositions if "identity" not in rule.when)
    paid = tuple(rule for rule in policy.refunds if "identity" not in rule.when)
    return replace(policy, version=TRUSTING, dispositions=own, refunds=paid)


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
