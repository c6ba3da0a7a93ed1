"""The language of this process, and tables that are read in it: a language's module is loaded when its first word is."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Final

# Every language by its code (ISO 639-1), and what the modules with its tables are called.
LANGUAGES: Final = {"en": "english", "zh": "chinese", "es": "spanish"}
REFERENCE: Final = "en"


class _Speech:
    """What is spoken from now on."""

    language = REFERENCE


_speech = _Speech()


def speak(language: str) -> None:
    """From now on this process speaks `language`. Raises KeyError for one that is none of `LANGUAGES`."""
    _speech.language = language if LANGUAGES[language] else REFERENCE


def spoken() -> str:
    """The language of this process."""
    return _speech.language


@cache
def tables(package: str, language: str) -> ModuleType:
    """The module of a package that has the tables of one language."""
    return import_module(f"{package}.{LANGUAGES[language]}")


class Spoken(Mapping[str, str]):
    """A table of a package by its name, in the language that is spoken when it is read."""

    def __init__(self, package: str, name: str) -> None:
        self._package = package
        self._name = name

    @property
    def table(self) -> dict[str, str]:
        """The table as it is in the language spoken now."""
        found: dict[str, str] = getattr(tables(self._package, _speech.language), self._name)
        return found

    def __getitem__(self, code: str) -> str:
        return self.table[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)
