"""Goods of a return as Tryton's own moves have them: each unit, how many, and where they were put.

Received is what moves brought to where goods come in; what moves from there brought on lies at their places, and what
none brought on lies there still. Internal shipments of ours come after that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from returns_station.connectors.api import Asked, Stated
from returns_station.connectors.calls import Ended
from returns_station.connectors.tryton import moving, papers
from returns_station.connectors.tryton.lots import Lot, Moves, moved_on
from returns_station.connectors.tryton.places import Places
from returns_station.connectors.tryton.quantities import counted
from returns_station.connectors.tryton.rest import Rest, Row

_LIVE: Final = ["state", "!=", "cancelled"]
_MOVE: Final = (
    "origin",
    "from_location",
    "to_location",
    "state",
    "internal_quantity",
    "product.code",
    "shipment",
)
_Units = dict[str, Row]


@dataclass(frozen=True, slots=True)
class StatedGoods:
    """Reads goods of one Tryton."""

    rest: Rest
    places: Places

    def read(self, asked: Asked, found: list[Row], number: str) -> list[Stated]:
        """What stands in the return sales found, and in return shipments without a sale."""
        units: _Units = {}
        for effect in asked.effects:
            data: Row = dict(effect.data)
            if data.get("unit_id"):
                units[str(data["unit_id"])] = units.get(str(data["unit_id"]), {}) | data
        after = self._after(asked)
        stated: list[Stated] = []
        for unit, lots in (*self._sold(asked, found, units), *self._blind(number, found, units)):
            told = units.get(unit or "")
            entry = self.places.house().entry
            now = moved_on(lots, after.get(unit or "", []), entry) if unit else lots
            stated += [self._stated(lot, unit, told) for lot in now if lot.count]
        return stated

    def _stated(self, lot: Lot, unit: str | None, told: Row | None) -> Stated:
        place = self._code(lot.place, told) if lot.done else None
        return Stated("stock", lot.name, unit, lot.done or lot.awaited, lot.sku, lot.count, place)

    # --- goods of a return sale ---------------------------------------------------------------------------------------

    def _sold(
        self, asked: Asked, found: list[Row], units: _Units
    ) -> Iterator[tuple[str | None, tuple[Lot, ...]]]:
        completed = any(effect.type == "returns.completed" for effect in asked.effects)
        moves = self._moves(found)
        for row in found:
            name = f"return sale {row['number'] or row['reference']}"
            over = any(one["state"] == "done" for one in row["shipment_returns"])
            drafted, lines = row["state"] == "draft", [line for line in row["lines"] if line["product"]]
            for line in lines:
                ours = papers.marked(line["note"])
                unit, called = ours[0] if ours and ours[0] in units else None, f"{name}, line {line['id']}"
                if row["state"] in papers.BEFORE:
                    count = -(counted(line) or 0)
                    awaited = drafted and not completed
                    yield unit, (Lot(called, line["product"]["code"], count, None, False, awaited),)
                else:
                    yield unit, moves.of_line(line["id"], called, over=over)
            for shipment in row["shipment_returns"]:
                yield None, moves.of_nobody(int(shipment["id"]), name)

    def _moves(self, found: list[Row]) -> Moves:
        """Every move of the return sales found: by the lines they stand for, and by their shipments."""
        lines = [f"sale.line,{line['id']}" for row in found for line in row["lines"]]
        boxes = [f"{papers.SHIPMENT},{one['id']}" for row in found for one in row["shipment_returns"]]
        first = self._live("origin", lines)
        second = self._live("origin", [f"stock.move,{move['id']}" for move in first])
        rest = self._live("shipment", boxes)
        every = {int(move["id"]): move for move in (*first, *second, *rest)}
        return Moves(tuple(every.values()), self.places.house().entry)

    def _live(self, field: str, values: list[str]) -> list[Row]:
        return self.rest.among("stock.move", field, values, *_MOVE, domain=[_LIVE])

    # --- goods without one --------------------------------------------------------------------------------------------

    def _blind(
        self, number: str, found: list[Row], units: _Units
    ) -> Iterator[tuple[str | None, tuple[Lot, ...]]]:
        domain = [["reference", "like", f"{number}/%"], _LIVE, self.rest.own]
        sold, plates = (
            {row["reference"] for row in found},
            {str(told.get("lpn")): id_ for id_, told in units.items()},
        )
        shipments = [
            row
            for row in self.rest.find(papers.SHIPMENT, domain, "reference", "number")
            if row["reference"] not in sold and str(row["reference"]).startswith(f"{number}/")
        ]
        every = self._live("shipment", [f"{papers.SHIPMENT},{row['id']}" for row in shipments])
        moves = Moves(tuple(every), self.places.house().entry)
        for row in shipments:
            unit = plates.get(str(row["reference"]).rpartition("/")[2])
            yield unit, moves.of_shipment(int(row["id"]), f"return shipment {row['number']}")

    # --- what became of them ------------------------------------------------------------------------------------------

    def _after(self, asked: Asked) -> dict[str, list[Row]]:
        """Moves of our internal shipments that are done, by unit, in the order they were told."""
        references: dict[str, str] = {}
        for effect in asked.effects:
            data: Row = dict(effect.data)
            if data.get("lpn"):
                references[f"{data['lpn']}/{effect.key}"] = str(data["unit_id"])
        domain = [["state", "=", "done"], self.rest.own]
        shipments = self.rest.among(moving.MODEL, "reference", list(references), "reference", domain=domain)
        named = {f"{moving.MODEL},{row['id']}": references[row["reference"]] for row in shipments}
        done: dict[str, list[Row]] = {}
        for move in self._live("shipment", list(named)):
            done.setdefault(named[move["shipment"]], []).append(move)
        return done

    def _code(self, location: int | None, unit: Row | None) -> str | None:
        """Our code for a location: the unit's own where that is where Tryton should have it, else Tryton's."""
        if location is None:
            return None
        try:
            told = self.places.find(str(unit["location"]), str(unit["disposition"])) if unit else None
        except Ended:
            told = None
        return str(unit["location"]) if unit and told == location else self.places.code_of(location)
