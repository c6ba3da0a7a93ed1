"""What an upstream that speaks docs/openapi.yaml has of a return: its receipts, movements and refunds, reversals netted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from returns_station.connectors.answers import Reader, clean
from returns_station.connectors.api import RetryLater, Stated
from returns_station.connectors.wire import Reply

Row = Mapping[str, Any]
_PAGE: Final = 500
_STRANGE: Final = "It is asked again with the next reconciliation; check that it speaks docs/openapi.yaml."


class Unstated(Exception):
    """The upstream did not say; `why` is its answer."""

    def __init__(self, why: RetryLater) -> None:
        super().__init__(why.sentence)
        self.why = why


def read_statement(
    return_id: str, send: Callable[[str], Reply | RetryLater], reader: Reader, origin: str
) -> tuple[Stated, ...] | RetryLater:
    """Everything of one return; `send` does one GET of a path."""
    lists = Lists(return_id, send, reader, origin)
    try:
        return (*_receipts(lists), *_units(lists), *_refunds(lists))
    except Unstated as none:
        return none.why
    except (KeyError, TypeError, ValueError) as error:
        sentence = f"{origin} states rows that are not those of the contract ({type(error).__name__})."
        return RetryLater(sentence, code="upstream.contract", hint=_STRANGE)


class Lists:
    """The list endpoints, asked about one return."""

    def __init__(
        self, return_id: str, send: Callable[[str], Reply | RetryLater], reader: Reader, origin: str
    ) -> None:
        self._return_id, self._send, self._reader, self._origin = return_id, send, reader, origin

    def rows(self, name: str) -> list[Row]:
        """Every row of `/v1/<name>`, page by page. Raises Unstated."""
        found: list[Row] = []
        after = 0
        while True:
            page = self._page(name, after)
            items, more = page.get("items"), page.get("more")
            if not isinstance(items, list) or not isinstance(more, bool):
                raise self._strange(f"{name} is not a page of items and more")
            found += items
            if not more:
                return found
            last = items[-1]["arrival"] if items else after
            if last <= after:
                raise self._strange(f"{name} says that there is more but does not move on")
            after = last

    def _page(self, name: str, after: int) -> Mapping[str, object]:
        query = urlencode({"return_id": self._return_id, "after": after, "limit": _PAGE})
        reply = self._send(f"/v1/{name}?{query}")
        if isinstance(reply, RetryLater):
            raise Unstated(reply)
        answer = self._reader.json(reply) if reply.status == 200 else self._reader.whole(reply)
        if isinstance(answer, RetryLater):
            raise Unstated(answer)
        return answer

    def _strange(self, how: str) -> Unstated:
        sentence = f"The list {how} ({self._origin})."
        return Unstated(RetryLater(sentence, code="upstream.contract", hint=_STRANGE))


def _receipts(lists: Lists) -> Iterator[Stated]:
    for row in _netted(lists.rows("receipts"), "parcel_id", "count"):
        yield Stated("receipt", _name(row), str(row["parcel_id"]))


def _units(lists: Lists) -> Iterator[Stated]:
    moved = {
        row["unit_id"]: row["location"] for row in _netted(lists.rows("available"), "unit_id", "quantity")
    }
    for row in _netted(lists.rows("movements"), "unit_id", "quantity"):
        place = str(moved.get(row["unit_id"], row["location"]))
        yield Stated(
            "stock", _name(row), str(row["unit_id"]), sku=str(row["sku"]), quantity=int(row["quantity"]),
            place=place, order_line=row.get("order_line"),
        )  # fmt: skip


def _refunds(lists: Lists) -> Iterator[Stated]:
    for row in _netted(lists.rows("refunds"), "settlement_id", "amount_minor"):
        amount, currency = int(row["amount_minor"]), str(row["currency"])
        yield Stated("refund", _name(row), str(row["settlement_id"]), amount_minor=amount, currency=currency)


def _netted(rows: Iterable[Row], subject: str, number: str) -> list[Row]:
    """The rows without those that a later negative one takes back; a negative one that takes back none stays."""
    kept: list[Row] = []
    for row in rows:
        taken = next(
            (
                one
                for one in reversed(kept)
                if int(row[number]) < 0 and one[subject] == row[subject] and one[number] == -row[number]
            ),
            None,
        )
        if taken is None:
            kept.append(row)
        else:
            kept.remove(taken)
    return kept


def _name(row: Row) -> str:
    return clean(str(row["reference"]))
