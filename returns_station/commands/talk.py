"""Questions and sentences in a plain terminal, as narrow as it may be, and over pipes."""

import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import Final

from returns_station.commands.common import safe
from returns_station.errors import StationError

WIDEST: Final = 78
_TRIES: Final = 5


class Talk:
    """Says sentences and asks questions on standard output and input; `defaults` answers every question by itself."""

    def __init__(self, *, defaults: bool = False) -> None:
        self._defaults = defaults

    def say(self, *sentences: str) -> None:
        """Each sentence as a paragraph of the terminal's width; an empty one is an empty line."""
        width = min(WIDEST, shutil.get_terminal_size().columns)
        for sentence in sentences:
            print(
                textwrap.fill(safe(sentence), width, break_long_words=False, break_on_hyphens=False),
                flush=True,
            )

    def command(self, line: str) -> None:
        """A command to be copied: never wrapped by us."""
        print(f"  {safe(line)}", flush=True)

    def ask(self, question: str, default: str, refusal: Callable[[str], str | None] = lambda _: None) -> str:
        """The answer, or the default for an empty line and at the end of the input.

        `refusal` says what is wrong with an answer; it is asked again then. Raises StationError `usage.answer` when that
        does not help.
        """
        for _ in range(_TRIES):
            answer = default if self._defaults else self._answered(f"{question} [{default}] ") or default
            wrong = refusal(answer)
            if wrong is None:
                return answer
            self.say(wrong)
            if self._defaults or not sys.stdin.isatty():
                break
        raise StationError("usage.answer", f"{question} got no answer that can be used.", "Run it again.")

    def agrees(self, question: str, *, default: bool = True, by_itself: bool = True) -> bool:
        """Whether a yes came; at the end of the input `by_itself` decides."""
        if self._defaults:
            return default
        answer = self._answered(f"{question} [{'Y/n' if default else 'y/N'}] ")
        if answer is None:
            return by_itself
        return answer[:1].lower() == "y" if answer else default

    def _answered(self, question: str) -> str | None:
        self.say(question)
        print("> ", end="", flush=True)
        line = sys.stdin.readline()
        if not sys.stdin.isatty():
            print(flush=True)
        return line.strip() if line else None
