"""At the parcel: finding it, opening it, naming one that was received before, taking it up again."""

from dataclasses import dataclass, replace

from returns_station.domain.axes import Arrival, ParcelWork, move
from returns_station.domain.codes import ReturnType, Signal
from returns_station.domain.effects import EffectType, receipt_body
from returns_station.domain.label import LabelModel
from returns_station.domain.nouns import Order, Parcel, ReturnAuthorization
from returns_station.domain.scan import Candidate, Kind, mint, read
from returns_station.workflow import containers, resuming
from returns_station.workflow.closing import unfinished
from returns_station.workflow.ports import Load, Match, OpenReturns, UnitsOf
from returns_station.workflow.state import At, Receiving
from returns_station.workflow.turn import Turn, numbered, pick

_SOLD = ("order", "outbound")
_FOREIGN = {"gtin": "product", "sku": "product", "location": "location", "container": "container"}


@dataclass(frozen=True, slots=True)
class Named:
    """What a parcel's number stands for: its returns, or the order it goes back to, or nothing that is known."""

    returns: tuple[ReturnAuthorization, ...] = ()
    order: Order | None = None
    type: ReturnType = ReturnType.BLIND


def at_parcel(turn: Turn) -> None:
    """A parcel is awaited: plate, tracking number, RMA, order number, LPN or SSCC; a container to put away; or NO-LABEL."""
    command = turn.command()
    if command == "no_label":
        return open_blind(turn, "", None, labelled=False)
    if command == "receive":
        turn.go(At.CAGE, receiving=Receiving())
        return turn.say(Signal.ACCEPTED, "receive.begin")
    if command == "put_away":
        return turn.say(Signal.ACCEPTED, "container.scan")
    if command:
        return turn.no(Signal.MISMATCH, "parcel.command", command=command)
    return find(turn)


def find(turn: Turn) -> None:
    """Opens or takes up what the scan names, offers a choice where it names several, else a blind return."""
    known = turn.matches("plate", "lpn")
    if known:
        return resume(turn, known[0])
    received = turn.matches("waiting")
    if len(received) == 1:
        return resume(turn, received[0])
    if received:
        return _which(turn, received)
    again = turn.matches("parcel")
    if again:
        return resume(turn, again[0])
    found = options(turn)
    if len(found) == 1:
        return _open(turn, named(turn, found[0][0]), number(turn), tracked=is_tracked(found[0][0]))
    if found:
        turn.go(At.CHOOSE_RETURN, choices=numbered(found), pending=number(turn), opening=turn.state.opening)
        return turn.say(Signal.ACCEPTED, "parcel.several", value=turn.shown(), count=len(found))
    if turn.matches("container"):
        return containers.take(turn, turn.matches("container")[0])
    return _unknown(turn)


def _which(turn: Turn, received: tuple[Match, ...]) -> None:
    """Several received parcels of one number: the one whose plate is in the hand."""
    parcels: list[Parcel] = [turn.ask(Load("parcel", match.ref)) for match in received]
    turn.go(At.CHOOSE_PARCEL, choices=numbered((f"parcel:{p.id}", _described(p)) for p in parcels))
    return turn.say(Signal.ACCEPTED, "parcel.waiting", value=turn.shown(), count=len(parcels))


def _described(parcel: Parcel) -> str:
    piece = f"{parcel.piece}/{parcel.of}" if parcel.piece else None
    return " · ".join(part for part in (parcel.plate, parcel.cage, piece) if part)


def at_choose_parcel(turn: Turn) -> None:
    """Several received parcels fit: one is chosen, or its plate scanned."""
    choice = pick(turn)
    if choice is not None:
        return take_up(turn, turn.ask(Load("parcel", choice.code.removeprefix("parcel:"))))
    if turn.matches("plate"):
        return resume(turn, turn.matches("plate")[0])
    return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))


def number(turn: Turn) -> str:
    """The number by which the parcel was found, as the index has it: the same parcel scanned in another form is known again."""
    found = turn.matches("tracking", "outbound")
    return found[0].value if found else turn.reading.text


