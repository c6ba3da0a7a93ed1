"""All effects of one return, made as the station makes them: for benches that need a case."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from returns_station.connectors.api import Outgoing

Facts = dict[str, object]


@dataclass(frozen=True, slots=True)
class Piece:
    """What is put away as one unit of stock."""

    order_line: str
    """The upstream's own id of the order's line."""
    sku: str
    quantity: int
    disposition: str = "return_to_stock"
    location: str = "A-01-1"
    grade: str = "grade_a"
    unit_id: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel of one return of one order; `refund_minor` is what the customer gets for its pieces, in minor units."""

    order_number: str
    return_number: str
    currency: str
    pieces: Sequence[Piece]
    refund_minor: int
    payment_reference: str | None = None
    merchant: str = "main"
    site: str = "main"
    station: str = "DOCK-1"
    return_id: str = field(default_factory=lambda: str(uuid4()))
    parcel_id: str = field(default_factory=lambda: str(uuid4()))
    plate: str = field(default_factory=lambda: f"P-{uuid4().hex[:8].upper()}")

    def effects(self, first: int = 1) -> tuple[Outgoing, ...]:
        """Receipt, stock of every piece, completed, refund; numbered from `first`, keys new."""
        made = [("returns.receipt", self._receipt())]
        made += [("returns.stock", self._stock(piece)) for piece in self.pieces]
        made += [
            ("returns.completed", self._completed()),
            ("returns.refund", self._refund(self.refund_minor)),
        ]
        return tuple(self._outgoing(kind, data, number) for number, (kind, data) in enumerate(made, first))

    def late(self, pieces: Sequence[Piece], refund_minor: int, first: int) -> tuple[Outgoing, ...]:
        """Stock and a refund that come after the parcel was completed: a unit that waited for a person."""
        made = [("returns.stock", self._stock(piece)) for piece in pieces]
        made += [("returns.refund", self._refund(refund_minor, pieces))] if refund_minor else []
        return tuple(self._outgoing(kind, data, number) for number, (kind, data) in enumerate(made, first))

    def _outgoing(self, kind: str, data: Facts, number: int) -> Outgoing:
        at = datetime.now(UTC)
        return Outgoing(str(uuid4()), kind, "upstream", self.return_id, number, at, self.station, data)

    def _common(self) -> Facts:
        names = ("merchant", "return_id", "return_number", "order_number", "parcel_id", "plate")
        return {name: getattr(self, name) for name in names}

    def _expected(self) -> dict[tuple[str, str], int]:
        lines: dict[tuple[str, str], int] = {}
        for piece in self.pieces:
            line = (piece.order_line, piece.sku)
            lines[line] = lines.get(line, 0) + piece.quantity
        return lines

    def _receipt(self) -> Facts:
        lines: list[Any] = [
            {"order_line": line, "sku": sku, "expected": quantity, "reason": "unwanted"}
            for (line, sku), quantity in self._expected().items()
        ]
        more: Facts = {"site": self.site, "tracking": None, "carrier": None, "return_type": "rma"}
        return self._common() | more | {"lines": lines}

    def _stock(self, piece: Piece) -> Facts:
        unit: Facts = dict.fromkeys(("lot", "expiry", "serial", "container"))
        unit |= {name: getattr(piece, name) for name in ("unit_id", "sku", "quantity", "grade")}
        unit |= {name: getattr(piece, name) for name in ("disposition", "location", "order_line")}
        return self._common() | unit | {"site": self.site, "lpn": _lpn(piece), "unit": "each"}

    def _completed(self) -> Facts:
        units: list[Any] = [
            {name: getattr(piece, name) for name in ("unit_id", "sku", "quantity", "order_line")}
            | {name: getattr(piece, name) for name in ("disposition", "grade", "location")}
            | {"lpn": _lpn(piece), "container": None, "held": False}
            for piece in self.pieces
        ]
        lines: list[Any] = [
            {"order_line": line, "sku": sku, "expected": quantity, "received": quantity}
            | {"short": 0, "awaiting": 0}
            for (line, sku), quantity in self._expected().items()
        ]
        return self._common() | {"site": self.site, "return_type": "rma", "units": units, "lines": lines}

    def _refund(self, minor: int, pieces: Sequence[Piece] | None = None) -> Facts:
        returned = [
            {"order_line": piece.order_line, "sku": piece.sku, "quantity": piece.quantity}
            for piece in (self.pieces if pieces is None else pieces)
        ]
        # The first line carries what does not divide.
        share = minor // len(returned)
        lines: list[Any] = [
            line | {"amount_minor": share + (minor - share * len(returned) if number == 0 else 0)}
            for number, line in enumerate(returned)
        ]
        more: Facts = {"settlement_id": str(uuid4()), "currency": self.currency, "amount_minor": minor}
        more |= {"payment_reference": self.payment_reference, "outcome": "refund", "lines": lines}
        return self._common() | more | {"shipping_minor": 0, "fee_minor": 0}


def _lpn(piece: Piece) -> str:
    return f"L1-{piece.unit_id[:7].upper()}"
