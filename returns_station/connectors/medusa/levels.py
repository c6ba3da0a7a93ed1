"""Stock levels of one Medusa, written for pieces that it counts as come back already; absolute there, so read just before."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from returns_station.connectors.api import References, Refused
from returns_station.connectors.calls import Calls
from returns_station.connectors.medusa.book import Line, act, whole


@dataclass(frozen=True, slots=True)
class Level:
    """Pieces of one inventory item at one place; a piece of the variant is `per_piece` of them, more than 1 in a kit."""

    item: str
    sku: str
    place: str
    stocked: int
    per_piece: int


class Levels:
    """Reads and writes levels; raises what Calls raises."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def of(self, line: Line, return_id: str) -> tuple[Level, ...]:
        """The levels that receiving a line's pieces in a return has moved; none where Medusa keeps none.

        Medusa books at the location of the return, whatever ours is (its workflow confirm-return-receive).
        """
        if line.variant is None:
            return ()
        fields = "id,manage_inventory,*inventory_items"
        rows = self._calls.get(f"/admin/product-variants?id={quote(line.variant)}&fields={fields}")[
            "variants"
        ]
        kept = [one for one in rows if one["id"] == line.variant and one["manage_inventory"]]
        if not kept:
            return ()
        place = self._calls.get(f"/admin/returns/{quote(return_id)}?fields=id,location_id")["return"][
            "location_id"
        ]
        found: list[Level] = []
        for item in kept[0].get("inventory_items") or ():
            at = f"/admin/inventory-items/{item['inventory_item_id']}/location-levels?location_id={place}"
            found += [
                Level(
                    str(item["inventory_item_id"]), line.sku, str(place),
                    whole(level["stocked_quantity"]), whole(item["required_quantity"]),
                )
                for level in self._calls.get(at)["inventory_levels"]
                if level["location_id"] == place
            ]  # fmt: skip
        return tuple(sorted(found, key=lambda level: level.item))

    def move(self, level: Level, pieces: int, refs: References, name: str) -> Refused | None:
        """Pieces of the variant more, or fewer. What was read is kept under a name of this act: a level that is neither
        that nor what was written is for a person."""
        name = f"{name}:{level.item}"
        known = refs.get(name)
        if known == "done":
            return None
        before = int(known or level.stocked)
        after = before + pieces * level.per_piece
        if level.stocked not in (before, after) or after < 0:
            return Refused(
                "medusa.level", _LEVEL.format(level.sku, before, after, level.stocked), _LEVEL_HINT
            )
        refs.put(name, str(before))
        if level.stocked != after:
            at = f"/admin/inventory-items/{level.item}/location-levels/{level.place}"
            act(self._calls, at, {"stocked_quantity": after}, "inventory_item", level.item)
        refs.put(name, "done")
        return None


_LEVEL: Final = (
    "The stock of {0} was {1} and should have become {2}; it is {3} now: others have moved it meanwhile."
)
_LEVEL_HINT: Final = "Correct the level in Medusa by hand, then acknowledge the effect."
