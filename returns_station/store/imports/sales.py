"""Past sales in the layout of the Online Retail data: invoices become orders, and cancelled lines returns of
the newest purchase."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from returns_station.domain import money
from returns_station.errors import StationError
from returns_station.store import tables
from returns_station.store.imports import merge, run
from returns_station.store.imports import source as files
from returns_station.store.imports.problems import ImportReport, Problems
from returns_station.store.imports.upsert import Row, Target

COLUMNS = (
    "invoice",
    "stock_code",
    "description",
    "quantity",
    "invoiced_at",
    "unit_price",
    "customer_id",
    "country",
)
CURRENCY = "GBP"

# The shop is in the United Kingdom, and the data's description gives no zone: its clock is taken to be
# London's.
ZONE = ZoneInfo("Europe/London")

SHIPPING = frozenset({"POST", "DOT", "C2"})
"""Postage, Dotcom postage, carriage: what the customer paid for sending."""

_FEES = SHIPPING | {"M", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS"}
_FEE = re.compile(r"(?:ADJUST|TEST|GIFT_)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SalesReport:
    """What the sales came to. Cancelled lines of goods are `full`, `partial`, `ambiguous` or `none`; fees
    stand apart.

    `ambiguous` are those that several equally new purchases could be; the first of them took the return.
    `adjustments` are lines
    without a sale: stock corrections with a negative quantity on an ordinary invoice.
    """

    report: ImportReport
    lines: int = 0
    orders: int = 0
    products: int = 0
    full: int = 0
    partial: int = 0
    ambiguous: int = 0
    none: int = 0
    cancelled_fees: int = 0
    fees: int = 0
    adjustments: int = 0


@dataclass(slots=True)
class Line:
    """One line as it stands in the file; `left` is what has not come back of it, `position` its place in the
    invoice."""

    line: int
    invoice: str
    code: str
    title: str
    quantity: int
    at: str
    price: int
    customer: str
    position: int = 0
    left: int = 0
    returned: int = 0
    given_back: int = 0


@dataclass(slots=True)
class Ledger:
    """Everything read so far: lines by invoice, purchases by customer and code, and the tally."""

    invoices: dict[str, list[Line]] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    purchases: dict[tuple[str, str], list[Line]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    tally: dict[str, int] = field(default_factory=dict)
    lines: int = 0

    def add(self, line: Line) -> None:
        """Takes in the next line of the file."""
        self.lines += 1
        line.position = self.positions[line.invoice] = self.positions.get(line.invoice, 0) + 1
        if line.invoice.startswith("C"):
            self._note(
                "cancelled_fees"
                if is_fee(line.code)
                else match(line, self.purchases.get((line.customer, line.code), []))
            )
        elif is_fee(line.code):
            self._note("fees")
            if line.code.upper() in SHIPPING and line.quantity > 0 and line.price >= 0:
                self.invoices.setdefault(line.invoice, []).append(line)
        elif line.quantity <= 0 or line.price < 0:
            self._note("adjustments")
        else:
            self._sold(line)

    def _sold(self, line: Line) -> None:
        line.left = line.quantity
        self.invoices.setdefault(line.invoice, []).append(line)
        self.titles[line.code] = line.title or self.titles.get(line.code, "")
        if line.customer:
            self.purchases.setdefault((line.customer, line.code), []).append(line)

    def _note(self, what: str) -> None:
        self.tally[what] = self.tally.get(what, 0) + 1


def is_fee(code: str) -> bool:
    """Whether a stock code is a charge rather than goods."""
    return code.upper() in _FEES or _FEE.match(code) is not None


def match(cancelled: Line, purchases: list[Line]) -> str:
    """Takes a cancelled line out of the newest earlier purchases with quantity left: full, partial, ambiguous
    or none."""
    open_ = [line for line in purchases if line.left and line.at <= cancelled.at]
    if not open_:
        return "none"
    newest = [line for line in open_ if line.at == open_[-1].at]
    need = -cancelled.quantity
    choice = len(newest) > 1 and sum(line.left for line in newest) > need
    # The newest moment first, and within it the lines in the order of the file.
    for line in sorted(open_, key=lambda line: line.at, reverse=True):
        taken = min(line.left, need)
        line.left, line.returned = line.left - taken, line.returned + taken
        line.given_back += taken * cancelled.price
        need -= taken
    if need:
        return "partial"
    return "ambiguous" if choice else "full"


def read_sales(path: Path, problems: Problems, found: files.Source) -> Iterator[Line]:
    """The lines of a sales file, in its order; StationError `import.columns` where it is another layout."""
    header, separator = files.header(found)
    if found.is_json or not set(COLUMNS) <= set(header):
        missing = ", ".join(column for column in COLUMNS if column not in header)
        sentence = f"{path.name} is no sales file; its header lacks {missing}."
        raise StationError("import.columns", sentence, f"The columns are {', '.join(COLUMNS)}.")
    at = [header.index(column) for column in COLUMNS]
    body = files.rows(found, header, separator, problems)
    next(body, None)
    for line, cells in body:
        made = _line(line, [cells[n] for n in at], problems)
        if made is not None:
            yield made


def _line(line: int, cells: list[str], problems: Problems) -> Line | None:
    invoice, code, title, quantity, at, price, customer, _country = cells
    before = problems.count
    if not invoice or not code:
        problems.add(line, "stock_code" if invoice else "invoice", None, "a value")
    if not quantity.lstrip("-").isdecimal():
        problems.add(line, "quantity", quantity, "a whole number of pieces")
    minor = _pence(price)
    if minor is None:
        problems.add(line, "unit_price", price, "an amount in GBP, with at most 2 decimals,")
    if problems.count > before or minor is None:
        return None
    return Line(line, invoice, code, title.strip(), int(quantity), at, minor, customer)


def _pence(text: str) -> int | None:
    try:
        return money.parse(text, CURRENCY).minor
    except StationError:
        return None


def order(number: str, lines: list[Line], moment: str) -> Row | None:
    """The order of an invoice as a checked row; None where it holds no goods."""
    goods = [line for line in lines if not is_fee(line.code)]
    if not goods:
        return None
    shipping = sum(line.quantity * line.price for line in lines if is_fee(line.code))
    return {
        "number": number,
        "currency": CURRENCY,
        "placed_at": moment,
        "customer": goods[0].customer or None,
        "prices_include_tax": True,
        "shipping_minor": shipping,
        "lines": [
            {
                "line_id": str(line.position),
                "sku": line.code,
                "title": line.title,
                "quantity": line.quantity,
                "unit_price_minor": line.price,
                "discount_minor": 0,
                "tax_minor": 0,
                "returned_before": line.returned,
            }
            for line in goods
        ],
        "payments": [
            {
                "reference": f"PAY-{number}",
                "captured_minor": shipping + sum(line.quantity * line.price for line in goods),
                "refunded_minor": sum(line.given_back for line in goods),
            }
        ],
    }


def moment(line: Line, problems: Problems) -> str:
    """The UTC moment of a line; the clock of the file is that of London."""
    try:
        found = datetime.fromisoformat(line.at)
    except ValueError:
        problems.add(line.line, "invoiced_at", line.at, "a moment, such as 2011-08-31T17:45,")
        return ""
    return found.replace(tzinfo=found.tzinfo or ZONE).astimezone(UTC).isoformat(timespec="microseconds")


def _checked(ledger: Ledger, problems: Problems) -> Iterator[tuple[int, str, Row]]:
    for code, title in ledger.titles.items():
        yield 0, "products", {"sku": code, "title": title or code, "only_new": True}
    for number, lines in ledger.invoices.items():
        made = order(number, lines, moment(lines[0], problems))
        if made is not None:
            yield lines[-1].line, "orders", made


def import_sales(
    engine: Engine,
    path: Path,
    *,
    merchant: str,
    source: str = "sales",
    site: str,
    now: datetime,
    uuid: Callable[[], str],
    progress: run.Progress = lambda _done, _all: None,
    dry_run: bool = False,
    salt: Callable[[], bytes] = merge.salt,
) -> SalesReport:
    """Imports past sales as orders with what came back of them; all or nothing, and harmless when
    repeated."""
    problems, ledger = Problems(), Ledger()
    found = files.examine(path)
    for line in read_sales(path, problems, found):
        ledger.add(line)
        if line.line % 20_000 == 0:
            progress(line.line, 3 * found.lines)
    with run.importing(engine):
        job = run.Job(
            engine,
            uuid(),
            lambda done, steps: progress(found.lines + done, found.lines + steps),
            2 * found.lines,
        )
        rows = job.stage(_checked(ledger, problems), problems)
        if problems.count:
            job.drop()
            return SalesReport(problems.report(rows, found.notices))
        inserted, updated = job.merge(
            lambda connection: Target(connection, merchant, source, site, now, uuid, salt),
            tables.ImportRun(
                id=job.id,
                kind="sales",
                source=source,
                digest=found.digest,
                rows=rows,
                at=now.isoformat(timespec="microseconds"),
            ),
            dry_run=dry_run,
        )
    report = ImportReport(rows, inserted, updated, rows - inserted - updated, notices=found.notices)
    products = len(ledger.titles)
    return SalesReport(report, ledger.lines, rows - products, products, **ledger.tally)
