"""A clean day on a real Tryton and a real Medusa has no difference; what is planted there by their own APIs is found.

Every plant is what a person can do there: in Tryton's client, in Medusa's back office.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from returns_station.connectors.api import Outgoing
from returns_station.testing.contract import Case
from tests.reconcile.reconcile_kit import Day, day, number_of
from tests.upstreams.medusa.bench import MedusaBench
from tests.upstreams.tryton.bench import TrytonBench

Plant = Callable[[Any, str], object]
"""Changes one return in an upstream, given its number."""


def until(case: Case, last: str) -> tuple[list[Outgoing], list[Outgoing]]:
    """The effects up to the last one of a type, and those after it."""
    end = max(at for at, effect in enumerate(case.effects) if effect.type == last) + 1
    return list(case.effects[:end]), list(case.effects[end:])


def worked(today: Day, last: str | None, plant: Plant, upstream: Any) -> str:
    """A return delivered up to a type of effect (None: to its end), with a difference planted in it; its number."""
    case = today.bench.fresh()
    first, _ = until(case, last) if last else (list(case.effects), [])
    today.deliver(*first)
    plant(upstream, number_of(case))
    return number_of(case)


def found_and_no_other(today: Day, planted: list[tuple[str, str | None, Plant]], upstream: Any) -> None:
    """Every plant is found on its own return by its codes, and nothing else on any."""
    expected = [
        (number, code)
        for codes, last, plant in planted
        for number in [worked(today, last, plant, upstream)]
        for code in codes.split()
    ]
    report = today.reconciled()
    assert not report.unanswered
    assert sorted((one.return_number, one.code) for one in report.differences) == sorted(expected)
    assert all(one.reference or one.theirs == "nothing" or one.theirs == "0" for one in report.differences)


# --- Tryton -----------------------------------------------------------------------------------------------------------


@contextmanager
def invoices_may_be_cancelled(tryton: Any) -> Iterator[None]:
    """The company's setting "cancel customer invoice", which an administrator ticks; the station's user may not."""
    _tick(tryton, True)
    try:
        yield
    finally:
        _tick(tryton, False)


def _tick(tryton: Any, on: bool) -> None:
    with closing(sqlite3.connect(tryton.database, timeout=30)) as settings, settings:
        settings.execute("UPDATE company_company SET cancel_invoice_out = ?", (on,))


def note_of(tryton: Any, number: str) -> dict[str, Any]:
    """The credit note of a return."""
    named = [["reference", "like", f"{number}/%"], ["type", "=", "out"]]
    (note,) = tryton.find("account.invoice", named, "reference", "lines", "state")
    found: dict[str, Any] = note
    return found


def sale_of(tryton: Any, number: str) -> dict[str, Any]:
    """The return sale of a return."""
    (sale,) = tryton.find(
        "sale.sale", [["reference", "like", f"{number}/%"]], "reference", "lines.product.code"
    )
    found: dict[str, Any] = sale
    return found


def press(tryton: Any, model: str, id_: int, button: str) -> None:
    """A person presses it, and says yes to what Tryton warns of."""
    tryton.ask("POST", f"model/{model}/{id_}/{button}", {}, context={"_skip_warnings": True})


def credited_twice(tryton: Any, number: str) -> None:
    note = note_of(tryton, number)
    copy = _first(
        tryton.ask(
            "POST", f"model/account.invoice/{note['id']}/copy", {"default": {"reference": note["reference"]}}
        )
    )
    press(tryton, "account.invoice", copy, "post")


def credited_again_as_a_draft(tryton: Any, number: str) -> None:
    note = note_of(tryton, number)
    tryton.ask(
        "POST", f"model/account.invoice/{note['id']}/copy", {"default": {"reference": f"{number}/by hand"}}
    )


def credit_cancelled(tryton: Any, number: str) -> None:
    press(tryton, "account.invoice", note_of(tryton, number)["id"], "cancel")
    assert note_of(tryton, number)["state"] == "cancelled"


def _replaced(tryton: Any, number: str) -> int:
    """The credit note cancelled and made again as a draft; its id."""
    note = note_of(tryton, number)
    default = {"default": {"reference": note["reference"]}}
    copy = _first(tryton.ask("POST", f"model/account.invoice/{note['id']}/copy", default))
    press(tryton, "account.invoice", note["id"], "cancel")
    return copy


def credit_made_again_unposted(tryton: Any, number: str) -> None:
    _replaced(tryton, number)


def credit_changed(tryton: Any, number: str) -> None:
    copy = _replaced(tryton, number)
    (line, *_) = tryton.find("account.invoice.line", [["invoice", "=", copy]], "unit_price")
    price = {"__class__": "Decimal", "decimal": str(Decimal(line["unit_price"]["decimal"]) + 1)}
    tryton.ask("PUT", f"model/account.invoice.line/{line['id']}", {"unit_price": price})
    press(tryton, "account.invoice", copy, "post")


def sale_added(tryton: Any, number: str) -> None:
    sale = sale_of(tryton, number)
    default = {"reference": sale["reference"], "lines": None}
    tryton.ask("POST", f"model/sale.sale/{sale['id']}/copy", {"default": default})


def sale_cancelled(tryton: Any, number: str) -> None:
    press(tryton, "sale.sale", sale_of(tryton, number)["id"], "cancel")


def line_taken_away(tryton: Any, number: str) -> None:
    tryton.ask("DELETE", f"model/sale.line/{sale_of(tryton, number)['lines'][0]['id']}")


def quantity_changed(tryton: Any, number: str) -> None:
    line = sale_of(tryton, number)["lines"][0]["id"]
    tryton.ask("PUT", f"model/sale.line/{line}", {"quantity": -5})


def article_changed(tryton: Any, number: str) -> None:
    (other,) = tryton.find("product.product", [["code", "=", "22720"]], "code")
    tryton.ask(
        "PUT", f"model/sale.line/{sale_of(tryton, number)['lines'][0]['id']}", {"product": other["id"]}
    )


def line_added(tryton: Any, number: str) -> None:
    line = sale_of(tryton, number)["lines"][0]["id"]
    tryton.ask("POST", f"model/sale.line/{line}/copy", {"default": {"note": "by hand", "quantity": -1}})


BACK = "stock.shipment.out.return"
PLACES = {4: "RESTOCK-1", 2: "SCRAP-1", 1: "QUARANTINE-1"}
"""Where the units of a return go, by how many they are."""


def put_elsewhere(tryton: Any, number: str) -> None:
    """Somebody finishes the return there by hand and puts what is scrap with what is to be sold."""
    shipment = _coming(tryton, number)
    press(tryton, BACK, shipment, "receive")
    _put_away(tryton, shipment, {**PLACES, 2: "RESTOCK-2"})


def received_fewer(tryton: Any, number: str) -> None:
    """Of four pieces three came in: the move was changed before it was done."""
    shipment = _coming(tryton, number)
    tryton.ask("PUT", f"model/stock.move/{_move(tryton, shipment, 4)}", {"quantity": 3})
    press(tryton, BACK, shipment, "receive")
    _put_away(tryton, shipment, {**PLACES, 3: "RESTOCK-1"})


def move_deleted(tryton: Any, number: str) -> None:
    """The move of one unit was deleted, the others came in."""
    shipment = _coming(tryton, number)
    tryton.ask("DELETE", f"model/stock.move/{_move(tryton, shipment, 1)}")
    press(tryton, BACK, shipment, "receive")
    _put_away(tryton, shipment, PLACES)


def left_at_the_entry(tryton: Any, number: str) -> None:
    """One unit came in and was never put away: that move was deleted."""
    shipment = _coming(tryton, number)
    press(tryton, BACK, shipment, "receive")
    tryton.ask("DELETE", f"model/stock.move/{_move(tryton, shipment, 2)}")
    _put_away(tryton, shipment, PLACES)


def done_alone(tryton: Any, number: str) -> None:
    """Beside the shipment that is to come a move of the same sale line was made and done alone."""
    move = _move(tryton, _coming(tryton, number), 4)
    copy = tryton.ask("POST", f"model/stock.move/{move}/copy", {"default": {"shipment": None}})
    press(tryton, "stock.move", _first(copy), "do")


def move_added(tryton: Any, number: str) -> None:
    """A piece more than the lines say was taken in with the others."""
    shipment = _coming(tryton, number)
    press(tryton, BACK, shipment, "receive")
    move, place = _move(tryton, shipment, 1), _place(tryton, "RESTOCK-2")
    default = {"origin": None, "quantity": 5, "to_location": place}
    tryton.ask("POST", f"model/stock.move/{move}/copy", {"default": default})
    _put_away(tryton, shipment, {**PLACES, 5: "RESTOCK-2"})


def _coming(tryton: Any, number: str) -> int:
    """The return's shipment, on its way; its id."""
    sale = sale_of(tryton, number)["id"]
    for state, button in (("draft", "quote"), ("quotation", "confirm"), ("confirmed", "process")):
        (now,) = tryton.find("sale.sale", [["id", "=", sale]], "state")
        if now["state"] == state:
            press(tryton, "sale.sale", sale, button)
    (done,) = tryton.find("sale.sale", [["id", "=", sale]], "shipment_returns")
    (shipment,) = done["shipment_returns"]
    return _id(shipment)


