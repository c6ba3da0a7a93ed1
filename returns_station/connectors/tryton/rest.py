"""Tryton's REST API: records found by a domain, created, written and moved on by a button.

The shapes were read off a running 8.2 (`trytond/protocols/rest.py`): a domain, an order and the context are JSON in
base64url; a dotted field follows references to one or to many records, but no field that may name several models.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from returns_station.connectors.api import ConnectorError, RetryLater, Settings
from returns_station.connectors.calls import Calls, Ended, NotThere, Rejected

Row = dict[str, Any]
Domain = Sequence[object]

_LOCKED: Final = frozenset({409, 423, 503})
"""503 is how Tryton says that a record is locked by another user's transaction, which was rolled back."""

BY_ID: Final = (("id", "ASC"),)
PRICE: Final = Decimal("0.0001")
"""The least of a price that Tryton keeps (`price_decimal` of its configuration, 4 where nothing is said)."""
MANY: Final = 40
"""Values a search names at most: 40 of our longest references come to 2.7 kB."""


class Rest:
    """Calls of one Tryton database in one company. Raises what `Calls` raises.

    `own` is the part of a domain that keeps to that company: a user may see several.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self.company = _company(settings)
        self.now = now
        self.own = ["company", "=", self.company]
        key = settings.token or ""
        context: Row = {"company": self.company}
        self.calls = Calls(settings, _headers(key, context), now, _LOCKED)
        self._bold = Calls(settings, _headers(key, context | {"_skip_warnings": True}), now, _LOCKED)
        self.origin = self.calls.origin

    def find(
        self,
        model: str,
        domain: Domain,
        *fields: str,
        order: Sequence[object] = BY_ID,
        limit: int | None = None,
    ) -> list[Row]:
        """Records that answer the domain, with `id` and the fields asked for; plain Python values inside."""
        asked = [f"d={_packed(domain)}", f"o={_packed(order)}"]
        asked += [f"f={quote(field)}" for field in fields or ("id",)]
        if limit is not None:
            asked.append(f"s={limit}")
        found = self.calls.get(f"/rest/model/{model}?{'&'.join(asked)}")
        rows = _plain(found)
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
            raise self._strange("a search without records")
        return rows

    def among(
        self, model: str, field: str, values: Sequence[object], *fields: str, domain: Domain = ()
    ) -> list[Row]:
        """Records whose field is one of many values, by id. Asked for in parts: a long domain makes a long address, and
        servers before Tryton take 4 to 8 kB of it (gunicorn 4,094 bytes, else 414)."""
        rows: list[Row] = []
        for start in range(0, len(values), MANY):
            part = [field, "in", list(values[start : start + MANY])]
            rows += self.find(model, [part, *domain], *fields)
        return sorted(rows, key=lambda row: int(row["id"]))

    def one(self, model: str, id_: int, *fields: str) -> Row | None:
        """A record by its id, or None where it is not there (or not to be seen)."""
        found = self.find(model, [["id", "=", id_]], *fields)
        return found[0] if found else None

    def create(self, model: str, values: Row) -> int:
        """The id of a new record."""
        return self._id(self.calls.post(f"/rest/model/{model}", values))

    def copy(self, model: str, id_: int, default: Row) -> int:
        """The id of a copy, changed as `default` says."""
        return self._id(self.calls.post(f"/rest/model/{model}/{id_}/copy", {"default": default}))

    def write(self, model: str, id_: int, values: Row) -> None:
        """Changes a record."""
        self.calls.put(f"/rest/model/{model}/{id_}", values)

    def delete(self, model: str, id_: int) -> None:
        """Deletes a record; one that is gone already is what was wanted."""
        try:
            self.calls.delete(f"/rest/model/{model}/{id_}")
        except NotThere:
            return

    def press(self, model: str, id_: int, button: str, *, unwarned: bool = False) -> Rejected | None:
        """Presses a button; what Tryton says against it is returned, for the state tells whether it was done before.

        `unwarned` skips all of Tryton's warnings in this one call: never on `do`, whose warning checks quantities.
        """
        calls = self._bold if unwarned else self.calls
        try:
            calls.post(f"/rest/model/{model}/{id_}/{button}", {})
        except Rejected as rejected:
            return rejected
        return None

    def _id(self, answer: Any) -> int:
        found = related(answer[0] if isinstance(answer, list) and answer else answer)
        if found is None:
            raise self._strange("the creation of a record without its id")
        return found

    def _strange(self, what: str) -> Ended:
        sentence = f"{self.origin} answered {what}, as Tryton never does."
        hint = "It may have been done there, so it is looked for before anything is made again."
        return Ended(RetryLater(sentence, unknown=True, code="upstream.answer", hint=hint))

    def close(self) -> None:
        """Gives back the connections."""
        self.calls.close()
        self._bold.close()


def exact(amount: Decimal) -> Row:
    """A decimal number as Tryton's JSON has it."""
    return {"__class__": "Decimal", "decimal": str(amount)}


def moment(at: datetime) -> Row:
    """A moment as Tryton's JSON has it: UTC without a zone."""
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{part: getattr(at, part) for part in parts}}


def pieces(quantity: object) -> int | None:
    """A quantity as whole pieces; None where it is not whole. Calls reads numbers with a fraction as text."""
    number = Decimal(str(quantity or 0))
    return int(number) if number == number.to_integral_value() else None


def related(value: object) -> int | None:
    """The id in a reference, read as a number, as a record or as `model,id`."""
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, str):
        value = value.rpartition(",")[2]
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else None


def names(value: object, model: str) -> int | None:
    """The id in a `model,id` of this model; None for another model or none."""
    if not isinstance(value, str) or value.partition(",")[0] != model:
        return None
    return related(value)


def _plain(value: Any) -> Any:
    """Tryton's JSON without its classes."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("__class__")
    if kind == "Decimal":
        return Decimal(value["decimal"])
    if kind in ("date", "datetime"):
        parts = {name: int(part) for name, part in value.items() if name != "__class__"}
        day = date(parts["year"], parts["month"], parts["day"])
        if kind == "date":
            return day
        hour, minute, second = parts.get("hour", 0), parts.get("minute", 0), parts.get("second", 0)
        return datetime.combine(day, time(hour, minute, second, parts.get("microsecond", 0)))
    return {name: _plain(part) for name, part in value.items()}


def _packed(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()


def _headers(key: str, context: Row) -> dict[str, str]:
    return {"authorization": f"bearer {key}", "x-tryton-context": _packed(context)}


def _company(settings: Settings) -> int:
    named = settings.options.get("company", "1")
    if not named.isdigit():
        raise ConnectorError(
            "tryton.company",
            f"The option company is {named!r}, but a company's id is a number.",
            "Write company under [target.options]; Tryton shows the id of a company in its export.",
            retry=False,
        )
    return int(named)
