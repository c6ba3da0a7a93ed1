"""The reference upstream as a bench of the contract suite: for the HTTP connector and for one of another package."""

import json
from collections import Counter
from itertools import count
from pathlib import Path

from returns_station.connectors.api import Settings
from returns_station.testing.contract import Bench, Case, Counted
from returns_station.testing.contract_effects import Parcel, Piece
from returns_station.testing.upstream.process import TEST_SECRET, Upstream

ORDERS = 120
MERCHANT, SITE = "candles", "leeds"
PAID, REFUNDED = "15.00", 1275


class ReferenceBench(Bench):
    """Every case is a return of an order of its own: six candles to the shelf, one to scrap, and 12.75 back."""

    patience_s = 0.3

    def __init__(self, upstream: Upstream, connector: str = "http", first: int = 1) -> None:
        self.upstream = upstream
        self.url = upstream.url
        self.connector = connector
        self._numbers = count(first)

    def settings(self, url: str) -> Settings:
        return Settings(url=url, secret=TEST_SECRET, merchant=MERCHANT, site=SITE)

    def fresh(self) -> Case:
        number = next(self._numbers)
        assert number <= ORDERS, "There are more cases than orders: seed more."
        pieces = [Piece("1", "85123A", 6), Piece("1", "85123A", 1, "scrap", "SCRAP-1", "grade_d")]
        parcel = Parcel(f"{700000 + number}", f"RMA-{number}", "GBP", pieces, REFUNDED, "P1", MERCHANT, SITE)
        units = {("85123A", "A-01-1"): 6, ("85123A", "SCRAP-1"): 1}
        return Case(
            parcel.return_id,
            parcel.effects(),
            Counted(returns=1, receipts=1, units=units, refunds=1, refunded_minor=REFUNDED),
            lambda quantity: parcel.late([Piece("1", "85123A", quantity)], quantity * 255, 10),
        )

    def count(self, case: Case) -> Counted:
        about = {"return_id": case.return_id}
        units: Counter[tuple[str, str]] = Counter()
        for row in self.upstream.movements(**about):
            quantity = row["quantity"]
            assert isinstance(quantity, int)
            units[str(row["sku"]), str(row["location"])] += quantity
        refunds = [int(str(row["amount_minor"])) for row in self.upstream.refunds(**about)]
        receipts = self.upstream.receipts(**about)
        returns = {row["return_id"] for row in receipts}
        return Counted(len(returns), len(receipts), units, len(refunds), sum(refunds))


def write_seed(folder: Path) -> Path:
    """One row or more of every feed, and an order of seven candles for every case."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict[str, object]]] = {
        "products": [{"merchant": MERCHANT, "sku": "85123A", "title": "WHITE HANGING HEART"}],
        "customers": [{"merchant": MERCHANT, "number": "17850", "name": "Customer 1"}],
        "locations": [{"merchant": MERCHANT, "code": "A-01-1", "kind": "bin", "purposes": ["restock"]}],
        "orders": [_order(number) for number in range(1, ORDERS + 1)],
        "authorizations": [
            {
                "merchant": MERCHANT,
                "number": f"RMA-{number}",
                "order": f"{700000 + number}",
                "lines": [_awaited()],
            }
            for number in range(1, ORDERS + 1)
        ],
    }
    for feed, items in rows.items():
        lines = "".join(json.dumps(item) + "\n" for item in items)
        (folder / f"{feed}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def _order(number: int) -> dict[str, object]:
    line = {"line_id": "1", "sku": "85123A", "quantity": 7, "unit_price": "2.55"}
    return {
        "merchant": MERCHANT,
        "number": f"{700000 + number}",
        "currency": "GBP",
        "lines": [line],
        "payments": [{"reference": "P1", "captured": PAID, "refunded": "0.00"}],
    }


def _awaited() -> dict[str, object]:
    return {"sku": "85123A", "line_id": "1", "expected": 7, "reason": "unwanted"}
