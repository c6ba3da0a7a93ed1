"""The reader of what the screen may write sees whatever a bar code could smuggle through, however the output is cut."""

import random

import pytest

from tests.hostile_frames import _SEQUENCES
from tests.tui.terminal_grammar import Breach, Grammar, within_sequences

OWN = (
    b"\x1b[?1049h\x1b[?25l\x1b[?2026$p\x1b]22;default\x07\x1b[1;1H\x1b[1;38;2;1;2;3;48;2;31;43;56m Dock 7 \x1b[0m\r\n"
    + "\x1b[2;1H✔ 返品 · Zoë▏\x1b[0m\x07\x1b[?25h".encode()
)


def taken(data: bytes) -> Grammar:
    grammar = Grammar()
    grammar.feed(data)
    grammar.end()
    return grammar


def test_what_the_screen_writes_is_taken_in_whatever_pieces() -> None:
    whole = taken(OWN)
    assert whole.bells == 1
    chance = random.Random(3)
    for _ in range(200):
        grammar, at = Grammar(), 0
        while at < len(OWN):
            size = chance.randint(1, 9)
            grammar.feed(OWN[at : at + size])
            at += size
        grammar.end()
        assert "".join(grammar.printed) == "".join(whole.printed)
        assert grammar.sequences == whole.sequences


@pytest.mark.parametrize(
    "smuggled",
    [one for one in _SEQUENCES if one not in (b"\x07", b"\x1b[?1049l")]
    + [
        b"\x00", b"\x0b", b"\x1f", b"\t", b"\r", b"\n", b"\x85", "\x85".encode(), "\x9b31m".encode(), "\u202e".encode(),
        "\u200b".encode(), "\ufeff".encode(), "\u2028".encode(), "\ue000".encode(), b"\x1b]22;pointer\x07",
        b"\x1b[?1049;1h", b"\x1b[2K", b"\x1b[1;1r", b"\x1b[=1u", b"\x1b(0", b"\x1b[>4;1m", b"\xff", b"\xc0\x80",
    ],
    ids=repr,
)  # fmt: skip
def test_anything_else_is_seen_at_every_place(smuggled: bytes) -> None:
    for data in (smuggled + OWN, OWN + b"x" + smuggled, OWN + b"x" + smuggled + b"x" + OWN):
        with pytest.raises(Breach):
            taken(data)


def test_a_screen_that_is_given_back_is_noted() -> None:
    assert not taken(OWN).left
    assert taken(OWN + b"\x1b[?1049l").left


def test_the_inside_of_sequences_is_found() -> None:
    found = list(within_sequences(b"owned\x1b[31mred\x1b]0;owned\x07x\x1b[1;1H"))
    assert found == [b"\x1b[31m", b"\x1b]0;owned\x07", b"\x1b[1;1H"]
