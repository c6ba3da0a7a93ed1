"""Moves of a return's goods as heaps at places: what came in, where it was put, where internal shipments took it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from returns_station.connectors.tryton.rest import Row, names, pieces


@dataclass(frozen=True, slots=True)
class Lot:
    """So many pieces of an article at one place. `place` is a location's id, None for what is nowhere yet."""

    name: str
    """What Tryton calls it, for the person who looks."""
    sku: str | None
    count: int
    place: int | None
    done: bool
    awaited: bool = False
    """Not in yet, and not to be: its document is a draft of ours."""


@dataclass(frozen=True, slots=True)
class Moves:
    """The live moves of a return's documents; `entry` is the id of the location where goods come in."""

    every: tuple[Row, ...]
    entry: int

    def of_line(self, line: int, name: str, *, over: bool) -> tuple[Lot, ...]:
        """What came in for a sale line; before anything of it came in and before a shipment was done (`over`), what is
        to come. Tryton makes a new shipment for what a shipment that is done left over."""
        every = [move for move in self.every if names(move["origin"], "sale.line") == line]
        came = [move for move in every if move["state"] == "done"]
        incoming = came if came or over else every
        return tuple(self._lots(incoming, self._from(incoming), name))

    def of_shipment(self, shipment: int, name: str) -> tuple[Lot, ...]:
        """What came in by a shipment that no sale is known for."""
        own = [move for move in self.every if _shipment(move) == shipment]
        inside = [move for move in own if move["from_location"] == self.entry]
        return tuple(self._lots([move for move in own if move not in inside], inside, name))

    def of_nobody(self, shipment: int, name: str) -> tuple[Lot, ...]:
        """What a sale's shipment moves that stands for no line of the sale: a person added it."""
        lines = [move for move in self.every if names(move["origin"], "sale.line") is not None]
        known = {int(move["id"]) for move in (*lines, *self._from(lines))}
        own = [move for move in self.every if _shipment(move) == shipment and int(move["id"]) not in known]
        inside = [move for move in own if move["from_location"] == self.entry]
        incoming = [move for move in own if move not in inside]
        lots = self._lots(incoming, inside, name)
        return tuple(replace(lot, name=f"{name}, a move of no line") for lot in lots)

    def _from(self, incoming: Sequence[Row]) -> list[Row]:
        """The moves that take goods on from these."""
        ids = {int(move["id"]) for move in incoming}
        return [move for move in self.every if names(move["origin"], "stock.move") in ids]

    def _lots(self, incoming: Sequence[Row], inside: Sequence[Row], name: str) -> Iterator[Lot]:
        for move in inside:
            done = move["state"] == "done"
            yield Lot(name, _sku(move), _count(move), move["to_location"], done)
        for move in incoming:
            # What one move of several brought on is taken off the first of them that has so much.
            on = sum(_count(one) for one in inside if names(one["origin"], "stock.move") == move["id"])
            on = on or (sum(_count(one) for one in inside) if len(incoming) == 1 else 0)
            if (left := _count(move) - on) > 0:
                yield Lot(name, _sku(move), left, move["to_location"], move["state"] == "done")


def moved_on(lots: Sequence[Lot], moves: Iterable[Row], entry: int) -> tuple[Lot, ...]:
    """The lots of a unit after these moves. What they take back to where goods come in is at no place, till they put it
    away again; what was never brought on from there lies there."""
    heaps, aside = list(lots), 0
    for move in moves:
        count, target = _count(move), int(move["to_location"])
        if move["from_location"] == entry and aside:
            taken = min(count, aside)
            aside -= taken
            heaps.append(Lot(_name(lots), _sku(move), taken, target, done=True))
            continue
        taken = 0
        for at, lot in sorted(enumerate(heaps), key=lambda one: one[1].place != move["from_location"]):
            part = min(lot.count, count - taken) if lot.done else 0
            if part:
                heaps[at] = replace(lot, count=lot.count - part)
                heaps.append(replace(lot, count=part, place=target))
                taken += part
        if target == entry:
            aside += taken
            heaps = [lot for lot in heaps if lot.place != entry or lot in lots]
    return _together(heaps)


def _together(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """Lots of one article at one place as one."""
    heaps: dict[tuple[object, ...], Lot] = {}
    for lot in lots:
        same = (lot.sku, lot.place, lot.done)
        kept = heaps.get(same)
        heaps[same] = replace(lot, count=lot.count + kept.count) if kept else lot
    return tuple(heaps.values())


def _name(lots: Sequence[Lot]) -> str:
    return lots[0].name if lots else "internal shipment"


def _sku(move: Row) -> str | None:
    return (move["product"] or {}).get("code")


def _count(move: Row) -> int:
    return pieces(move["internal_quantity"]) or 0


def _shipment(move: Row) -> int | None:
    return names(move["shipment"], "stock.shipment.out.return")
