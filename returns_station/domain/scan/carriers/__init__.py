"""Which carriers' tracking number a text may be: every carrier that fits is offered, none is guessed."""

import re

from returns_station.domain.scan.carriers import countries
from returns_station.domain.scan.carriers.rules import NAMES, RULES, Rule
from returns_station.domain.scan.model import Candidate, Kind, wrong_check
from returns_station.errors import Problem

__all__ = ["NAMES", "RULES", "Rule", "understand"]

SHORTEST, LONGEST = 8, 42
_SHAPE = re.compile(r"%?[0-9A-Z-]+")
_BLANKS = str.maketrans("", "", " \x1d")
_GROUPS = ("zip", "postcode", "product", "country")


def understand(text: str) -> list[Candidate]:
    """A TRACKING candidate for each fitting rule, those with a check character first; blanks and separators
    do not count.

    A shape that names its carrier yields a candidate with a Problem when its check character is wrong; bare
    digits with a wrong check digit yield none.
    """
    compact = text.translate(_BLANKS).upper()
    if not SHORTEST <= len(compact) <= LONGEST or not _SHAPE.fullmatch(compact):
        return []
    matches = ((rule, rule.pattern.fullmatch(compact)) for rule in RULES)
    found = [candidate for rule, match in matches if match and (candidate := _candidate(rule, match))]
    return sorted(_once(found), key=lambda candidate: candidate.get("check") == "none")


def _candidate(rule: Rule, match: re.Match[str]) -> Candidate | None:
    groups = match.groupdict()
    value = groups.get("number") or match[0]
    carrier = rule.carrier
    if rule.service == "s10":
        if groups["country"] not in countries.CODES:
            return None
        carrier = countries.post(groups["country"])
    problems = _judged(rule, groups, value)
    if problems and not rule.distinct:
        return None
    if rule.service == "leitcode":
        problems = (_routing(value),)
    attributes = [("carrier", carrier), ("service", rule.service)]
    attributes += [(name, groups[name]) for name in _GROUPS if groups.get(name)]
    return Candidate(
        Kind.TRACKING, value, (*attributes, *(() if rule.check else (("check", "none"),))), problems
    )


def _judged(rule: Rule, groups: dict[str, str], value: str) -> tuple[Problem, ...]:
    if rule.check is None:
        return ()
    expected = rule.check(rule.prepend + groups["body"])
    if expected == groups["check"]:
        return ()
    if rule.service != "s10":
        return (wrong_check(value, expected, what=f"{NAMES[rule.carrier]} check digit"),)
    sentence = f"{value}: the postal check digit should be {expected}, found {groups['check']}."
    return (Problem("scan.check_digit", sentence, wrong_check(value, expected).hint),)


def _routing(value: str) -> Problem:
    sentence = f"{value}: expected a parcel's own number, found DHL's routing code, which many parcels share."
    return Problem("scan.routing", sentence, "Scan the other large bar code of the label.")


def _once(found: list[Candidate]) -> list[Candidate]:
    """Without a form that says no more than another of the same carrier and number, as a DPD number without
    its check."""
    kept: dict[tuple[str | None, str], Candidate] = {}
    for candidate in found:
        kept.setdefault((candidate.get("carrier"), candidate.value), candidate)
    return list(kept.values())
