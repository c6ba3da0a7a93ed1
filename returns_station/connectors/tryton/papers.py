"""Return documents: a return sale per parcel, its lines, and the way from draft to goods at their places.

Every step reads the state, acts once and reads again; a document is found by its reference, a line by the unit in its
note, so that one that was made just before a crash is found and not made twice.
"""

from collections.abc import Mapping
from typing import Final

from returns_station.connectors.api import Refused
from returns_station.connectors.calls import Ended, Rejected
from returns_station.connectors.tryton.places import House
from returns_station.connectors.tryton.quantities import UNITS, factor
from returns_station.connectors.tryton.rest import PRICE, Rest, Row, exact, names
from returns_station.connectors.tryton.sold import UNIT_MARK
from returns_station.connectors.tryton.tracked import without_lots

SALE: Final = "sale.sale"
SHIPMENT: Final = "stock.shipment.out.return"
_LIVE: Final = ["state", "!=", "cancelled"]
BEFORE: Final = ("draft", "quotation", "confirmed")
"""States of a return sale that has no shipment yet."""
_STEPS: Final = {"draft": "quote", "quotation": "confirm", "confirmed": "process"}


def find_paper(rest: Rest, reference: str) -> Row | None:
    """The return sale with our reference that is not cancelled; raises Ended where there are several."""
    domain = [["reference", "=", reference], _LIVE, rest.own]
    found = rest.find(SALE, domain, "state", "number", "lines.note")
    if len(found) > 1:
        sentence = f"Tryton has {len(found)} return sales called {reference}, and one was expected."
        raise Ended(
            Refused(
                "upstream.ambiguous", sentence, "Cancel those that are too many in Tryton, then retry it."
            )
        )
    return found[0] if found else None


def make_paper(rest: Rest, sale: Row, reference: str, note: str, house: House) -> int:
    """A draft return sale of a sale, without lines, whose goods come to this warehouse; its id."""
    own = {"invoice_method": "manual", "shipment_method": "order", "comment": note, "warehouse": house.id}
    default = {"lines": None, "reference": reference, "origin": f"{SALE},{sale['id']}", **own}
    return rest.copy(SALE, int(sale["id"]), default)


def mark(unit_id: str, sold_line: int) -> str:
    """The note of a unit's line: whose it is, and what it comes back from."""
    return f"{UNIT_MARK}{unit_id} line {sold_line}"


def marked(note: object) -> tuple[str, int] | None:
    """Unit and sold line in a note of ours."""
    if not isinstance(note, str) or not note.startswith(UNIT_MARK):
        return None
    unit, _, line = note.removeprefix(UNIT_MARK).partition(" line ")
    return unit, int(line) if line.isdigit() else 0


def find_line(rest: Rest, references: list[str], unit_id: str) -> Row | None:
    """The line of a unit in one of the return sales called so that are not cancelled."""
    fields = ("sale.state", "sale.reference", "quantity", "product.code", *UNITS)
    domain = [["sale.reference", "in", references], ["sale.state", "!=", "cancelled"]]
    domain += [["sale.company", "=", rest.company]]
    found = rest.find("sale.line", [*domain, ["note", "ilike", f"{UNIT_MARK}{unit_id} line %"]], *fields)
    return found[0] if found else None


def make_line(rest: Rest, paper: int, sold_line: Row, quantity: int, unit_id: str) -> int:
    """A line of the draft: a copy of the sold line for fewer than no pieces, in the product's own unit."""
    default = {"sale": paper, "quantity": -quantity, "note": mark(unit_id, int(sold_line["id"]))}
    if (pack := factor(sold_line)) != 1:
        price = (sold_line["unit_price"] / pack).quantize(PRICE)
        default |= {"unit": sold_line["product"]["default_uom"]["id"], "unit_price": exact(price)}
    return rest.copy("sale.line", int(sold_line["id"]), default)


def finish(rest: Rest, paper: int, places: Mapping[str, int], house: House) -> None:
    """Brings a return sale to processed, its goods in and at their places. `places` are location ids by unit id."""
    _process(rest, paper)
    fields = ("reference", "lines.note", "shipment_returns.state")
    row = rest.one(SALE, paper, *fields) or {"shipment_returns": [], "lines": []}
    shipments = [one for one in row["shipment_returns"] if one["state"] != "cancelled"]
    if not shipments:
        sentence = "Tryton made no return shipment for this return sale, so its goods are nowhere."
        raise Ended(
            Refused("upstream.shipment", sentence, "See the sale in Tryton; a person may have cancelled it.")
        )
    units = {line["id"]: ours[0] for line in row["lines"] if (ours := marked(line["note"]))}
    known = {line: places[unit] for line, unit in units.items() if unit in places}
    for shipment in shipments:
        put_away(rest, shipment["id"], known, house, str(row["reference"]))


