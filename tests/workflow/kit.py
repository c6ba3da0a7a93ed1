"""A dock to test on: a real database with a small memorable world, and the real session played through the real transaction."""

import json
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlmodel import SQLModel

from returns_station.domain.policy import Policy, parse
from returns_station.replies import reply
from returns_station.store import tables as t
from returns_station.store.engine import open_engine
from returns_station.store.unit_of_work import StationUnitOfWork
from returns_station.wording import sentence
from returns_station.workflow.drive import Outcome, drive
from returns_station.workflow.ports import Input, InputKind, Rules, Step
from returns_station.workflow.state import State, dump, load

ANNA, BERT, BOSS, GONE = "RS-B-1001", "RS-B-1002", "RS-B-9001", "RS-B-6666"
DUCK, DUCK_CASE, TWIN, ROBOT, CREAM = (
    "4006381333931",
    "14006381333938",
    "9501101530003",
    "9506000134352",
    "9501101020016",
)
RIVAL_GOOSE = "5901234123457"
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


@cache
def policy() -> Policy:
    """The policy that ships."""
    return parse(files("returns_station").joinpath("policy.toml").read_text("utf-8"))


def rules(**routes: tuple[str, ...]) -> Rules:
    """Station 01 of the site "pond", working for the merchant "quack"; every effect goes to the "wms"."""
    return Rules("01", 1, "pond", "quack", policy(), routes or {"*": ("wms",)}, ("zebra", "office"))


@dataclass(frozen=True, slots=True)
class Said:
    """What the station said: signal, sentence, the next question and its step, and the whole Step."""

    signal: str
    text: str
    asked: str
    at: str
    step: Step
    reply: str

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(one.text for one in self.step.prompt.choices) if self.step.prompt else ()


