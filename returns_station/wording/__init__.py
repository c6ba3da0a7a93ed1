"""Sentences for prompts, answers and errors, by code; the session speaks in codes, people read these in their language."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from returns_station.wording.speech import LANGUAGES as LANGUAGES
from returns_station.wording.speech import REFERENCE as REFERENCE
from returns_station.wording.speech import Spoken, tables
from returns_station.wording.speech import speak as speak
from returns_station.wording.speech import spoken as spoken

_TERMS_OF: Final = f"{__name__}.terms"
SIGNALS: Final = Spoken(_TERMS_OF, "SIGNALS")
DISPOSITIONS: Final = Spoken(_TERMS_OF, "DISPOSITIONS")
GRADES: Final = Spoken(_TERMS_OF, "GRADES")
REASONS: Final = Spoken(_TERMS_OF, "REASONS")
CAPTIONS: Final = Spoken(_TERMS_OF, "CAPTIONS")
SENTENCES: Final = Spoken(__name__, "SENTENCES")
# What the session says in English words of its own, which other languages say in theirs; empty in English.
_ROLES, _NOTED, _PURPOSES, _FAULTS, _TERMS, _CHOICES, _PHRASES, _LEADS, _NOTICES = (
    Spoken(_TERMS_OF, name)
    for name in ("ROLES", "NOTED", "PURPOSES", "FAULTS", "TERMS", "CHOICES", "PHRASES", "LEADS", "NOTICES")
)


def __getattr__(name: str) -> Any:
    """`ENGLISH`: the sentences by which the other languages are checked, loaded when they are asked for."""
    if name == "ENGLISH":
        return tables(__name__, REFERENCE).SENTENCES
    raise AttributeError(name)


def signals(language: str) -> tuple[str, ...]:
    """The words of the signals in a language, spoken or not: letters that it cannot do without."""
    return tuple(tables(_TERMS_OF, language).SIGNALS.values())


def phrase(text: str) -> str:
    """Words of the product's own that stand in a record, such as the title of an unknown item; other text as it is."""
    for lead, said in _LEADS.table.items():
        if text.startswith(lead):
            return said + text[len(lead) :]
    return _PHRASES.table.get(text, text)


def term(code: str) -> str:
    """A code of a finding, a damage, a state or a fact, in words."""
    return _TERMS.table.get(code) or code.replace("_", " ")


def notice(code: str, told: str, device: str = "") -> str:
    """What a device tells: the words of its code, else its own sentence `told`."""
    said = _NOTICES.table.get(code) or (
        _NOTICES.table.get("print.other") if code.startswith("print.") else None
    )
    return said.format_map({"device": device, "sentence": told}) if said else told


def choice(step: str, code: str, text: str) -> str:
    """The words of an answer: those of its code at this step, else the text that the policy or the goods gave it."""
    return _CHOICES.table.get(f"{step}.{code}") or phrase(text)


def _listed(table: Spoken) -> Callable[[str], str]:
    return lambda value: ", ".join(table.get(one, one) for one in value.split(", "))


def _noted(value: str) -> str:
    said = _NOTED.table.get(value.lower(), value)
    return said[:1].upper() + said[1:] if value[:1].isupper() else said


def _fault(value: str) -> str:
    return _FAULTS.table.get(value) or _FAULTS.table.get("scan.other", value)


# Parameters that have words of their own in each language, by their name.
_SPOKEN: Final[Mapping[str, Callable[[str], str]]] = {
    "disposition": lambda value: DISPOSITIONS.get(value, value),
    "grade": lambda value: GRADES.get(value, value),
    "reasons": _listed(REASONS),
    "purposes": _listed(_PURPOSES),
    "role": lambda value: _ROLES.get(value, value),
    "what": _noted,
    "fault": _fault,
    "text": phrase,
    "title": phrase,
    "unit": phrase,
    "reason": phrase,
}


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of `code`, filled. Values are put in as they are: whoever shows it must not interpret it."""
    filled = {
        name: _SPOKEN[name](str(value)) if name in _SPOKEN else str(value) for name, value in params.items()
    }
    return SENTENCES[code].format_map(filled)
