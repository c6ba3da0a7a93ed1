"""The contract suite on the example: what its author writes, and nothing of the project's own tests."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from returns_station.connectors.api import Settings
from returns_station.testing.contract import Bench, Case, ConnectorContract, Counted
from returns_station.testing.contract_effects import Parcel, Piece
from returns_station.testing.upstream.process import TEST_SECRET, Upstream

CASES = 40


class ExampleBench(Bench):
    """A WMS that stands: the reference upstream, with one order for each case."""

    connector = "example"
    patience_s = 0.3

    def __init__(self, upstream: Upstream) -> None:
        self.upstream, self.url, self.numbers = upstream, upstream.url, count(1)

    def settings(self, url: str) -> Settings:
        return Settings(url=url, secret=TEST_SECRET)

    def fresh(self) -> Case:
        number = next(self.numbers)
        pieces = [Piece("1", "CANDLE", 2), Piece("1", "CANDLE", 1, "scrap", "SCRAP-1")]
        parcel = Parcel(f"O-{number}", f"R-{number}", "EUR", pieces, 600, "P1")
        units = {("CANDLE", "A-01-1"): 2, ("CANDLE", "SCRAP-1"): 1}
        expected = Counted(1, 1, units, 1, 600)
        return Case(
            parcel.return_id,
            parcel.effects(),
            expected,
            lambda more: parcel.late([Piece("1", "CANDLE", more)], more, 9),
        )

    def count(self, case: Case) -> Counted:
        units: Counter[tuple[str, str]] = Counter()
        for row in self.upstream.movements(return_id=case.return_id):
            units[str(row["sku"]), str(row["location"])] += int(str(row["quantity"]))
        refunds = [int(str(row["amount_minor"])) for row in self.upstream.refunds(return_id=case.return_id)]
        receipts = self.upstream.receipts(return_id=case.return_id)
        return Counted(min(1, len(receipts)), len(receipts), units, len(refunds), sum(refunds))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    seed = tmp_path_factory.mktemp("seed")
    line = {"line_id": "1", "sku": "CANDLE", "quantity": 3, "unit_price": "2.00"}
    paid = {"reference": "P1", "captured": "6.00", "refunded": "0.00"}
    orders = [
        {"merchant": "main", "number": f"O-{n}", "currency": "EUR", "lines": [line], "payments": [paid]}
        for n in range(1, CASES + 1)
    ]
    (seed / "orders.jsonl").write_text("".join(json.dumps(order) + "\n" for order in orders))
    with Upstream(Path(tmp_path_factory.mktemp("wms")), seed_dir=seed) as upstream:
        yield ExampleBench(upstream)


class TestExample(ConnectorContract):
    """All laws, as they are shipped."""
