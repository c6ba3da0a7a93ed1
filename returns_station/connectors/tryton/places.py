"""Where our places are in Tryton: by its own code, else by what the target's options say of code or disposition."""

from dataclasses import dataclass

from returns_station.connectors.api import Refused
from returns_station.connectors.calls import Ended
from returns_station.connectors.tryton.rest import Rest

_STORES = ("storage", "lost_found")


@dataclass(frozen=True, slots=True)
class House:
    """A warehouse: its id, where goods come in, where they lie, and its code."""

    id: int
    code: str
    entry: int
    storage: int


class Places:
    """Tryton's locations by our codes; each is asked for once until `forget`."""

    def __init__(self, rest: Rest, options: dict[str, str]) -> None:
        self._rest = rest
        self._options = options
        self._known: dict[str, int] = {}
        self._house: House | None = None

    def forget(self) -> None:
        """Locations are asked for anew: an administrator may have named them otherwise since."""
        self._known.clear()
        self._house = None

    def find(self, code: str, disposition: str) -> int:
        """The id of the location for a place of ours.

        Raises Ended (refused, `upstream.place`) where Tryton has none and the options name none.
        """
        named = self._options.get(f"place.{code}")
        for name in (named,) if named else (code, self._options.get(f"place.{disposition}")):
            found = self._by_code(name) if name else None
            if found is not None:
                return found
        sentence = f"Tryton has no location with the code {named or code}, so a unit with {disposition} has no place."
        hint = f"Make that location in Tryton, or name one: place.{disposition} under [target.options]. Then retry it."
        raise Ended(Refused("upstream.place", sentence, hint))

    def code_of(self, location: int) -> str | None:
        """Tryton's code of a location."""
        row = self._rest.one("stock.location", location, "code")
        return row["code"] if row else None

    def house(self) -> House:
        """The warehouse that returns go to: the option `warehouse` by code, else the only one there is."""
        if self._house is None:
            domain: list[object] = [["type", "=", "warehouse"]]
            if code := self._options.get("warehouse"):
                domain.append(["code", "=", code])
            found = self._rest.find("stock.location", domain, "code", "input_location", "storage_location")
            if len(found) != 1:
                sentence = f"Tryton has {len(found)} warehouses that returns could go to, and one is needed."
                raise Ended(
                    Refused(
                        "upstream.warehouse", sentence, "Name its code: warehouse under [target.options]."
                    )
                )
            one = found[0]
            self._house = House(one["id"], one["code"] or "", one["input_location"], one["storage_location"])
        return self._house

    def _by_code(self, code: str) -> int | None:
        if code not in self._known:
            domain = [["code", "=", code], ["type", "in", list(_STORES)]]
            found = self._rest.find("stock.location", domain)
            if len(found) > 1:
                sentence = f"Tryton has {len(found)} locations with the code {code}."
                raise Ended(
                    Refused(
                        "upstream.place", sentence, "Give each location a code of its own, then retry it."
                    )
                )
            if not found:
                return None
            self._known[code] = found[0]["id"]
        return self._known[code]