def _move(tryton: Any, shipment: int, count: int) -> int:
    """The move of so many pieces in a shipment that is not done yet."""
    own = [["shipment", "=", f"{BACK},{shipment}"], ["state", "=", "draft"], ["quantity", "=", count]]
    (move,) = tryton.find("stock.move", own)
    return _id(move)


def _place(tryton: Any, code: str) -> int:
    (place,) = tryton.find("stock.location", [["code", "=", code]])
    return _id(place)


def _put_away(tryton: Any, shipment: int, places: dict[int, str]) -> None:
    """Everything that stands at the entry goes to its place, as many as they are, and the shipment is done."""
    own = [["shipment", "=", f"{BACK},{shipment}"], ["state", "=", "draft"]]
    for move in tryton.find("stock.move", own, "quantity"):
        place = _place(tryton, places[int(move["quantity"])])
        tryton.ask("PUT", f"model/stock.move/{move['id']}", {"to_location": place})
    press(tryton, BACK, shipment, "do")


def _first(answer: Any) -> int:
    return _id(answer[0] if isinstance(answer, list) else answer)


def _id(value: Any) -> int:
    return int(value["id"] if isinstance(value, dict) else value)


STOCK, RECEIPT = "returns.stock", "returns.receipt"
IN_TRYTON: list[tuple[str, str | None, Plant]] = [
    ("refund.missing", None, credit_cancelled),
    ("refund.extra", None, credited_twice),
    ("refund.extra", None, credited_again_as_a_draft),
    ("refund.amount", None, credit_changed),
    ("refund.unfinished", None, credit_made_again_unposted),
    ("return.extra", None, sale_added),
    ("receipt.missing", RECEIPT, sale_cancelled),
    ("unit.missing", STOCK, line_taken_away),
    ("unit.quantity", STOCK, quantity_changed),
    ("unit.sku", STOCK, article_changed),
    ("movement.extra", STOCK, line_added),
    ("unit.place", STOCK, put_elsewhere),
]
MOVED_IN_TRYTON: list[tuple[str, str | None, Plant]] = [
    ("unit.quantity", STOCK, received_fewer),
    ("unit.missing", STOCK, move_deleted),
    ("unit.place", STOCK, left_at_the_entry),
    ("movement.extra", STOCK, move_added),
    ("unit.place", STOCK, done_alone),
]


