"""At the inspection: one question after another, until the answers make a grade and the grade a decision."""

from dataclasses import replace

from returns_station.domain import grading
from returns_station.domain.axes import Acceptance, Inspection, Placement, move
from returns_station.domain.codes import Disposition, Identity, Signal
from returns_station.domain.label import LabelModel
from returns_station.domain.nouns import Decision, Place, Product, ReturnUnit
from returns_station.domain.policy import Answer, Tree, decide
from returns_station.domain.scan import Kind, mint
from returns_station.workflow.ports import Identify, Load, Prints, Suggest
from returns_station.workflow.state import At
from returns_station.workflow.turn import Turn, numbered, pick, same_item

SALEABLE = frozenset({Disposition.RETURN_TO_STOCK, Disposition.RETURN_TO_STOCK_RESALE})
MORE_THAN_SOLD = "stock.more_than_sold"
"""The `note` of a unit that was put though its order line had fewer pieces left: why its stock waits."""


def _tree(turn: Turn) -> Tree:
    return turn.rules.policy.tree(turn.unit().product_type)


def ask_first(turn: Turn) -> None:
    """Asks the first question of the unit's tree; a tree without one that applies ends at once."""
    _ask(turn, grading.first_question(_tree(turn), turn.product()))


def _ask(turn: Turn, code: str | None) -> None:
    if code is None:
        return finish(turn)
    answers = grading.answers_of(_tree(turn).question(code), turn.product())
    turn.go(At.QUESTION, question=code, choices=numbered((answer.code, answer.text) for answer in answers))
    return None


def at_question(turn: Turn) -> None:
    """An answer is awaited; "sealed, no finding" answers the whole tree, SPLIT takes some pieces apart."""
    command = turn.command()
    if command == "sealed":
        return _sealed(turn)
    if command == "split":
        return _split(turn)
    choice = None if command else pick(turn)
    if choice is not None:
        return _answered(turn, str(turn.state.question), choice.code)
    again = same_item(turn)
    return turn.no(
        Signal.DUPLICATE if again else Signal.MISMATCH,
        "item.again_twice" if again else _foreign(turn),
        count=len(turn.state.choices),
    )


def _foreign(turn: Turn) -> str:
    return "question.finish_first" if turn.candidate(Kind.GTIN, Kind.TRACKING, Kind.PLATE) else "choice.none"


def _sealed(turn: Turn) -> None:
    found = grading.sealed_answer(_tree(turn), turn.product())
    if found is None or turn.unit().answers:
        return turn.no(Signal.MISMATCH, "question.not_sealed")
    return _answered(turn, found[0], found[1].code)


def _answered(turn: Turn, question: str, code: str) -> None:
    unit, product, tree = turn.unit(), turn.product(), _tree(turn)
    answer: Answer | None = grading.chosen(tree, question, code, product)
    assert answer is not None
    turn.keep_unit(
        "unit.answered",
        replace(unit, answers=(*unit.answers, (question, code))),
        question=question,
        answer=code,
    )
    turn.say(Signal.ACCEPTED, "question.answered", text=answer.text)
    return _ask(turn, grading.skip(tree, answer.next, product))


# --- splitting --------------------------------------------------------------------------------------------------------


def _split(turn: Turn) -> None:
    if turn.unit().quantity < 2:
        return turn.no(Signal.MISMATCH, "split.single")
    turn.go(At.SPLIT, question=turn.state.question)
    return turn.say(Signal.ACCEPTED, "split.how_many", quantity=turn.unit().quantity)


def at_split(turn: Turn) -> None:
    """How many pieces are unlike the rest: they become a unit of their own, the rest waits; no piece is made or lost."""
    unit = turn.unit()
    coded = turn.candidate(Kind.QUANTITY, Kind.ANSWER)
    text = coded.value if coded else turn.reading.text.strip()
    pieces = int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else 0
    if not 1 <= pieces < unit.quantity:
        return turn.no(Signal.MISMATCH, "split.range", most=unit.quantity - 1)
    rest = replace(unit, quantity=unit.quantity - pieces, answers=())
    child = replace(unit, id=turn.ids.uuid(), quantity=pieces, parent_id=unit.id, lpn=None, answers=())
    child = replace(child, placement=Placement.IN_HAND)
    turn.keep_unit("unit.split", rest, child=child.id, pieces=pieces)
    turn.keep_unit("unit.started", child)
    turn.state = replace(turn.state, waiting=(*turn.state.waiting, rest))
    ask_first(turn)
    return turn.say(Signal.ACCEPTED, "split.done", pieces=pieces, rest=rest.quantity)


# --- grade and decision -----------------------------------------------------------------------------------------------


def finish(turn: Turn) -> None:
    """The grade from the answers, the decision from the rules, and the label asked for."""
    found = grading.fold(_tree(turn), turn.unit().answers, turn.product())
    unit = grading.apply(turn.unit(), found)
    decision = decide(turn.rules.policy, policy_facts(turn, unit, found.cause))
    unit = replace(
        unit, inspection=move(unit.inspection, Inspection.DONE), graded_by=turn.worker().id, decision=decision
    )
    turn.keep_unit("unit.graded", with_plate(turn, unit))
    label_or_place(turn)
    labelled = turn.state.at is At.LABEL
    turn.say(
        Signal.HOLD if decision.needs_human else Signal.ACCEPTED,
        "unit.decided" if labelled else "unit.decided_unlabelled",
        grade=unit.grade,
        disposition=decision.disposition,
        reason=decision.reason,
    )


