"""What the sample adds to the sales: types and tracking of products, GTINs, serials, authorisations, tracking
numbers."""

import re
from collections.abc import Callable
from typing import Any

from returns_station.domain.codes import Reason
from returns_station.domain.scan import checks
from returns_station.samples import MERCHANT

Row = dict[str, Any]

BULK = "539012"
"""A real invoice of eight lines with 192 pieces each: 75 of every one come back, 600 in all."""

STOCK_CODE = re.compile(r"([0-9]{5})([A-Za-z]{0,2})")
_LETTERS = "-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

ELECTRONICS = re.compile(r"CLOCK|LAMP\b|\bLED\b|CALCULATOR|RADIO|TORCH|DISCO")
_APPAREL = r"APRON|SCARF|RAIN HAT|SLIPPER|GLOVE|UMBRELLA|EAR MUFF|PURSE|NECKLACE|BRACELET|EARRING"
_TYPES = (
    ("electronics", ELECTRONICS),
    ("apparel", re.compile(_APPAREL)),
    ("grocery", re.compile(r"CAKE CASES|LOLLY|MARSHMALLOWS|STRAWS")),
    (
        "beauty",
        re.compile(r"SOAP(?! DISH)|BATH SPONGE|LIPSTICK|PERFUME|HAND WARMER|PLASTERS|TISSUES|INCENSE"),
    ),
)

_REASONS = (
    Reason.UNWANTED,
    Reason.DEFECTIVE,
    Reason.NOT_AS_DESCRIBED,
    Reason.WRONG_ITEM,
    Reason.STYLE,
    Reason.COLOR,
    Reason.OTHER,
)


def gtin(code: str, indicator: int = 0) -> str:
    """The 14 digits of a stock code in the range GS1 keeps for use inside a company (prefix 200)."""
    found = STOCK_CODE.fullmatch(code)
    if found is None:
        raise ValueError(f"{code!r} is no stock code of goods")
    first, second = (_LETTERS.index(letter) for letter in found[2].ljust(2, "-"))
    body = f"{indicator}200{found[1]}{first * len(_LETTERS) + second:04}"
    return body + checks.gs1(body)


def products(titles: dict[str, str], orders: list[Row]) -> list[Row]:
    """Every product of the orders, with the traits a return may ask about given to a few of them."""
    sold: dict[str, int] = {}
    for line in (line for order in orders for line in order["lines"]):
        sold[line["sku"]] = sold.get(line["sku"], 0) + line["quantity"]
    rows = [_product(code, titles[code]) for code in sorted(sold)]
    bulk = {line["sku"] for order in orders if order["number"] == BULK for line in order["lines"]}
    electronics = sorted(
        (row for row in rows if row["type"] == "electronics"), key=lambda row: sold[row["sku"]]
    )
    _trait(electronics[:3], serial_tracked=True)
    _trait(electronics[3:4], hazard="lithium_battery")
    _trait([row for row in rows if row["type"] == "grocery"][:3], lot_tracked=True, expiry_tracked=True)
    _trait([row for row in rows if row["sku"] in bulk], lot_tracked=True)
    _trait([row for row in rows if "AND SAUCER" in row["title"]][:1], components=["cup", "saucer"])
    plain = (row for row in rows if row["type"] == "default" and row["sku"] not in bulk)
    case = next(row for row in plain if sold[row["sku"]] >= 24)
    case["gtins"].append({"gtin": gtin(case["sku"], 1), "factor": 12})
    return rows


def _product(code: str, title: str) -> Row:
    kind = next((name for name, words in _TYPES if words.search(title)), "default")
    gtins = [{"gtin": gtin(code), "factor": 1}]
    return {"merchant": MERCHANT, "sku": code, "title": title, "type": kind, "gtins": gtins}


def _trait(rows: list[Row], **trait: object) -> None:
    for row in rows:
        row.update(trait)


def serials(products: list[Row], orders: list[Row]) -> None:
    """Gives every piece of a tracked product that was sold a serial number."""
    tracked = {row["sku"] for row in products if row.get("serial_tracked")}
    for order in orders:
        for line in order["lines"]:
            if line["sku"] in tracked:
                pieces = range(1, line["quantity"] + 1)
                line["serials"] = [f"SN{line['sku']}-{order['number']}-{n:02}" for n in pieces]


def forget_money(order: Row) -> None:
    """An order whose prices and takings are not known: what comes back of it needs a person."""
    for line in order["lines"]:
        for name in ("unit_price", "discount", "tax"):
            del line[name]
    for payment in order["payments"]:
        del payment["captured"], payment["refunded"]


def shipped(orders: list[Row]) -> None:
    """The tracking numbers under which a few orders went out: one that comes back undelivered is found by it."""
    for n, order in enumerate(orders):
        if n % 10 == 7:
            order["tracking"] = [tracking(1000 + n)]


def authorizations(orders: list[Row], products: list[Row]) -> list[Row]:
    """An authorisation for each order, a second for one of them, and one of every kind that a dock sees."""
    special = {row["sku"] for row in products if len(row) > 5 or row["type"] != "default"}
    made = (_authorization(n, order, special) for n, order in enumerate(orders))
    rows = [row for row in made if row is not None]
    again = _authorization(len(orders), orders[5], special)
    if again is None:
        raise ValueError("the sixth order has nothing left to return")
    again["lines"] = again["lines"][-1:]
    rows.append(again)
    for n, row in enumerate(rows):
        row["tracking"] = [tracking(n)]
    rows[14]["tracking"] = rows[13]["tracking"]
    rows[9] |= {"pieces": 2, "tracking": [tracking(9), tracking(109)]}
    rows[10]["expires_at"] = "2011-03-01"
    rows[11]["means"] = "store_credit"
    rows[12]["means"] = "exchange"
    return rows


def _authorization(n: int, order: Row, special: set[str]) -> Row | None:
    left = [(line, line["quantity"] - line.get("returned", 0)) for line in order["lines"]]
    left = [(line, pieces) for line, pieces in left if pieces > 0]
    left.sort(key=lambda part: part[0]["sku"] not in special)
    bulk = order["number"] == BULK
    lines = [
        {
            "sku": line["sku"],
            "line_id": line["line_id"],
            "expected": 75 if bulk else min(pieces, 1 + (n + place) % 3),
            "reason": str(_REASONS[(n + place) % len(_REASONS)]),
        }
        for place, (line, pieces) in enumerate(left if bulk else left[: 1 + n % 4])
    ]
    if not lines:
        return None
    return {
        "merchant": MERCHANT,
        "number": f"RMA-{100001 + n}",
        "order": order["number"],
        "return_type": "bulk" if bulk else "rma",
        "created_at": order["placed_at"],
        "lines": lines,
    }


def tracking(n: int) -> str:
    """A tracking number with the right check character, the carrier by turns."""
    serial = f"{(n + 1) * 7919:08}"
    made = (
        lambda: _checked("1Z", f"999AA1{'03'}{serial[-7:]}", checks.ups),
        lambda: f"RR{serial}{checks.s10(serial)}GB",
        lambda: _checked("", f"94001112012{serial.zfill(10)}", checks.gs1),
        lambda: f"JJD00{serial.zfill(16)}",
        lambda: _checked("", f"0034043{serial.zfill(12)}", checks.gs1),
        lambda: f"TBA{serial.zfill(12)}",
        lambda: f"SF{serial.zfill(12)}",
        lambda: _checked("", f"C{serial.zfill(13)}", checks.ups),
    )
    return made[n % len(made)]()


def _checked(prefix: str, body: str, check: Callable[[str], str]) -> str:
    return f"{prefix}{body}{check(body)}"
