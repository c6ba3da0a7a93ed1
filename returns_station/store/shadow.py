"""Which effects go to a target that runs beside the old system: decided when a row is written, once for each parcel."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from returns_station.domain.axes import SyncState
from returns_station.domain.codes import Role
from returns_station.domain.effects import Effect
from returns_station.errors import StationError
from returns_station.store import tables as t
from returns_station.store.outbox.rows import stamp, writing

DEFAULT_FAMILY: Final = "default"
"""The family of what has no product."""

_outbox, _switch, _ref = t.table(t.Outbox), t.table(t.FamilySwitch), t.table(t.UpstreamRef)
_product, _unit, _line = t.table(t.Product), t.table(t.ReturnUnit), t.table(t.ReturnLine)
_share, _meta = t.table(t.Allocation), t.table(t.Meta)

_MARK: Final = "shadow."
"""Meta key of a target that was ever in the shadow, with the target's name behind it."""
_NAME: Final = "station:live:"
"""Name of a parcel's decision among the references of its return; no connector's name begins so."""
_UNIT_FAMILY: Final = func.coalesce(_product.c.family, _product.c.type, _unit.c.product_type)
_LINE_FAMILY: Final = func.coalesce(_product.c.family, _product.c.type, DEFAULT_FAMILY)


@dataclass(frozen=True, slots=True)
class Split:
    """What of a parcel goes to a target: nothing unless `receipt`, then the units of the families in `live`.

    `whole` is a parcel that began before the target ran in the shadow: everything of it goes.
    """

    live: frozenset[str]
    receipt: bool
    whole: bool = False

    def has(self, family: str) -> bool:
        """Whether units of this family go."""
        return self.receipt and (self.whole or family in self.live)

    def text(self) -> str:
        """As it is stored."""
        return json.dumps({"live": sorted(self.live), "receipt": self.receipt, "whole": self.whole})

    @staticmethod
    def read(text: str) -> "Split":
        """From what was stored."""
        held = json.loads(text)
        return Split(frozenset(held["live"]), held["receipt"], held["whole"])


class Cutover:
    """Tells live effects from shadow ones, inside the station's transaction.

    `targets` are those in shadow mode by the configuration. A target that was in it before is still asked about: what
    began in the shadow ends there.
    """

    def __init__(self, targets: Iterable[str] = ()) -> None:
        self._targets = frozenset(targets)
        self._known = self._targets

    def load(self, connection: Connection) -> None:
        """Reads which targets were in the shadow before."""
        marks = select(_meta.c.key).where(_meta.c.key.like(f"{_MARK}%"))
        self._known |= {key.removeprefix(_MARK) for key in connection.execute(marks).scalars()}

    def judged(self, connection: Connection, effects: Sequence[Effect], at: str) -> list[tuple[Effect, bool]]:
        """Each effect with what may be told of it, and whether it stays in the shadow."""
        return [self._one(connection, e, at) if e.target in self._known else (e, False) for e in effects]

    def _one(self, connection: Connection, effect: Effect, at: str) -> tuple[Effect, bool]:
        reversed_ = effect.body.get("reverses")
        if reversed_ is not None:
            state = connection.execute(_STATE, {"id": reversed_}).scalar()
            return effect, state == SyncState.SHADOW.value
        split = self._split(connection, effect, at)
        if split is None or split.whole:
            return effect, False
        judge = _JUDGES.get(effect.type.value, _by_lines)
        if not split.receipt or not judge(connection, effect, split):
            return effect, True
        return _told(connection, effect, split), False

    def _split(self, connection: Connection, effect: Effect, at: str) -> Split | None:
        """The parcel's decision: the one it had, or the one it has from now on; None for a target without any."""
        name = f"{_NAME}{effect.parcel_id or ''}"
        where = {"target": effect.target, "return_id": effect.return_id, "name": name}
        kept = connection.execute(_KEPT, where).scalar()
        if kept is not None:
            return Split.read(kept)
        if effect.target not in self._targets:
            return None
        split = self._fresh(connection, effect)
        connection.execute(insert(_ref).values(**where, value=split.text(), put_at=at))
        mark = insert(_meta).values(key=f"{_MARK}{effect.target}", value=at)
        connection.execute(mark.on_conflict_do_nothing())
        return split

    def _fresh(self, connection: Connection, effect: Effect) -> Split:
        live = live_families(connection, effect.target)
        began = {"target": effect.target, "return_id": effect.return_id, "parcel_id": effect.parcel_id}
        if connection.execute(_BEGAN, began).first() is not None:
            return Split(live, True, whole=True)
        expected = set(_families(connection, effect.return_id, units=False).values())
        return Split(live, bool(expected & live if expected else live))


def live_families(connection: Connection, target: str) -> frozenset[str]:
    """The families that are switched on for a target."""
    asked = select(_switch.c.family).where(_switch.c.target == target, _switch.c.live)
    return frozenset(connection.execute(asked).scalars())


# --- what a parcel's decision means for an effect ---------------------------------------------------------------------

Judge = Callable[[Connection, Effect, Split], bool]


def _always(connection: Connection, effect: Effect, split: Split) -> bool:
    return True


def _by_unit(connection: Connection, effect: Effect, split: Split) -> bool:
    family = connection.execute(_OF_UNIT, {"unit": effect.unit_id}).scalar()
    return split.has(family or DEFAULT_FAMILY)