def options(turn: Turn) -> tuple[tuple[str, str], ...]:
    """What the scan may open, as (code, text): authorisations by their own numbers, orders by theirs."""
    found: dict[str, str] = {}
    tracked = list(turn.matches("tracking"))
    if tracked and len({m.merchant for m in tracked}) == 1:
        found["tracked:" + ",".join(sorted(m.ref for m in tracked))] = _title(turn, tracked[0], len(tracked))
    else:
        found |= {"tracked:" + m.ref: _title(turn, m, 1) for m in tracked}
    found |= {"returns:" + m.ref: _title(turn, m, 1) for m in turn.matches("rma")}
    for match in turn.matches(*_SOLD):
        found |= _of_order(turn, match)
    return tuple(sorted(found.items()))


def _title(turn: Turn, match: Match, count: int) -> str:
    authorization: ReturnAuthorization = turn.ask(Load("authorization", match.ref))
    more = f" + {count - 1}" if count > 1 else ""
    return f"RMA {authorization.number}{more} · {authorization.merchant}"


def _of_order(turn: Turn, match: Match) -> dict[str, str]:
    order: Order = turn.ask(Load("order", match.ref))
    open_returns: tuple[str, ...] = turn.ask(OpenReturns(order.id))
    if open_returns and match.kind == "order":
        return {
            f"returns:{id}": f"RMA {turn.ask(Load('authorization', id)).number} · {order.merchant}"
            for id in open_returns
        }
    kind = "rts" if match.kind == "outbound" else "order"
    return {
        f"{kind}:{order.id}": f"{'Undelivered order' if kind == 'rts' else 'Order'} {order.number} · {order.merchant}"
    }


def is_tracked(option: str) -> bool:
    """Whether an option was found by a number of this very parcel."""
    return option.partition(":")[0] in ("tracked", "rts")


def named(turn: Turn, option: str) -> Named:
    """What an option stands for."""
    kind, _, ids = option.partition(":")
    if kind in ("returns", "tracked"):
        found = tuple(turn.ask(Load("authorization", id)) for id in ids.split(","))
        bulk = sum(line.expected for a in found for line in a.lines) >= 100
        return Named(found, None, ReturnType.BULK if bulk else found[0].return_type)
    return Named((), turn.ask(Load("order", ids)), ReturnType.RTS if kind == "rts" else ReturnType.BLIND)


def not_a_parcel(turn: Turn) -> bool:
    """Says why a scan that names no known parcel can be none: goods, places, our own labels, damaged codes."""
    foreign = turn.matches(*_FOREIGN)
    if foreign:
        turn.no(Signal.MISMATCH, f"parcel.not_{_FOREIGN[foreign[0].kind]}")
    elif carried(turn) is not None:
        return False
    elif turn.candidate(Kind.PLATE, Kind.LPN, Kind.CONTAINER):
        turn.no(Signal.UNKNOWN, "parcel.plate_unknown")
    elif turn.candidate(Kind.REFERENCE) is not None:
        return False
    else:
        broken = [problem for candidate in turn.reading.candidates for problem in candidate.problems]
        if broken:
            turn.no(Signal.UNKNOWN, "scan.problem", problem=str(broken[0]), fault=broken[0].code)
        else:
            turn.no(Signal.MISMATCH, "parcel.not_parcel")
    return True


def carried(turn: Turn) -> Candidate | None:
    """The carrier's number that the scan certainly is: one with a check digit that is no product's."""
    tracking = turn.candidate(Kind.TRACKING, Kind.SSCC)
    sure = tracking is not None and tracking.get("check") != "none" and not turn.candidate(Kind.GTIN)
    return tracking if sure else None


def _unknown(turn: Turn) -> None:
    if not_a_parcel(turn):
        return None
    tracking = carried(turn)
    if tracking is not None:
        return open_blind(turn, tracking.value, tracking.get("carrier"))
    turn.go(
        At.CONFIRM_BLIND,
        choices=numbered((("blind", "Take it as a blind return"), ("again", "Scan again"))),
        pending=turn.reading.text,
        opening=turn.state.opening,
    )
    return turn.say(Signal.UNKNOWN, "parcel.unknown", value=turn.shown())


def at_confirm_blind(turn: Turn) -> None:
    """An unknown number: a blind return, or scanned again; another parcel's number is simply taken."""
    choice = pick(turn)
    if turn.command() == "blind" or (choice and choice.code == "blind"):
        return open_blind(turn, turn.state.pending or "", None)
    if choice:
        turn.go(At.PARCEL)
        return turn.say(Signal.ACCEPTED, "parcel.again")
    if carried(turn) or turn.matches(
        "tracking", "outbound"
    ):  # another parcel, not the name of the one in hand
        turn.state = replace(turn.state, opening=None)
    return at_parcel(turn)


