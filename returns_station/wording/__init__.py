"""Sentences for prompts, answers and errors, by code; the session speaks in codes, people read these in their language."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Final

# Every language by its code (ISO 639-1) and the module that has its tables.
LANGUAGES: Final = {"en": "english", "zh": "chinese", "es": "spanish"}
REFERENCE: Final = "en"


class _Speech:
    """The language of this process; its tables are loaded when the first word of it is asked for."""

    language = REFERENCE

    @property
    def tables(self) -> ModuleType:
        return tables(self.language)


_speech = _Speech()


def speak(language: str) -> None:
    """From now on this process speaks `language`, one of `LANGUAGES`; KeyError for any other."""
    assert LANGUAGES[language]
    _speech.language = language


def spoken() -> str:
    """The language of this process."""
    return _speech.language


def tables(language: str) -> ModuleType:
    """The module of one language: SIGNALS, DISPOSITIONS, GRADES, REASONS, CHOICES, SENTENCES."""
    return import_module(f"{__name__}.{LANGUAGES[language]}")


class _Spoken(Mapping[str, str]):
    """A table in the language that is spoken when it is read."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def _table(self) -> Mapping[str, str]:
        found: Mapping[str, str] = getattr(_speech.tables, self._name)
        return found

    def __getitem__(self, code: str) -> str:
        return self._table[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


SIGNALS: Final[Mapping[str, str]] = _Spoken("SIGNALS")
DISPOSITIONS: Final[Mapping[str, str]] = _Spoken("DISPOSITIONS")
GRADES: Final[Mapping[str, str]] = _Spoken("GRADES")
REASONS: Final[Mapping[str, str]] = _Spoken("REASONS")
SENTENCES: Final[Mapping[str, str]] = _Spoken("SENTENCES")


def __getattr__(name: str) -> Any:
    if name == "ENGLISH":
        return tables(REFERENCE).SENTENCES
    raise AttributeError(name)


def _reasons(value: str) -> str:
    return ", ".join(REASONS.get(reason, reason) for reason in value.split(", "))


_SPOKEN: Final[Mapping[str, Callable[[str], str]]] = {
    "disposition": lambda value: DISPOSITIONS.get(value, value),
    "grade": lambda value: GRADES.get(value, value),
    "reasons": _reasons,
}


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of `code`, filled. Values are put in as they are: whoever shows it must not interpret it."""
    filled = {
        name: _SPOKEN[name](str(value)) if name in _SPOKEN else str(value) for name, value in params.items()
    }
    return SENTENCES[code].format_map(filled)
