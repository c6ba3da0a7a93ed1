"""Fills an empty Medusa: a shop in pounds with prices that contain tax, a few orders to try things on, and what the
sample shift needs: its products, its orders and the returns that its customers have asked for."""

import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

from returns_station.domain.codes import Reason
from returns_station.samples import FILES, FOLDER
from tests.upstreams.medusa.shop import Json, Shop

EMAIL, PASSWORD = "admin@example.com", "for-tests-alone"
CURRENCY, COUNTRY, TAX = "gbp", "gb", 20
SPARE: Final = 6
"""Orders of three lamps each, paid and shipped, for tests that want one of their own."""
_GIVEN_BY_SHOP = (
    "RMA-100009",
    "RMA-100010",
    "RMA-100011",
    "RMA-100013",
    "RMA-100014",
    "RMA-100015",
    "RMA-100051",
)
"""Returns that the shop made itself, with its own number on them; customers asked for all others."""
_TAX_IN = Decimal(100 + TAX) / 100


def sources() -> tuple[Path, ...]:
    """Files a seeded database depends on."""
    here = Path(__file__)
    samples = (FILES["products"], FILES["orders"], FILES["authorizations"], FOLDER / "shift.jsonl")
    return (here, here.with_name("shop.py"), *samples)


def sow(shop: Shop) -> Json:
    """Keys, ids and numbers of everything that was made. The secret key is shown by Medusa only now."""
    token = shop.post("/auth/user/emailpass", {"email": EMAIL, "password": PASSWORD})["token"]
    shop.headers["authorization"] = f"Bearer {token}"
    key = shop.post("/admin/api-keys", {"title": "Returns station", "type": "secret"})["api_key"]["token"]
    admin = Shop.of(shop.url, key)
    market = _market(admin)
    variants = _products(admin, market)
    seller = Seller(admin, market, variants)
    spare = [seller.sell([("LAMP", 3, None)], f"TRK-{number}") for number in range(10001, 10001 + SPARE)]
    orders = [
        seller.sell([("JACKET-M", 2, None), ("MUG-BLUE", 3, None)], "TRK-10000", shipping=Decimal("4.90")),
        *spare,
    ]
    return {
        "secret_key": key, **market, "variants": variants, "orders": orders, "shift": _shift(seller),
    }  # fmt: skip


def _market(shop: Shop) -> Json:
    channels = shop.get("/admin/sales-channels")["sales_channels"]
    channel = (channels or [shop.post("/admin/sales-channels", {"name": "Web shop"})["sales_channel"]])[0][
        "id"
    ]
    region = shop.post("/admin/regions", {
        "name": "United Kingdom", "currency_code": CURRENCY, "countries": [COUNTRY], "is_tax_inclusive": True,
        "payment_providers": ["pp_system_default"]})["region"]["id"]  # fmt: skip
    known = shop.get(f"/admin/price-preferences?attribute=currency_code&value={CURRENCY}")[
        "price_preferences"
    ]
    for preference in known:
        shop.delete(f"/admin/price-preferences/{preference['id']}")
    shop.post(
        "/admin/price-preferences",
        {"attribute": "currency_code", "value": CURRENCY, "is_tax_inclusive": True},
    )
    rate = {"rate": TAX, "code": "vat", "name": "VAT"}
    shop.post(
        "/admin/tax-regions", {"country_code": COUNTRY, "provider_id": "tp_system", "default_tax_rate": rate}
    )
    return (
        {"sales_channel": channel, "region": region, "currency": CURRENCY}
        | _places(shop, channel, region)
        | _words(shop, channel)
    )