def at_choose_return(turn: Turn) -> None:
    """Several returns fit: one is chosen."""
    choice = pick(turn)
    if choice is None:
        return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))
    return _open(turn, named(turn, choice.code), turn.state.pending or "", tracked=is_tracked(choice.code))


def open_blind(turn: Turn, scanned: str, carrier: str | None, *, labelled: bool = True) -> None:
    """A parcel nobody announced; without a label of its own it gets a plate to stick on."""
    _open(turn, Named(), scanned, tracked=bool(scanned), carrier=carrier)
    if not labelled:
        plate = turn.parcel().plate
        turn.print(LabelModel("plate", plate, "Parcel without label"))
        turn.say(Signal.ACCEPTED, "parcel.plated", plate=plate)


def made_here(turn: Turn, plate: str, what: Named) -> ReturnAuthorization:
    """The authorisation of a return that nobody announced, made at the dock."""
    order = what.order
    return ReturnAuthorization(
        turn.ids.uuid(),
        order.merchant if order else turn.rules.merchant,
        plate,
        "station",
        what.type,
        order.id if order else None,
        order.number if order else None,
    )


def carrier_of(number: str) -> str | None:
    """Who carried it, where only one carrier writes such numbers."""
    found = {c.get("carrier") for c in read(number.encode()).of(Kind.TRACKING) if c.valid}
    return found.pop() if len(found) == 1 else None


def new_plate(turn: Turn) -> str:
    """The next plate for a parcel."""
    return mint("P", turn.rules.station, turn.rules.epoch, turn.ids.number("plate"))


def _open(turn: Turn, what: Named, number: str, *, tracked: bool, carrier: str | None = None) -> None:
    """Opens a parcel, a received one under its own id and plate; its returns learn that it is here."""
    if turn.state.opening:
        received: Parcel = turn.ask(Load("parcel", turn.state.opening))
        returns = what.returns or (made_here(turn, received.plate, what),)
        parcel = replace(
            received,
            merchant=returns[0].merchant,
            return_type=what.type,
            returns=tuple(a.id for a in returns),
            work=move(received.work, ParcelWork.OPEN),
            opened_by=turn.worker().id,
        )
    else:
        plate = new_plate(turn)
        returns = what.returns or (made_here(turn, plate, what),)
        parcel = Parcel(
            turn.ids.uuid(),
            plate,
            returns[0].merchant,
            turn.rules.site,
            what.type,
            number,
            carrier or (carrier_of(number) if tracked else None),
            tuple(a.id for a in returns),
            opened_by=turn.worker().id,
            tracked=tracked,
        )
    facts = {"received": True, "named": True} if turn.state.opening else {}
    turn.go(At.ITEM, parcel=parcel, unit=None, waiting=(), item_code=None, last_unit=None)
    for authorization in returns:
        turn.keep_parcel("parcel.opened", parcel, authorization, **facts)
        told(turn, parcel, authorization)
    _say_opened(turn, parcel, returns, _how(what))


def told(turn: Turn, parcel: Parcel, authorization: ReturnAuthorization) -> None:
    """Others learn that a parcel of this return is here."""
    turn.tell(
        EffectType.RECEIPT,
        authorization.merchant,
        authorization.id,
        receipt_body(parcel, authorization),
        parcel_id=parcel.id,
    )


def _say_opened(turn: Turn, parcel: Parcel, returns: tuple[ReturnAuthorization, ...], how: str) -> None:
    turn.say(
        Signal.ACCEPTED,
        f"parcel.opened_{'expired' if is_late(turn, returns) else how}",
        plate=parcel.plate,
        number=", ".join(a.number for a in returns),
        awaiting=sum(line.awaiting for a in returns for line in a.lines),
        order=returns[0].order_number or "",
    )


def is_late(turn: Turn, returns: tuple[ReturnAuthorization, ...]) -> bool:
    """Whether one of the returns was to be here before now."""
    return any(a.expires_at is not None and a.expires_at < turn.now for a in returns)


def _how(what: Named) -> str:
    if what.returns:
        return "expected"
    return "order" if what.order and what.type is ReturnType.BLIND else what.type.value


