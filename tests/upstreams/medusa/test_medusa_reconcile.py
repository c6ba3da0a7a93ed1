"""What a person can do to a return in Medusa's back office beyond tests/upstreams/test_reconcile_upstreams.py: each is found."""

from pathlib import Path
from typing import Any

from tests.reconcile.reconcile_kit import day
from tests.upstreams.medusa.bench import MedusaBench
from tests.upstreams.test_reconcile_upstreams import (
    RECEIPT,
    STOCK,
    Plant,
    found_and_no_other,
    payment_of,
    return_drafted,
    return_of,
)


def received_by_hand(shop: Any, number: str) -> None:
    """Everything that the return awaits is taken in by hand, before the station has said anything of it."""
    _taken(shop, return_of(shop, number), ("receive", None))


def dismissed_by_hand(shop: Any, number: str) -> None:
    _taken(shop, return_of(shop, number), ("dismiss", None))


def received_in_part(shop: Any, number: str) -> None:
    _taken(shop, return_of(shop, number), ("receive", 1))


def some_of_each(shop: Any, number: str) -> None:
    """One piece is taken in, one dismissed."""
    _taken(shop, return_of(shop, number), ("receive", 1), ("dismiss", 1))


def cancelled_and_made_anew(shop: Any, number: str) -> None:
    """The return is cancelled and another with its number is begun: nothing was received by it."""
    own = return_of(shop, number)
    shop.post(f"/admin/returns/{own['id']}/cancel")
    body = {"order_id": own["order_id"], "location_id": own["location_id"], "metadata": {"rma": number}}
    shop.post("/admin/returns", body)


def drafted(shop: Any, number: str) -> None:
    return_drafted(shop, number)


def refunded_to_the_end(shop: Any, number: str) -> None:
    """All that was left of the payment is given back, with a word of somebody's own."""
    payment = payment_of(shop, number)
    left = round(payment["amount"] - sum(one["amount"] for one in payment["refunds"]), 2)
    shop.post(f"/admin/payments/{payment['id']}/refund", {"amount": left, "note": "goodwill"})


def _taken(shop: Any, own: dict[str, Any], *acts: tuple[str, int | None]) -> None:
    at = f"/admin/returns/{own['id']}"
    (item,) = own["items"]
    shop.post(f"{at}/receive")
    for how, quantity in acts:
        items = [{"id": item["item_id"], "quantity": quantity or item["quantity"]}]
        shop.post(f"{at}/{how}-items", {"items": items})
    shop.post(f"{at}/receive/confirm")


BY_HAND: list[tuple[str, str | None, Plant]] = [
    ("return.extra", None, drafted),
    ("receipt.missing return.extra", RECEIPT, cancelled_and_made_anew),
    ("refund.extra", STOCK, refunded_to_the_end),
    ("movement.extra", RECEIPT, received_by_hand),
    ("movement.extra", RECEIPT, dismissed_by_hand),
    ("movement.extra", RECEIPT, received_in_part),
    ("movement.extra movement.extra", RECEIPT, some_of_each),
]


def test_what_is_done_by_hand_in_medusas_back_office_is_found_and_no_other(
    medusa: Any, tmp_path: Path
) -> None:
    with day(MedusaBench(medusa), tmp_path) as today:
        today.work(1)
        assert today.reconciled().clean
        found_and_no_other(today, BY_HAND, medusa.shop)
