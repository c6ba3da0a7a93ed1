"""One event of a posted batch, checked field by field; no model library, because it is on the ingest path."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

Check = Callable[[object], str | None]
"""Takes a value; answers None if it is right, else what was expected."""
Checks = Mapping[str, "Check | Checks"]
"""A check for each field of an object; another mapping stands for a list of such objects."""

MAX_TEXT: Final = 200
MAX_INTEGER: Final = 10**15
MAX_LINES: Final = 1000
_ZONE: Final = re.compile(r"T.*(Z|[+-][0-9]{2}:[0-9]{2})\Z")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_SEQUENCE: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event is not taken: for this one event, never for its batch."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event whose every field has been checked."""

    id: str
    type: str
    subject: str
    sequence: int
    source: str
    time: str
    data: Mapping[str, object]
    body: str
    """`data` as canonical JSON: what is stored, and what a second event with the same id must equal."""

    @property
    def reverses(self) -> str | None:
        """The id of the event this one takes back."""
        return str(self.data["reverses"]) if self.type.endswith(".reversed") else None

    def text(self, name: str) -> str:
        """A field known to be text."""
        return str(self.data[name])

    def integer(self, name: str) -> int:
        """A field known to be an integer."""
        value = self.data[name]
        assert isinstance(value, int)
        return value


def text(value: object) -> str | None:
    right = isinstance(value, str) and 0 < len(value) <= MAX_TEXT and (value.isascii() or _is_unicode(value))
    return None if right else f"a text of 1 to {MAX_TEXT} characters"


def _is_unicode(value: str) -> bool:
    # JSON can spell half of a surrogate pair, which no database column can hold.
    return not any("\ud800" <= character <= "\udfff" for character in value)


def optional_text(value: object) -> str | None:
    return None if value is None or text(value) is None else f"null or a text of 1 to {MAX_TEXT} characters"


def date(value: object) -> str | None:
    right = value is None or (isinstance(value, str) and _DATE.fullmatch(value) and _is_time(value))
    return None if right else "null or a date such as 2027-01-31"


def instant(value: object) -> str | None:
    right = isinstance(value, str) and len(value) <= MAX_TEXT and _ZONE.search(value) and _is_time(value)
    return None if right else "an instant with a zone such as 2027-01-31T12:00:00Z"


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def amount(value: object) -> str | None:
    right = type(value) is int and 0 <= value <= MAX_INTEGER
    return None if right else "an integer of 0 or more, in minor units"


def count(value: object) -> str | None:
    return None if type(value) is int and 1 <= value <= MAX_INTEGER else "an integer of 1 or more"


def pieces(value: object) -> str | None:
    return None if type(value) is int and 0 <= value <= MAX_INTEGER else "an integer of 0 or more"


def flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def one_of(*words: str) -> Check:
    expected = f"one of {', '.join(words)}"
    return lambda value: None if value in words else expected


def currency(value: object) -> str | None:
    right = isinstance(value, str) and _CURRENCY.fullmatch(value)
    return None if right else "a currency code of three capital letters"


