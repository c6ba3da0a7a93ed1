"""What a worker would scan next: the demo's suggestion at each step, read from the database as the worker reads the goods."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, func, select

from returns_station.domain.axes import Reception
from returns_station.store import tables as t

BADGE = "RS-B-1001"
_line, _unit, _scannable = t.table(t.ReturnLine), t.table(t.ReturnUnit), t.table(t.Scannable)
_authorization, _order_serial = t.table(t.Authorization), t.table(t.OrderSerial)


class Guide:
    """Suggests the next scan from the last reply; None when the day's parcels are all done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def next(self, reply: Mapping[str, Any]) -> str | None:
        """The code that fits the prompt of `reply`."""
        prompt = reply.get("prompt") or {}
        step = prompt.get("step")
        fixed = {
            "badge": BADGE,
            "question": "RS-SEALED",
            "quantity": "RS-ALL",
            "expiry": "2031-12-31",
            "lot": "LOT-1",
        }
        if step in fixed:
            return fixed[step]
        if step == "parcel":
            return self._parcel()
        if step == "item":
            return self._item(reply) or "RS-DONE"
        if step == "serial":
            return self._serial(reply)
        if step in ("label", "hold_label"):
            return str((reply.get("unit") or {}).get("lpn"))
        if prompt.get("place"):
            return str(prompt["place"])
        return "RS-A1" if reply.get("choices") else None

    def parcels(self, limit: int = 8) -> list[tuple[str, str, int]]:
        """Parcels still awaited: (number to scan, RMA, pieces), the simplest first."""
        received = (
            select(_unit.c.return_line_id, func.sum(_unit.c.quantity).label("came"))
            .where(_unit.c.reception == Reception.RECEIVED.value)
            .group_by(_unit.c.return_line_id)
            .subquery()
        )
        awaited = func.sum(_line.c.expected - _line.c.short - func.coalesce(received.c.came, 0))
        query = (
            select(_authorization.c.id, _authorization.c.number, awaited.label("pieces"))
            .join(_line, _line.c.authorization_id == _authorization.c.id)
            .outerjoin(received, received.c.return_line_id == _line.c.id)
            .where(_authorization.c.expires_at.is_(None), _authorization.c.pieces.is_(None))
            .group_by(_authorization.c.id)
            .having(awaited > 0)
            .order_by(func.count(_line.c.id), awaited, _authorization.c.number)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [
                (self._number(row.id) or row.number, row.number, int(row.pieces))
                for row in connection.execute(query)
            ]

    def _number(self, authorization: str) -> str | None:
        """The tracking number on the parcel of an authorisation that no other parcel carries."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(_scannable.c.value).where(
                    _scannable.c.ref == authorization, _scannable.c.kind == "tracking"
                )
            )
            for value in rows.scalars():
                shared = connection.execute(
                    select(func.count()).where(_scannable.c.value == value)
                ).scalar_one()
                if shared == 1:
                    return str(value)
        return None

    def _parcel(self) -> str | None:
        waiting = self.parcels(1)
        return waiting[0][0] if waiting else None

    def _item(self, reply: Mapping[str, Any]) -> str | None:
        parcel = (reply.get("parcel") or {}).get("id")
        with self._engine.connect() as connection:
            returns = connection.execute(
                select(t.table(t.Parcel).c.returns).where(t.table(t.Parcel).c.id == parcel)
            ).scalar()
            lines = connection.execute(
                select(_line.c.id, _line.c.sku, _line.c.product_id, _line.c.expected, _line.c.short)
                .where(_line.c.authorization_id.in_(_ids(returns)))
                .order_by(_line.c.id)
            ).all()
            for line in lines:
                came = connection.execute(
                    select(func.coalesce(func.sum(_unit.c.quantity), 0)).where(
                        _unit.c.return_line_id == line.id, _unit.c.reception == Reception.RECEIVED.value
                    )
                ).scalar_one()
                if line.expected - line.short > came:
                    return self._gtin(line.product_id) or str(line.sku)
        return None

    def _gtin(self, product: str | None) -> str | None:
        with self._engine.connect() as connection:
            query = select(_scannable.c.value).where(
                _scannable.c.ref == product, _scannable.c.kind == "gtin", _scannable.c.factor == 1
            )
            return connection.execute(query).scalar()

    def _serial(self, reply: Mapping[str, Any]) -> str:
        unit = (reply.get("unit") or {}).get("id")
        with self._engine.connect() as connection:
            line = connection.execute(select(_unit.c.order_line_id).where(_unit.c.id == unit)).scalar()
            used = select(_unit.c.serial).where(
                _unit.c.serial.is_not(None), _unit.c.reception == Reception.RECEIVED.value
            )
            found = connection.execute(
                select(_order_serial.c.serial).where(
                    _order_serial.c.order_line_id == line, _order_serial.c.serial.not_in(used)
                )
            ).scalar()
        return str(found or "SN-1")


def _ids(text: str | None) -> list[str]:
    import json

    return list(json.loads(text or "[]"))
