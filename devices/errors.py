"""What is wrong with a device, as a code, a sentence and a way out."""


class DeviceError(Exception):
    """A device cannot be used, or did not take what it was given.

    `code` is stable and for machines; `sentence` names the device, what was expected and what was found;
    `hint` says what a person can do next.
    """

    def __init__(self, code: str, sentence: str, hint: str = "") -> None:
        super().__init__(code, sentence, hint)
        self.code = code
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()
