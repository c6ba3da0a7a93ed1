"""Orders with their lines, payments, serials and tracking numbers; what this station sent back itself is not
counted twice."""

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, func, select

from returns_station.domain.scan import Kind, read
from returns_station.store import tables
from returns_station.store.imports.upsert import (
    Key,
    Outcome,
    Row,
    Target,
    chunks,
    insert,
    scannables,
    stored,
    upsert,
)

_MAY_GO = frozenset({"unit_price_minor", "discount_minor", "tax_minor", "delivered_at"})
_HEAD = ("number", "currency", "placed_at", "prices_include_tax", "shipping_minor")


def merge_orders(
    target: Target, rows: list[Row], customers: Mapping[str, str], products: Mapping[str, str]
) -> tuple[Outcome, set[Key]]:
    """Merges orders; returns what became of the heads, and the keys of heads in which a row within
    changed."""
    fixed = {"merchant": target.merchant, "source": target.source}
    heads = [
        {name: row[name] for name in _HEAD if name in row} | fixed | _customer(row, customers) for row in rows
    ]
    head = upsert(target, tables.SalesOrder, heads, ("merchant", "source", "number"), "number", fixed)
    ids = {key[2]: found for key, found in head.ids.items()}
    old = {ids[key[2]] for key in head.ids if key not in head.inserted}
    touched = _lines(target, rows, ids, products, _own_pieces(target.connection, old))
    touched |= _payments(target, rows, ids, _own_money(target.connection, old))
    touched |= _named(target, rows, ids)
    return head, {key for key, found in head.ids.items() if found in touched}


def _customer(row: Row, customers: Mapping[str, str]) -> Row:
    return {"customer_id": customers[str(row["customer"])]} if row.get("customer") else {}


def _lines(
    target: Target,
    rows: list[Row],
    ids: Mapping[str, str],
    products: Mapping[str, str],
    own: Mapping[str, int],
) -> set[str]:
    lines, serials = [], []
    for row in rows:
        for line in row.get("lines") or []:
            kept = {n: v for n, v in line.items() if v is not None or n in _MAY_GO}
            kept |= {"order_id": ids[row["number"]], "merchant": target.merchant}
            kept.pop("serials", None)
            if line["sku"] in products:
                kept["product_id"] = products[line["sku"]]
            lines.append(kept)
            serials += [(kept["order_id"], line["line_id"], serial) for serial in line.get("serials") or []]

    def adjust(before: Row, row: Row) -> None:
        if "returned_before" in row:
            row["returned_before"] = max(
                before["returned_before"], row["returned_before"] - own.get(before["id"], 0)
            )

    done = upsert(target, tables.OrderLine, lines, ("order_id", "line_id"), "order_id", adjust=adjust)
    new = _serials(target, [(order, done.ids[order, line], serial) for order, line, serial in serials])
    return {key[0] for key in done.inserted | done.changed} | new


def _serials(target: Target, given: list[tuple[str, str, str]]) -> set[str]:
    """Serial numbers of order lines; returns the orders that got new ones."""
    held = {
        (row["order_line_id"], row["serial"])
        for row in stored(
            target.connection, tables.OrderSerial, "order_line_id", (line for _, line, _ in given)
        )
    }
    new = {(line, serial): order for order, line, serial in given if (line, serial) not in held}
    insert(
        target.connection,
        tables.OrderSerial,
        [{"order_line_id": line, "serial": serial} for line, serial in new],
    )
    scannables(target, [(serial, "serial", line) for line, serial in new])
    return set(new.values())


def _payments(target: Target, rows: list[Row], ids: Mapping[str, str], own: Mapping[Key, int]) -> set[str]:
    payments = [
        {"order_id": ids[row["number"]], "merchant": target.merchant, **payment}
        for row in rows
        for payment in row.get("payments") or []
    ]

    def adjust(before: Row, row: Row) -> None:
        if row.get("refunded_minor") is not None:
            less = row["refunded_minor"] - own.get((before["order_id"], before["reference"]), 0)
            row["refunded_minor"] = max(before["refunded_minor"] or 0, less)

    done = upsert(target, tables.Payment, payments, ("order_id", "reference"), "order_id", adjust=adjust)
    return {key[0] for key in done.inserted | done.changed}


