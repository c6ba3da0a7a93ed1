"""Goods that change their place inside: one internal shipment for each command, known by its reference."""

from returns_station.connectors.api import Refused
from returns_station.connectors.calls import Ended, Rejected
from returns_station.connectors.tryton.rest import Rest, Row
from returns_station.connectors.tryton.tracked import without_lots

MODEL = "stock.shipment.internal"
_STEPS = {"request": "draft", "draft": "wait", "waiting": "assign_try", "assigned": "do"}


def find_movement(rest: Rest, reference: str) -> Row | None:
    """The movement with our reference that is not cancelled."""
    live = ["state", "!=", "cancelled"]
    found = rest.find(MODEL, [["reference", "=", reference], live, rest.own], "state")
    return found[0] if found else None


def move_goods(
    rest: Rest, reference: str, product: Row, quantity: int, way: tuple[int, int]
) -> tuple[int, bool]:
    """Brings a movement to done; its id, and whether it was there before.

    `product` has `id` and `unit`; `way` are the ids of the locations from and to. Raises Ended (refused,
    `upstream.stock`) where Tryton does not find the goods at the first.
    """
    found = find_movement(rest, reference)
    before = found is not None and found["state"] == "done"
    id_ = found["id"] if found else _make(rest, reference, product, quantity, way)
    try:
        _through(rest, id_)
    except Ended as end:
        raise without_lots(rest, f"{MODEL},{id_}", end) from None
    return id_, before


def _make(rest: Rest, reference: str, product: Row, quantity: int, way: tuple[int, int]) -> int:
    ends = {"from_location": way[0], "to_location": way[1], "company": rest.company}
    move = {**ends, "product": product["id"], "unit": product["unit"], "quantity": quantity}
    return rest.create(MODEL, {**ends, "reference": reference, "moves": [["create", [move]]]})


def _through(rest: Rest, id_: int) -> None:
    state, refused = "", None
    for _ in range(len(_STEPS) + 1):
        row = rest.one(MODEL, id_, "state")
        now = row["state"] if row else "cancelled"
        if now == "done":
            return
        if now == state or now not in _STEPS:
            raise _stuck(rest, now, refused)
        state = now
        refused = rest.press(MODEL, id_, _STEPS[now])
    raise _stuck(rest, state, refused)


def _stuck(rest: Rest, state: str, refused: Rejected | None) -> Ended:
    sentence = f"The internal shipment stays {state} in Tryton."
    if refused is not None:
        return refused.refused("upstream.stock", sentence)
    hint = "Tryton does not find the goods where we left them: correct its stock, then retry it."
    return Ended(Refused("upstream.stock", f"{sentence} {rest.origin} gave no reason.", hint))
