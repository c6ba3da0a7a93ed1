"""What Medusa has of a return, for `reconcile`: its returns, pieces by unit, and refunds; what nobody here sent as well."""

from collections.abc import Iterator

from returns_station.connectors.api import Asked, Outgoing, References, Stated
from returns_station.connectors.medusa.book import Book, Move, return_number


def stated(asked: Asked, book: Book, refs: References) -> tuple[Stated, ...]:
    """Rows of one return; things of other returns of the same order are left to them."""
    return (*_receipts(asked, book), *_units(asked, book, refs), *_refunds(asked, book))


def _receipts(asked: Asked, book: Book) -> Iterator[Stated]:
    own = book.of(asked.return_id, asked.return_number)
    for draft in book.drafts(asked.return_number):
        yield Stated("receipt", f"{return_number(draft)} ({draft['id']})", None, done=False)
    if not own:
        return
    # A return is not a parcel: each parcel that was received is stated by the return that awaited it.
    for effect in asked.effects:
        if effect.type == "returns.receipt":
            yield Stated("receipt", return_number(own[0]), _text(effect, "parcel_id"))
    for one in own[1:]:
        if (one.get("metadata") or {}).get("returns_station") != asked.return_id:
            yield Stated("receipt", f"{return_number(one)} ({one['id']})", None)


def _units(asked: Asked, book: Book, refs: References) -> Iterator[Stated]:
    own = {str(one["id"]) for one in book.of(asked.return_id, asked.return_number)}
    units = {_text(effect, "unit_id") for effect in asked.effects if effect.type.startswith("returns.stock")}
    by_unit: dict[tuple[str, str, bool], list[Move]] = {}
    for move in book.moves:
        unit = move.facts.get("unit")
        if unit in units and unit is not None:
            by_unit.setdefault((unit, move.line, move.sellable), []).append(move)
        elif move.return_id in own and move.facts.get("return_id", asked.return_id) == asked.return_id:
            yield _unit(book, move, None, move.quantity, move.sellable)
    for (unit, _, sellable), moves in by_unit.items():
        written = refs.get(f"sellable:{unit}")
        on_stock = sellable if written is None else written != "0"
        yield _unit(book, moves[0], unit, sum(move.quantity for move in moves), on_stock)


def _unit(book: Book, move: Move, unit: str | None, quantity: int, sellable: bool) -> Stated:
    line = book.lines.get(move.line)
    sku = line.sku if line else None
    return Stated(
        "stock", move.return_id, unit, sku=sku, quantity=quantity, sellable=sellable, order_line=move.line
    )


def _refunds(asked: Asked, book: Book) -> Iterator[Stated]:
    known = {_text(effect, "settlement_id") for effect in asked.effects if effect.type == "returns.refund"}
    since = min((effect.occurred_at.isoformat() for effect in asked.effects), default="")
    for payment in book.payments:
        for refund in payment.refunds:
            settlement = refund.facts.get("settlement")
            own = settlement in known or refund.facts.get("return_id") == asked.return_id
            # What was refunded before this return began is the order's history, not this return's.
            if own or (not refund.facts and refund.created_at >= since):
                yield Stated(
                    "refund",
                    refund.id,
                    settlement if own else None,
                    amount_minor=refund.minor,
                    currency=book.currency,
                )


def _text(effect: Outgoing, name: str) -> str | None:
    value = effect.data.get(name)
    return value if isinstance(value, str) else None