def _places(shop: Shop, channel: str, region: str) -> Json:
    address = {"address_1": "Dock 4", "country_code": COUNTRY}
    place = {"name": "Returns warehouse", "address": address}
    location = shop.post("/admin/stock-locations", place)["stock_location"]["id"]
    at = f"/admin/stock-locations/{location}"
    shop.post(f"{at}/fulfillment-providers", {"add": ["manual_manual"]})
    shop.post(f"{at}/sales-channels", {"add": [channel]})
    made = shop.post(
        f"{at}/fulfillment-sets?fields=*fulfillment_sets", {"name": "Warehouse", "type": "shipping"}
    )
    zones = shop.post(f"/admin/fulfillment-sets/{made['stock_location']['fulfillment_sets'][0]['id']}/service-zones", {
        "name": "Home", "geo_zones": [{"type": "country", "country_code": COUNTRY}]})  # fmt: skip
    zone = zones["fulfillment_set"]["service_zones"][0]["id"]
    profiles = shop.get("/admin/shipping-profiles")["shipping_profiles"]
    profile = (
        profiles
        or [shop.post("/admin/shipping-profiles", {"name": "Default", "type": "default"})["shipping_profile"]]
    )[0]["id"]
    options = {}
    for name, amount, is_return in (
        ("Parcel", 4.9, False),
        ("Bring it back", 0, True),
        ("Return label", 3.9, True),
    ):
        made = shop.post("/admin/shipping-options", {
            "name": name, "service_zone_id": zone, "shipping_profile_id": profile, "provider_id": "manual_manual",
            "price_type": "flat", "type": {"label": name, "description": name, "code": name.lower().replace(" ", "-")},
            "prices": [{"currency_code": CURRENCY, "amount": amount}, {"region_id": region, "amount": amount}],
            "rules": [{"attribute": "is_return", "operator": "eq", "value": str(is_return).lower()},
                      {"attribute": "enabled_in_store", "operator": "eq", "value": "true"}]})  # fmt: skip
        options[name] = made["shipping_option"]["id"]
    return {
        "stock_location": location, "stock_location_name": place["name"], "shipping_profile": profile,
        "shipping_option": options["Parcel"], "return_shipping_option": options["Bring it back"],
        "return_label_option": options["Return label"],
    }  # fmt: skip


def _words(shop: Shop, channel: str) -> Json:
    reasons = {
        reason.value: shop.post("/admin/return-reasons", {"value": reason.value, "label": reason.value})[
            "return_reason"
        ]["id"]
        for reason in Reason
        if reason is not Reason.UNKNOWN
    }
    refund = shop.post("/admin/refund-reasons", {"label": "Customer return", "code": "customer_return"})
    store = shop.post("/admin/api-keys", {"title": "Shop", "type": "publishable"})["api_key"]
    shop.post(f"/admin/api-keys/{store['id']}/sales-channels", {"add": [channel]})
    return {
        "return_reasons": reasons, "refund_reason": refund["refund_reason"]["id"], "refund_reason_code": "customer_return",
        "publishable_key": store["token"],
    }  # fmt: skip


def _ean(number: int) -> str:
    """A code of the range 20, which GS1 leaves to every company for use inside it."""
    digits = f"200{number:09d}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighed % 10}"


_OWN: Final = (
    ("Rain jacket", "JACKET", (("M", 80), ("L", 80))),
    ("Enamel mug", "MUG", (("WHITE", 12.5), ("BLUE", 12.5))),
    ("Desk lamp", "LAMP", (("", 49.9),)),
)


def _products(shop: Shop, market: Json) -> Json:
    same = {
        "status": "published",
        "shipping_profile_id": market["shipping_profile"],
        "sales_channels": [{"id": market["sales_channel"]}],
    }  # fmt: skip
    rows: list[Json] = []
    for title, stem, kinds in _OWN:
        variants = [
            _variant(
                f"{stem}-{kind}".rstrip("-"),
                kind or "One",
                price,
                _ean(1000 + 10 * len(rows) + place),
                weight=400,
            )
            for place, (kind, price) in enumerate(kinds)
        ]
        values = [variant["title"] for variant in variants]
        rows.append(
            {"title": title, "options": [{"title": "Kind", "values": values}], "variants": variants, **same}
        )
    wanted = {line["sku"] for order in shift_orders() for line in order["lines"]} | shift_scanned()
    for row in map(json.loads, FILES["products"].read_text("utf-8").splitlines()):
        if row["sku"] in wanted:
            rows.append(_sampled(row) | same)
    for at in range(0, len(rows), 25):
        shop.post("/admin/products/batch?fields=id", {"create": rows[at : at + 25]})
    return _stocked(shop, market)


