"""A database to measure on: parcels that are announced, and a history of finished returns of any length behind them."""

import json
import random
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert

from returns_station.domain.policy import parse
from returns_station.replies import reply
from returns_station.store import tables as t
from returns_station.store.engine import open_engine
from returns_station.store.migrate import migrate
from returns_station.store.unit_of_work import StationUnitOfWork
from returns_station.workflow.drive import Outcome, drive
from returns_station.workflow.ports import Input, Rules
from returns_station.workflow.state import State

BADGE: Final = "RS-B-1001"
BIN: Final = "BIN-1"
GTIN: Final = "4006381333931"
MONDAY: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROUTES: Final = {"*": ("wms",)}

_FIXED: Final[tuple[tuple[type[Any], dict[str, Any]], ...]] = (
    (t.Merchant, {"id": "candles", "name": "Candles by Mail", "currency": "GBP"}),
    (t.Site, {"id": "leeds", "name": "Leeds", "zone": "Europe/London", "cut_over": "00:00"}),
    (t.Worker, {"id": "w-1", "role": "worker", "site": "leeds", "active": True}),
    (t.Badge, {"code": BADGE, "worker_id": "w-1"}),
    (t.Location, {"code": BIN, "site": "leeds", "kind": "bin", "purposes": '["restock"]'}),
    (t.Product, {"id": "duck", "merchant": "candles", "source": "csv", "sku": "85123A", "title": "Rubber duck, admiral",
                 "type": "default", "serial_tracked": False, "lot_tracked": False, "expiry_tracked": False,
                 "components": "[]"}),
)  # fmt: skip
_NAMES: Final = (
    (BADGE, "badge", BADGE),
    (BIN, "location", BIN),
    (GTIN.zfill(14), "gtin", "duck"),
    ("85123A", "sku", "duck"),
)


def announced(path: Path, returns: int) -> Engine:
    """A new database in which `returns` one-unit returns are announced, RMA-0 onwards, and nothing has arrived."""
    migrate(path)
    engine = open_engine(path)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for model, values in _FIXED:
            connection.execute(insert(t.table(model)), values)
        for value, kind, ref in _NAMES:
            _name(connection, value, kind, ref)
        for number in range(returns):
            _announce(connection, number)
        connection.exec_driver_sql("COMMIT")
    return engine


def _name(connection: Connection, value: str, kind: str, ref: str) -> None:
    connection.execute(
        insert(t.table(t.Scannable)),
        {"value": value, "kind": kind, "ref": ref, "merchant": "candles", "factor": 1},
    )


def _announce(connection: Connection, number: int) -> None:
    order, rma = f"o-{number}", f"a-{number}"
    shared = {"merchant": "candles"}
    rows: tuple[tuple[type[Any], dict[str, Any]], ...] = (
        (t.SalesOrder, {"id": order, "source": "csv", "number": f"SO-{number}", "currency": "GBP", "shipping_minor": 390,
                        "prices_include_tax": True}),
        (t.OrderLine, {"id": f"{order}/1", "order_id": order, "line_id": "1", "product_id": "duck", "sku": "85123A",
                       "title": "Rubber duck, admiral", "quantity": 1, "unit_price_minor": 255, "discount_minor": 0,
                       "tax_minor": 0, "returned_before": 0}),
        (t.Payment, {"id": f"p-{number}", "order_id": order, "reference": f"PAY-{number}", "captured_minor": 645,
                     "refunded_minor": 0}),
        (t.Authorization, {"id": rma, "site": "", "source": "csv", "number": f"RMA-{number}", "return_type": "rma",
                           "order_id": order, "order_number": f"SO-{number}", "timing": "after_inspection",
                           "means": "refund", "shorted": False}),
        (t.ReturnLine, {"id": f"{rma}/1", "authorization_id": rma, "order_line_id": f"{order}/1", "product_id": "duck",
                        "sku": "85123A", "expected": 1, "short": 0, "reason": "unwanted"}),
    )  # fmt: skip
    for model, values in rows:
        connection.execute(insert(t.table(model)), shared | values)
    _name(connection, f"RMA-{number}", "rma", rma)
    _name(connection, f"SO-{number}", "order", order)


class Dock:
    """A station on a database, seeded: the same inputs write the same rows, whatever the machine's clock says."""

    def __init__(self, engine: Engine) -> None:
        text = files("returns_station").joinpath("policy.toml").read_text("utf-8")
        self.engine = engine
        self.rules = Rules("01", 1, "leeds", "candles", parse(text), ROUTES)
        self.now = MONDAY
        self.state = State()
        self.uow = StationUnitOfWork(
            engine, self.rules, lambda: self.now, lambda n: random.Random(f"bench/{n}")
        )

    def scan(self, text: str) -> Outcome:
        """One scan through the session and its transaction; RuntimeError when it is not taken."""
        given = Input(text.encode(), "gun")
        outcome = drive(
            self.uow,
            self.state,
            given,
            self.now,
            self.rules,
            lambda n, state, step: json.dumps(reply(given.key, n, state, step), ensure_ascii=False),
        )
        if outcome.step is None or outcome.step.signal != "accepted":
            raise RuntimeError(f"{text!r} was not taken: {outcome.reply}")
        self.state = outcome.state
        self.now += timedelta(seconds=1)
        return outcome

    def next_scan(self, number: int, step: int) -> str:
        """What is scanned at this step of return `number`: RMA, goods, sealed, the unit's label, the bin."""
        if step == 3:
            assert self.state.unit is not None
            return str(self.state.unit.lpn)
        return (f"RMA-{number}", GTIN, "RS-SEALED", "", BIN)[step]

    def close(self) -> None:
        """Gives the database back."""
        self.uow.close()
        self.engine.dispose()


SCANS: Final = 5