def test_a_clean_day_on_tryton_has_no_difference_and_twelve_planted_ones_are_found_and_no_other(
    tryton: Any, tmp_path: Path
) -> None:
    tryton.reset()
    with invoices_may_be_cancelled(tryton), day(TrytonBench(tryton), tmp_path) as today:
        today.work(3)
        assert today.reconciled().clean
        found_and_no_other(today, IN_TRYTON, tryton)


def test_a_move_on_tryton_that_was_changed_deleted_added_or_done_alone_is_found_and_no_other(
    tryton: Any, tmp_path: Path
) -> None:
    tryton.reset()
    with day(TrytonBench(tryton), tmp_path) as today:
        today.work(1)
        assert today.reconciled().clean
        found_and_no_other(today, MOVED_IN_TRYTON, tryton)


# --- Medusa -----------------------------------------------------------------------------------------------------------


def return_of(shop: Any, number: str) -> dict[str, Any]:
    """The return of a number."""
    returns = shop.get("/admin/returns?limit=500&fields=*items")["returns"]
    (one,) = [one for one in returns if (one["metadata"] or {}).get("rma") == number]
    found: dict[str, Any] = one
    return found


def payment_of(shop: Any, number: str) -> dict[str, Any]:
    """The payment of a return's order."""
    fields = "*payment_collections.payments,*payment_collections.payments.refunds"
    order = shop.get(f"/admin/orders/{return_of(shop, number)['order_id']}?fields={fields}")["order"]
    found: dict[str, Any] = order["payment_collections"][0]["payments"][0]
    return found