def _by_money(connection: Connection, effect: Effect, split: Split) -> bool:
    families = connection.execute(_OF_MONEY, {"settlement": effect.settlement_id}).scalars()
    return all(split.has(family) for family in families)


def _by_lines(connection: Connection, effect: Effect, split: Split) -> bool:
    families = _families(connection, effect.return_id)
    lines = [line for line in effect.body.get("lines", ()) if isinstance(line, dict)]
    return any(split.has(families.get(str(line.get("sku")), DEFAULT_FAMILY)) for line in lines)


_JUDGES: Final[Mapping[str, Judge]] = {
    "returns.receipt": _always,
    "returns.completed": _always,
    "returns.stock": _by_unit,
    "returns.available": _by_unit,
    "returns.refund": _by_money,
    "returns.short": _by_lines,
}
_PARTED: Final = frozenset({"returns.receipt", "returns.completed", "returns.short"})


def _told(connection: Connection, effect: Effect, split: Split) -> Effect:
    """The effect without the lines and units that the old system books."""
    if effect.type.value not in _PARTED:
        return effect
    families = _families(connection, effect.return_id)
    kept = {
        name: [row for row in effect.body[name] if split.has(families.get(str(row["sku"]), DEFAULT_FAMILY))]
        for name in ("lines", "units")
        if name in effect.body
    }
    return replace(effect, body=effect.body | kept)


def _families(connection: Connection, return_id: str, *, units: bool = True) -> dict[str, str]:
    """Families by SKU of what a return expects and, with `units`, of what came of it."""
    expected = connection.execute(_EXPECTED, {"return_id": return_id}).all()
    came = connection.execute(_CAME, {"return_id": return_id}).all() if units else []
    return {str(row[0]): str(row[1]) for row in (*came, *expected)}


_STATE: Final = select(_outbox.c.state).where(_outbox.c.id == bindparam("id"))
_KEPT: Final = select(_ref.c.value).where(
    _ref.c.target == bindparam("target"),
    _ref.c.return_id == bindparam("return_id"),
    _ref.c.name == bindparam("name"),
)
_BEGAN: Final = (
    select(_outbox.c.id)
    .where(
        _outbox.c.return_id == bindparam("return_id"),
        _outbox.c.target == bindparam("target"),
        _outbox.c.parcel_id == bindparam("parcel_id"),
    )
    .where(_outbox.c.state.not_in((SyncState.SHADOW.value, SyncState.WITHDRAWN.value)))
    .limit(1)
)
_OF_UNIT: Final = (
    select(_UNIT_FAMILY)
    .select_from(_unit.outerjoin(_product, _product.c.id == _unit.c.product_id))
    .where(_unit.c.id == bindparam("unit"))
)
_OF_MONEY: Final = (
    select(_UNIT_FAMILY)
    .select_from(
        _share.join(_unit, _unit.c.id == _share.c.unit_id).outerjoin(
            _product, _product.c.id == _unit.c.product_id
        )
    )
    .where(_share.c.settlement_id == bindparam("settlement"))
)
_CAME: Final = (
    select(_unit.c.sku, _UNIT_FAMILY)
    .select_from(_unit.outerjoin(_product, _product.c.id == _unit.c.product_id))
    .where(_unit.c.return_id == bindparam("return_id"))
)
_EXPECTED: Final = (
    select(_line.c.sku, _LINE_FAMILY)
    .select_from(_line.outerjoin(_product, _product.c.id == _line.c.product_id))
    .where(_line.c.authorization_id == bindparam("return_id"))
)


def shadow_values(values: dict[str, Any]) -> dict[str, Any]:
    """An outbox row as it is kept in the shadow; what would wait for a person keeps its reason and owner."""
    return values | {"state": SyncState.SHADOW.value}


# --- switching --------------------------------------------------------------------------------------------------------


def switch(engine: Engine, target: str, family: str, *, live: bool, badge: str, now: datetime) -> str:
    """Parcels that are received from now on go by it; the worker's id. Raises StationError for a badge that may not, or
    for a family that no product has."""
    with writing(engine) as connection:
        worker = _supervisor(connection, badge)
        named = select(_product.c.id).where(func.coalesce(_product.c.family, _product.c.type) == family)
        if family != DEFAULT_FAMILY and connection.execute(named.limit(1)).first() is None:
            raise StationError(
                "usage.family",
                f"No product is of the family {family!r}.",
                "`returns-station shadow families` lists them; a product's family comes with its import or feed.",
            )
        told = {"live": live, "by": worker, "at": stamp(now)}
        row = insert(_switch).values(target=target, family=family, **told)
        connection.execute(row.on_conflict_do_update(index_elements=["target", "family"], set_=told))
    return worker


def _supervisor(connection: Connection, badge: str) -> str:
    held, worker = t.table(t.Badge), t.table(t.Worker)
    found = connection.execute(
        select(worker.c.id, worker.c.role, worker.c.active, held.c.revoked_at)
        .join(held, held.c.worker_id == worker.c.id)
        .where(held.c.code == badge.strip().upper())
    ).first()
    if found is None or found.revoked_at is not None or not found.active:
        raise StationError("usage.badge", "This badge is not known, or revoked.", "Scan another badge.")
    if found.role != Role.SUPERVISOR.value:
        raise StationError(
            "usage.badge", "A family is switched by a supervisor.", "Scan a supervisor's badge."
        )
    return str(found.id)