def put_away(
    rest: Rest, shipment: int, places: Mapping[int, int], house: House, name: str, *, blind: int | None = None
) -> None:
    """Brings a return shipment to done. `places` are location ids by sale line; `blind` is one for all its goods.

    `name` becomes the shipment's reference: a sale's shipment has none of its own.
    """
    state = _state(rest, SHIPMENT, shipment)
    try:
        if state == "draft":
            state = _step(rest, SHIPMENT, shipment, state, "receive", unwarned=blind is not None)
        if state == "received":
            _place(rest, shipment, places, house, name, blind)
            state = _step(rest, SHIPMENT, shipment, state, "do")
    except Ended as end:
        raise without_lots(rest, f"{SHIPMENT},{shipment}", end) from None
    if state != "done":
        raise _stands(rest, "return shipment", state)


def _place(
    rest: Rest, shipment: int, places: Mapping[int, int], house: House, name: str, blind: int | None
) -> None:
    domain = [["shipment", "=", f"{SHIPMENT},{shipment}"]]
    fields = ("origin", "from_location", "to_location", "state", "quantity", "product.code", "shipment")
    moves = rest.find("stock.move", domain, *fields)
    lines = {move["id"]: names(move["origin"], "sale.line") for move in moves}
    changes: list[object] = []
    for move in moves:
        if move["from_location"] != house.entry or move["state"] != "draft":
            continue
        line = lines.get(names(move["origin"], "stock.move") or 0)
        if line is None and blind is None:
            raise _nobodys(move)
        place = blind if blind is not None else places.get(line or 0)
        if place is not None and move["to_location"] != place:
            changes.append(["write", [move["id"]], {"to_location": place}])
    row = rest.one(SHIPMENT, shipment, "reference")
    values: Row = {} if row and row["reference"] == name else {"reference": name}
    values |= {"inventory_moves": changes} if changes else {}
    # What stands as wanted is not written again: a write whose every answer gets lost would never be got past.
    if values:
        rest.write(SHIPMENT, shipment, values)


def _nobodys(move: Row) -> Ended:
    """Goods of no sale line have no place that anybody decided: Tryton would put them with what is to be sold."""
    sentence = (
        f"The return shipment in Tryton moves {move['quantity']} of {move['product']['code']} that no line of the "
        f"return sale stands for, so nobody decided where they go."
    )
    hint = "Delete that move there, or do the shipment there by hand with its places; then retry it."
    return Ended(Refused("upstream.moves", sentence, hint))


def _process(rest: Rest, paper: int) -> None:
    state = _state(rest, SALE, paper)
    while state in _STEPS:
        state = _step(rest, SALE, paper, state, _STEPS[state])
    if state not in ("processing", "done"):
        raise _stands(rest, "return sale", state)


def _state(rest: Rest, model: str, id_: int) -> str:
    row = rest.one(model, id_, "state")
    return str(row["state"]) if row else "deleted"


def _step(rest: Rest, model: str, id_: int, before: str, button: str, *, unwarned: bool = False) -> str:
    """The state after a button, read again: Tryton's answer may show the one before it goes on by itself."""
    refused = rest.press(model, id_, button, unwarned=unwarned)
    after = _state(rest, model, id_)
    if after == before:
        raise _stands(rest, model, after, refused)
    return after


def _stands(rest: Rest, what: str, state: str, refused: Rejected | None = None) -> Ended:
    sentence = f"The {what} stands as {state} in Tryton and does not go on."
    if refused is not None:
        return refused.refused("upstream.state", sentence)
    return Ended(Refused("upstream.state", sentence, f"See it in Tryton at {rest.origin}, then retry it."))


def receive_blind(
    rest: Rest, reference: str, customer: int, product: Row, quantity: int, place: int, house: House
) -> int:
    """Goods that no sale is known for: a return shipment of their own, done; its id. `product` has `id` and `unit`."""
    found = rest.find(SHIPMENT, [["reference", "=", reference], _LIVE, rest.own])
    id_ = found[0]["id"] if found else _make_blind(rest, reference, customer, product, quantity, house)
    put_away(rest, id_, {}, house, reference, blind=place)
    return int(id_)


def _make_blind(rest: Rest, reference: str, customer: int, product: Row, quantity: int, house: House) -> int:
    party = rest.one("party.party", customer, "customer_location")
    ends = {"from_location": party and party["customer_location"], "to_location": house.entry}
    company = rest.one("company.company", rest.company, "currency")
    worth = {"company": rest.company, "currency": company and company["currency"]}
    worth["unit_price"] = {"__class__": "Decimal", "decimal": "0"}
    move = {**ends, **worth, "product": product["id"], "unit": product["unit"], "quantity": quantity}
    where = {"warehouse": house.id, "warehouse_input": house.entry, "warehouse_storage": house.storage}
    values = {"company": rest.company, "customer": customer, "reference": reference, **where}
    return rest.create(SHIPMENT, {**values, "incoming_moves": [["create", [move]]]})
