"""The rules of the house as data: question trees, dispositions, refunds, places. The same inputs give the same answer.

This is the seat of the policy engine: `decide` is the one function that answers where goods go and what is paid back.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from returns_station.domain.codes import Cause, Disposition, Grade, Packaging, RefundTiming
from returns_station.domain.nouns import Decision
from returns_station.errors import StationError

T = TypeVar("T", bound=StrEnum)

FACTS = frozenset(
    {
        "grade",
        "packaging",
        "identity",
        "product_type",
        "return_type",
        "hazard",
        "finding",
        "matched_order",
        "expired",
        "cause",
    }
)

HIGHEST_ANSWER = 99
CARRIERS = {
    "ups": "UPS",
    "fedex": "FedEx",
    "usps": "USPS",
    "dhl": "DHL",
    "dpd": "DPD",
    "gls": "GLS",
    "hermes": "Hermes",
    "royal_mail": "Royal Mail",
    "own": "Own truck",
    "other": "Another carrier",
}
"""Who may bring a load, where a policy names nobody."""

DAMAGES = {
    "crushed": "Crushed",
    "torn": "Torn or holed",
    "wet": "Wet",
    "opened": "Opened or taped again",
    "label": "Label damaged",
}
"""What may be seen on a parcel from outside, where a policy says nothing of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a question and what it says about the unit."""

    code: str
    text: str
    packaging: Packaging | None = None
    grade: Grade | None = None
    findings: tuple[str, ...] = ()
    cause: Cause | None = None
    next: str | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a tree; one of kind `components` takes its answers from the product's own checklist."""

    code: str
    text: str
    kind: str = "choice"
    answers: tuple[Answer, ...] = ()
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """The questions of a product type, begun at `first`."""

    first: str
    questions: Mapping[str, Question]

    def question(self, code: str) -> Question:
        """The question called `code`."""
        return self.questions[code]


@dataclass(frozen=True, slots=True)
class DispositionRule:
    """Where goods go when every condition holds."""

    when: Mapping[str, tuple[str, ...]]
    to: Disposition
    reason: str
    needs_human: bool = False


