"""The one error of this package: a label that would be wrong is refused, with sentence and way out."""


class LabelError(Exception):
    """A label that cannot be made rightly.

    `code` is stable, for machines: `not_encodable`, `too_wide`, `off_label`, `off_sheet`,
    `bad_quantity`, `bad_reprint`, `resolution`;
    `sentence` says the value, what was expected and what was found; `hint` says what a person can do next.
    """

    def __init__(self, code: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


def shown(value: str, limit: int = 40) -> str:
    """`value` in double quotes, on one line, with anything unprintable as an escape and long ones cut."""
    cut = value[:limit] + ("…" if len(value) > limit else "")
    return '"' + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut) + '"'