def with_plate(turn: Turn, unit: ReturnUnit) -> ReturnUnit:
    """The unit with a license plate of its own."""
    if unit.lpn:
        return unit
    while True:  # a plate from the roll may have been taken before its turn
        foresee_place(turn, unit)
        lpn = mint("L", turn.rules.station, turn.rules.epoch, turn.ids.number("lpn"))
        if not turn.ask(Identify((lpn,))):
            return replace(unit, lpn=lpn)


def policy_facts(turn: Turn, unit: ReturnUnit, cause: object = None) -> dict[str, tuple[str, ...]]:
    """What the rules may look at."""
    product: Product | None = turn.product()
    expired = unit.expiry is not None and unit.expiry < turn.now.date().isoformat()
    return {
        "grade": (unit.grade.value,) if unit.grade else (),
        "packaging": (unit.packaging.value,) if unit.packaging else (),
        "identity": (unit.identity.value,),
        "product_type": (unit.product_type,),
        "return_type": (turn.parcel().return_type.value,),
        "hazard": (product.hazard,) if product and product.hazard else (),
        "finding": tuple(finding.code for finding in unit.findings),
        "matched_order": ("yes" if unit.order_line_id else "no",),
        "expired": ("yes" if expired else "no",),
        "cause": (str(cause),) if cause else (),
    }


def foresee_place(turn: Turn, unit: ReturnUnit) -> None:
    """A place will be wanted for the unit."""
    if unit.decision is not None:
        purposes = turn.rules.policy.destinations.get(unit.decision.disposition, ())
        turn.foresee(Suggest(purposes, unit.quantity))


def suggest(turn: Turn, decision: Decision, quantity: int) -> Place | None:
    """A place that suits a decision."""
    purposes = turn.rules.policy.destinations.get(decision.disposition, ())
    place: Place | None = turn.ask(Suggest(purposes, quantity))
    return place


def label(turn: Turn, unit: ReturnUnit, reprint: int = 0) -> None:
    """Asks for the unit's label."""
    decision = unit.decision
    place = suggest(turn, decision, unit.quantity) if decision else None
    turn.print(
        LabelModel(
            "unit",
            str(unit.lpn),
            unit.title,
            unit.sku,
            unit.quantity,
            unit.grade.value if unit.grade else "",
            (decision.disposition if decision else Disposition.QUARANTINE).value,
            place.code if place else "",
            unit.lot,
            unit.expiry,
            reprint,
        ),
        unit_id=unit.id,
    )


def label_or_place(turn: Turn) -> None:
    """Asks to scan the label that is printed now, or one peeled from the roll; for the place where no label is wanted."""
    unit = turn.unit()
    if unit.decision is not None and turn.rules.policy.needs_no_label(unit.decision.disposition):
        return unlabelled(turn, "none")
    turn.go(At.LABEL)
    return label(turn, unit)


def unlabelled(turn: Turn, why: str) -> None:
    """The unit goes on without a label on it; its plate stays its own."""
    unit = turn.unit()
    turn.keep_unit(
        "unit.unlabelled",
        replace(unit, placement=move(unit.placement, Placement.LABELLED), labelling=why),
        why=why,
    )
    ask_destination(turn)


def waits_for(unit: ReturnUnit) -> str | None:
    """Why a person must first allow a unit that was put to be sold again; None where nobody must.

    The ceiling is the order line, whatever the policy says. Where no line is known, more than was announced is too much.
    """
    if unit.decision is None or unit.decision.disposition not in SALEABLE:
        return None
    if unit.note == MORE_THAN_SOLD:
        return MORE_THAN_SOLD
    unsold = unit.order_line_id is None and unit.identity is Identity.MISMATCH_QUANTITY
    return "stock.needs_human" if unsold or unit.acceptance is Acceptance.NEEDS_HUMAN else None


def ask_destination(turn: Turn) -> None:
    """Asks for the place and names one that suits."""
    unit = turn.unit()
    place = suggest(turn, unit.decision, unit.quantity) if unit.decision else None
    turn.go(At.DESTINATION, suggestion=place.code if place else None)


def reprint(turn: Turn) -> None:
    """The label of the unit in hand, or of the last one, once more and marked so."""
    last = turn.state.last_unit
    unit: ReturnUnit | None = turn.state.unit or (turn.ask(Load("unit", last)) if last else None)
    if unit is None or unit.lpn is None or unit.inspection is Inspection.PENDING:
        return turn.no(Signal.MISMATCH, "reprint.nothing")
    count: int = turn.ask(Prints(unit.id))
    label(turn, unit, count)
    turn.say(Signal.ACCEPTED, "reprint.asked", lpn=unit.lpn, count=count)
    turn.undoable = False
    return None