def _sampled(row: Json) -> Json:
    """A product of the sample; what Medusa has no field for goes to its metadata, where the connector reads it."""
    told = {name: row[name] for name in row if name not in ("merchant", "sku", "title")}
    plain = str(row["gtins"][0]["gtin"]).lstrip("0").rjust(13, "0")
    variant = _variant(row["sku"], "One", 1, plain)
    return {
        "title": row["title"], "handle": f"p-{row['sku'].lower()}", "options": [{"title": "Kind", "values": ["One"]}],
        "metadata": told, "variants": [variant],
    }  # fmt: skip


def _variant(sku: str, title: str, price: float, ean: str, **more: object) -> Json:
    prices = [{"currency_code": CURRENCY, "amount": price}]
    named = {"title": title, "sku": sku, "ean": ean, "manage_inventory": True, "prices": prices}
    return {**named, "options": {"Kind": title}, **more}


def _stocked(shop: Shop, market: Json) -> Json:
    """Every variant by SKU, with a thousand pieces of each on stock."""
    found = _all(shop, "/admin/product-variants?fields=id,sku,ean,product_id", "variants")
    items = {
        item["sku"]: item["id"]
        for item in _all(shop, "/admin/inventory-items?fields=id,sku", "inventory_items")
    }
    levels = [
        {"inventory_item_id": item, "location_id": market["stock_location"], "stocked_quantity": 1000}
        for item in items.values()
    ]
    shop.post("/admin/inventory-items/location-levels/batch", {"create": levels})
    return {
        row["sku"]: {
            "id": row["id"],
            "product": row["product_id"],
            "ean": row["ean"],
            "inventory_item": items[row["sku"]],
        }
        for row in sorted(found, key=lambda row: str(row["sku"]))
    }


def _all(shop: Shop, path: str, name: str) -> list[Json]:
    found: list[Json] = []
    while True:
        page = shop.get(f"{path}&limit=200&offset={len(found)}")
        found += page[name]
        if len(found) >= page["count"] or not page[name]:
            return found


