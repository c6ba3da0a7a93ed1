"""What is known of a customer's trade: by an upstream in all, and by this station itself. For supervisors alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, or_, select

from returns_station.domain.money import decimal
from returns_station.errors import StationError
from returns_station.store import tables as t

MOST: Final = 200
"""Returns of one customer at most; the newest."""
_customer, _history, _order, _line = (
    t.table(one) for one in (t.Customer, t.CustomerHistory, t.SalesOrder, t.OrderLine)
)
_authorization, _unit, _settlement, _scannable = (
    t.table(one) for one in (t.Authorization, t.ReturnUnit, t.Settlement, t.Scannable)
)


@dataclass(frozen=True, slots=True)
class Trade:
    """What an upstream says in all; None is what it does not know. Amounts as people write them, with currency."""

    orders: int | None = None
    pieces_bought: int | None = None
    pieces_returned: int | None = None
    spent: str | None = None
    returned: str | None = None
    first_order_at: str | None = None

    @property
    def return_share(self) -> int | None:
        """Pieces returned of pieces bought in whole percent, rounded down; None where a fact is missing."""
        if not self.pieces_bought or self.pieces_returned is None:
            return None
        return 100 * self.pieces_returned // self.pieces_bought


@dataclass(frozen=True, slots=True)
class Earlier:
    """One return of the customer at this station: pieces received, and what was released to be paid back."""

    number: str
    order_number: str | None
    return_type: str
    pieces: int
    grades: str
    refunded: str


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """One customer. `orders_here`, `bought_here`, `returned_before` are counted from the orders that are known here;
    what came back before is by the shop's own count."""

    merchant: str
    source: str
    number: str
    segment: str | None
    trade: Trade
    orders_here: int
    bought_here: int
    returned_before: int
    returns: tuple[Earlier, ...]


def customers_of(engine: Engine, text: str) -> list[CustomerFacts]:
    """The customers that an order, a return or a customer number names; StationError `customer.unknown` for none."""
    value = text.strip()
    with engine.connect() as connection:
        ids = _ids(connection, value)
        found = [_facts(connection, row) for row in _rows(connection, ids)]
    if not found:
        sentence = f"No customer is known of {text!r}."
        raise StationError(
            "customer.unknown", sentence, "Name an order, a return or a customer by its number."
        )
    return found


def _ids(connection: Connection, value: str) -> set[str]:
    named = select(_scannable.c.ref).where(
        _scannable.c.value == value, _scannable.c.kind.in_(("order", "rma"))
    )
    refs = list(connection.execute(named).scalars())
    bought = select(_order.c.customer_id).where(or_(_order.c.id.in_(refs), _order.c.number == value))
    sent = (
        select(func.coalesce(_authorization.c.customer_id, _order.c.customer_id))
        .outerjoin(_order, _order.c.id == _authorization.c.order_id)
        .where(or_(_authorization.c.id.in_(refs), _authorization.c.number == value))
    )
    same = select(_customer.c.id).where(_customer.c.number == value)
    return {id for asked in (bought, sent, same) for id in connection.execute(asked).scalars() if id}


def _rows(connection: Connection, ids: set[str]) -> Sequence[Any]:
    asked = select(_customer).where(_customer.c.id.in_(sorted(ids)))
    return connection.execute(asked.order_by(_customer.c.merchant, _customer.c.source)).all()


def _facts(connection: Connection, row: Any) -> CustomerFacts:
    told = connection.execute(select(_history).where(_history.c.customer_id == row.id)).first()
    orders = select(func.count()).select_from(_order).where(_order.c.customer_id == row.id)
    pieces = (
        select(func.sum(_line.c.quantity), func.sum(_line.c.returned_before))
        .join(_order, _order.c.id == _line.c.order_id)
        .where(_order.c.customer_id == row.id)
    )
    bought, before = connection.execute(pieces).one()
    here = int(connection.execute(orders).scalar_one())
    who = (row.merchant, row.source, row.number, row.segment)
    returns = _returns(connection, row.id)
    return CustomerFacts(*who, _trade(told), here, bought or 0, before or 0, returns)


def _trade(told: Any) -> Trade:
    if told is None:
        return Trade()
    return Trade(
        told.orders,
        told.pieces_bought,
        told.pieces_returned,
        _amount(told.spent_minor, told.currency),
        _amount(told.returned_minor, told.currency),
        told.first_order_at,
    )


def _amount(minor: int | None, currency: str | None) -> str | None:
    return f"{decimal(minor, currency)} {currency}" if minor is not None and currency else None


def _returns(connection: Connection, customer_id: str) -> tuple[Earlier, ...]:
    asked = (
        select(_authorization)
        .outerjoin(_order, _order.c.id == _authorization.c.order_id)
        .where(or_(_authorization.c.customer_id == customer_id, _order.c.customer_id == customer_id))
        .order_by(_authorization.c.id.desc())
        .limit(MOST)
    )
    found = (_earlier(connection, row) for row in connection.execute(asked).all())
    return tuple(one for one in found if one.pieces or one.refunded)


def _earlier(connection: Connection, row: Any) -> Earlier:
    here = (_unit.c.return_id == row.id, _unit.c.reception == "received")
    graded = select(_unit.c.grade, func.sum(_unit.c.quantity)).where(*here).group_by(_unit.c.grade)
    pieces = {
        str(grade or "-"): int(count) for grade, count in connection.execute(graded.order_by(_unit.c.grade))
    }
    paid = (
        select(_settlement.c.currency, func.sum(_settlement.c.amount_minor))
        .where(_settlement.c.return_id == row.id, _settlement.c.state == "released")
        .group_by(_settlement.c.currency)
    )
    amounts = (_amount(minor, currency) for currency, minor in connection.execute(paid))
    grades = ", ".join(f"{count} × {grade}" for grade, count in pieces.items())
    refunded = ", ".join(amount for amount in amounts if amount)
    return Earlier(row.number, row.order_number, row.return_type, sum(pieces.values()), grades, refunded)
