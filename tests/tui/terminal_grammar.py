"""What the screen may write to its terminal, and nothing else: a strict reader of the bytes on the far side of the pty."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from unicodedata import category

# SGR; cursor to row and column; modes by name; the cursor's shape of Textual; Kitty's keys given back; a query for sync.
# Colours are all in full: a bar code that tells a colour tells it by its number.
_COLOUR = r"[34]8;2;[0-9]{1,3};[0-9]{1,3};[0-9]{1,3}"
_SGR = rf"\[(?:0|(?:[1-79]|{_COLOUR})(?:;(?:[1-79]|{_COLOUR}))*)m"
_CURSOR = r"\[[0-9]+;[0-9]+H"
_MODES = r"\[\?(?:1049|25|1004|2004|2026|2048|7|1000|1003|1015|1006)[hl]"
_ASKED = r"\[\?(?:2026|2048)\$p"
_KITTY = r"\[<u"
_POINTER = r"\]22;default\x07"
_ALLOWED = re.compile("|".join((_SGR, _CURSOR, _MODES, _ASKED, _KITTY, _POINTER)))
_BEGUN = re.compile(r"\x1b(?:[\[\]][^\x1b]*)?\Z")
_LONGEST = 60
_PRINTED = re.compile(r"[^\x1b\x07\r\n]+")
# The shapes that text can have: letters, marks, numbers, punctuation, symbols, the blank.
_SHOWN = frozenset("LMNPS")


class Breach(AssertionError):
    """Bytes were written that the screen itself never writes."""


@dataclass(slots=True)
class Grammar:
    """Fed with what the program writes, in any pieces; `Breach` names the first byte that is not the screen's own.

    Allowed are printable characters, the sequences above, CR LF between rows, and a BEL alone: the station's bell.
    `sequences` are those that were met, `bells` how many bells, `printed` all text without them.
    """

    sequences: dict[str, int] = field(default_factory=dict)
    bells: int = 0
    printed: list[str] = field(default_factory=list)
    _held: bytes = b""
    _rest: str = ""

    def feed(self, data: bytes) -> None:
        """Takes a piece of the output."""
        whole, self._held = _whole(self._held + data)
        try:
            text = whole.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Breach(f"bytes that are no UTF-8: {whole[error.start - 20 : error.end + 20]!r}") from None
        self._rest = self._read(self._rest + text)

    def end(self) -> None:
        """Nothing more comes: nothing may be left half."""
        if self._held or self._rest:
            raise Breach(f"the output ends in {self._held or self._rest!r}")

    def _read(self, text: str) -> str:
        at = 0
        while at < len(text):
            sign = text[at]
            if sign == "\x1b":
                found = _ALLOWED.match(text, at + 1)
                if found is None:
                    if _BEGUN.match(text, at) and len(text) - at < _LONGEST:
                        return text[at:]
                    raise Breach(f"no sequence of the screen: {text[at - 60 : at + 40]!r}")
                kind = re.sub(r"[0-9;]+", "#", found.group()) if found.group()[-1] in "mH" else found.group()
                self.sequences[kind] = self.sequences.get(kind, 0) + 1
                at = found.end()
            elif sign == "\x07":
                self.bells += 1
                at += 1
            elif sign in "\r\n":
                if sign == "\r" and at + 1 == len(text):
                    return text[at:]
                # Written as \n; the terminal's line discipline puts the CR before it.
                if text[at : at + 2] != "\r\n":
                    raise Breach(f"a lone {sign!r}: {text[at - 60 : at + 40]!r}")
                at += 2
            else:
                found = _PRINTED.match(text, at)
                assert found is not None
                self._check(found.group())
                at = found.end()
        return ""

    def _check(self, text: str) -> None:
        if not text.isprintable():
            for char in text:
                if not char.isprintable() or category(char)[0] not in _SHOWN | {"Z"}:
                    raise Breach(f"{char!r} ({category(char)}) is no printable character: {text[:80]!r}")
        self.printed.append(text)

    @property
    def left(self) -> bool:
        """Whether the screen was given back: at the end, and never before."""
        return "[?1049l" in self.sequences

    def forget(self) -> None:
        """Drops the text kept so far."""
        self.printed.clear()


def _whole(data: bytes) -> tuple[bytes, bytes]:
    """Whole characters, and the beginning of one that is not here yet."""
    for back in range(1, min(4, len(data) + 1)):
        lead = data[-back]
        if lead & 0xC0 == 0xC0:
            wanted = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return (data[:-back], data[-back:]) if back < wanted else (data, b"")
        if lead & 0xC0 != 0x80:
            break
    return data, b""


def within_sequences(data: bytes) -> Iterator[bytes]:
    """The inside of every escape sequence in an output, for looking what got in there."""
    for found in re.finditer(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?|.)", data):
        yield found.group()