@dataclass(frozen=True, slots=True)
class RefundRule:
    """What is paid back when every condition holds; `shipping` adds the outward shipping."""

    when: Mapping[str, tuple[str, ...]]
    timing: RefundTiming
    percent: int
    shipping: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules under one version. `labelling`: disposition → "unit" or "none"; carriers and damages as the truck is met."""

    version: str
    trees: Mapping[str, Tree]
    dispositions: tuple[DispositionRule, ...]
    refunds: tuple[RefundRule, ...]
    destinations: Mapping[str, tuple[str, ...]]
    shelves: Mapping[str, tuple[str, ...]]
    override_reasons: Mapping[str, str]
    refuse_reasons: Mapping[str, str]
    labelling: Mapping[str, str] = field(default_factory=dict)
    carriers: Mapping[str, str] = field(default_factory=dict)
    damages: Mapping[str, str] = field(default_factory=dict)

    def tree(self, product_type: str) -> Tree:
        """The tree of a product type, the default one where it has none."""
        return self.trees.get(product_type, self.trees["default"])

    def needs_no_label(self, disposition: str) -> bool:
        """Whether goods that go there are put without a label of their own."""
        return self.labelling.get(disposition, "unit") == "none"


Facts = Mapping[str, tuple[str, ...]]


def _holds(when: Mapping[str, tuple[str, ...]], facts: Facts) -> bool:
    return all(set(values) & set(facts.get(name, ())) for name, values in when.items())


def refund_rule(policy: Policy, facts: Facts) -> RefundRule:
    """The first refund rule that holds; none means no money without a person."""
    for rule in policy.refunds:
        if _holds(rule.when, facts):
            return rule
    return RefundRule({}, RefundTiming.NONE, 0)


def decide(
    policy: Policy, facts: Facts, override: Disposition | None = None, by: str | None = None
) -> Decision:
    """Where the goods go and what is paid back; without a rule that holds, a person decides."""
    refund = refund_rule(policy, facts)
    inputs = tuple(sorted((name, ",".join(values)) for name, values in facts.items() if values))
    rule = next((rule for rule in policy.dispositions if _holds(rule.when, facts)), None)
    if rule is None:
        rule = DispositionRule({}, Disposition.HOLD_FOR_MERCHANT, "No rule fits it.", needs_human=True)
    if override is not None:
        return Decision(
            policy.version,
            inputs,
            override,
            "Chosen at the dock.",
            rule.needs_human,
            refund.timing,
            refund.percent,
            by,
        )
    return Decision(
        policy.version, inputs, rule.to, rule.reason, rule.needs_human, refund.timing, refund.percent
    )


def _bad(where: str, value: object, expected: str) -> StationError:
    return StationError(
        "policy.value",
        f"Policy, {where}: {value!r} is not {expected}.",
        "Compare with the policy that ships with the station.",
    )


def _one(kind: type[T], value: object, where: str) -> T:
    try:
        return kind(str(value))
    except ValueError:
        raise _bad(where, value, "one of " + ", ".join(kind)) from None


def _answer(raw: Mapping[str, Any], where: str) -> Answer:
    unknown = set(raw) - {"code", "text", "packaging", "grade", "findings", "cause", "next", "sealed"}
    if unknown:
        raise _bad(where, sorted(unknown)[0], "a key of an answer")
    return Answer(
        str(raw["code"]),
        str(raw["text"]),
        _one(Packaging, raw["packaging"], where) if "packaging" in raw else None,
        _one(Grade, raw["grade"], where) if "grade" in raw else None,
        tuple(map(str, raw.get("findings", ()))),
        _one(Cause, raw["cause"], where) if "cause" in raw else None,
        raw.get("next"),
        bool(raw.get("sealed", False)),
    )


def _tree(name: str, raw: Mapping[str, Any]) -> Tree:
    questions = {}
    for code, body in raw["questions"].items():
        where = f"types.{name}.questions.{code}"
        answers = tuple(_answer(answer, where) for answer in body.get("answers", ()))
        questions[code] = Question(
            code, str(body["text"]), body.get("kind", "choice"), answers, body.get("next")
        )
    tree = Tree(str(raw["first"]), questions)
    _check_tree(name, tree)
    return tree


def _targets(tree: Tree) -> Iterable[str]:
    yield tree.first
    for question in tree.questions.values():
        yield from (
            target for target in (question.next, *(answer.next for answer in question.answers)) if target
        )


def _check_tree(name: str, tree: Tree) -> None:
    for target in _targets(tree):
        if target not in tree.questions:
            raise _bad(f"types.{name}", target, "a question of this tree")
    _check_ends(name, tree, tree.first, ())


def _check_ends(name: str, tree: Tree, code: str, path: tuple[str, ...]) -> None:
    if code in path:
        raise _bad(f"types.{name}", " → ".join((*path, code)), "a path that ends")
    question = tree.questions[code]
    for target in {question.next, *(answer.next for answer in question.answers)} - {None}:
        _check_ends(name, tree, str(target), (*path, code))


def _when(raw: Mapping[str, Any], where: str) -> dict[str, tuple[str, ...]]:
    for fact, values in raw.items():
        if fact not in FACTS:
            raise _bad(where, fact, "a fact; known are " + ", ".join(sorted(FACTS)))
        if not isinstance(values, list) or not values:
            raise _bad(where, values, "a list of values")
    return {fact: tuple(map(str, values)) for fact, values in raw.items()}


def parse(text: str) -> Policy:
    """A policy from its TOML; StationError `policy.*` names the place and what was expected."""
    try:
        raw = tomllib.loads(text)
        return _policy(raw)
    except tomllib.TOMLDecodeError as error:
        raise StationError(
            "policy.toml", f"The policy is no TOML: {error}.", "Look at the line it names."
        ) from None
    except KeyError as error:
        raise StationError(
            "policy.missing",
            f"The policy lacks {error.args[0]!r}.",
            "Compare with the policy that ships with the station.",
        ) from None


def _policy(raw: Mapping[str, Any]) -> Policy:
    dispositions = tuple(
        DispositionRule(
            _when(rule["when"], f"disposition {n}"),
            _one(Disposition, rule["to"], f"disposition {n}"),
            str(rule["reason"]),
            bool(rule.get("needs_human", False)),
        )
        for n, rule in enumerate(raw["disposition"], 1)
    )
    refunds = tuple(
        RefundRule(
            _when(rule["when"], f"refund {n}"),
            _one(RefundTiming, rule["timing"], f"refund {n}"),
            _percent(rule["percent"], n),
            bool(rule.get("shipping", False)),
        )
        for n, rule in enumerate(raw["refund"], 1)
    )
    trees = {name: _tree(name, body) for name, body in raw["types"].items()}
    if "default" not in trees:
        raise KeyError("types.default")
    return Policy(
        str(raw["version"]),
        trees,
        dispositions,
        refunds,
        _lists(raw["destinations"]),
        _lists(raw["shelves"]),
        dict(raw["override_reasons"]),
        dict(raw["refuse_reasons"]),
        _labelling(raw.get("labelling", {})),
        _texts(raw.get("carriers", CARRIERS), "carriers"),
        _texts(raw.get("damages", DAMAGES), "damages"),
    )


def _labelling(raw: Mapping[str, Any]) -> dict[str, str]:
    for disposition, label in raw.items():
        _one(Disposition, disposition, "labelling")
        if label not in ("unit", "none"):
            raise _bad(f"labelling.{disposition}", label, 'one of "unit", "none"')
    return dict(raw)


def _texts(raw: Mapping[str, Any], where: str) -> dict[str, str]:
    """Choices by code, in order; a digit is taken by the number of the choice."""
    for code, text in raw.items():
        if not isinstance(text, str) or code.isdigit():
            raise _bad(where, code, "a word with a text")
    if len(raw) > HIGHEST_ANSWER:
        raise _bad(where, len(raw), f"at most {HIGHEST_ANSWER} choices")
    return dict(raw)


def _percent(value: object, n: int) -> int:
    if not isinstance(value, int) or not 0 <= value <= 100:
        raise _bad(f"refund {n}", value, "a whole number from 0 to 100")
    return value


def _lists(raw: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(map(str, values)) for name, values in raw.items()}
