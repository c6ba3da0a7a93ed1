"""A real Tryton as a bench of the contract suite: every case is a return of seven pieces, two places, 30.45 back."""

from collections import Counter
from decimal import Decimal
from itertools import count

from returns_station.connectors.api import Settings
from returns_station.testing.contract import Bench, Case, Counted
from returns_station.testing.contract_effects import Parcel, Piece
from tests.upstreams.tryton.server import BENCH_ORDERS, TrytonServer

REFUND = 4 * 425 + 2 * 425 + 495
_MOVED = ("product.code", "quantity", "state", "to_location.code")


class TrytonBench(Bench):
    """Orders are taken in turn: a hundred pieces last for more returns than any test makes."""

    connector = "tryton"
    patience_s = 2.0

    def __init__(self, tryton: TrytonServer) -> None:
        self.tryton = tryton
        self.url = tryton.url
        self._numbers = count(1)

    def settings(self, url: str) -> Settings:
        options = {"company": str(self.tryton.seed["company"]), "blind_party": "BLIND"}
        return Settings(url, "", token=self.tryton.token, options=options, merchant="online-retail")

    def fresh(self) -> Case:
        number = next(self._numbers)
        order = f"BENCH-{1 + number % BENCH_ORDERS}"
        lines = self.tryton.seed["orders"][order]["lines"]
        mug, tin = str(lines["1"]), str(lines["2"])
        pieces = [
            Piece(mug, "22960", 4, location="RESTOCK-1"),
            Piece(mug, "22960", 2, "scrap", "SCRAP-1", "grade_d"),
            Piece(tin, "22913", 1, "quarantine", "QUARANTINE-1"),
        ]
        parcel = Parcel(
            order, f"RMA-B{number}-{pieces[0].unit_id[:8]}", "GBP", pieces, REFUND, merchant="online-retail"
        )
        units = {("22960", "RESTOCK-1"): 4, ("22960", "SCRAP-1"): 2, ("22913", "QUARANTINE-1"): 1}
        return Case(
            parcel.return_id,
            parcel.effects(),
            Counted(returns=1, receipts=1, units=units, refunds=1, refunded_minor=REFUND),
            lambda quantity: parcel.late(
                [Piece(mug, "22960", quantity, location="RESTOCK-1")], quantity * 425, 10
            ),
        )

    def count(self, case: Case) -> Counted:
        number = case.effects[0].data["return_number"]
        live = ["state", "!=", "cancelled"]
        named = ["reference", "like", f"{number}/%"]
        moved = [f"shipment_returns.inventory_moves.{field}" for field in _MOVED]
        sales = self.tryton.find("sale.sale", [named, live], "shipment_returns.state", *moved)
        shipments = [one for sale in sales for one in sale["shipment_returns"] if one["state"] != "cancelled"]
        units: Counter[tuple[str, str]] = Counter()
        for move in (move for one in shipments for move in one["inventory_moves"] if move["state"] == "done"):
            units[move["product"]["code"], move["to_location"]["code"]] += int(move["quantity"])
        notes = self.tryton.find("account.invoice", [named, live], "state", "total_amount")
        posted = [note for note in notes if note["state"] in ("posted", "paid")]
        sums = sum(-int(Decimal(note["total_amount"]["decimal"]) * 100) for note in posted)
        return Counted(len(sales), len(shipments), units, len(notes), sums)
