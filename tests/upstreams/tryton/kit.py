"""Returns of seeded orders for the laws of the Tryton connector, and what Tryton has of them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from returns_station.connectors.api import Asked, Connector, Delivered, Outcome, Outgoing, Settings, Stated
from returns_station.connectors.tryton import TrytonConnector
from returns_station.testing.contract_effects import Parcel, Piece
from returns_station.testing.references import MemoryReferences
from tests.upstreams.tryton.server import TrytonServer

_NUMBERS = count(1)


def connect(tryton: TrytonServer, url: str = "", **options: str) -> TrytonConnector:
    """A connector with the options of most stations."""
    own = {"company": str(tryton.seed["company"]), "blind_party": "BLIND"} | options
    settings = Settings(url or tryton.url, "", token=tryton.token, options=own, merchant="online-retail")
    return TrytonConnector(settings, now=lambda: datetime.now(UTC), new_id=lambda: str(uuid4()))


@dataclass(slots=True)
class Return:
    """One return of an order, its effects made by type."""

    tryton: TrytonServer
    connector: Connector
    order: str
    pieces: list[Piece]
    currency: str = "GBP"
    refund: int = 0
    refs: MemoryReferences = field(default_factory=MemoryReferences)
    parcel: Parcel = field(init=False)
    said: list[Outgoing] = field(default_factory=list)

    def __post_init__(self) -> None:
        number = f"RMA-L{next(_NUMBERS)}-{uuid4().hex[:6]}"
        self.parcel = Parcel(
            self.order, number, self.currency, self.pieces, self.refund, merchant="online-retail"
        )

    @property
    def number(self) -> str:
        return self.parcel.return_number

    def effects(self) -> list[Outgoing]:
        """Receipt, stock of every piece, completed, refund."""
        return list(self.parcel.effects())

    def like(self, effect: Outgoing, type_: str = "", **data: Any) -> Outgoing:
        """Another effect with a key of its own."""
        return replace(effect, key=str(uuid4()), type=type_ or effect.type, data={**effect.data, **data})

    def say(self, *effects: Outgoing) -> list[Outcome]:
        """Delivers effects; what was answered."""
        self.said += effects
        return [self.connector.deliver(effect, self.refs) for effect in effects]

    def arrive(self, *effects: Outgoing) -> None:
        """Delivers effects that must all arrive; the answers are shown where one does not."""
        answers = self.say(*effects)
        assert [type(answer) for answer in answers] == [Delivered] * len(effects), answers

    def stated(self) -> tuple[Stated, ...]:
        """The statement of what was said."""
        first = self.said[0].data
        order = first.get("order_number")
        asked = Asked(self.parcel.return_id, self.number, str(order) if order else None, tuple(self.said))
        told = self.connector.statement(asked, self.refs)  # type: ignore[attr-defined]
        assert isinstance(told, tuple), told
        return told

    # --- what Tryton has ----------------------------------------------------------------------------------------------

    def papers(self) -> list[dict[str, Any]]:
        """Return sales of this return that are not cancelled."""
        domain = [["reference", "like", f"{self.number}/%"], ["state", "!=", "cancelled"]]
        return self.tryton.find(
            "sale.sale", domain, "reference", "state", "lines.quantity", "shipment_state", "invoice_state"
        )

    def moves(self, model: str) -> list[tuple[str, int, str]]:
        """SKU, pieces and place of moves of this return's documents of a model, of those that are done."""
        parts = ("product.code", "quantity", "to_location.code", "state", "from_location.code")
        named = ["reference", "like", f"{self.number}/%"]
        if model == "stock.shipment.internal":
            named = ["reference", "like", f"{lpn(self.pieces[0])}/%"]
        found = self.tryton.find(model, [named, ["state", "=", "done"]], *(f"moves.{part}" for part in parts))
        return sorted(
            (move["product"]["code"], int(move["quantity"]), move["to_location"]["code"])
            for row in found
            for move in row["moves"]
            if move["from_location"]["code"] != "CUS"
        )

    def notes(self) -> list[tuple[str, Decimal]]:
        """State and amount of this return's credit notes."""
        domain = [["reference", "like", f"{self.number}/%"], ["state", "!=", "cancelled"]]
        found = self.tryton.find("account.invoice", domain, "state", "total_amount")
        return [(row["state"], -Decimal(row["total_amount"]["decimal"])) for row in found]


def lpn(piece: Piece) -> str:
    """A unit's plate, as Parcel makes it."""
    return f"L1-{piece.unit_id[:7].upper()}"


def line_of(tryton: TrytonServer, order: str, line: str) -> str:
    """Tryton's id of an order's line."""
    return str(tryton.seed["orders"][order]["lines"][line])
