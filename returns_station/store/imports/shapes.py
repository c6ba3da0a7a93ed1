"""What a row of each kind consists of, as one table a kind, and the check of a raw row against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from returns_station.domain.codes import Reason, RefundMeans, RefundTiming, ReturnType, Role
from returns_station.store.imports import fields
from returns_station.store.imports.problems import Problems

Checked = dict[str, object]
"""A checked row: only the columns that were given, named as in the store; JSON can carry it."""


@dataclass(slots=True)
class Raw:
    """A row as it came: the given values by our names, what the file calls them, and the rows within it."""

    line: int
    values: dict[str, object]
    names: Mapping[str, str] = field(default_factory=dict)
    children: dict[str, list["Raw"]] = field(default_factory=dict)

    def name(self, column: str) -> str:
        """What the file calls a column."""
        return self.names.get(column, column)


@dataclass(frozen=True, slots=True)
class Field:
    """A column: what the store calls it, how it is read, whether it must be there."""

    to: str
    parse: fields.Parse
    required: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a row; `key` names it among its like, `children` are the rows within it, `needs` those
    it cannot lack."""

    key: str
    columns: Mapping[str, Field]
    children: Mapping[str, "Shape"] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


def _columns(required: tuple[str, ...] = (), /, **parsers: fields.Parse) -> dict[str, Field]:
    return {name: Field(name, parse, name in required) for name, parse in parsers.items()}


def _money(*names: str) -> dict[str, Field]:
    return {name: Field(f"{name}_minor", fields.money) for name in names}


_MERCHANT = _columns(merchant=fields.text)

PRODUCT = Shape(
    "sku",
    _MERCHANT
    | _columns(
        ("sku",),
        sku=fields.text,
        title=fields.text,
        type=fields.word,
        serial_tracked=fields.flag,
        lot_tracked=fields.flag,
        expiry_tracked=fields.flag,
        hazard=fields.word,
        components=fields.texts,
        weight_grams=fields.whole(0, "grams"),
        gtins=fields.gtins,
        family=fields.text,
        images=fields.links,
        vendor_terms=fields.text,
    ),
)

ORDER_LINE = Shape(
    "line_id",
    _columns(
        ("line_id", "sku", "quantity"),
        line_id=fields.text,
        sku=fields.text,
        title=fields.text,
        quantity=fields.whole(1, "pieces"),
        delivered_at=fields.instant,
        serials=fields.texts,
    )
    | _money("unit_price", "discount", "tax")
    | {"returned": Field("returned_before", fields.whole(0, "pieces"))},
)

PAYMENT = Shape("reference", _columns(("reference",), reference=fields.text) | _money("captured", "refunded"))

ORDER = Shape(
    "number",
    _MERCHANT
    | _columns(
        ("number",),
        number=fields.text,
        currency=fields.currency,
        placed_at=fields.instant,
        customer=fields.text,
        prices_include_tax=fields.flag,
        tracking=fields.texts,
    )
    | _money("shipping"),
    {"lines": ORDER_LINE, "payments": PAYMENT},
    ("lines",),
)

RETURN_LINE = Shape(
    "",
    _columns(
        ("sku", "expected"),
        sku=fields.text,
        line_id=fields.text,
        expected=fields.whole(1, "pieces"),
        reason=fields.one_of(Reason),
    ),
)

AUTHORIZATION = Shape(
    "number",
    _MERCHANT
    | _columns(
        ("number",),
        number=fields.text,
        return_type=fields.one_of(ReturnType),
        customer=fields.text,
        created_at=fields.instant,
        expires_at=fields.instant,
        pieces=fields.whole(1, "parcels or pieces"),
        timing=fields.one_of(RefundTiming),
        means=fields.one_of(RefundMeans),
        tracking=fields.texts,
    )
    | {"order": Field("order_number", fields.text)},
    {"lines": RETURN_LINE},
)

PERSONAL = ("name", "company", "email", "phone", "address")
"""Columns that go to the subject row alone."""

