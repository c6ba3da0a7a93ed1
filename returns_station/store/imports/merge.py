"""Merging checked rows into the tables inside one transaction, kind by kind; nothing is ever deleted by an
import."""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from returns_station.store import tables
from returns_station.store.imports.customers import merge_history
from returns_station.store.imports.orders import link_orders, merge_orders
from returns_station.store.imports.problems import ImportReport, Problems
from returns_station.store.imports.returns import merge_authorizations
from returns_station.store.imports.shapes import KINDS, PERSONAL, check, raw_of
from returns_station.store.imports.upsert import (
    Key,
    Outcome,
    Row,
    Target,
    insert,
    one_of_source,
    refs,
    scannables,
    stored,
    upsert,
)

Count = tuple[int, int]
"""Rows inserted, rows updated."""


def salt() -> bytes:
    """A salt from the operating system's randomness."""
    return secrets.token_bytes(16)


def merge_rows(
    connection: Connection,
    kind: str,
    rows: Sequence[Mapping[str, Any]],
    merchant: str,
    source: str,
    site: str,
    now: datetime,
    uuid: Callable[[], str],
    salt: Callable[[], bytes] = salt,
) -> ImportReport:
    """Merges items in the shape of JSON Lines within the caller's transaction, as a pull from a feed does.

    An item with a problem is left out and reported, its place in `rows` (from 1) as the line; the others are
    merged. An
    item's own `merchant` goes before the argument.
    """
    problems, good = Problems(), []
    for place, item in enumerate(rows, 1):
        before = problems.count
        raw = raw_of(item, place, KINDS[kind], problems)
        row = check(raw, KINDS[kind], problems) if raw else {}
        if problems.count == before:
            good.append(row)
    target = Target(connection, merchant, source, site, now, uuid, salt)
    inserted, updated = merge_checked(target, kind, good)
    finish(target, {kind} if inserted else set())
    found = problems.report(len(rows))
    return ImportReport(
        len(rows), inserted, updated, len(good) - inserted - updated, found.problems, found.more
    )


def merge_checked(target: Target, kind: str, rows: Iterable[Row]) -> Count:
    """Merges rows that were checked, merchant by merchant."""
    inserted = updated = 0
    for merchant, group in groupby(rows, key=lambda row: row.get("merchant") or target.merchant):
        whose = Target(
            target.connection, merchant, target.source, target.site, target.now, target.uuid, target.salt
        )
        mine = [{name: value for name, value in row.items() if name != "merchant"} for row in group]
        new, changed = _MERGES[kind](whose, mine)
        inserted, updated = inserted + new, updated + changed
    return inserted, updated


def finish(target: Target, kinds: set[str]) -> None:
    """Ties what came before to what came now: lines to new products, authorisations to new orders."""
    if "products" in kinds:
        for name in ("order_line", "return_line"):
            target.connection.exec_driver_sql(_LINK_PRODUCTS.format(table=name))
    if "orders" in kinds:
        link_orders(target.connection)


# One product has the SKU, or none is chosen.
_LINK_PRODUCTS = """
UPDATE {table} SET product_id = (
  SELECT max(s.ref) FROM scannable s
  WHERE s.value = {table}.sku AND s.kind = 'sku' AND s.merchant = {table}.merchant HAVING count(*) = 1
) WHERE product_id IS NULL"""


def _products(target: Target, rows: list[Row]) -> Count:
    rows = _unless_known(target, rows)
    fixed = {"merchant": target.merchant, "source": target.source}
    heads = [_product(row) | fixed for row in rows]
    head = upsert(target, tables.Product, heads, ("merchant", "source", "sku"), "sku", fixed, fill=_titled)
    ids = {key[2]: found for key, found in head.ids.items()}
    codes = [
        {"merchant": target.merchant, "product_id": ids[row["sku"]], **code}
        for row in rows
        for code in row.get("gtins") or []
    ]
    gtins = upsert(
        target, tables.ProductCode, codes, ("merchant", "code"), "code", {"merchant": target.merchant}
    )
    _forget_moved(target, codes)
    names = [(sku, "sku", found) for sku, found in ids.items()]
    names += [(code["code"], "gtin", code["product_id"]) for code in codes]
    found = scannables(target, names, {code["code"]: code["factor"] for code in codes})
    touched = {
        code["product_id"]
        for code in codes
        if (target.merchant, code["code"]) in gtins.inserted | gtins.changed
    }
    touched |= {ref for _, _, ref in found.inserted | found.changed}
    return count(head, {key for key, product in head.ids.items() if product in touched})


