"""What went wrong, as a code, a sentence and a way out: raised when a caller must stop, a value otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with an input.

    `code` is stable and for machines; `sentence` says the value, what was expected and what was found;
    `hint` says what a person can do next.
    """

    code: str
    sentence: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


class StationError(Exception):
    """The one base of every error this product raises on purpose."""

    def __init__(self, code: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()

    @property
    def problem(self) -> Problem:
        """The same thing as a value."""
        return Problem(self.code, self.sentence, self.hint)