def refunded_again(shop: Any, number: str) -> None:
    payment = payment_of(shop, number)
    note = payment["refunds"][0]["note"]
    shop.post(f"/admin/payments/{payment['id']}/refund", {"amount": 0.5, "note": note})


def refunded_by_hand(shop: Any, number: str) -> None:
    shop.post(f"/admin/payments/{payment_of(shop, number)['id']}/refund", {"amount": 1})


def return_drafted(shop: Any, number: str) -> str:
    """A second return with our number, begun and not requested; its id."""
    own = return_of(shop, number)
    body = {"order_id": own["order_id"], "location_id": own["location_id"], "metadata": {"rma": number}}
    return str(shop.post("/admin/returns", body)["return"]["id"])


def return_requested(shop: Any, number: str) -> str:
    """A second return with our number that awaits a piece more; its path."""
    line = return_of(shop, number)["items"][0]["item_id"]
    at = f"/admin/returns/{return_drafted(shop, number)}"
    shop.post(f"{at}/request-items", {"items": [{"id": line, "quantity": 1}]})
    shop.post(f"{at}/request")
    return at


def received_too_many(shop: Any, number: str) -> None:
    _taken(shop, number, "receive")


def dismissed_too_many(shop: Any, number: str) -> None:
    _taken(shop, number, "dismiss")


def _taken(shop: Any, number: str, how: str) -> None:
    line = return_of(shop, number)["items"][0]["item_id"]
    at = return_requested(shop, number)
    shop.post(f"{at}/receive")
    shop.post(f"{at}/{how}-items", {"items": [{"id": line, "quantity": 1}]})
    shop.post(f"{at}/receive/confirm")


def return_cancelled(shop: Any, number: str) -> None:
    shop.post(f"/admin/returns/{return_of(shop, number)['id']}/cancel")


IN_MEDUSA: list[tuple[str, str | None, Plant]] = [
    ("refund.extra", None, refunded_again),
    ("refund.extra", None, refunded_by_hand),
    ("return.extra", None, return_requested),
    ("return.extra movement.extra", None, received_too_many),
    ("return.extra movement.extra", None, dismissed_too_many),
    ("receipt.missing", RECEIPT, return_cancelled),
]


def test_a_clean_day_on_medusa_has_no_difference_and_planted_ones_are_found_and_no_other(
    medusa: Any, tmp_path: Path
) -> None:
    with day(MedusaBench(medusa), tmp_path) as today:
        today.work(2)
        assert today.reconciled().clean
        found_and_no_other(today, IN_MEDUSA, medusa.shop)