_CLEARED = ("hazard", "weight_grams", "family", "vendor_terms")
"""Facts of a product that a blank cell clears."""


def _titled(row: Row) -> None:
    """A new product without a title is called by its SKU."""
    row["title"] = row["title"] or row["sku"]


def _product(row: Row) -> Row:
    apart = ("gtins", "components", "images", "only_new")
    kept = {
        name: value
        for name, value in row.items()
        if name not in apart and (value is not None or name in _CLEARED)
    }
    if "images" in row:
        kept["images"] = json.dumps(row["images"] or [], ensure_ascii=False)
    if row.get("components") is not None:
        kept["components"] = json.dumps(row["components"], ensure_ascii=False)
    return kept


def _unless_known(target: Target, rows: list[Row]) -> list[Row]:
    """Rows marked `only_new` give way to a product of that SKU from another source."""
    marked = [row["sku"] for row in rows if row.get("only_new")]
    known = refs(target, "sku", marked)
    ours = {
        row["sku"]
        for row in stored(
            target.connection,
            tables.Product,
            "sku",
            marked,
            {"merchant": target.merchant, "source": target.source},
        )
    }
    return [row for row in rows if not row.get("only_new") or row["sku"] not in known or row["sku"] in ours]


def _forget_moved(target: Target, codes: list[Row]) -> None:
    """A GTIN names one product of a merchant: one that moved is no longer scannable as the old product."""
    now = {code["code"]: code["product_id"] for code in codes}
    fixed = {"kind": "gtin", "merchant": target.merchant}
    gone = [
        row
        for row in stored(target.connection, tables.Scannable, "value", now, fixed)
        if row["ref"] != now[row["value"]]
    ]
    held = tables.table(tables.Scannable)
    for row in gone:
        target.connection.execute(
            held.delete().where(held.c.value == row["value"], held.c.kind == "gtin", held.c.ref == row["ref"])
        )


def count(head: Outcome, touched: set[Key]) -> Count:
    """How many heads are new, and how many others changed themselves or in what belongs to them."""
    return len(head.inserted), len((head.changed | touched) - head.inserted)


def _customers(target: Target, rows: list[Row]) -> Count:
    fixed = {"merchant": target.merchant, "source": target.source}
    heads = [{"number": row["number"], **fixed} | _given(row, "segment") for row in rows]
    head = upsert(target, tables.Customer, heads, ("merchant", "source", "number"), "number", fixed)
    bodies = {head.ids[(target.merchant, target.source, row["number"])]: row for row in rows}
    new = {head.ids[key] for key in head.inserted}
    touched = _subjects(target, "customer", bodies, new) | merge_history(target, bodies)
    return count(head, {key for key, found in head.ids.items() if found in touched})


def _given(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names if name in row}


def _subjects(target: Target, kind: str, bodies: Mapping[str, Row], new: set[str]) -> set[str]:
    """Personal data into subject rows; one that was erased is not made again. Returns the refs whose data
    changed."""
    held = {
        row["ref"]: row for row in stored(target.connection, tables.Subject, "ref", bodies, {"kind": kind})
    }
    fresh, changed = [], []
    for ref, row in bodies.items():
        personal = {name: row[name] for name in PERSONAL if row.get(name) is not None}
        if ref in new:
            body = json.dumps(personal, ensure_ascii=False)
            fresh.append({"id": target.uuid(), "kind": kind, "ref": ref, "salt": target.salt(), "body": body})
        elif ref in held:
            kept = json.loads(held[ref]["body"])
            merged = {
                name: value for name, value in (kept | _given(row, *PERSONAL)).items() if value is not None
            }
            if merged != kept:
                changed.append(held[ref] | {"body": json.dumps(merged, ensure_ascii=False)})
    insert(target.connection, tables.Subject, fresh)
    upsert(target, tables.Subject, changed, ("id",), "id")
    return {row["ref"] for row in (*fresh, *changed)}