@dataclass(frozen=True, slots=True)
class Seller:
    """Makes orders as a shop's back office does: sold, paid, packed, sent."""

    shop: Shop
    market: Json
    variants: Json

    def sell(
        self,
        wanted: list[tuple[str, int, Decimal | None]],
        tracking: str | None = None,
        *,
        number: str | None = None,
        shipping: Decimal = Decimal(0),
        customer: str = "1",
        serials: dict[str, list[str]] | None = None,
        parts: Sequence[Decimal] = (),
        shipped: bool = True,
    ) -> Json:
        """One order of (SKU, quantity, price or the list's price) lines, captured in full, in parts if given, and shipped."""
        shop, known = self.shop, serials or {}
        address = {
            "first_name": "Customer", "last_name": customer, "address_1": "Street 1", "city": "London",
            "postal_code": "N1 1AA", "country_code": COUNTRY,
        }  # fmt: skip
        items = [
            {"variant_id": self.variants[sku]["id"], "quantity": quantity}
            | ({"metadata": {"serials": known[sku]}} if sku in known else {})
            | ({} if price is None else {"unit_price": float(price)})
            for sku, quantity, price in wanted
        ]  # fmt: skip
        net = (shipping / _TAX_IN).quantize(Decimal("0.01"), ROUND_HALF_UP)
        sent = {"name": "Parcel", "shipping_option_id": self.market["shipping_option"], "amount": float(net)}
        order = shop.post("/admin/draft-orders?fields=id", {
            "region_id": self.market["region"], "sales_channel_id": self.market["sales_channel"], "shipping_methods": [sent],
            "email": f"customer-{customer}@example.com", "shipping_address": address, "billing_address": address,
            "no_notification_order": True, "items": items, "metadata": {"number": number} if number else {}})  # fmt: skip
        return self._paid(order["draft_order"]["id"], tracking, parts, shipped)

    def _paid(self, order: str, tracking: str | None, parts: Sequence[Decimal], shipped: bool) -> Json:
        shop, at = self.shop, f"/admin/orders/{order}"
        shop.post(f"/admin/draft-orders/{order}/convert-to-order")
        made = shop.get(f"{at}?fields=id,display_id,custom_display_id,email,total,*items")["order"]
        payments = [self._payment(order, part) for part in parts or (made["total"],)]
        lines = [{"id": line["id"], "quantity": line["quantity"]} for line in made["items"]]
        packed = {"items": lines, "location_id": self.market["stock_location"], "no_notification": True}
        parcel = shop.post(f"{at}/fulfillments?fields=*fulfillments", packed)["order"]["fulfillments"][0][
            "id"
        ]
        labels = [{"tracking_number": tracking, "tracking_url": "#", "label_url": "#"}] if tracking else []
        if shipped:
            shop.post(
                f"{at}/fulfillments/{parcel}/shipments",
                {"items": lines, "labels": labels, "no_notification": True},
            )
        return {
            "id": order, "display_id": made["display_id"], "number": made["custom_display_id"] or str(made["display_id"]),
            "email": made["email"], "total": made["total"], "tracking_number": tracking, "fulfillment": parcel,
            "payment": payments[0], "payments": payments,
            "lines": sorted((_line(line) for line in made["items"]), key=lambda line: str(line["sku"])),
        }  # fmt: skip

    def _payment(self, order: str, amount: Any) -> str:
        """A payment that somebody says was made; its id."""
        wanted = {"order_id": order, "amount": float(amount)}
        bill = self.shop.post("/admin/payment-collections", wanted)["payment_collection"]["id"]
        at = f"/admin/payment-collections/{bill}/mark-as-paid?fields=*payments"
        return str(self.shop.post(at, {"order_id": order})["payment_collection"]["payments"][0]["id"])

    def asked(self, order: Json, wanted: list[tuple[str, int, str]]) -> Json:
        """A return that the customer asks for in the shop, without signing in; (SKU, quantity, reason) each."""
        lines = {line["sku"]: line["id"] for line in order["lines"]}
        items = [
            {"id": lines[sku], "quantity": quantity, "reason_id": self.market["return_reasons"][reason]}
            for sku, quantity, reason in wanted
        ]
        way = {"option_id": self.market["return_shipping_option"], "price": 0}
        body = {
            "order_id": order["id"],
            "items": items,
            "return_shipping": way,
            "location_id": self.market["stock_location"],
        }
        made = self.shop.post(
            "/store/returns", body, x_publishable_api_key=self.market["publishable_key"], authorization=""
        )["return"]  # fmt: skip
        return {"id": made["id"], "number": f"RET-{made['display_id']}", "order": order["id"]}

    def given(self, order: Json, number: str, wanted: list[tuple[str, int, str]], **told: object) -> Json:
        """A return that the shop makes itself, with its own number and what else it tells about it."""
        body = {
            "order_id": order["id"],
            "location_id": self.market["stock_location"],
            "no_notification": True,
        }
        made = self.shop.post("/admin/returns", body | {"metadata": {"rma": number, **told}})["return"]["id"]
        lines = {line["sku"]: line["id"] for line in order["lines"]}
        items = [
            {"id": lines[sku], "quantity": quantity, "reason_id": self.market["return_reasons"][reason]}
            for sku, quantity, reason in wanted
        ]
        self.shop.post(f"/admin/returns/{made}/request-items", {"items": items})
        self.shop.post(f"/admin/returns/{made}/request", {"no_notification": True})
        return {"id": made, "number": number, "order": order["id"]}


def _line(line: Json) -> Json:
    told = {"id": line["id"], "sku": line["variant_sku"]}
    return told | {"quantity": line["quantity"], "unit_price": line["unit_price"]}


def _read(kind: str) -> list[Json]:
    return [json.loads(line) for line in FILES[kind].read_text("utf-8").splitlines()]


def _scans() -> list[str]:
    steps = (FOLDER / "shift.jsonl").read_text("utf-8").splitlines()
    return [json.loads(step)["scan"] for step in steps if step.startswith("{")]


def shift_scanned() -> set[str]:
    """SKUs of products whose code the shift scans."""
    scans = " ".join(_scans())
    codes = {row["sku"]: [str(known["gtin"]) for known in row["gtins"]] for row in _read("products")}
    return {
        sku
        for sku, gtins in codes.items()
        if any(gtin[-13:] in scans for gtin in gtins) or f" {sku} " in scans
    }


