"""Medusa as a bench of the contract suite and of the kills: every case is a return of an order of its own."""

from collections import Counter
from decimal import Decimal
from itertools import count
from typing import Any

from returns_station.connectors.api import Settings
from returns_station.testing.contract import Bench, Case, Counted
from returns_station.testing.contract_effects import Parcel, Piece
from tests.upstreams.medusa.seed import Seller
from tests.upstreams.medusa.server import MedusaServer
from tests.upstreams.medusa.shop import Json

TOKEN_ENV = "RETURNS_STATION_MEDUSA_KEY"
PRICE_MINOR, SOLD = 4990, 3


class MedusaBench(Bench):
    """Three lamps sold and returned: two to be sold again, one dismissed, and all of their price but a pound back."""

    connector = "medusa"

    def __init__(self, medusa: MedusaServer) -> None:
        self.medusa = medusa
        self.url = medusa.url
        self._numbers = count(1)
        self._orders: dict[str, Json] = {}
        medusa.reset()
        self._spare = list(medusa.seed["orders"][1:])

    def settings(self, url: str) -> Settings:
        seed = self.medusa.seed
        options = {"location": seed["stock_location_name"], "refund_reason": seed["refund_reason_code"]}
        return Settings(url, "", token=seed["secret_key"], token_env=TOKEN_ENV, options=options)

    def order(self) -> Json:
        """An order of three lamps, paid and shipped, that no test has used."""
        if self._spare:
            return dict(self._spare.pop(0))
        seed = self.medusa.seed
        return Seller(self.medusa.shop, seed, seed["variants"]).sell([("LAMP", SOLD, None)])

    def fresh(self) -> Case:
        order = self.order()
        line = order["lines"][0]["id"]
        pieces = [Piece(line, "LAMP", 2), Piece(line, "LAMP", 1, "scrap", "SCRAP-1", "grade_d")]
        refund = SOLD * PRICE_MINOR - 100
        parcel = Parcel(
            order["number"], f"RMA-{next(self._numbers)}", "GBP", pieces, refund, order["payment"]
        )
        self._orders[parcel.return_id] = order
        units = {("LAMP", "sellable"): 2, ("LAMP", "damaged"): 1}
        return Case(
            parcel.return_id,
            parcel.effects(),
            Counted(returns=1, units=units, refunds=1, refunded_minor=refund),
            lambda quantity: parcel.late([Piece(line, "LAMP", quantity)], quantity * PRICE_MINOR, 10),
        )

    def count(self, case: Case) -> Counted:
        order, shop = self._orders[case.return_id], self.medusa.shop
        number = str(case.effects[0].data["return_number"])
        returns = shop.get(f"/admin/returns?order_id={order['id']}&limit=100")["returns"]
        own = [one for one in returns if (one["metadata"] or {}).get("rma") == number]
        found = shop.get(f"/admin/orders/{order['id']}?fields={_FIELDS}")["order"]
        given = [one for payment in payments(found) for one in payment["refunds"]]
        minor = sum(int(Decimal(str(one["amount"])) * 100) for one in given)
        return Counted(returns=len(own), units=come_back(found), refunds=len(given), refunded_minor=minor)


_FIELDS = "id,*items,*items.detail,*payment_collections.payments,*payment_collections.payments.refunds"


def payments(order: Json) -> list[Json]:
    """The payments in an order's answer."""
    return [payment for bill in order["payment_collections"] for payment in bill["payments"]]


def come_back(order: Json) -> Counter[tuple[str, str]]:
    """Pieces of an order by SKU that Medusa received to be sold, or dismissed."""
    units: Counter[tuple[str, str]] = Counter()
    for item in order["items"]:
        detail: dict[str, Any] = item["detail"]
        units[item["variant_sku"], "sellable"] += detail["return_received_quantity"]
        units[item["variant_sku"], "damaged"] += detail["return_dismissed_quantity"]
    return +units
