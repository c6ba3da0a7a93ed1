"""Goods of a return as Tryton has them: each unit, how many, and where it lies now."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from returns_station.connectors.api import Asked, Stated
from returns_station.connectors.calls import Ended
from returns_station.connectors.tryton import moving, papers
from returns_station.connectors.tryton.places import Places
from returns_station.connectors.tryton.rest import Rest, Row, pieces

_LIVE: Final = ["state", "!=", "cancelled"]
_BLIND: Final = ("from_location", "to_location", "state", "quantity", "product.code")


@dataclass(frozen=True, slots=True)
class StatedGoods:
    """Reads goods of one Tryton."""

    rest: Rest
    places: Places

    def read(self, asked: Asked, found: list[Row], number: str) -> list[Stated]:
        """What stands in the return sales found, and in return shipments without a sale."""
        units: dict[str, Row] = {}
        for effect in asked.effects:
            data: Row = dict(effect.data)
            if data.get("unit_id"):
                units[str(data["unit_id"])] = units.get(str(data["unit_id"]), {}) | data
        now = self._moved(asked)
        stated = [*self._sold(asked, found, units, now), *self._blind(number, found, units, now)]
        return [one for one in stated if one.quantity]

    def _sold(
        self, asked: Asked, found: list[Row], units: dict[str, Row], now: dict[str, int]
    ) -> Iterator[Stated]:
        moves = self._moves([line["id"] for row in found for line in row["lines"]])
        completed = any(effect.type == "returns.completed" for effect in asked.effects)
        for row, line in [(paper, line) for paper in found for line in paper["lines"]]:
            ours = papers.marked(line["note"])
            unit = ours[0] if ours and ours[0] in units else None
            at, done = moves.get(f"sale.line,{line['id']}", (None, False))
            if self._taken_back(now, unit):
                continue
            place = self._code(now.get(unit or "", at), units.get(unit or "")) if done else None
            name = f"return sale {row['number'] or row['reference']}, line {line['id']}"
            awaited = row["state"] == "draft" and not completed
            count, sku = -(pieces(line["quantity"]) or 0), (line["product"] or {}).get("code")
            yield Stated("stock", name, unit, done or awaited, sku, count, place)

    def _blind(
        self, number: str, found: list[Row], units: dict[str, Row], now: dict[str, int]
    ) -> Iterator[Stated]:
        domain = [["reference", "like", f"{number}/%"], _LIVE]
        fields = [f"moves.{field}" for field in _BLIND]
        sold = {row["reference"] for row in found}
        for row in self.rest.find(papers.SHIPMENT, domain, "reference", "number", *fields):
            if row["reference"] in sold:
                continue
            plates = {str(data.get("lpn")): unit for unit, data in units.items()}
            unit = plates.get(str(row["reference"]).rpartition("/")[2])
            for move in row["moves"]:
                if move["from_location"] != self.places.house().entry or self._taken_back(now, unit):
                    continue
                done, at = move["state"] == "done", now.get(unit or "", move["to_location"])
                place = self._code(at, units.get(unit or "")) if done else None
                name, count = f"return shipment {row['number']}", pieces(move["quantity"])
                yield Stated("stock", name, unit, done, move["product"]["code"], count, place)

    def _taken_back(self, now: dict[str, int], unit: str | None) -> bool:
        """Whether a unit was taken back to where goods come in: it is at no place until it is put away again."""
        return unit is not None and now.get(unit) == self.places.house().entry

    def _moves(self, lines: list[int]) -> dict[str, tuple[int | None, bool]]:
        """Where the goods of sale lines were put, and whether that is done: by the line as `sale.line,<id>`."""
        if not lines:
            return {}
        fields, own = ("origin", "to_location", "state"), [f"sale.line,{id_}" for id_ in lines]
        first = self.rest.find("stock.move", [["origin", "in", own], _LIVE], *fields)
        origins = {f"stock.move,{move['id']}": move["origin"] for move in first}
        second = (
            self.rest.find("stock.move", [["origin", "in", list(origins)], _LIVE], *fields) if origins else []
        )
        return {origins[move["origin"]]: (move["to_location"], move["state"] == "done") for move in second}

    def _moved(self, asked: Asked) -> dict[str, int]:
        """Where internal shipments of ours brought units last."""
        references: dict[str, str] = {}
        for effect in asked.effects:
            data: Row = dict(effect.data)
            if data.get("lpn"):
                references[f"{data['lpn']}/{effect.key}"] = str(data["unit_id"])
        if not references:
            return {}
        domain = [["reference", "in", list(references)], ["state", "=", "done"]]
        moved = self.rest.find(moving.MODEL, domain, "reference", "to_location")
        return {references[row["reference"]]: int(row["to_location"]) for row in moved}

    def _code(self, location: int | None, unit: Row | None) -> str | None:
        """Our code for a location: the unit's own where that is where Tryton should have it, else Tryton's."""
        if location is None:
            return None
        try:
            told = self.places.find(str(unit["location"]), str(unit["disposition"])) if unit else None
        except Ended:
            told = None
        return str(unit["location"]) if unit and told == location else self.places.code_of(location)
