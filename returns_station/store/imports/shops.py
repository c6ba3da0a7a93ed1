"""Order exports of Shopify and WooCommerce: recognised by their headers, and read without guessing any money.

Sources: the header of Shopify's order export as its admin writes it; for WooCommerce the "one row per item"
format of
Customer/Order/Coupon Export (order_id … item_refunded_qty) and the default columns of Advanced Order Export
(Order Number … Item Cost).
"""

from collections.abc import Mapping

from returns_station.domain import money
from returns_station.errors import StationError
from returns_station.store.imports.layouts import Group, Layout
from returns_station.store.imports.shapes import Raw

_PAID = frozenset({"paid", "partially_refunded", "refunded"})
_SETTLED = frozenset({"completed", "processing", "refunded"})

_SHOPIFY = {
    "number": "Name",
    "currency": "Currency",
    "placed_at": "Created at",
    "shipping": "Shipping",
    "subtotal": "Subtotal",
    "taxes": "Taxes",
    "total": "Total",
    "status": "Financial Status",
    "refunded": "Refunded Amount",
    "delivered_at": "Fulfilled at",
    "reference": "Payment Reference",
    "references": "Payment References",
    "payment_id": "Payment ID",
    "included": "Taxes Included",
}
_WOO_ITEMS = {
    "number": "order_number",
    "currency": "order_currency",
    "placed_at": "date",
    "customer": "customer_id",
    "shipping": "shipping_total",
    "total": "order_total",
    "refunded": "refunded_total",
    "status": "status",
    "reference": "transaction_id",
}
_WOO_COST = {
    "number": "Order Number",
    "currency": "Order Currency",
    "placed_at": "Order Date",
    "shipping": "Order Shipping Amount",
    "total": "Order Total Amount",
    "refunded": "Order Refund Amount",
    "status": "Order Status",
    "reference": "Transaction ID",
}


def recognise(header: list[str]) -> Layout | None:
    """The layout of the shop whose order export has this header; None for our own."""
    found = {name.lower().rstrip("?"): name for name in header}
    if {"name", "lineitem quantity", "lineitem price"} <= found.keys():
        return Layout(_there(_SHOPIFY, found), finish=_shopify)
    if {"order_id", "item_sku", "item_quantity"} <= found.keys():
        number = "order_number" if "order_number" in found else "order_id"
        return Layout(_there(_WOO_ITEMS | {"number": number}, found), finish=_woo)
    number = "order number" if "order number" in found else "order_id"
    if {number, "sku", "quantity", "item cost"} <= found.keys():
        return Layout(_there(_WOO_COST | {"number": number}, found), finish=_woo)
    return None


