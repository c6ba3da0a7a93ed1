"""What Tryton knows, as rows of docs/import.md: pages by id of everything that changed since a moment.

A run keeps one moment from its first page to its last; the next run begins a little before the newest change that the
run before it saw at its start. So a page never shifts under the reader, and a row that was committed late is not lost.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from returns_station.connectors.api import ConnectorError, Page, Refused
from returns_station.connectors.calls import Ended, NotThere, Rejected
from returns_station.connectors.tryton import customers, orders
from returns_station.connectors.tryton.rest import Rest, Row, moment

OVERLAP: Final = timedelta(minutes=2)
"""How far a run looks back before what the run before it had seen: longer than a transaction of Tryton takes."""
PAGE: Final = 200
"""Records a page at most, whatever is asked for: an answer stays well below a megabyte."""

_GTIN: Final = frozenset({8, 12, 13, 14})
_TYPES: Final = frozenset({"default", "apparel", "electronics", "grocery", "beauty"})
_IDENTIFIED: Final = ("code", "template.name", "template.categories.name", "identifiers.code")


@dataclass(frozen=True, slots=True)
class _Feed:
    model: str
    dated: tuple[str, ...]
    """Paths whose records' changes count, besides the record's own; with a dot at the end."""
    domain: tuple[object, ...]
    rows: Callable[[Sequence[int]], list[Row]]


class Feeds:
    """The feeds of one Tryton."""

    def __init__(self, rest: Rest, options: Mapping[str, str]) -> None:
        self._rest = rest
        self._options = options
        company = ("company", "=", rest.company)
        sold = (company, ("state", "in", ["processing", "done"]))
        placed = (("type", "in", ["storage", "lost_found"]), ("code", "!=", None))
        self._feeds = {
            "products": _Feed("product.product", ("template.",), (("code", "!=", None),), self._products),
            "orders": _Feed("sale.sale", (), sold, lambda ids: orders.rows(rest, ids)),
            "customers": _Feed("sale.sale", ("party.",), sold, lambda ids: customers.rows(rest, ids)),
            "locations": _Feed("stock.location", (), placed, self._locations),
        }

    def page(self, feed: str, cursor: str | None, limit: int) -> Page:
        """A page; raises ConnectorError for an unknown feed, a cursor that is none of ours, or what Tryton answers."""
        found = self._feeds.get(feed)
        if found is None:
            raise ConnectorError("tryton.feed", f"Tryton has no feed {feed}.", retry=False)
        try:
            return self._page(found, cursor, max(1, min(limit, PAGE)))
        except Ended as end:
            outcome = end.outcome
            if isinstance(outcome, Refused):
                raise ConnectorError(outcome.code, outcome.sentence, outcome.hint) from None
            raise ConnectorError(
                outcome.code, outcome.sentence, outcome.hint, after_s=outcome.after_s
            ) from None
        except (Rejected, NotThere) as error:
            raise ConnectorError("tryton.pull", f"Tryton does not answer for {feed}: {error}") from None

    def _page(self, feed: _Feed, cursor: str | None, limit: int) -> Page:
        since, newest, after = _read(cursor)
        if newest is None:
            newest = self._newest(feed) or since
        domain: list[object] = [*feed.domain, ("id", ">", after)]
        if since is not None:
            domain.append(_changed(feed, since - OVERLAP))
        ids = [row["id"] for row in self._rest.find(feed.model, domain, "id", limit=limit)]
        items = feed.rows(ids) if ids else []
        more = len(ids) == limit
        following = _write(since, newest, ids[-1]) if more else _write(newest, None, 0)
        return Page(tuple(items), following, more)

    def _newest(self, feed: _Feed) -> datetime | None:
        """The newest change there is, by Tryton's own clock."""
        found = []
        for path in ("", *feed.dated):
            for field in (f"{path}write_date", f"{path}create_date"):
                domain = [*feed.domain, (field, "!=", None)]
                row = self._rest.find(feed.model, domain, field, order=((field, "DESC"),), limit=1)
                found += [_at(row[0], field)] if row else []
        return max(found, default=None)

    def _products(self, ids: Sequence[int]) -> list[Row]:
        weighed = self._options.get("weights") == "yes"
        weight = ("template.weight", "template.weight_uom.factor") if weighed else ()
        found = self._rest.among("product.product", "id", list(ids), *_IDENTIFIED, *weight)
        return [self._product(row) for row in found]

    def _product(self, row: Row) -> Row:
        template = row["template"]
        kinds = [str(one["name"]) for one in template["categories"] or []]
        made: Row = {"sku": row["code"], "title": template["name"]}
        codes = [str(one["code"]) for one in row["identifiers"] or []]
        made["gtins"] = [code for code in codes if _is_gtin(code)]
        if kinds:
            made["family"] = kinds[0]
        for kind in kinds:
            kept = self._options.get(f"type.{kind}") or kind.lower()
            if kept in _TYPES or f"type.{kind}" in self._options:
                made["type"] = kept
                break
        if template.get("weight") is not None and template.get("weight_uom"):
            # Tryton's base unit of mass is the kilogram, and a factor says how many of it a unit is.
            grams = float(template["weight"]) * float(template["weight_uom"]["factor"]) * 1000
            made["weight_grams"] = round(grams)
        return made

    def _locations(self, ids: Sequence[int]) -> list[Row]:
        found = self._rest.among("stock.location", "id", list(ids), "code", "type")
        return [_location(row) for row in found]


def _location(row: Row) -> Row:
    made: Row = {"code": row["code"], "kind": "bin"}
    return made | {"purposes": ["scrap"]} if row["type"] == "lost_found" else made


def _changed(feed: _Feed, since: datetime) -> list[object]:
    fields = [f"{path}{name}" for path in ("", *feed.dated) for name in ("write_date", "create_date")]
    return ["OR", *((field, ">=", moment(since)) for field in fields)]


def _at(row: Row, field: str) -> datetime:
    value: Any = row
    for part in field.split("."):
        value = value[part]
    assert isinstance(value, datetime)
    return value


def _is_gtin(code: str) -> bool:
    """Whether it is a GTIN: its length, and its check digit (GS1 General Specifications, 7.9)."""
    if len(code) not in _GTIN or not (code.isascii() and code.isdigit()):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code)))
    return weighted % 10 == 0


def _read(cursor: str | None) -> tuple[datetime | None, datetime | None, int]:
    if cursor is None:
        return None, None, 0
    try:
        told = json.loads(cursor)
        since, newest = (
            datetime.fromisoformat(told[key]) if told[key] else None for key in ("since", "newest")
        )
        return since, newest, int(told["after"])
    except (ValueError, KeyError, TypeError):
        raise ConnectorError("tryton.cursor", "The feed's cursor is none of Tryton's.", retry=False) from None


def _write(since: datetime | None, newest: datetime | None, after: int) -> str:
    told = {"since": since and since.isoformat(), "newest": newest and newest.isoformat(), "after": after}
    return json.dumps(told, separators=(",", ":"))
