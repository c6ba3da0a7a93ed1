"""`returns-station history`: a customer's trade and earlier returns, for a supervisor; it is no part of grading."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import (
    AsJson,
    ConfigFile,
    columns,
    configured,
    database,
    emit,
    guarded,
    say,
)

if TYPE_CHECKING:
    from returns_station.store.customers import CustomerFacts


def register(app: typer.Typer) -> None:
    """Adds `history`."""
    app.command()(guarded(history))


def history(
    number: Annotated[str, typer.Argument(help="An order, a return or a customer, by its number.")],
    by: Annotated[str, typer.Option("--by", help="The badge of a supervisor.")],
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """Show a customer's orders, share of returns, value, and earlier returns here. For supervisors."""
    from returns_station.store.badges import bearer
    from returns_station.store.customers import customers_of

    with database(configured(config)) as engine:
        bearer(engine, by, supervisor=True)
        found = customers_of(engine, number)
    if json:
        emit({"customers": [_told(one) for one in found]})
    else:
        say(*(line for one in found for line in _lines(one)))
    return Code.OK


def _told(one: "CustomerFacts") -> dict[str, object]:
    told = asdict(one)
    told["trade"] |= {"return_share_percent": one.trade.return_share}
    return told


def _lines(one: "CustomerFacts") -> Iterator[str]:
    trade, share = one.trade, one.trade.return_share
    yield f"Customer {one.number} of {one.merchant}, by {one.source}; segment: {one.segment or 'not known'}"
    facts = (
        ("orders", trade.orders),
        ("pieces bought", trade.pieces_bought),
        ("pieces returned", trade.pieces_returned),
        ("share returned", None if share is None else f"{share} %"),
        ("spent", trade.spent),
        ("given back", trade.returned),
        ("first order", (trade.first_order_at or "")[:10] or None),
    )
    yield from columns([(f"  {name}", "not known" if value is None else value) for name, value in facts])
    yield (
        f"  Known here: orders {one.orders_here}, pieces bought {one.bought_here}, "
        f"returned elsewhere before {one.returned_before}."
    )
    if not one.returns:
        yield "  No earlier return at this station."
        return
    head = ("  return", "order", "type", "pieces", "grades", "given back")
    rows = [
        (f"  {r.number}", r.order_number or "-", r.return_type, r.pieces, r.grades, r.refunded or "-")
        for r in one.returns
    ]
    yield from columns([head, *rows])