CUSTOMER = Shape(
    "number",
    _MERCHANT
    | _columns(
        ("number",),
        number=fields.text,
        segment=fields.word,
        orders=fields.whole(0, "orders"),
        pieces_bought=fields.whole(0, "pieces"),
        pieces_returned=fields.whole(0, "pieces"),
        currency=fields.currency,
        first_order_at=fields.instant,
        **dict.fromkeys(PERSONAL, fields.text),
    )
    | _money("spent", "returned"),
)

LOCATION = Shape(
    "code", _columns(("code",), code=fields.text, kind=fields.word, purposes=fields.words, site=fields.text)
)

CONTAINER = Shape(
    "code",
    dict(LOCATION.columns)
    | _columns(capacity=fields.whole(1, "pieces"), location=fields.text, state=fields.word),
)

BADGE = Shape(
    "code",
    _columns(("code",), code=fields.text, name=fields.text, site=fields.text, revoked_at=fields.instant)
    | {"worker": Field("worker_id", fields.text, True), "role": Field("role", fields.one_of(Role))},
)

KINDS: Mapping[str, Shape] = {
    "products": PRODUCT,
    "orders": ORDER,
    "authorizations": AUTHORIZATION,
    "customers": CUSTOMER,
    "locations": LOCATION,
    "containers": CONTAINER,
    "badges": BADGE,
}
"""What can be imported, by the name used on the command line and in the feeds."""


def check(raw: Raw, shape: Shape, problems: Problems, currency: str | None = None) -> Checked:
    """The row as the store takes it; whatever does not fit goes to `problems`.

    Amounts without a currency are left out: the fact is missing, and missing money needs a person.
    """
    row: Checked = {}
    if "currency" in shape.columns:
        currency = _cell(raw, "currency", shape.columns["currency"], Problems(), None)  # type: ignore[assignment]
    for name, column in shape.columns.items():
        if name in raw.values or column.required:
            if (
                column.parse is fields.money
                and currency is None
                and fields.trimmed(raw.values[name]) is not None
            ):
                continue
            row[column.to] = _cell(raw, name, column, problems, currency)
    for name, child in shape.children.items():
        if name in raw.children or name in shape.needs:
            row[name] = _children(raw, name, child, problems, currency, needed=name in shape.needs)
    return row


def _cell(raw: Raw, name: str, column: Field, problems: Problems, currency: str | None) -> object:
    value = fields.trimmed(raw.values.get(name))
    if value is None:
        if column.required:
            problems.add(raw.line, raw.name(name), None, "a value")
        return None
    try:
        return column.parse(value, currency)
    except fields.Unfit as unfit:
        problems.add(raw.line, raw.name(name), value, str(unfit))
        return None


def _children(
    raw: Raw, name: str, shape: Shape, problems: Problems, currency: str | None, *, needed: bool
) -> list[Checked]:
    rows: list[Checked] = []
    seen: set[object] = set()
    for child in raw.children.get(name, []):
        row = check(child, shape, problems, currency)
        key = row.get(shape.key)
        if key is not None and key in seen:
            problems.add(
                child.line, child.name(shape.key), key, f"a {shape.key} of its own, each once in its order,"
            )
        seen.add(key)
        rows.append(row)
    if needed and not rows:
        problems.add(raw.line, name, None, "at least one line")
    return rows


def raw_of(item: object, line: int, shape: Shape, problems: Problems, path: str = "") -> Raw | None:
    """A JSON object as a raw row; None, with a problem, where it is no object."""
    if not isinstance(item, dict):
        problems.add(line, path or "row", item, "an object, {…} with named values,")
        return None
    names = {name: f"{path}.{name}" for name in shape.columns} if path else {}
    raw = Raw(line, {name: item[name] for name in shape.columns if name in item}, names)
    for name, child in shape.children.items():
        given = item.get(name)
        if given is None:
            continue
        if not isinstance(given, list):
            problems.add(line, name, given, "a list, […] of objects,")
            continue
        within = (raw_of(part, line, child, problems, f"{name}[{n}]") for n, part in enumerate(given, 1))
        raw.children[name] = [part for part in within if part is not None]
    return raw