def _named(target: Target, rows: list[Row], ids: Mapping[str, str]) -> set[str]:
    names: list[tuple[str, str, str]] = []
    for row in rows:
        order = ids[row["number"]]
        names += [
            (number, "order", order) for number in {row["number"], str(row["number"]).removeprefix("#")}
        ]
        names += [(value, "outbound", order) for value in tracking_values(row.get("tracking") or [])]
    return {ref for _, _, ref in scannables(target, names).inserted}


def tracking_values(texts: Iterable[str]) -> list[str]:
    """Every value a scan of these numbers may have: upper case without blanks, and the number inside a longer
    bar code."""
    values: dict[str, None] = {}
    for text in texts:
        values["".join(text.split()).upper()] = None
        for candidate in read(text.encode()).of(Kind.TRACKING, Kind.SSCC):
            if candidate.valid:
                values[candidate.value] = None
    return list(values)


def _acknowledged() -> ColumnElement[bool]:
    """Whether the upstream has confirmed a settlement's money, so that its own figures hold it; what runs in the
    shadow the old system pays there."""
    settlement, outbox = tables.table(tables.Settlement), tables.table(tables.Outbox)
    return (
        select(outbox.c.id)
        .where(
            outbox.c.return_id == settlement.c.return_id,
            outbox.c.settlement_id == settlement.c.id,
            outbox.c.state.in_(("acknowledged", "shadow")),
        )
        .exists()
    )


def _own_pieces(connection: Connection, orders: set[str]) -> dict[str, int]:
    """Pieces this station settled and the upstream confirmed, by order line."""
    line, share, settlement = (
        tables.table(one) for one in (tables.OrderLine, tables.Allocation, tables.Settlement)
    )
    query = (
        select(share.c.order_line_id, func.sum(share.c.quantity))
        .join_from(line, share, share.c.order_line_id == line.c.id)
        .join(settlement, settlement.c.id == share.c.settlement_id)
        .where(_acknowledged())
        .group_by(share.c.order_line_id)
    )
    return {
        found[0]: int(found[1])
        for part in chunks(sorted(orders))
        for found in connection.execute(query.where(line.c.order_id.in_(part)))
    }


def _own_money(connection: Connection, orders: set[str]) -> dict[Key, int]:
    """Minor units this station gave back and the upstream confirmed, by order and payment reference."""
    settlement = tables.table(tables.Settlement)
    query = (
        select(settlement.c.order_id, settlement.c.payment_reference, func.sum(settlement.c.amount_minor))
        .where(_acknowledged())
        .group_by(settlement.c.order_id, settlement.c.payment_reference)
    )
    return {
        (found[0], found[1]): int(found[2] or 0)
        for part in chunks(sorted(orders))
        for found in connection.execute(query.where(settlement.c.order_id.in_(part)))
    }


_LINK_ORDERS = """
UPDATE "authorization" SET order_id = (
  SELECT max(s.ref) FROM scannable s
  WHERE s.value = "authorization".order_number AND s.kind = 'order' AND s.merchant = "authorization".merchant
  HAVING count(*) = 1
) WHERE order_id IS NULL AND order_number IS NOT NULL"""

# By SKU alone only where one line of the order has it.
_LINK_LINES = """
UPDATE return_line SET order_line_id = (
  SELECT max(l.id) FROM "authorization" a
  JOIN order_line l ON l.order_id = a.order_id AND l.sku = return_line.sku
  WHERE a.id = return_line.authorization_id HAVING count(*) = 1
) WHERE order_line_id IS NULL"""


def link_orders(connection: Connection) -> None:
    """Ties authorisations that came before their orders to them."""
    connection.exec_driver_sql(_LINK_ORDERS)
    connection.exec_driver_sql(_LINK_LINES)
