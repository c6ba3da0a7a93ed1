"""At the truck: a cage, then one scan a parcel before anything is opened; what is known of it is told at once."""

from dataclasses import replace

from returns_station.domain.axes import ParcelWork
from returns_station.domain.codes import Signal
from returns_station.domain.label import LabelModel
from returns_station.domain.nouns import Parcel, Place, ReturnAuthorization
from returns_station.domain.scan import read
from returns_station.workflow import closing, parcels
from returns_station.workflow.parcels import Named
from returns_station.workflow.ports import InCage, Load, Match, Record
from returns_station.workflow.state import At, Receiving
from returns_station.workflow.turn import Turn, numbered, pick


def load_of(turn: Turn) -> Receiving:
    """The load that is being received."""
    assert turn.state.receiving is not None
    return turn.state.receiving


# --- the cage ---------------------------------------------------------------------------------------------------------


def at_cage(turn: Turn) -> None:
    """A cage or pallet is awaited; NO-LABEL: the parcels go into none."""
    command = turn.command()
    if command in ("done", "work"):
        return _end(turn)
    if command == "no_label":
        turn.go(At.RECEIVE, receiving=replace(load_of(turn), cage=None, count=0))
        turn.records.append(Record("load.cage", facts={"cage": None}))
        return turn.say(Signal.ACCEPTED, "receive.no_cage")
    found = () if command else turn.matches("container")
    return _cage(turn, found[0]) if found else turn.no(Signal.MISMATCH, "receive.want_cage")


def _cage(turn: Turn, match: Match) -> None:
    """The cage that the next parcels go into, and how many are in it already."""
    load = load_of(turn)
    if load.cage == match.ref:
        return turn.no(Signal.DUPLICATE, "receive.cage_again", cage=match.ref, count=load.count)
    place: Place | None = turn.ask(Load("place", match.ref))
    if place is None or not place.container:
        return turn.no(Signal.MISMATCH, "receive.want_cage")
    if place.state != "open":
        return turn.no(Signal.MISMATCH, "place.closed", place=place.code)
    count: int = turn.ask(InCage(place.code))
    turn.go(At.RECEIVE, receiving=replace(load, cage=place.code, count=count))
    turn.records.append(Record("load.cage", facts={"cage": place.code}))
    return turn.say(Signal.ACCEPTED, "receive.cage", cage=place.code, count=count)


def _end(turn: Turn) -> None:
    load = load_of(turn)
    turn.go(At.PARCEL, receiving=None)
    return turn.say(
        Signal.ACCEPTED,
        "receive.end_cage" if load.cage else "receive.end",
        cage=load.cage or "",
        count=load.count,
    )


# --- parcels ----------------------------------------------------------------------------------------------------------


def at_receive(turn: Turn) -> None:
    """The next parcel is awaited, or another cage; or a word about the last parcel or the load."""
    command = turn.command()
    if command in ("done", "work"):
        return _end(turn)
    if command == "no_label":
        return _plated(turn)
    if command == "refuse":
        return _refuse(turn)
    if command:
        return turn.no(Signal.MISMATCH, "receive.command", command=command)
    if turn.matches("container"):
        return _cage(turn, turn.matches("container")[0])
    return _parcel(turn)


def _parcel(turn: Turn) -> None:
    known = turn.matches("plate", "lpn")
    if known:
        return _own_label(turn, known[0])
    shared = turn.matches("rma", "order") and not turn.matches("tracking", "outbound")
    before = turn.matches("parcel")
    if before and not shared:
        return _again(turn, before[0])
    waiting = turn.matches("waiting")
    if shared and waiting:
        plate = turn.ask(Load("parcel", waiting[0].ref)).plate
        turn.go(
            At.RECEIVE_AGAIN,
            pending=turn.reading.text,
            choices=numbered((("yes", "Another box of it"), ("no", "The same box"))),
        )
        return turn.say(Signal.DUPLICATE, "receive.another", value=turn.shown(), plate=plate)
    return _take(turn)