def shift_returns() -> list[Json]:
    """Authorisations of the sample that the shift works on."""
    scans = set(_scans())
    spoken = " ".join(scans)
    return [
        row for row in _read("authorizations")
        if row["number"] in scans or row["order"] in scans or any(way in spoken for way in row["tracking"])
    ]  # fmt: skip


def shift_orders() -> list[Json]:
    """Orders of the sample that the shift needs, of each the lines it needs."""
    scans, scanned = set(_scans()), shift_scanned()
    returned = {(row["order"], line["sku"]) for row in shift_returns() for line in row["lines"]}
    asked = {number for number, _ in returned}
    found = []
    for order in _read("orders"):
        if order["number"] in asked or order["number"] in scans or scans & set(order.get("tracking", ())):
            lines = [
                line
                for line in order["lines"]
                if (order["number"], line["sku"]) in returned or line["sku"] in scanned
            ]
            found.append(order | {"lines": lines})
    return found


def _shift(seller: Seller) -> Json:
    with ThreadPoolExecutor(2) as pool:
        numbers = [order["number"] for order in shift_orders()]
        orders = dict(zip(numbers, pool.map(_sold(seller), shift_orders()), strict=True))
        _all_back(seller, orders)
        returns = pool.map(_wanted(seller, orders), shift_returns())
        return {
            "orders": orders,
            "returns": {row["number"]: made for row, made in zip(shift_returns(), returns, strict=True)},
        }


def _sold(seller: Seller) -> Callable[[Json], Json]:
    def sell(order: Json) -> Json:
        lines = [(line["sku"], line["quantity"], Decimal(line["unit_price"])) for line in order["lines"]]
        serials = {line["sku"]: line["serials"] for line in order["lines"] if line.get("serials")}
        tracking = next(iter(order.get("tracking", ())), None)
        more: dict[str, Any] = {
            "shipping": Decimal(order["shipping"]),
            "customer": order["customer"],
            "serials": serials,
        }
        return seller.sell(lines, tracking, number=order["number"], **more)

    return sell


def _all_back(seller: Seller, orders: Json) -> None:
    """The orders of which everything came back before, as far as the shift looks at them: taken back and repaid."""
    for order in shift_orders():
        back = [line for line in order["lines"] if line.get("returned") == line["quantity"]]
        if back and len(back) == len(order["lines"]):
            sold = orders[order["number"]]
            items = [{"id": line["id"], "quantity": line["quantity"]} for line in sold["lines"]]
            wanted = [(line["sku"], line["quantity"], "unwanted") for line in sold["lines"]]
            made = seller.given(sold, f"EARLIER-{order['number']}", wanted)["id"]
            at = f"/admin/returns/{made}/receive"
            for path, body in (
                (at, {}),
                (f"{at}-items", {"items": items}),
                (f"{at}/confirm", {"no_notification": True}),
            ):
                seller.shop.post(path, body)
            seller.shop.post(f"/admin/payments/{sold['payment']}/refund", {"amount": sold["total"]})


def _wanted(seller: Seller, orders: Json) -> Callable[[Json], Json]:
    def want(row: Json) -> Json:
        lines = [(line["sku"], line["expected"], line["reason"]) for line in row["lines"]]
        if row["number"] in _GIVEN_BY_SHOP:
            told = {name: row[name] for name in ("tracking", "pieces", "expires_at", "means") if name in row}
            return seller.given(orders[row["order"]], row["number"], lines, **told)
        return seller.asked(orders[row["order"]], lines)

    return want


_SCAN = re.compile(r'("scan": ")([^"]+)(")')


def shift_for(seed: Json) -> str:
    """The sample's script with the numbers that this shop's returns are known by, where a customer asked for them."""
    ways = {}
    for row in shift_returns():
        made = seed["shift"]["returns"][row["number"]]
        if made["number"] != row["number"]:
            ways |= dict.fromkeys((row["number"], *row["tracking"]), made["number"])

    def known(found: re.Match[str]) -> str:
        scan = next((ways[way] for way in ways if way in found[2]), found[2])
        return f"{found[1]}{scan}{found[3]}"

    return _SCAN.sub(known, (FOLDER / "shift.jsonl").read_text("utf-8"))