_RECEIPT: dict[str, Check | Checks] = {
    **dict.fromkeys(("merchant", "site", "return_id", "parcel_id", "plate", "return_type"), text),
    **dict.fromkeys(("return_number", "order_number", "tracking", "carrier"), optional_text),
    "lines": {"order_line": optional_text, "sku": text, "expected": count, "reason": text},
}
_OF_PARCEL: dict[str, Check | Checks] = {"return_number": optional_text, "parcel_id": text, "plate": text}
_STOCK: dict[str, Check | Checks] = {
    **dict.fromkeys(("merchant", "site", "return_id", "unit_id", "lpn", "sku"), text),
    **dict.fromkeys(("grade", "disposition", "location"), text),
    **dict.fromkeys(("lot", "serial", "container", "order_number", "order_line"), optional_text),
    "quantity": count,
    "unit": one_of("each"),
    "expiry": date,
    **_OF_PARCEL,
}
_COMPLETED: dict[str, Check | Checks] = {
    **dict.fromkeys(("merchant", "site", "return_id", "parcel_id", "plate", "return_type"), text),
    **dict.fromkeys(("return_number", "order_number"), optional_text),
    "units": {
        "unit_id": text,
        **dict.fromkeys(("lpn", "sku", "order_line", "disposition", "grade"), optional_text),
        **dict.fromkeys(("location", "container"), optional_text),
        "quantity": count,
        "held": flag,
    },
    "lines": {
        "order_line": optional_text,
        "sku": text,
        **dict.fromkeys(("expected", "received", "short", "awaiting"), pieces),
    },
}
_REFUND: dict[str, Check | Checks] = {
    **dict.fromkeys(("merchant", "return_id", "settlement_id", "order_number"), text),
    **dict.fromkeys(("amount_minor", "shipping_minor", "fee_minor"), amount),
    "currency": currency,
    "payment_reference": optional_text,
    "outcome": one_of("refund", "store_credit", "exchange"),
    "lines": {"order_line": text, "sku": text, "quantity": count, "amount_minor": amount},
    **_OF_PARCEL,
}
_AVAILABLE: dict[str, Check | Checks] = {
    **dict.fromkeys(("merchant", "site", "return_id", "unit_id", "lpn", "sku"), text),
    **dict.fromkeys(("disposition", "location", "container"), text),
    "quantity": count,
    "unit": one_of("each"),
}
_SHORT: dict[str, Check | Checks] = {
    "return_id": text,
    "lines": {"order_line": optional_text, "sku": text, "quantity": count, "by": text},
}
DATA: Final[dict[str, Checks]] = {
    "returns.receipt": _RECEIPT,
    "returns.receipt.reversed": {**_RECEIPT, "reverses": text},
    "returns.stock": _STOCK,
    "returns.stock.reversed": {**_STOCK, "reverses": text},
    "returns.completed": _COMPLETED,
    "returns.completed.reversed": {**_COMPLETED, "reverses": text},
    "returns.refund": _REFUND,
    "returns.refund.reversed": {**_REFUND, "reverses": text},
    "returns.short": _SHORT,
    "returns.available": _AVAILABLE,
    "returns.available.reversed": {**_AVAILABLE, "reverses": text},
}
SINCE_1_1: Final = {
    "returns.receipt": frozenset({"lines"}),
    "returns.stock": frozenset(_OF_PARCEL),
    "returns.refund": frozenset(_OF_PARCEL),
}
"""Fields that an event queued by an older station lacks, by the type without `.reversed`: taken without them."""
_ENVELOPE: Checks = {
    "specversion": one_of("1.0"),
    "source": text,
    "type": one_of(*DATA),
    "subject": text,
    "time": instant,
    "datacontenttype": one_of("application/json"),
    "sequence": lambda value: (
        None if isinstance(value, str) and _SEQUENCE.fullmatch(value) else "an integer written as text"
    ),
    "data": lambda value: None if isinstance(value, dict) else "an object",
}


def parse_event(item: Mapping[str, object]) -> Event | Refusal:
    """The event in one object of the batch, whose `id` is known to be text, or the first thing wrong."""
    if wrong := _wrong(item, _ENVELOPE):
        return wrong
    data, kind = item["data"], str(item["type"])
    assert isinstance(data, dict)
    if wrong := _wrong(data, _asked(kind, data)):
        return wrong
    if item["subject"] != data["return_id"]:
        stated, meant = shown(item["subject"]), shown(data["return_id"])
        return Refusal("event.subject", f"The subject {stated} is not the return_id {meant} of its data.")
    return Event(
        id=str(item["id"]),
        type=kind,
        subject=str(item["subject"]),
        sequence=int(str(item["sequence"])),
        source=str(item["source"]),
        time=str(item["time"]),
        data=data,
        body=json.dumps(data, sort_keys=True, separators=(",", ":")),
    )


def _asked(kind: str, data: Mapping[str, object]) -> Checks:
    """The checks of a type, without those of fields that an older station did not send."""
    lacks = SINCE_1_1.get(kind.removesuffix(".reversed"), frozenset()) - data.keys()
    return {name: check for name, check in DATA[kind].items() if name not in lacks} if lacks else DATA[kind]


def _wrong(values: Mapping[str, object], checks: Checks, path: str = "") -> Refusal | None:
    for name, check in checks.items():
        value = values.get(name)
        if value is None and name not in values:
            return Refusal("event.field", f"The field {path}{name} is missing.")
        if not callable(check):
            if wrong := _wrong_lines(value, check, path + name):
                return wrong
        elif expected := check(value):
            return _field(path + name, value, expected)
    return None


def _wrong_lines(value: object, checks: Checks, path: str) -> Refusal | None:
    if not isinstance(value, list) or len(value) > MAX_LINES:
        return _field(path, value, f"a list of at most {MAX_LINES} lines")
    for number, line in enumerate(value, start=1):
        if not isinstance(line, dict):
            return _field(f"{path}.{number}", line, "an object")
        if wrong := _wrong(line, checks, f"{path}.{number}."):
            return wrong
    return None


def _field(path: str, value: object, expected: str) -> Refusal:
    code = "event.float" if isinstance(value, float) else "event.field"
    return Refusal(code, f"The field {path} is {shown(value)}; {expected} is expected.")


def shown(value: object) -> str:
    """A value as it may stand in a sentence: JSON, cut at 60 characters."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else text[:57] + "..."
