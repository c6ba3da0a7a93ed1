"""Authorisations with their lines and inbound tracking numbers, tied to orders and products where these are
known."""

from collections.abc import Mapping

from sqlalchemy import literal_column, select

from returns_station.store import tables
from returns_station.store.imports.orders import tracking_values
from returns_station.store.imports.upsert import (
    Key,
    Outcome,
    Row,
    Target,
    change,
    chunks,
    defaults,
    insert,
    scannables,
    stored,
    upsert,
)

_NEVER_NULL = frozenset({"return_type", "timing", "means"})
_HEAD = ("number", "order_number", "return_type", "created_at", "expires_at", "pieces", "timing", "means")


def merge_authorizations(
    target: Target,
    rows: list[Row],
    customers: Mapping[str, str],
    orders: Mapping[str, str],
    products: Mapping[str, str],
) -> tuple[Outcome, set[Key]]:
    """Merges authorisations; returns what became of the heads, and the keys of heads in which a row within
    changed."""
    fixed = {"merchant": target.merchant, "source": target.source}
    heads = [_head(row, customers, orders) | fixed for row in rows]

    def fill(row: Row) -> None:
        row["site"] = target.site

    head = upsert(
        target, tables.Authorization, heads, ("merchant", "source", "number"), "number", fixed, fill=fill
    )
    ids = {key[2]: found for key, found in head.ids.items()}
    touched = _lines(target, rows, ids, orders, products)
    names = [(row["number"], "rma", ids[row["number"]]) for row in rows]
    for row in rows:
        names += [
            (value, "tracking", ids[row["number"]]) for value in tracking_values(row.get("tracking") or [])
        ]
    touched |= {ref for _, _, ref in scannables(target, names).inserted}
    return head, {key for key, found in head.ids.items() if found in touched}


def _head(row: Row, customers: Mapping[str, str], orders: Mapping[str, str]) -> Row:
    kept = {n: row[n] for n in _HEAD if n in row and (row[n] is not None or n not in _NEVER_NULL)}
    if row.get("customer"):
        kept["customer_id"] = customers[str(row["customer"])]
    if row.get("order_number") in orders:
        kept["order_id"] = orders[row["order_number"]]
    return kept


def _lines(
    target: Target,
    rows: list[Row],
    ids: Mapping[str, str],
    orders: Mapping[str, str],
    products: Mapping[str, str],
) -> set[str]:
    sold = _sold(target, {orders[row["order_number"]] for row in rows if row.get("order_number") in orders})
    held = _held(target, set(ids.values()))
    new, changed, touched = [], [], set()
    for row in rows:
        authorization = ids[row["number"]]
        order = orders.get(row.get("order_number") or "")
        for line in row.get("lines") or []:
            given = _line(line, sold.get(order or "", []), products)
            before = _match(held.get(authorization, []), given)
            if before is None:
                fresh = {"id": target.uuid(), "authorization_id": authorization, "merchant": target.merchant}
                new.append(defaults(tables.ReturnLine) | given | fresh)
                touched.add(authorization)
            elif before | given != before:
                changed.append(before | given)
                touched.add(authorization)
    insert(target.connection, tables.ReturnLine, new)
    change(target.connection, tables.ReturnLine, changed)
    return touched


def _line(line: Row, sold: list[Row], products: Mapping[str, str]) -> Row:
    given: Row = {"sku": line["sku"], "expected": line["expected"]}
    if line.get("reason"):
        given["reason"] = line["reason"]
    if line["sku"] in products:
        given["product_id"] = products[line["sku"]]
    named = [row for row in sold if row["line_id"] == line.get("line_id")]
    alike = named or [row for row in sold if row["sku"] == line["sku"] and not line.get("line_id")]
    if len(alike) == 1:
        given["order_line_id"] = alike[0]["id"]
    return given


def _match(held: list[Row], given: Row) -> Row | None:
    """The stored line this one is, taken out of `held`: of the same order line, else the first of the same
    SKU."""
    alike = [row for row in held if row["sku"] == given["sku"]]
    same = [row for row in alike if row["order_line_id"] == given.get("order_line_id")]
    loose = [row for row in alike if row["order_line_id"] is None or "order_line_id" not in given]
    found = next(iter(same or loose), None)
    if found is not None:
        held.remove(found)
    return found


def _sold(target: Target, orders: set[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in stored(target.connection, tables.OrderLine, "order_id", sorted(orders)):
        found.setdefault(row["order_id"], []).append(row)
    return found


def _held(target: Target, authorizations: set[str]) -> dict[str, list[Row]]:
    """The stored lines of authorisations, in the order in which they came."""
    lines = tables.table(tables.ReturnLine)
    found: dict[str, list[Row]] = {}
    for part in chunks(sorted(authorizations)):
        query = (
            select(lines)
            .where(lines.c.authorization_id.in_(part))
            .order_by(literal_column("return_line.rowid"))
        )
        for row in target.connection.execute(query).mappings():
            found.setdefault(row["authorization_id"], []).append(dict(row))
    return found
