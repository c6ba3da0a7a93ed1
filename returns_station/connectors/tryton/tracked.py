"""Products that Tryton tracks by lot or serial number: the station tells none, so a person enters them there."""

from typing import Final

from returns_station.connectors.api import Refused
from returns_station.connectors.calls import Ended
from returns_station.connectors.tryton.rest import Rest

_FIELDS: Final = ("product.code", "product.lot_required")


def without_lots(rest: Rest, shipment: str, end: Ended) -> Ended:
    """The end of a step at a shipment (`model,id`); refused as `upstream.lot`, in Tryton's own words, where it has goods
    that are tracked and have no lot. Tryton has lots only with its module `stock_lot`."""
    if not isinstance(end.outcome, Refused) or not _has_lots(rest):
        return end
    domain = [["shipment", "=", shipment], ["lot", "=", None], ["state", "!=", "done"]]
    moves = rest.find("stock.move", domain, *_FIELDS)
    tracked = sorted({str(move["product"]["code"]) for move in moves if move["product"]["lot_required"]})
    if not tracked:
        return end
    named = ", ".join(tracked)
    sentence = f"Tryton tracks {named} by lot or serial number, and the station tells it none. {end.outcome.sentence}"
    hint = (
        f"Enter the lot on the moves of {named} in {shipment} there; Tryton may ask again for the moves that bring the "
        f"goods to their places. Then run `returns-station outbox retry` with the effect's key."
    )
    return Ended(Refused("upstream.lot", sentence, hint))


def _has_lots(rest: Rest) -> bool:
    return bool(rest.find("ir.model.field", [["model", "=", "stock.move"], ["name", "=", "lot"]]))
