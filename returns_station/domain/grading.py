"""From answers to a grade: each answer can only lower it, so the order of questions does not matter."""

from dataclasses import dataclass, replace

from returns_station.domain.codes import Cause, Grade, Packaging, worse
from returns_station.domain.nouns import Finding, Product, ReturnUnit
from returns_station.domain.policy import Answer, Question, Tree

ALL_THERE = "all_there"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the answers so far say."""

    grade: Grade = Grade.GRADE_A
    packaging: Packaging | None = None
    findings: tuple[Finding, ...] = ()
    cause: Cause | None = None


def answers_of(question: Question, product: Product | None) -> tuple[Answer, ...]:
    """The answers a question offers; a checklist offers "all there" and one answer for each part that may be missing."""
    if question.kind != "components":
        return question.answers
    parts = product.components if product else ()
    missing = tuple(
        Answer(
            f"missing_{n}",
            f"Missing: {part}",
            grade=Grade.GRADE_C,
            findings=("component_missing",),
            next=question.next,
        )
        for n, part in enumerate(parts, 1)
    )
    return (Answer(ALL_THERE, "Everything is there", next=question.next), *missing)


def first_question(tree: Tree, product: Product | None) -> str | None:
    """The first question that has something to ask."""
    return skip(tree, tree.first, product)


def skip(tree: Tree, code: str | None, product: Product | None) -> str | None:
    """`code`, or the next question that applies: a product without components is not asked for them."""
    while (
        code is not None and tree.question(code).kind == "components" and not (product and product.components)
    ):
        code = tree.question(code).next
    return code


def chosen(tree: Tree, question: str, code: str, product: Product | None) -> Answer | None:
    """The answer called `code`, None when the question has no such answer."""
    return next(
        (answer for answer in answers_of(tree.question(question), product) if answer.code == code), None
    )


def sealed_answer(tree: Tree, product: Product | None) -> tuple[str, Answer] | None:
    """The first question's answer that says "sealed, no finding"."""
    first = first_question(tree, product)
    answers = answers_of(tree.question(first), product) if first else ()
    return next(((str(first), answer) for answer in answers if answer.sealed), None)


def fold(tree: Tree, answers: tuple[tuple[str, str], ...], product: Product | None) -> Inspected:
    """What all answers together say: the worst grade, the last packaging, every finding."""
    found = Inspected()
    for question, code in answers:
        answer = chosen(tree, question, code, product)
        if answer is not None:
            found = _add(found, answer)
    return found


def _add(found: Inspected, answer: Answer) -> Inspected:
    component = answer.text.removeprefix("Missing: ") if "component_missing" in answer.findings else None
    findings = tuple(Finding(code, component=component) for code in answer.findings)
    return Inspected(
        worse(found.grade, answer.grade) if answer.grade else found.grade,
        answer.packaging or found.packaging,
        found.findings + findings,
        answer.cause or found.cause,
    )


def apply(unit: ReturnUnit, found: Inspected) -> ReturnUnit:
    """The unit with its grade, packaging and findings; findings made before the inspection stay."""
    findings = tuple(replace(finding, cause=found.cause) for finding in found.findings)
    kept = tuple(finding for finding in unit.findings if finding.code not in {new.code for new in findings})
    return replace(unit, grade=found.grade, packaging=found.packaging, findings=kept + findings)