class Dock:
    """A station on its database; `scan` plays one input as a person would."""

    def __init__(self, path: Path, engine: Engine, **routes: tuple[str, ...]) -> None:
        self.path, self.engine, self.rules = path, engine, rules(**routes)
        self.now = MONDAY
        self.state = State()
        self.uow = self._unit_of_work()

    def _unit_of_work(self) -> StationUnitOfWork:
        return StationUnitOfWork(
            self.engine, self.rules, lambda: self.now, lambda n: random.Random(f"pond/{n}")
        )

    def restart(self) -> None:
        """The process ends and starts again: only what is in the database is left."""
        self.uow.close()
        self.uow = self._unit_of_work()
        found = self.rows("SELECT body, v FROM session_state")
        self.state = load(found[0]["body"], found[0]["v"]) if found else State()

    def play(self, given: Input) -> Outcome:
        outcome = drive(
            self.uow,
            self.state,
            given,
            self.now,
            self.rules,
            lambda n, state, step: _rendered(given, n, state, step),
        )
        self.state = outcome.state
        self.now += timedelta(seconds=1)
        return outcome

    def scan(self, code: str | bytes, **more: Any) -> Said:
        """One scan; "LPN" and "PLATE" stand for the codes in hand."""
        raw = code if isinstance(code, bytes) else self._named(code).encode()
        outcome = self.play(Input(raw, "gun", **more))
        assert outcome.step is not None
        return said(outcome)

    def scans(self, *codes: str) -> Said:
        """Several scans, each taken; the last one's answer."""
        found = [self.scan(code) for code in codes]
        return found[-1]

    def type(self, text: str) -> Said:
        """A line typed on the keyboard."""
        return self.scan(text, typed=True)

    def command(self, word: str) -> Said:
        """A command by its word, as a key press gives it."""
        return self.scan(word, kind=InputKind.COMMAND)

    def answer(self, word: str) -> Said:
        """An answer by its word."""
        return self.scan(word, kind=InputKind.ANSWER)

    def _named(self, code: str) -> str:
        if code == "LPN":
            assert self.state.unit is not None
            assert self.state.unit.lpn is not None
            return self.state.unit.lpn
        if code == "PLATE":
            assert self.state.parcel is not None
            return self.state.parcel.plate
        return code

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What a query finds."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.exec_driver_sql(query).mappings()]

    def one(self, query: str) -> Any:
        """The single value a query finds."""
        ((value,),) = (tuple(row.values()) for row in self.rows(query))
        return value

    def do(self, statement: str, *values: Any) -> None:
        """Something another process did to the database."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.exec_driver_sql(statement, values)
            connection.exec_driver_sql("COMMIT")

    def close(self) -> None:
        self.uow.close()
        self.engine.dispose()


def said(outcome: Outcome) -> Said:
    """An outcome as a person perceives it."""
    step = outcome.step
    assert step is not None
    assert step.prompt is not None
    return Said(
        step.signal.value,
        sentence(step.message.code, step.message.params),
        sentence(step.prompt.message.code, step.prompt.message.params),
        str(step.prompt.step),
        step,
        outcome.reply,
    )


def _rendered(given: Input, n: int, state: State, step: Step) -> str:
    assert load(dump(state), state.v) == state
    return json.dumps(reply(given.key, n, state, step), ensure_ascii=False)


# --- the world --------------------------------------------------------------------------------------------------------


class World:
    """Fills the master tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, model: type[SQLModel], **values: Any) -> None:
        self._connection.execute(t.table(model).insert(), values)

    def code(self, value: str, kind: str, ref: str, merchant: str = "quack", factor: int = 1) -> None:
        self.add(t.Scannable, value=value, kind=kind, ref=ref, merchant=merchant, factor=factor)

    def badge(self, code: str, worker: str, role: str = "worker", revoked_at: str | None = None) -> None:
        self.add(t.Worker, id=worker, role=role, site="pond", active=True)
        self.add(t.Badge, code=code, worker_id=worker, revoked_at=revoked_at)
        self.code(code, "badge", code, "")

    def product(
        self,
        id: str,
        title: str,
        type: str = "default",
        gtins: Mapping[str, int] | None = None,
        merchant: str = "quack",
        **more: Any,
    ) -> None:
        facts = {"serial_tracked": False, "lot_tracked": False, "expiry_tracked": False, "components": "[]"}
        sku = id.upper()
        self.add(
            t.Product,
            id=id,
            merchant=merchant,
            source="csv",
            sku=sku,
            title=title,
            type=type,
            **(facts | more),
        )
        self.code(sku, "sku", id, merchant)
        for code, factor in (gtins or {}).items():
            self.code(code.zfill(14), "gtin", id, merchant, factor)

    def order(
        self,
        number: str,
        lines: Mapping[str, tuple[int, int]],
        *,
        paid: int | None = None,
        shipping: int | None = 390,
        merchant: str = "quack",
        **more: Any,
    ) -> None:
        """Lines: product id → (quantity, unit price in minor units)."""
        id = f"o-{number}"
        facts = {"currency": "GBP", "prices_include_tax": True} | more
        self.add(
            t.SalesOrder,
            id=id,
            merchant=merchant,
            source="csv",
            number=number,
            shipping_minor=shipping,
            **facts,
        )
        self.code(number, "order", id, merchant)
        total = sum(quantity * price for quantity, price in lines.values()) + (shipping or 0)
        for n, (product, (quantity, price)) in enumerate(lines.items(), 1):
            self.add(
                t.OrderLine,
                id=f"{id}/{n}",
                order_id=id,
                merchant=merchant,
                line_id=str(n),
                product_id=product,
                sku=product.upper(),
                quantity=quantity,
                unit_price_minor=price,
                discount_minor=0,
                tax_minor=0,
                returned_before=0,
            )
        self.add(
            t.Payment,
            id=f"pay-{number}",
            order_id=id,
            merchant=merchant,
            reference=f"PAY-{number}",
            captured_minor=total if paid is None else paid,
            refunded_minor=0,
        )

    def rma(
        self,
        number: str,
        order: str | None,
        lines: Mapping[str, tuple[int, str | None]],
        tracking: tuple[str, ...] = (),
        merchant: str = "quack",
        **more: Any,
    ) -> None:
        """Lines: product id → (expected, order line id)."""
        id = f"a-{number}"
        self.add(
            t.Authorization,
            id=id,
            merchant=merchant,
            source="csv",
            number=number,
            return_type="rma",
            order_id=f"o-{order}" if order else None,
            order_number=order,
            shorted=False,
            **({"timing": "after_inspection", "means": "refund"} | more),
        )
        self.code(number, "rma", id, merchant)
        for code in tracking:
            self.code(code, "tracking", id, merchant)
        for n, (product, (expected, line)) in enumerate(lines.items(), 1):
            self.add(
                t.ReturnLine,
                id=f"{id}/{n}",
                authorization_id=id,
                merchant=merchant,
                order_line_id=line,
                product_id=product,
                sku=product.upper(),
                expected=expected,
                short=0,
                reason="unwanted",
            )

    def place(self, code: str, *purposes: str) -> None:
        self.add(t.Location, code=code, site="pond", kind="bin", purposes=json.dumps(purposes))
        self.code(code, "location", code, "")

    def tote(self, code: str, purpose: str, capacity: int | None = None, state: str = "open") -> None:
        self.add(
            t.Container,
            code=code,
            site="pond",
            purposes=json.dumps([purpose]),
            capacity=capacity,
            state=state,
            location="AISLE-9",
        )
        self.code(code, "container", code, "")

    def cage(self, code: str) -> None:
        self.add(t.Container, code=code, site="pond", kind="cage", purposes="[]", state="open")
        self.code(code, "container", code, "")


