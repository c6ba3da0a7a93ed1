"""Medusa's objects as the station's rows (docs/import.md): amounts as text in whole minor units, nothing guessed."""

from collections.abc import Container, Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from returns_station.connectors.medusa.book import Json, order_number, return_number, whole
from returns_station.domain.codes import Reason
from returns_station.domain.money import exponent
from returns_station.domain.scan import checks

_REASONS: Final = {
    "too_small": Reason.SIZE_TOO_SMALL,
    "too_large": Reason.SIZE_TOO_LARGE,
    "too_big": Reason.SIZE_TOO_LARGE,
    "no_longer_wanted": Reason.UNWANTED,
    "changed_mind": Reason.UNWANTED,
    "damaged": Reason.DEFECTIVE,
    "broken": Reason.DEFECTIVE,
    "wrong": Reason.WRONG_ITEM,
    "colour": Reason.COLOR,
}
_TRAITS: Final = {
    "type": str, "serial_tracked": bool, "lot_tracked": bool, "expiry_tracked": bool, "hazard": str,
    "components": list, "vendor_terms": str,
}  # fmt: skip
"""What Medusa has no field for and takes from a product's or variant's metadata, by the names of docs/import.md."""
_TOLD: Final = {"means": str, "timing": str, "expires_at": str, "pieces": int, "tracking": list}
"""What a return's metadata may say about it."""
_UNNAMED: Final = frozenset({"", "Default", "Default variant", "Default Title"})


def products(found: Iterable[Json]) -> Iterator[Json]:
    """A row for every variant with a SKU, of products with `variants` or of variants with their `product`."""
    for one in found:
        variants = one.get("variants", [one])
        product = one.get("product") or one
        yield from (_product(product, variant) for variant in variants if variant.get("sku"))


def _product(product: Json, variant: Json) -> Json:
    told = (product.get("metadata") or {}) | (variant.get("metadata") or {})
    name = str(variant.get("title") or "")
    weight = variant.get("weight") or product.get("weight")
    links = [product.get("thumbnail"), *(image.get("url") for image in product.get("images") or ())]
    groups = [
        (product.get("type") or {}).get("value"),
        *(one.get("name") for one in product.get("categories") or ()),
    ]
    groups.append((product.get("collection") or {}).get("title"))
    row: dict[str, Any] = {
        "sku": variant["sku"],
        "title": str(product["title"]) if name in _UNNAMED else f"{product['title']} {name}",
        "gtins": _gtins(variant, told.get("gtins")),
        "images": list(dict.fromkeys(link for link in links if str(link).startswith("https://"))),
    }
    row |= {"weight_grams": whole(weight)} if weight else {}
    row |= {"family": str(family)} if (family := next((group for group in groups if group), None)) else {}
    return row | {trait: told[trait] for trait, kind in _TRAITS.items() if isinstance(told.get(trait), kind)}


def _gtins(variant: Json, more: object) -> list[Json]:
    """Codes with a right check digit, each once; others are the shop's own and no GTINs."""
    known: dict[str, Json] = {}
    codes: list[object] = [variant.get("ean"), variant.get("upc"), variant.get("barcode")]
    for code in [*codes, *(more if isinstance(more, list) else ())]:
        gtin = str(code["gtin"] if isinstance(code, dict) and "gtin" in code else code or "")
        factor = whole(code["factor"]) if isinstance(code, dict) and "factor" in code else 1
        right = gtin.isascii() and gtin.isdigit() and len(gtin) in (8, 12, 13, 14)
        if right and checks.gs1(gtin[:-1]) == gtin[-1]:
            known.setdefault(gtin.rjust(14, "0"), {"gtin": gtin, "factor": factor})
    return list(known.values())


def order(found: Json, fees: Container[str] = ()) -> Json:
    """An order with its lines and payments; prices contain tax where all of its lines say so.

    `fees` are the ids of shipping methods that are labels of returns.
    """
    currency = str(found["currency_code"]).upper()
    within = all(item.get("is_tax_inclusive") for item in found["items"])
    delivered = _delivered(found)
    row: dict[str, Any] = {
        "number": order_number(found),
        "currency": currency,
        "placed_at": found["created_at"],
        "prices_include_tax": within,
        "shipping": _text(_shipping(found, fees), currency),
        "tracking": _tracking(found),
        "lines": [
            _line(item, currency, within, delivered.get(str(item["id"])))
            for item in sorted(found["items"], key=lambda item: str(item["id"]))
            if whole(item["detail"]["quantity"]) > 0
        ],
        "payments": [_payment(payment, currency) for payment in _payments(found)],
    }
    return row | ({"customer": found["customer_id"]} if found.get("customer_id") else {})


