"""Feeds of a Medusa: rows as docs/import.md has them, of what changed since a moment, the last minutes once more.

Pages go by id, each from the last row of the one before; a row that changes meanwhile comes again with the next pull.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from returns_station.connectors.api import Page
from returns_station.connectors.calls import Calls
from returns_station.connectors.medusa import rows
from returns_station.connectors.medusa.book import Books, Json, whole

FEEDS: Final = frozenset({"products", "customers", "orders", "authorizations"})
OVERLAP: Final = timedelta(minutes=5)
"""Clocks and transactions that end late: what changed so shortly before the last row seen is read again."""
_ORDER_FIELDS: Final = (
    "id,display_id,custom_display_id,status,currency_code,customer_id,created_at,updated_at,shipping_total,"
    "*shipping_methods,*items,*items.detail,*items.tax_lines,*items.adjustments,"
    "*fulfillments,*fulfillments.labels,*fulfillments.items,*payment_collections.payments,"
    "*payment_collections.payments.captures,*payment_collections.payments.refunds"
)
_PRODUCT_FIELDS: Final = (
    "id,title,thumbnail,weight,metadata,updated_at,*images,*type,*collection,*categories,*variants"
)
_VARIANT_FIELDS: Final = (
    "id,title,sku,ean,upc,barcode,weight,metadata,updated_at,*product,*product.images,*product.type,"
    "*product.collection,*product.categories"
)
_RETURN_FIELDS: Final = "id,display_id,status,metadata,order_id,created_at,updated_at,*items,*items.reason"
_HISTORY: Final = 200


class Feeds:
    """Pages of one Medusa."""

    def __init__(self, calls: Calls, books: Books, now: Callable[[], datetime]) -> None:
        self._calls = calls
        self._books = books
        self._now = now

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        """One page; raises what Calls raises, and KeyError, TypeError or ValueError for rows that are not Medusa's."""
        at: dict[str, Any] = json.loads(cursor) if cursor else {}
        lists, made = self._sources(feed)
        phase, offset = int(at.get("list", 0)), int(at.get("offset", 0))
        began, last = at.get("began") or _text(self._now()), at.get("last") if offset else None
        path, name, fields, more_query = lists[phase]
        start = offset - 1 if last else offset
        query: list[tuple[str, str]] = [
            ("limit", str(limit + offset - start)),
            ("offset", str(start)),
            ("order", "id"),
        ]
        query += [("fields", fields), *more_query]
        if since := at.get("since"):
            query.append(("updated_at[$gte]", since))
        answer = self._calls.get(f"{path}?{urlencode(query)}")
        read: list[Json] = answer[name]
        found = _after(read, last)
        if found is None:
            return Page((), json.dumps({**at, "offset": max(offset - limit, 0)}), True)
        seen = max([at.get("seen") or "", *(str(row["updated_at"]) for row in found)])
        offset = start + len(read)
        after = {"since": since, "seen": seen, "began": began}
        if read and offset < whole(answer["count"]):
            last = found[-1]["id"] if found else last
            after |= {"list": phase, "offset": offset, "last": last}
        elif phase + 1 < len(lists):
            after |= {"list": phase + 1, "offset": 0}
        else:
            # A row that was read early may have changed since: the next pull begins where this one did.
            return Page(tuple(made(found)), json.dumps({"since": _before(min(seen, began)) or since}), False)
        return Page(tuple(made(found)), json.dumps(after), True)

    def _sources(self, feed: str) -> tuple[Sequence["_List"], Callable[[Sequence[Json]], Iterable[Json]]]:
        if feed == "products":
            lists = (
                ("/admin/products", "products", _PRODUCT_FIELDS, ()),
                ("/admin/product-variants", "variants", _VARIANT_FIELDS, ()),
            )
            return lists, rows.products
        if feed == "authorizations":
            open_ones = (("status[]", "requested"), ("status[]", "partially_received"))
            return (("/admin/returns", "returns", _RETURN_FIELDS, open_ones),), self._authorizations
        # A customer's own row does not move when something is bought: the orders say whose history changed.
        return (("/admin/orders", "orders", _ORDER_FIELDS, ()),), (
            self._orders if feed == "orders" else self._customers
        )

    def _orders(self, found: Sequence[Json]) -> Iterable[Json]:
        self._books.learn(found)
        fees = self._fees([str(order["id"]) for order in found if len(order["shipping_methods"]) > 1])
        return [row for order in found if (row := rows.order(order, fees))["lines"]]

    def _fees(self, orders: Sequence[str]) -> frozenset[str]:
        """Shipping methods of these orders that are labels of returns; an order's own list does not say which are."""
        fees: set[str] = set()
        for some in _parts(orders):
            offset, count = 0, 1
            while offset < count:
                query = [("order_id[]", one) for one in some]
                query += [("fields", "id,*shipping_methods"), ("order", "id"), ("limit", str(_HISTORY))]
                page = self._calls.get(f"/admin/returns?{urlencode([*query, ('offset', str(offset))])}")
                count = whole(page["count"])
                offset += len(page["returns"]) or count
                fees |= {str(way["id"]) for one in page["returns"] for way in one["shipping_methods"]}
        return frozenset(fees)

    def _authorizations(self, found: Sequence[Json]) -> Iterable[Json]:
        # What the station asked for itself is known to it.
        asked = [one for one in found if not (one.get("metadata") or {}).get("returns_station")]
        orders = {
            str(order["id"]): order for order in self._orders_by("id", [one["order_id"] for one in asked])
        }
        self._books.learn(orders.values())
        return [
            rows.authorization(one, orders[one["order_id"]]) for one in asked if one["order_id"] in orders
        ]

    def _customers(self, found: Sequence[Json]) -> Iterable[Json]:
        ids = [str(order["customer_id"]) for order in found if order.get("customer_id")]
        bought: dict[str, list[Json]] = {}
        for order in self._orders_by("customer_id", ids):
            bought.setdefault(str(order["customer_id"]), []).append(order)
        groups = self._groups(list(bought))
        return [rows.customer(number, orders, groups.get(number)) for number, orders in bought.items()]

    def _groups(self, ids: Sequence[str]) -> dict[str, str]:
        """The first group of each customer, by name: its segment."""
        told: dict[str, str] = {}
        for some in _parts(ids):
            query = [*(("id[]", one) for one in some), ("fields", "id,*groups"), ("limit", str(len(some)))]
            for one in self._calls.get(f"/admin/customers?{urlencode(query)}")["customers"]:
                names = sorted(str(group["name"]) for group in one.get("groups") or ())
                told |= {str(one["id"]): names[0]} if names else {}
        return told

    def _orders_by(self, field: str, values: Sequence[str]) -> list[Json]:
        """All orders with one of these values; every hit is compared, for filters that Medusa does not know are ignored."""
        found: list[Json] = []
        for some in _parts(sorted(set(values))):
            offset, count = 0, 1
            while offset < count:
                query = [(f"{field}[]", one) for one in some]
                query += [
                    ("fields", _ORDER_FIELDS),
                    ("order", "id"),
                    ("limit", str(_HISTORY)),
                    ("offset", str(offset)),
                ]
                page = self._calls.get(f"/admin/orders?{urlencode(query)}")
                count = whole(page["count"])
                offset += len(page["orders"]) or count
                found += [order for order in page["orders"] if order[field] in some]
        return found


_List = tuple[str, str, str, Sequence[tuple[str, str]]]


def _parts(values: Sequence[str], size: int = 50) -> Iterable[Sequence[str]]:
    return [values[at : at + size] for at in range(0, len(values), size)]


def _after(read: list[Json], last: str | None) -> list[Json] | None:
    """The rows after the last one of the page before, which is read again; None where rows between may have been missed.

    Rows that left the list (a return received, a product deleted) have moved all others towards its beginning.
    """
    ids = [str(row["id"]) for row in read]
    if last is None:
        return read
    if last in ids:
        return read[ids.index(last) + 1 :]
    return [row for row in read if str(row["id"]) > last] if ids and ids[0] < last else None


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _before(moment: str) -> str | None:
    if not moment:
        return None
    return _text(datetime.fromisoformat(moment) - OVERLAP)