def _people_and_places(world: World) -> None:
    world.badge(ANNA, "w-anna")
    world.badge(BERT, "w-bert")
    world.badge(BOSS, "w-boss", "supervisor")
    world.badge(GONE, "w-gone", revoked_at="2026-01-01T00:00:00+00:00")
    for code, purpose in (
        ("BIN-1", "restock"),
        ("USED-1", "resale"),
        ("SHELF-H", "hold"),
        ("FIREBOX", "hazard"),
        ("LOST-1", "property"),
        ("SKIP-1", "scrap"),
        ("MEND-1", "repair"),
        ("PARTS-1", "rework"),
        ("SALE-1", "liquidate"),
    ):
        world.place(code, purpose)
    world.tote("TOTE-SHUT", "donate", state="closed")
    world.tote("TOTE-1", "transfer")
    world.cage("CAGE-1")
    world.cage("CAGE-2")
    world.place("ROW-1", "restock", "transfer")
    world.place("DOOR-1")


def _goods(world: World) -> None:
    world.product("duck", "Rubber duck, admiral", gtins={DUCK: 1, DUCK_CASE: 12})
    world.product("robot", "Robot that folds socks", "electronics", {ROBOT: 1}, serial_tracked=True)
    world.product(
        "cream", "Cream against Mondays", "beauty", {CREAM: 1}, lot_tracked=True, expiry_tracked=True
    )
    world.product("sock", "One sock, left", "apparel")
    world.product("soup", "Soup of the day before", "grocery", expiry_tracked=True)
    world.product("kit", "Build a moustache", components='["Glue", "Mirror", "Hair"]')
    world.product("salt", "Salt, sweet", gtins={TWIN: 1})
    world.product("pepper", "Pepper, mild", gtins={TWIN: 1})
    world.product("goose", "Rival goose", gtins={RIVAL_GOOSE: 1}, merchant="rival")


def _sales(world: World) -> None:
    world.order("536365", {"duck": (6, 255), "sock": (2, 499)})
    world.order("700001", {"robot": (2, 19_999)})
    world.order("700002", {"cream": (10, 1_250), "kit": (3, 2_000)})
    world.order("700003", {"duck": (1, 300)}, merchant="quack")
    world.order("700004", {"duck": (20, 100)})
    world.code("OUT-OF-THE-DOOR", "outbound", "o-700003")
    for serial in ("R2-D2", "C3-PO"):
        world.add(t.OrderSerial, order_line_id="o-700001/1", serial=serial)
        world.code(serial, "serial", "o-700001/1")


def _returns(world: World) -> None:
    world.rma("RMA-1", "536365", {"duck": (1, "o-536365/1")}, ("HOME-1",))
    world.rma("RMA-2", "536365", {"duck": (2, "o-536365/1")}, ("HOME-23",))
    world.rma("RMA-3", "536365", {"sock": (1, "o-536365/2")}, ("HOME-23",))
    world.rma("RMA-4", "700001", {"robot": (1, "o-700001/1")}, ("123456789012345675",))
    world.rma("RMA-5", "700002", {"cream": (3, "o-700002/1"), "kit": (1, "o-700002/2")})
    world.rma("RMA-OLD", "536365", {"duck": (1, "o-536365/1")}, expires_at="2026-01-01T00:00:00+00:00")
    world.rma("RMA-ONE", "700004", {"duck": (4, "o-700004/1")}, pieces=1)
    world.rma("RMA-20", "700004", {"duck": (20, "o-700004/1")})
    world.order("SAME-7", {"duck": (1, 100)})
    world.rma("SAME-7", None, {"goose": (1, None)}, merchant="rival")


def new_dock(folder: Path, **routes: tuple[str, ...]) -> Dock:
    """A dock on a new database of the small world; nobody is signed in."""
    path = folder / "pond.db"
    engine = open_engine(path, create=True)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        SQLModel.metadata.create_all(connection)
        world = World(connection)
        for fill in (_people_and_places, _goods, _sales, _returns):
            fill(world)
        connection.exec_driver_sql("COMMIT")
    return Dock(path, engine, **routes)


def copied_dock(pond: Path, folder: Path, **routes: tuple[str, ...]) -> Dock:
    """A dock on a copy of a database. Nothing in these tests loses power, so nothing waits for the disk."""
    folder.mkdir(parents=True)
    path = folder / "pond.db"
    shutil.copy(pond, path)
    engine = open_engine(path)

    @event.listens_for(engine, "connect")
    def _unhurried(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    return Dock(path, engine, **routes)
