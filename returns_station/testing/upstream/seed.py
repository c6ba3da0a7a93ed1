"""Reads a folder of JSON Lines, one file a feed, into the reference upstream; orders bring the money paid."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from returns_station.errors import StationError
from returns_station.testing.upstream.ledger import Ledger, Row
from returns_station.testing.upstream.money import to_minor

FEEDS: Final = {
    "products": "sku",
    "orders": "number",
    "authorizations": "number",
    "customers": "number",
    "locations": "code",
}
"""The feeds, and the field that names a row within its merchant; a row without it is named by its content."""


def seed(ledger: Ledger, folder: Path) -> dict[str, int]:
    """How many rows of each feed are new or changed; all or nothing. Errors name file and line."""
    with ledger.transaction():
        return {feed: _seed_feed(ledger, feed, folder / f"{feed}.jsonl") for feed in FEEDS}


def _seed_feed(ledger: Ledger, feed: str, path: Path) -> int:
    changed = 0
    for number, line in _lines(path):
        try:
            changed += _merge(ledger, feed, _row(line))
        except StationError as error:
            where = f"{path.name} line {number}"
            raise StationError(error.code, f"{where}: {error.sentence}", error.hint) from None
    return changed


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if path.exists():
        with path.open(encoding="utf-8-sig") as lines:
            yield from ((number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip())


def _row(line: str) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        sentence = f"The line is not JSON at column {error.colno}: {error.msg}."
        raise StationError("seed.json", sentence, "Write one object a line.") from None
    if not isinstance(row, dict) or not isinstance(row.get("merchant"), str):
        raise StationError("seed.merchant", "The row has no text as merchant.", "Every row belongs to one.")
    return row


def _merge(ledger: Ledger, feed: str, row: Row) -> bool:
    body = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    key = row.get(FEEDS[feed])
    name = (feed, row["merchant"], key if isinstance(key, str) else body)
    held = ledger.rows("SELECT body FROM feed WHERE name = ? AND merchant = ? AND key = ?", name)
    if held and held[0]["body"] == body:
        return False
    if feed == "orders":
        _remember_money(ledger, row)
    ledger.db.execute("DELETE FROM feed WHERE name = ? AND merchant = ? AND key = ?", name)
    ledger.db.execute("INSERT INTO feed (name, merchant, key, body) VALUES (?, ?, ?, ?)", (*name, body))
    return True


def _remember_money(ledger: Ledger, row: Row) -> None:
    payments = row.get("payments") or []
    number, currency = row.get("number"), row.get("currency")
    if not isinstance(number, str) or not isinstance(currency, str) or not isinstance(payments, list):
        raise StationError(
            "seed.order",
            f"An order of {row['merchant']} has the number {number!r} and the currency {currency!r}.",
            "Both are texts, and payments is a list.",
        )
    ledger.db.execute(
        "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)",
        (
            row["merchant"],
            number,
            currency,
            sum(_minor(payment, "captured", currency) for payment in payments),
            sum(_minor(payment, "refunded", currency) for payment in payments),
            json.dumps([payment["reference"] for payment in payments if payment.get("reference")]),
        ),
    )


def _minor(payment: Row, name: str, currency: str) -> int:
    exact = payment.get(f"{name}_minor")
    return exact if type(exact) is int else to_minor(payment.get(name, "0"), currency)
