"""Makes the sample from the full sales file, the same bytes each time: `python -m
returns_station.samples.make SALES.csv.gz`."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from returns_station.domain import money
from returns_station.domain.scan import badge_code, mint, station_code
from returns_station.samples import FOLDER, MERCHANT, derive
from returns_station.samples.derive import Row
from returns_station.store.imports import sales, source
from returns_station.store.imports.problems import Problems

PLAIN, RETURNED, ABROAD, ELECTRONIC = 19, 20, 5, 5
"""Invoices without a return, with one, with postage, and with something electronic in them."""


def main(path: Path, folder: Path = FOLDER) -> None:
    """Reads the full sales at `path` and writes every file of the sample into `folder`."""
    lines = list(sales.read_sales(path, Problems(), source.examine(path)))
    kept = _cut(lines)
    _write_csv(folder / "online-retail-sample.csv", path, {line.line for line in kept})
    ledger = sales.Ledger()
    for line in kept:
        line.left = line.returned = line.given_back = 0
        ledger.add(line)
    orders = [
        _order(number, sold)
        for number, sold in ledger.invoices.items()
        if any(not sales.is_fee(x.code) for x in sold)
    ]
    products = derive.products(ledger.titles, orders)
    derive.serials(products, orders)
    derive.forget_money(orders[3])
    derive.shipped(orders)
    _write_jsonl(folder / "products.jsonl", products)
    _write_jsonl(folder / "orders.jsonl", orders)
    _write_jsonl(folder / "authorizations.jsonl", derive.authorizations(orders, products))
    _write_places(folder)


def _cut(lines: list[sales.Line]) -> list[sales.Line]:
    """The lines of the chosen invoices, and the cancelled lines that only they can have been."""
    ledger, cancelled = sales.Ledger(), [line for line in lines if line.invoice.startswith("C")]
    for line in lines:
        ledger.add(line)
    backs: dict[tuple[str, str], list[sales.Line]] = {}
    for line in cancelled:
        backs.setdefault((line.customer, line.code), []).append(line)
    chosen = _choose(ledger, backs)
    wanted = {(line.customer, line.code) for number in chosen for line in ledger.invoices[number]}
    back = {id(line) for key in wanted for line in backs.get(key, []) if line.customer}
    return [line for line in lines if line.invoice in chosen or id(line) in back]


def _choose(ledger: sales.Ledger, backs: dict[tuple[str, str], list[sales.Line]]) -> set[str]:
    plain, returned, abroad, electronic = [], [], [], []
    for number, lines in ledger.invoices.items():
        goods = [line for line in lines if not sales.is_fee(line.code)]
        if not _fits(ledger, number, goods, backs):
            continue
        if any(line.returned for line in goods):
            returned.append(number)
        elif any(line.code == "POST" for line in lines):
            abroad.append(number)
        elif any(derive.ELECTRONICS.search(line.title) and line.quantity <= 12 for line in goods):
            electronic.append(number)
        elif not any((line.customer, line.code) in backs for line in goods):
            plain.append(number)
    found = (*_spread(plain, PLAIN), *_spread(returned, RETURNED), *_spread(abroad, ABROAD))
    return {derive.BULK, *found, *_spread(electronic, ELECTRONIC)}


def _fits(
    ledger: sales.Ledger, number: str, goods: list[sales.Line], backs: dict[tuple[str, str], list[sales.Line]]
) -> bool:
    """Whether an invoice is of a size and kind to show: two to nine lines that can have no other returns than
    their own."""
    if not 2 <= len(goods) <= 9 or ledger.positions[number] > 10 or not all(line.customer for line in goods):
        return False
    alone = all(
        len(ledger.purchases[line.customer, line.code]) == 1
        for line in goods
        if (line.customer, line.code) in backs
    )
    return alone and all(
        derive.STOCK_CODE.fullmatch(line.code) and line.title and line.price for line in goods
    )


def _spread(numbers: list[str], count: int) -> list[str]:
    return [numbers[n * len(numbers) // count] for n in range(count)]


def _order(number: str, lines: list[sales.Line]) -> Row:
    row = sales.order(number, lines, sales.moment(lines[0], Problems()))
    if row is None:
        raise ValueError(f"invoice {number} holds no goods")
    return {
        "merchant": MERCHANT,
        "number": number,
        "currency": row["currency"],
        "placed_at": row["placed_at"],
        "customer": row["customer"],
        "prices_include_tax": True,
        "shipping": _pounds(row["shipping_minor"]),
        "lines": [_order_line(line) for line in row["lines"]],
        "payments": [
            {
                "reference": payment["reference"],
                "captured": _pounds(payment["captured_minor"]),
                "refunded": _pounds(payment["refunded_minor"]),
            }
            for payment in row["payments"]
        ],
    }


def _order_line(line: Row) -> Row:
    made = {name: line[name] for name in ("line_id", "sku", "quantity")}
    made |= {"unit_price": _pounds(line["unit_price_minor"]), "discount": "0.00", "tax": "0.00"}
    return made | ({"returned": line["returned_before"]} if line["returned_before"] else {})


def _pounds(minor: int) -> str:
    return money.decimal(minor, sales.CURRENCY)


def _write_csv(target: Path, path: Path, wanted: set[int]) -> None:
    found = source.examine(path)
    header, separator = source.header(found)
    rows = (cells for line, cells in source.rows(found, header, separator, Problems()) if line in wanted)
    _write_rows(target, header, rows)


def _write_rows(target: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_jsonl(target: Path, rows: Iterable[Row]) -> None:
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    target.write_text("".join(lines), encoding="utf-8")


_PURPOSES = (
    *("restock", "resale", "quarantine", "hold", "hazard", "property", "rework", "repair"),
    *("vendor", "transfer", "liquidate", "ship_back", "donate", "recycle", "scrap"),
)
_BINS = {"restock": 4, "resale": 2, "hold": 2}
_TOTES = (
    *(("restock", 40), ("restock", 40), ("restock", 800), ("resale", 40)),
    *(("rework", 20), ("liquidate", 40), ("scrap", 60)),
)


def _write_places(folder: Path) -> None:
    _write_rows(folder / "locations.csv", ("code", "kind", "purposes"), _locations())
    containers = [
        (mint("K", station_code(0), 0, n), "pallet" if capacity > 100 else "tote", purpose, capacity)
        for n, (purpose, capacity) in enumerate(_TOTES)
    ]
    _write_rows(folder / "containers.csv", ("code", "kind", "purposes", "capacity"), containers)
    workers = (("1001", "w-1", "worker"), ("1002", "w-2", "worker"), ("1003", "w-3", "supervisor"))
    badges = [(badge_code(token), worker, role) for token, worker, role in workers]
    _write_rows(folder / "badges.csv", ("code", "worker", "role"), badges)


def _locations() -> Iterator[tuple[str, str, str]]:
    for purpose in _PURPOSES:
        kind = "shelf" if purpose in ("hold", "property") else "bin"
        for n in range(1, _BINS.get(purpose, 1) + 1):
            yield f"{purpose.upper().replace('_', '-')}-{n}", kind, purpose


if __name__ == "__main__":
    main(Path(sys.argv[1]))
