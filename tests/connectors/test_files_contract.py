"""The files connector holds the contract of all connectors, with a small reader at the other end of the folder."""

import json
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from returns_station.connectors.api import Connector, Settings
from returns_station.testing.contract import Bench, Case, ConnectorContract, Counted
from returns_station.testing.contract_effects import Parcel, Piece
from tests.connectors.drop_kit import Reader, made
from tests.store.imports.test_import_document import SAMPLES

REFUNDED = 1275


class FilesBench(Bench):
    """A shared folder; whenever the station connects, its reader has just taken and acknowledged what stood there."""

    connector = "files"
    url = None

    def __init__(self, folder: Path) -> None:
        self.folder = made(folder)
        self.reader = Reader(folder)
        self._numbers = count(1)
        for name in ("products.csv", "customers.csv", "locations.csv", "orders.csv", "authorizations.csv"):
            (folder / "in" / name).write_text(SAMPLES[name])

    def settings(self, url: str) -> Settings:
        return Settings(self.folder.as_uri(), "", options={"settle_seconds": "0"})

    def connect(self, url: str, **change: Any) -> Connector:
        self.reader.work()
        return super().connect(url, **change)

    def fresh(self) -> Case:
        pieces = [Piece("1", "85123A", 6), Piece("1", "85123A", 1, "scrap", "SCRAP-1", "grade_d")]
        number = next(self._numbers)
        parcel = Parcel(f"{700000 + number}", f"RMA-{number}", "GBP", pieces, REFUNDED, "P1")
        units = {("85123A", "A-01-1"): 6, ("85123A", "SCRAP-1"): 1}
        return Case(parcel.return_id, parcel.effects(), Counted(1, 1, units, 1, REFUNDED))

    def count(self, case: Case) -> Counted:
        files = [*(self.folder / "out").glob("*.jsonl"), *(self.folder / "done").glob("*.jsonl")]
        events = [json.loads(file.read_text()) for file in files]
        of = {
            kind: [e["data"] for e in events if _is(e, kind, case)] for kind in ("receipt", "stock", "refund")
        }
        units: Counter[tuple[str, str]] = Counter()
        for unit in of["stock"]:
            units[unit["sku"], unit["location"]] += unit["quantity"]
        minor = sum(refund["amount_minor"] for refund in of["refund"])
        return Counted(bool(of["receipt"]), len(of["receipt"]), units, len(of["refund"]), minor)


def _is(event: dict[str, Any], kind: str, case: Case) -> bool:
    return bool(event["type"] == f"returns.{kind}" and event["subject"] == case.return_id)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return FilesBench(tmp_path_factory.mktemp("drop"))


class TestFilesConnector(ConnectorContract):
    """The suite as it is shipped."""