def _there(names: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    return {ours: found[theirs.lower()] for ours, theirs in names.items() if theirs.lower() in found}


def _cell(cells: Mapping[str, str], *names: str) -> tuple[str, str]:
    """The first of these columns that is there: its header and its cell."""
    lower = {name.lower(): name for name in cells}
    for name in names:
        if name.lower() in lower:
            return lower[name.lower()], cells[lower[name.lower()]].strip()
    return names[0], ""


def _minor(value: object, currency: str) -> int | None:
    """Exact minor units, None for what is blank or no amount."""
    try:
        return money.parse(str(value), currency).minor
    except StationError:
        return None


def _line(
    line: int, position: int, columns: Mapping[str, tuple[str, str]], fixed: Mapping[str, object]
) -> Raw:
    values: dict[str, object] = {"line_id": str(position)}
    values.update({ours: cell for ours, (_, cell) in columns.items()})
    values["sku"] = values["sku"] or values.get("title")
    return Raw(line, values | dict(fixed), {ours: header for ours, (header, _) in columns.items()})


def _shopify(group: Group, head: Raw) -> Raw:
    given = {name: str(value) for name, value in head.values.items()}
    delivered = {"delivered_at": given["delivered_at"]} if given.get("delivered_at") else {}
    lines = [
        _line(
            line,
            position,
            {
                "sku": _cell(cells, "Lineitem sku"),
                "title": _cell(cells, "Lineitem name"),
                "quantity": _cell(cells, "Lineitem quantity"),
                "unit_price": _cell(cells, "Lineitem price"),
                "discount": _cell(cells, "Lineitem discount"),
            },
            delivered,
        )
        for position, (line, cells) in enumerate(group, 1)
    ]
    _settle_taxes(given, head, lines)
    if not _adds_up(given, lines):
        for row in lines:
            row.values["discount"] = ""
    reference = given.get("references") or given.get("reference") or given.get("payment_id") or ""
    return _order(
        head, lines, _payment(head, reference, given, paid=given.get("status", "").lower() in _PAID)
    )


def _settle_taxes(given: Mapping[str, str], head: Raw, lines: list[Raw]) -> None:
    """Whether prices include tax is told by a column or by the sum; tax of a line is known only where there
    is none."""
    currency = given.get("currency", "")
    subtotal, shipping, taxes, total = (
        _minor(given.get(name, ""), currency) for name in ("subtotal", "shipping", "taxes", "total")
    )
    included: object = given.get("included", "")
    if not included and None not in (subtotal, shipping, taxes, total):
        plain = (subtotal or 0) + (shipping or 0)
        included = "true" if total == plain else "false" if total == plain + (taxes or 0) else ""
    head.values["prices_include_tax"] = included
    for row in lines:
        row.values["tax"] = "0" if taxes == 0 else ""


def _adds_up(given: Mapping[str, str], lines: list[Raw]) -> bool:
    """Whether the lines' discounts are all there are: a discount on the whole order is in no line of the
    export."""
    currency = given.get("currency", "")
    total = 0
    for row in lines:
        price, discount = (
            _minor(row.values["unit_price"], currency),
            _minor(row.values["discount"] or "0", currency),
        )
        quantity = str(row.values["quantity"])
        if price is None or discount is None or not quantity.isdecimal():
            return False
        row.values["discount"] = row.values["discount"] or "0"
        total += price * int(quantity) - discount
    return total == _minor(given.get("subtotal", ""), currency)


def _woo(group: Group, head: Raw) -> Raw:
    given = {name: str(value) for name, value in head.values.items()}
    head.values["prices_include_tax"] = "false"
    lines = [
        _woo_line(line, position, cells, given.get("currency", ""))
        for position, (line, cells) in enumerate(group, 1)
    ]
    paid = given.get("status", "").lower().removeprefix("wc-") in _SETTLED
    return _order(head, lines, _payment(head, given.get("reference", ""), given, paid=paid))


def _woo_line(line: int, position: int, cells: Mapping[str, str], currency: str) -> Raw:
    identity = _cell(cells, "item_id", "Item #")[1] or str(position)
    columns = {
        "sku": _cell(cells, "item_sku", "SKU"),
        "title": _cell(cells, "item_name", "Item Name"),
        "quantity": _cell(cells, "item_quantity", "Quantity"),
        "tax": _cell(cells, "item_total_tax", "item_tax", "Order Line Tax"),
        "unit_price": _cell(cells, "Item Cost"),
    }
    fixed: dict[str, object] = {"line_id": identity, "discount": "0"}
    returned = _cell(cells, "item_refunded_qty")[1].lstrip("-")
    if returned:
        fixed["returned"] = returned
    quantity, total = (
        columns["quantity"][1],
        _minor(_cell(cells, "item_total", "Order Line Total")[1], currency),
    )
    if total is not None and quantity.isdecimal() and int(quantity):
        fixed |= _priced(total, _minor(_cell(cells, "item_subtotal")[1], currency), int(quantity), currency)
    return _line(line, position, columns, fixed)


def _priced(total: int, subtotal: int | None, quantity: int, currency: str) -> dict[str, object]:
    """A price a piece and a discount that give exactly `total`: the price rounded up, the discount takes the
    rest."""
    price = -(-max(total, subtotal or 0) // quantity)
    discount = price * quantity - total
    return {"unit_price": money.decimal(price, currency), "discount": money.decimal(discount, currency)}


def _payment(head: Raw, reference: str, given: Mapping[str, str], *, paid: bool) -> list[Raw]:
    """One payment of the whole total where the shop says it was paid; otherwise what was taken is a missing
    fact."""
    if not reference:
        return []
    values = {
        "reference": reference,
        "captured": given.get("total", "") if paid else "",
        "refunded": given.get("refunded", "").lstrip("-"),
    }
    names = {
        "reference": head.name("reference"),
        "captured": head.name("total"),
        "refunded": head.name("refunded"),
    }
    return [Raw(head.line, dict(values), names)]


def _order(head: Raw, lines: list[Raw], payments: list[Raw]) -> Raw:
    head.children["lines"] = lines
    head.children["payments"] = payments
    return head
