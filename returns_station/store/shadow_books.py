"""Two books of the same work side by side: what the station worked out in the shadow, and what the old system did."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, or_, select

from returns_station.domain.axes import SyncState
from returns_station.store import tables as t
from returns_station.store.outbox.rows import TABLE, OutboxRow, as_row, selecting, stamp
from returns_station.store.shadow import DEFAULT_FAMILY

_return, _product, _unit = t.table(t.Authorization), t.table(t.Product), t.table(t.ReturnUnit)
_legacy, _share, _switch = t.table(t.LegacyEffect), t.table(t.Allocation), t.table(t.FamilySwitch)
_FAMILY: Final = func.coalesce(_product.c.family, _product.c.type)


@dataclass(frozen=True, slots=True)
class Numbers:
    """By what people find a return again."""

    return_number: str | None
    order_number: str | None


@dataclass(frozen=True, slots=True)
class BookedStock:
    """Pieces that lie somewhere; None is what the old system's export does not say. `name` is for the person who looks."""

    numbers: Numbers
    sku: str
    quantity: int
    disposition: str | None
    place: str | None
    family: str
    name: str


@dataclass(frozen=True, slots=True)
class BookedRefund:
    """Money that went back, in minor units of its currency; `families` are those of what it was paid for, if known."""

    numbers: Numbers
    amount_minor: int
    currency: str
    families: frozenset[str]
    name: str


@dataclass(frozen=True, slots=True)
class BookedReceipt:
    """A parcel of a return that was received."""

    numbers: Numbers
    name: str


@dataclass(frozen=True, slots=True)
class Books:
    """What one of the two says; `waiting` counts what waits for a person and is not decided yet."""

    stock: tuple[BookedStock, ...]
    refunds: tuple[BookedRefund, ...]
    receipts: tuple[BookedReceipt, ...]
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Family:
    """A product family with its switch for a target."""

    name: str
    products: int
    live: bool
    by: str | None
    at: str | None


def families(engine: Engine, target: str) -> tuple[Family, ...]:
    """Every family there is, by name, and those that were switched before."""
    counting = select(_FAMILY, func.count()).select_from(_product).group_by(_FAMILY)
    with engine.connect() as connection:
        known: dict[str, int] = {str(name): int(count) for name, count in connection.execute(counting)}
        switched = {
            row.family: row for row in connection.execute(select(_switch).where(_switch.c.target == target))
        }
    named = sorted({DEFAULT_FAMILY, *known, *switched})
    return tuple(_family(name, known.get(name, 0), switched.get(name)) for name in named)


def _family(name: str, products: int, row: Any) -> Family:
    if row is None:
        return Family(name, products, False, None, None)
    return Family(name, products, row.live, row.by, row.at)


def our_books(engine: Engine, target: str, since: datetime | None = None) -> Books:
    """What was worked out for a target and kept in the shadow, reversals netted."""
    query = (
        selecting()
        .where(TABLE.c.target == target, TABLE.c.state == SyncState.SHADOW.value)
        .order_by(TABLE.c.return_id, TABLE.c.ordinal)
    )
    if since is not None:
        query = query.where(TABLE.c.created_at >= stamp(since))
    with engine.connect() as connection:
        rows = [as_row(row) for row in connection.execute(query)]
        reader = _Reader(connection, rows)
        standing = reader.standing()
        return Books(
            tuple(reader.stock(standing)),
            tuple(reader.refunds(standing)),
            tuple(reader.receipts(standing)),
            sum(row.owner is not None for row, _ in standing),
        )


