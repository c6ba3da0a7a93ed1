"""The screen's own words by code, in the language of the process; what the dialogue says stands in wording."""

from typing import Any, Final

from returns_station.wording.speech import Spoken

WORDS: Final = Spoken(__name__, "WORDS")
COMMANDS: Final = Spoken(__name__, "COMMANDS")
ACTIONS: Final = Spoken(__name__, "ACTIONS")


def word(code: str, **params: Any) -> str:
    """The sentence of `code`, filled; whoever shows it must not interpret it."""
    return WORDS[code].format_map(params)