def _locations(target: Target, rows: list[Row]) -> Count:
    return _places(target, rows, tables.Location, "location")


def _containers(target: Target, rows: list[Row]) -> Count:
    return _places(target, rows, tables.Container, "container")


def _places(
    target: Target, rows: list[Row], model: type[tables.Location] | type[tables.Container], kind: str
) -> Count:
    heads = []
    for row in rows:
        kept = {name: value for name, value in row.items() if value is not None}
        kept["code"] = kept["code"].upper() if kind == "container" else kept["code"]
        if "purposes" in kept:
            kept["purposes"] = json.dumps(kept["purposes"])
        heads.append({"site": target.site} | kept)
    head = upsert(target, model, heads, ("code",), "code")
    found = scannables(target, [(row["code"], kind, row["code"]) for row in heads])
    return count(head, {(ref,) for _, _, ref in found.inserted})


def _badges(target: Target, rows: list[Row]) -> Count:
    workers = [
        {"id": row["worker_id"], "site": row.get("site") or target.site} | _filled(row, "role")
        for row in rows
    ]
    people = upsert(target, tables.Worker, workers, ("id",), "id")
    codes = [
        {"code": row["code"].upper(), "worker_id": row["worker_id"]} | _filled(row, "revoked_at")
        for row in rows
    ]
    head = upsert(target, tables.Badge, codes, ("code",), "code")
    bodies: dict[str, Row] = {}
    for row in rows:
        bodies[row["worker_id"]] = bodies.get(row["worker_id"], {}) | _given(row, *PERSONAL)
    subjects = _subjects(target, "worker", bodies, {key[0] for key in people.inserted})
    found = scannables(target, [(row["code"], "badge", row["code"]) for row in codes])
    moved = subjects | {key[0] for key in people.changed}
    return count(
        head,
        {(row["code"],) for row in codes if row["worker_id"] in moved}
        | {(ref,) for _, _, ref in found.inserted},
    )


def _filled(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names if row.get(name) is not None}


def _orders(target: Target, rows: list[Row]) -> Count:
    numbers = {str(row["customer"]) for row in rows if row.get("customer")}
    customers = _known_customers(target, numbers)
    found = refs(target, "sku", (line["sku"] for row in rows for line in row.get("lines") or []))
    return count(*merge_orders(target, rows, customers, one_of_source(target, tables.Product, found)))


def _known_customers(target: Target, numbers: set[str]) -> dict[str, str]:
    """Customers by number; one not known yet is made, without personal data."""
    fixed = {"merchant": target.merchant, "source": target.source}
    heads = [{"number": number, **fixed} for number in sorted(numbers)]
    head = upsert(target, tables.Customer, heads, ("merchant", "source", "number"), "number", fixed)
    _subjects(
        target,
        "customer",
        {head.ids[key]: {} for key in sorted(head.inserted)},
        {head.ids[k] for k in head.inserted},
    )
    return {key[2]: found for key, found in head.ids.items()}


def _authorizations(target: Target, rows: list[Row]) -> Count:
    customers = _known_customers(target, {str(row["customer"]) for row in rows if row.get("customer")})
    orders = refs(target, "order", (row["order_number"] for row in rows if row.get("order_number")))
    products = refs(target, "sku", (line["sku"] for row in rows for line in row.get("lines") or []))
    return count(
        *merge_authorizations(
            target,
            rows,
            customers,
            one_of_source(target, tables.SalesOrder, orders),
            one_of_source(target, tables.Product, products),
        )
    )


_MERGES: Mapping[str, Callable[[Target, list[Row]], Count]] = {
    "products": _products,
    "orders": _orders,
    "authorizations": _authorizations,
    "customers": _customers,
    "locations": _locations,
    "containers": _containers,
    "badges": _badges,
}