class _Reader:
    """Reads shadow rows as a book."""

    def __init__(self, connection: Connection, rows: Sequence[OutboxRow]) -> None:
        self._connection, self._rows = connection, rows
        self._returns = dict(_numbers(connection, {row.return_id for row in rows}))

    def standing(self) -> list[tuple[OutboxRow, Mapping[str, Any]]]:
        """Rows that no other takes back."""
        read = [(row, json.loads(row.body)) for row in self._rows]
        gone = {body.get("reverses") for _, body in read}
        return [(row, body) for row, body in read if row.id not in gone and "reverses" not in body]

    def stock(self, standing: Iterable[tuple[OutboxRow, Mapping[str, Any]]]) -> Iterator[BookedStock]:
        held = [(row, body) for row, body in standing if row.owner is None]
        moved = {row.unit_id: body["location"] for row, body in held if row.type == "returns.available"}
        stock = [(row, body) for row, body in held if row.type == "returns.stock"]
        family = _unit_families(self._connection, {str(row.unit_id) for row, _ in stock})
        for row, body in stock:
            place = moved.get(row.unit_id, body["location"])
            yield BookedStock(
                self._returns[row.return_id], body["sku"], body["quantity"], body["disposition"], place,
                family.get(str(row.unit_id), DEFAULT_FAMILY), body["lpn"] or str(row.unit_id),
            )  # fmt: skip

    def refunds(self, standing: Iterable[tuple[OutboxRow, Mapping[str, Any]]]) -> Iterator[BookedRefund]:
        held = [(row, body) for row, body in standing if row.type == "returns.refund" and row.owner is None]
        shares = _money_families(self._connection, {str(row.settlement_id) for row, _ in held})
        for row, body in held:
            yield BookedRefund(
                self._returns[row.return_id], body["amount_minor"], body["currency"],
                frozenset(shares.get(str(row.settlement_id), ())), str(row.settlement_id),
            )  # fmt: skip

    def receipts(self, standing: Iterable[tuple[OutboxRow, Mapping[str, Any]]]) -> Iterator[BookedReceipt]:
        for row, body in standing:
            if row.type == "returns.receipt":
                yield BookedReceipt(self._returns[row.return_id], body["plate"])


def their_books(engine: Engine, target: str, since: datetime | None = None) -> Books:
    """What the old system's export says it did; rows without a moment belong to every time."""
    query = select(_legacy).where(_legacy.c.target == target).order_by(_legacy.c.file, _legacy.c.line)
    if since is not None:
        query = query.where(or_(_legacy.c.occurred_at.is_(None), _legacy.c.occurred_at >= stamp(since)))
    stock: list[BookedStock] = []
    refunds: list[BookedRefund] = []
    receipts: list[BookedReceipt] = []
    with engine.connect() as connection:
        rows = connection.execute(query).all()
        family = _sku_families(connection, {row.sku for row in rows if row.sku})
    for row in rows:
        numbers = Numbers(row.return_number, row.order_number)
        name = row.reference or f"{row.file} line {row.line}"
        if row.kind == "stock":
            kind = family.get(row.sku, DEFAULT_FAMILY)
            stock.append(
                BookedStock(numbers, row.sku, row.quantity, row.disposition, row.location, kind, name)
            )
        elif row.kind == "refund":
            refunds.append(BookedRefund(numbers, row.amount_minor, row.currency, frozenset(), name))
        else:
            receipts.append(BookedReceipt(numbers, name))
    return Books(tuple(stock), tuple(refunds), tuple(receipts))


# --- look-ups, some hundred ids a question ----------------------------------------------------------------------------


def _parts(ids: Iterable[str]) -> Iterator[list[str]]:
    held = sorted(ids)
    return (held[start : start + 500] for start in range(0, len(held), 500))


def _numbers(connection: Connection, ids: set[str]) -> Iterator[tuple[str, Numbers]]:
    for id in ids:
        yield id, Numbers(id, None)
    for part in _parts(ids):
        asked = select(_return.c.id, _return.c.number, _return.c.order_number).where(_return.c.id.in_(part))
        for id, number, order in connection.execute(asked):
            yield id, Numbers(number, order)


def _unit_families(connection: Connection, ids: set[str]) -> dict[str, str]:
    query = select(_unit.c.id, func.coalesce(_FAMILY, _unit.c.product_type)).outerjoin(
        _product, _product.c.id == _unit.c.product_id
    )
    return {
        str(row[0]): str(row[1])
        for part in _parts(ids)
        for row in connection.execute(query.where(_unit.c.id.in_(part)))
    }


def _money_families(connection: Connection, ids: set[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    query = (
        select(_share.c.settlement_id, func.coalesce(_FAMILY, _unit.c.product_type))
        .join(_unit, _unit.c.id == _share.c.unit_id)
        .outerjoin(_product, _product.c.id == _unit.c.product_id)
    )
    for part in _parts(ids):
        for settlement, family in connection.execute(query.where(_share.c.settlement_id.in_(part))):
            found.setdefault(settlement, set()).add(family)
    return found


def _sku_families(connection: Connection, skus: set[str]) -> dict[str, str]:
    query = select(_product.c.sku, _FAMILY)
    return {
        str(row[0]): str(row[1])
        for part in _parts(skus)
        for row in connection.execute(query.where(_product.c.sku.in_(part)))
    }
