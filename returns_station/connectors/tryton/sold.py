"""The sale that goods come back from: found by the number a customer knows, with what it sold, paid and gave back."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from returns_station.connectors.api import Refused
from returns_station.connectors.calls import Ended
from returns_station.connectors.tryton.quantities import counted, units
from returns_station.connectors.tryton.rest import Rest, Row, names

UNIT_MARK: Final = "returns-station unit "
"""What a line's note begins with; the id of the unit, and of the sold line, follow."""

_LIVE: Final = ["state", "!=", "cancelled"]
NO_RETURN: Final = ["OR", ["origin", "=", None], ["origin", "not like", "sale.sale,%"]]
"""Sales that goods were sold by: one may come from an opportunity, a subscription and so on, never from a sale."""
_LINES: Final = (
    "lines.type",
    "lines.quantity",
    "lines.product.code",
    "lines.note",
    *units("lines"),
    "lines.unit_price",
    "lines.invoice_lines",
)
_INVOICES: Final = ("state", "total_amount", "currency.code", "number", "reference")
_INVOICE_LINES: Final = (
    "origin",
    "account",
    "taxes",
    "unit",
    "product.code",
    "product.type",
    "product.default_uom",
    "quantity",
    "invoice",
)


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale with its lines, its posted invoices' lines, and the sales and credit notes that took of it."""

    sale: Row
    returns: tuple[Row, ...]

    @property
    def id(self) -> int:
        return int(self.sale["id"])

    def goods(self) -> list[Row]:
        """Lines of products that were sold."""
        rows: list[Row] = self.sale["lines"]
        return [
            line for line in rows if line["type"] == "line" and line["product"] and (counted(line) or 0) > 0
        ]

    def line(self, order_line: object, sku: str) -> Row | None:
        """The sold line by its id, else the only one, or the largest, with the SKU; None where it was not sold."""
        goods = [line for line in self.goods() if line["product"]["code"] == sku]
        named = [line for line in goods if str(line["id"]) == str(order_line)]
        if named:
            return named[0]
        return max(goods, key=lambda line: (counted(line) or 0, -line["id"]), default=None)

    def sold(self, sku: str) -> int:
        """Pieces of a SKU that were sold."""
        return sum(counted(line) or 0 for line in self.goods() if line["product"]["code"] == sku)

    def came_back(self) -> Counter[str]:
        """Pieces by SKU in all return sales that are not cancelled, whoever made them."""
        came: Counter[str] = Counter()
        for sale in self.returns:
            for line in sale["lines"]:
                if line["type"] == "line" and line["product"]:
                    came[line["product"]["code"]] -= counted(line) or 0
        return came


def find_sale(rest: Rest, order_number: str) -> Row | None:
    """The sale a customer calls so: by its reference, else by its number. Raises Ended where several are called so."""
    fields = (
        "number",
        "reference",
        "state",
        "party",
        "currency.code",
        "invoice_address",
        "warehouse",
        *_LINES,
    )
    own = [NO_RETURN, _LIVE, rest.own]
    for domain in ([["reference", "=", order_number]], [["number", "=", order_number]]):
        found = rest.find("sale.sale", [*domain, *own], *fields)
        if len(found) > 1:
            numbers = ", ".join(str(row["number"] or row["id"]) for row in found[:5])
            sentence = (
                f"Tryton has {len(found)} sales called {order_number} (numbers {numbers}), so none is taken."
            )
            raise Ended(
                Refused(
                    "upstream.ambiguous",
                    sentence,
                    "Cancel or rename those that are not meant, then retry it.",
                )
            )
        if found:
            return found[0]
    return None


def need_sale(rest: Rest, order_number: str) -> Row:
    """The sale, or Ended (refused, `upstream.no_order`)."""
    found = find_sale(rest, order_number)
    if found is None:
        sentence = f"Tryton has no sale with the reference or number {order_number}."
        raise Ended(
            Refused(
                "upstream.no_order",
                sentence,
                "Enter the sale in Tryton, or correct its reference; then retry it.",
            )
        )
    return found


def read_sold(rest: Rest, sale: Row) -> Sold:
    """The sale with every return sale of it."""
    domain = [["origin", "=", f"sale.sale,{sale['id']}"], _LIVE]
    returns = rest.find("sale.sale", domain, "reference", "state", *_LINES)
    return Sold(sale, tuple(returns))


@dataclass(frozen=True, slots=True)
class Money:
    """What was invoiced for a sale and what was credited, with the invoice lines a credit note goes back to."""

    invoices: tuple[Row, ...]
    credits: tuple[Row, ...]
    lines: tuple[Row, ...]

    @property
    def paid(self) -> Decimal:
        """Totals of posted and paid invoices."""
        return sum((row["total_amount"] for row in self.invoices), Decimal(0))

    @property
    def credited(self) -> Decimal:
        """Totals of credit notes that are not cancelled, as a positive amount."""
        return -sum((row["total_amount"] for row in self.credits), Decimal(0))

    def invoiced(self, sale_line: int) -> Row | None:
        """The invoice line of a sold line."""
        return next((row for row in self.lines if names(row["origin"], "sale.line") == sale_line), None)

    def postage(self) -> Row | None:
        """An invoice line of a service: what sending cost."""
        return next((row for row in self.lines if (row["product"] or {}).get("type") == "service"), None)


def read_money(rest: Rest, sold: Sold) -> Money:
    """Invoices and credit notes of a sale: by its lines, by those of its return sales, by lines that credit a line."""
    own = [f"sale.line,{line['id']}" for line in sold.sale["lines"]]
    back = [f"sale.line,{line['id']}" for sale in sold.returns for line in sale["lines"]]
    lines = rest.among("account.invoice.line", "origin", own, *_INVOICE_LINES)
    origins = back + [f"account.invoice.line,{line['id']}" for line in lines]
    crediting = rest.among("account.invoice.line", "origin", origins, "invoice")
    ids = sorted({row["invoice"] for row in [*lines, *crediting] if row["invoice"]})
    found = rest.among("account.invoice", "id", ids, *_INVOICES, domain=[_LIVE])
    posted = [row for row in found if row["total_amount"] > 0 and row["state"] in ("posted", "paid")]
    credit = [row for row in found if row["total_amount"] < 0]
    real = {row["id"] for row in posted}
    return Money(tuple(posted), tuple(credit), tuple(row for row in lines if row["invoice"] in real))