def _own_label(turn: Turn, match: Match) -> None:
    if match.kind == "lpn":
        return turn.no(Signal.MISMATCH, "receive.not_parcel")
    return _again(turn, match)


def _again(turn: Turn, match: Match) -> None:
    parcel: Parcel = turn.ask(Load("parcel", match.ref))
    waits = parcel.work is ParcelWork.WAITING
    return turn.no(Signal.DUPLICATE, "receive.again" if waits else "receive.again_opened", plate=parcel.plate)


def at_receive_again(turn: Turn) -> None:
    """Another box of the same return, or the same one scanned twice; any other parcel is simply taken."""
    choice = pick(turn)
    if choice is None:
        return at_receive(turn)
    if choice.code == "no":
        turn.go(At.RECEIVE)
        return turn.say(Signal.DUPLICATE, "receive.not_another")
    turn.reading = read((turn.state.pending or "").encode())
    return _take(turn)


def _take(turn: Turn) -> None:
    """The parcel is here. One that several returns claim, or none, is named when it is opened."""
    found = parcels.options(turn)
    if len(found) == 1:
        option = found[0][0]
        what, tracked = parcels.named(turn, option), parcels.is_tracked(option)
        return _arrive(turn, what, parcels.number(turn), tracked=tracked)
    if found:
        tracked = bool(turn.matches("tracking", "outbound"))
        return _arrive(turn, Named(), parcels.number(turn), tracked=tracked)
    if parcels.not_a_parcel(turn):
        return None
    carried = parcels.carried(turn)
    if carried is not None:
        return _arrive(turn, Named(), carried.value, tracked=True, carrier=carried.get("carrier"))
    return _arrive(turn, Named(), turn.reading.text, tracked=True)


def _plated(turn: Turn) -> None:
    """A parcel without any label gets a plate to stick on."""
    _arrive(turn, Named(), "", tracked=False)
    plate = turn.records[0].parcel.plate if turn.records[0].parcel else ""
    turn.print(LabelModel("plate", plate, "Parcel without label"), parcel_id=load_of(turn).last)
    turn.say(Signal.ACCEPTED, "receive.plated", plate=plate, count=load_of(turn).count)


def _arrive(turn: Turn, what: Named, number: str, *, tracked: bool, carrier: str | None = None) -> None:
    """Records the parcel as arrived; its age starts here, and who waits for it is told."""
    load, plate = load_of(turn), parcels.new_plate(turn)
    returns = what.returns or ((parcels.made_here(turn, plate, what),) if what.order else ())
    parcel = Parcel(
        turn.ids.uuid(),
        plate,
        returns[0].merchant if returns else turn.rules.merchant,
        turn.rules.site,
        what.type,
        number,
        load.carrier or carrier or (parcels.carrier_of(number) if tracked else None),
        tuple(a.id for a in returns),
        work=ParcelWork.WAITING,
        tracked=tracked,
        cage=load.cage,
        manifest=load.manifest,
        seal=load.seal,
    )
    if not returns:
        turn.records.append(Record("parcel.arrived", parcel))
    for authorization in returns:
        turn.records.append(Record("parcel.arrived", parcel, authorization=authorization))
        parcels.told(turn, parcel, authorization)
    count = load.count + 1
    turn.go(At.RECEIVE, receiving=replace(load, count=count, last=parcel.id))
    _say_arrived(turn, returns, count)


def _say_arrived(turn: Turn, returns: tuple[ReturnAuthorization, ...], count: int) -> None:
    if not returns:
        return turn.say(Signal.ACCEPTED, "receive.arrived_blind", count=count)
    late = parcels.is_late(turn, returns)
    numbers = ", ".join(a.number if a.source != "station" else a.order_number or "" for a in returns)
    return turn.say(
        Signal.ACCEPTED, "receive.arrived_expired" if late else "receive.arrived", count=count, number=numbers
    )


def _refuse(turn: Turn) -> None:
    """The last parcel goes back with the driver."""
    if load_of(turn).last is None:
        return turn.no(Signal.MISMATCH, "receive.nothing")
    return closing.ask_refuse_reason(turn)