def _line(item: Json, currency: str, within: bool, delivered: str | None) -> Json:
    detail = item["detail"]
    price, quantity = Decimal(str(item["unit_price"])), whole(detail["quantity"])
    # Medusa's own sums of a line leave out what came back of it: those here are of the line as it was sold.
    rate = sum((Decimal(str(one["rate"])) for one in item.get("tax_lines") or ()), Decimal(0)) / 100
    discount = sum((_adjusted(one, within, rate) for one in item.get("adjustments") or ()), Decimal(0))
    after = price * quantity - discount
    tax = after * rate / (1 + rate) if within else after * rate
    back = whole(detail["return_received_quantity"]) + whole(detail["return_dismissed_quantity"])
    row: dict[str, Any] = {
        "line_id": item["id"],
        "sku": item.get("variant_sku") or item["id"],
        "title": item["title"],
        "quantity": quantity,
        "unit_price": _text(price, currency),
        "discount": _text(discount, currency),
        "tax": _text(tax, currency),
    }
    serials = (item.get("metadata") or {}).get("serials")
    row |= {"returned": back} if back else {}
    row |= {"serials": [str(one) for one in serials]} if isinstance(serials, list) else {}
    return row | ({"delivered_at": delivered} if delivered else {})


def _shipping(found: Json, fees: Container[str]) -> Decimal:
    """What the sale's own delivery cost, with tax; Medusa's `shipping_total` adds the label fees of returns to it."""
    ways = (way for way in found["shipping_methods"] if way["id"] not in fees)
    return sum((Decimal(str(way["total"])) for way in ways), Decimal(0))


def _adjusted(adjustment: Json, within: bool, rate: Decimal) -> Decimal:
    amount = Decimal(str(adjustment["amount"]))
    told = bool(adjustment.get("is_tax_inclusive"))
    return amount if told == within else amount * (1 + rate) if within else amount / (1 + rate)


def _delivered(found: Json) -> dict[str, str]:
    told: dict[str, str] = {}
    for parcel in found.get("fulfillments") or ():
        if parcel.get("delivered_at") and not parcel.get("canceled_at"):
            for item in parcel.get("items") or ():
                line = str(item["line_item_id"])
                told[line] = max(told.get(line, ""), str(parcel["delivered_at"]))
    return told


def _tracking(found: Json) -> list[str]:
    parcels = [parcel for parcel in found.get("fulfillments") or () if not parcel.get("canceled_at")]
    labels = [label.get("tracking_number") for parcel in parcels for label in parcel.get("labels") or ()]
    return sorted({str(label) for label in labels if label})


def _payments(found: Json) -> list[Json]:
    own = [one for bill in found.get("payment_collections") or () for one in bill.get("payments") or ()]
    return sorted(own, key=lambda payment: str(payment["id"]))


def _payment(payment: Json, currency: str) -> Json:
    captured, refunded = (_sum(payment.get(name)) for name in ("captures", "refunds"))
    return {
        "reference": payment["id"],
        "captured": _text(captured, currency),
        "refunded": _text(refunded, currency),
    }


def _sum(parts: Iterable[Json] | None) -> Decimal:
    return sum((Decimal(str(part["amount"])) for part in parts or ()), Decimal(0))


def authorization(found: Json, sold: Json) -> Json:
    """A return that is asked for, with its lines by the order's."""
    skus = {item["id"]: item.get("variant_sku") or item["id"] for item in sold["items"]}
    told = found.get("metadata") or {}
    lines = [
        {
            "sku": skus[item["item_id"]],
            "line_id": item["item_id"],
            "expected": whole(item["quantity"]),
            "reason": _reason((item.get("reason") or {}).get("value")),
        }
        for item in found["items"]
        if item["item_id"] in skus
    ]
    row = {
        "number": return_number(found),
        "order": order_number(sold),
        "return_type": "rma",
        "created_at": found["created_at"],
        "lines": sorted(lines, key=lambda line: str(line["line_id"])),
    }
    return row | {name: told[name] for name, kind in _TOLD.items() if isinstance(told.get(name), kind)}


def _reason(value: object) -> str:
    if not value:
        return Reason.UNKNOWN.value
    word = str(value).lower().replace("-", "_").replace(" ", "_")
    known = {reason.value for reason in Reason}
    return word if word in known else _REASONS.get(word, Reason.OTHER).value


def customer(number: str, orders: Sequence[Json], segment: str | None) -> Json:
    """A customer's history by all of their orders; sums in the currency of the last one. No personal data."""
    ordered = sorted(
        (one for one in orders if one.get("status") != "canceled"), key=lambda one: str(one["created_at"])
    )
    row: dict[str, Any] = {"number": number, "orders": len(ordered)} | (
        {"segment": segment} if segment else {}
    )
    details = [item["detail"] for one in ordered for item in one["items"]]
    row["pieces_bought"] = sum(whole(detail["quantity"]) for detail in details)
    row["pieces_returned"] = sum(
        whole(detail["return_received_quantity"]) + whole(detail["return_dismissed_quantity"])
        for detail in details
    )
    if not ordered:
        return row
    currency = str(ordered[-1]["currency_code"]).upper()
    paid = [
        one
        for order in ordered
        if str(order["currency_code"]).upper() == currency
        for one in _payments(order)
    ]
    row["spent"] = _text(sum((_sum(one.get("captures")) for one in paid), Decimal(0)), currency)
    row["returned"] = _text(sum((_sum(one.get("refunds")) for one in paid), Decimal(0)), currency)
    return row | {"currency": currency, "first_order_at": ordered[0]["created_at"]}


def _text(amount: object, currency: str) -> str:
    digits = Decimal(1).scaleb(-exponent(currency))
    return str(Decimal(str(amount or 0)).quantize(digits, ROUND_HALF_UP))