def add_return(turn: Turn, match: Match) -> None:
    """A second return in the same parcel."""
    parcel = turn.parcel()
    if match.ref in parcel.returns:
        return turn.no(Signal.DUPLICATE, "parcel.return_twice")
    authorization: ReturnAuthorization = turn.ask(Load("authorization", match.ref))
    if authorization.merchant != parcel.merchant:
        return turn.no(Signal.MISMATCH, "parcel.other_merchant", merchant=authorization.merchant)
    parcel = turn.keep_parcel(
        "parcel.return_added", replace(parcel, returns=(*parcel.returns, authorization.id)), authorization
    )
    told(turn, parcel, authorization)
    turn.go(At.ITEM)
    return turn.say(Signal.ACCEPTED, "parcel.return_added", number=authorization.number)


# --- taking up --------------------------------------------------------------------------------------------------------


def resume(turn: Turn, match: Match) -> None:
    """A plate takes up its parcel, an LPN its unit; a finished tracking number is a duplicate."""
    if match.kind == "lpn":
        return resuming.resume_unit(turn, match.ref)
    parcel: Parcel = turn.ask(Load("parcel", match.ref))
    if parcel.arrival is Arrival.REFUSED:
        return turn.no(Signal.DUPLICATE, "parcel.refused_before", plate=parcel.plate)
    if parcel.work is ParcelWork.CLOSED and match.kind != "plate":
        return turn.no(Signal.DUPLICATE, "parcel.closed_before", plate=parcel.plate)
    return take_up(turn, parcel)


def take_up(turn: Turn, parcel: Parcel) -> None:
    """Goes on with a parcel that was received, left, held, stopped or closed."""
    if parcel.work is ParcelWork.WAITING:
        return _open_received(turn, parcel)
    turn.go(At.ITEM, unit=None, waiting=(), item_code=None, last_unit=None)
    turn.keep_parcel("parcel.resumed", replace(parcel, work=move(parcel.work, ParcelWork.OPEN), shelf=None))
    left = unfinished(turn.ask(UnitsOf(parcel.id)))
    if left:
        return resuming.take_up(turn, left[0], left[1:])
    return turn.say(Signal.ACCEPTED, "parcel.resumed", plate=parcel.plate)


def _open_received(turn: Turn, parcel: Parcel) -> None:
    """A parcel from the truck is opened: its returns learned of it there, one that nobody could name is named now."""
    if not parcel.returns:
        return _name(turn, parcel)
    returns: tuple[ReturnAuthorization, ...] = tuple(
        turn.ask(Load("authorization", id)) for id in parcel.returns
    )
    opened = replace(parcel, work=move(parcel.work, ParcelWork.OPEN), opened_by=turn.worker().id)
    turn.go(At.ITEM, unit=None, waiting=(), item_code=None, last_unit=None)
    turn.keep_parcel("parcel.opened", opened, received=True)
    expected = returns[0].source != "station"
    order = "order" if parcel.return_type is ReturnType.BLIND else parcel.return_type.value
    return _say_opened(turn, opened, returns, "expected" if expected else order)


def _name(turn: Turn, parcel: Parcel) -> None:
    """What its own number says, as for a parcel that is opened at once; without one it is a blind return."""
    turn.state = replace(turn.state, opening=parcel.id)
    if not parcel.scanned:
        return open_blind(turn, "", None)
    turn.reading = read(parcel.scanned.encode())
    found = options(turn)
    if len(found) == 1:
        return _open(turn, named(turn, found[0][0]), parcel.scanned, tracked=parcel.tracked)
    if found:
        turn.go(At.CHOOSE_RETURN, choices=numbered(found), pending=parcel.scanned, opening=parcel.id)
        return turn.say(Signal.ACCEPTED, "parcel.several", value=turn.shown(), count=len(found))
    return _unknown(turn)


# --- what is said of the parcel in work -------------------------------------------------------------------------------


def mark_undelivered(turn: Turn) -> None:
    """The carrier brings back what was never delivered: the goods are ours, the customer gets the money."""
    parcel = replace(turn.parcel(), return_type=ReturnType.RTS)
    turn.keep_parcel("parcel.undelivered", parcel)
    turn.go(At.ITEM)
    return turn.say(Signal.ACCEPTED, "parcel.undelivered", plate=parcel.plate)
