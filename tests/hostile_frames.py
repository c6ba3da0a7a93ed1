"""Hostile scans without end: every class of them, by seed, as many as anybody wants.

`frames(seed, count)` gives the bytes of scans, `classified` the name of the class with each.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

Maker = Callable[[Random], bytes]

LPN, PLATE, TOTE = b"L071000001J", b"P011000001V", b"K000000000P"
VALID: Final = (
    LPN, PLATE, TOTE, b"RS-DONE", b"RS-UNDO", b"RS-HOLD", b"RS-STOP-LEAK", b"RS-A1", b"RS-Q12", b"RS-G-OPENED",
    b"RS-D-SCRAP", b"RS-B-1001", b"4006381333931", b"]E04006381333931", b"02002219300009", b"036000291452",
    b"1Z999AA10300079196", b"RMA-100001", b"00340123450000000000", b"C00000001267043", b"TBA000000300922",
    b"]C1010952012345678810ABC\x1d21S9", b"]d2010400638133393117271231\x1d10L1", b"(01)04006381333931(10)AB",
    b"https://example.com/01/09506000134352/10/ABC?17=271231",
)  # fmt: skip
"""Codes that a station takes, of every kind."""

SPELT: Final = (
    b"'; DROP TABLE parcel; --", b'" OR 1=1 --', b"%_%\\", b"{lpn} {0} %s %n ${unit.lpn}", b"<b>&<img src=/etc/passwd>",
    b"^XZ^XA~JR", b'=cmd|" /C calc"!A0', b"+1+1", b"-2+3", b"@SUM(A1)", b"../../etc/passwd", b"$(reboot)", b"`id`",
    b"\xef\xbb\xbfRMA-1", "👩‍👩‍👧‍👦🏴‍☠️".encode(), "返品の箱 退货".encode(), "مرتجع ١٢٣".encode(), ("e" + "\u0301" * 300).encode(),
    "RMA\u202e100001-AMR\u2066x".encode(), "RMA\u200b-1\ufeff00001".encode(), "1Z٣".encode(), b"0", b"-1", b"NaN", b"1e9",
    b"10000000000000000000000", b"]", b"]C", b"]C1", b"(01)", b"\x1d\x1d", b"https://[::1/01/09506000134352", b"RS-", b"RS-RS-",
)  # fmt: skip
"""Texts that some program somewhere obeys, or stumbles over."""

_SEQUENCES: Final = (
    b"\x1b[2J", b"\x1b[31m", b"\x1b[6n", b"\x1b[c", b"\x1b[?1049l", b"\x1b[8;1;1t", b"\x1b]0;owned\x07", b"\x1b]52;c;aWQ=\x1b\\",
    b"\x1b]8;;http://x\x1b\\", b"\x1bP$q q\x1b\\", b"\x1b_G\x1b\\", b"\x1bc", b"\x1b[200~", b"\x1b[201~", b"\x1bOA", b"\x1b[A",
    b"\x1b[<0;1;1M", b"\x1b[M !!", b"\x1b[I", b"\x9b31m", b"\xc2\x9b2J", b"\x9d0;x\x9c", b"\x90", b"\x07", b"\x08\x08", b"\x0e",
    b"\x05", b"\x7f", b"\x1b\x1b", b"\x1b",
)  # fmt: skip
_MARKUP: Final = (
    b"[",
    b"]",
    b"[/",
    b"[/]",
    b"[bold]",
    b"[@click=app.quit]",
    b"[@click='app.bell']",
    b"[link=x]",
    b"\\[",
    b"[$x]",
)
_GERMAN: Final = str.maketrans("-yzYZ]/:;_=+", "ßzyZY+-Ö" + "ö?´*")
_FRENCH: Final = str.maketrans("1234567890-aqzwAQZWmM]/:;", "&é\"'(-è_çà)qawzQAWZ,?$!Mm")
_OTHERS: Final = str.maketrans("-]/:'", "'+-;´")


def _letters(random: Random) -> bytes:
    return bytes(random.choices(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", k=random.randint(1, 24)))


def _sprinkled(random: Random, what: tuple[bytes, ...]) -> bytes:
    pieces = [random.choice(what) for _ in range(random.randint(1, 4))]
    pieces.insert(
        random.randint(0, len(pieces)), random.choice((b"", random.choice(VALID), _letters(random)))
    )
    return b"".join(pieces)


def _cut(random: Random) -> bytes:
    code = random.choice(VALID)
    start = random.randint(0, len(code) - 1)
    return (
        code[start : random.randint(start + 1, len(code))]
        if random.random() < 0.5
        else code[: random.randint(1, len(code))]
    )


def _doubled(random: Random) -> bytes:
    code = random.choice(VALID)
    return random.choice((code + code, code + b"\x1d" + code, code + code[: random.randint(1, len(code))]))


def _glued(random: Random) -> bytes:
    return b"".join(random.choice(VALID) for _ in range(random.randint(2, 4)))


def _damaged(random: Random) -> bytes:
    text = random.choice(VALID).decode().translate(random.choice((_GERMAN, _FRENCH, _OTHERS)))
    text = text.swapcase() if random.random() < 0.2 else text
    return text.encode() if random.random() < 0.9 else text.encode("latin-1", "replace")


def _spoilt(random: Random) -> bytes:
    code = bytearray(random.choice(VALID))
    for _ in range(random.randint(1, 3)):
        code[random.randrange(len(code))] = random.randrange(256)
    return bytes(code)


def _message(random: Random) -> bytes:
    """Something like GS1, right or wrong."""
    parts = (
        b"01",
        b"00",
        b"02",
        b"10",
        b"17",
        b"21",
        b"310",
        b"8008",
        b"\x1d",
        b"]C1",
        b"]d2",
        b"(",
        b")",
        b"04006381333931",
        b"%",
    )
    return b"".join(random.choice(parts) for _ in range(random.randint(1, 12)))


def _latin(random: Random) -> bytes:
    return (
        _letters(random)
        + bytes(random.choices(range(0xA0, 0x100), k=random.randint(1, 6)))
        + _letters(random)
    )


def _text(random: Random) -> bytes:
    points = [
        random.choice(
            (random.randint(0x20, 0x2FF), random.randint(0x300, 0xD7FF), random.randint(0x1F300, 0x1FAFF))
        )
        for _ in range(random.randint(1, 20))
    ]
    return "".join(map(chr, points)).encode()


def _long(random: Random) -> bytes:
    size = random.choice((4095, 4096, 4097, 5000))
    return (
        random.choice(
            (b"9", b"A", b"\x1d", "é".encode(), b"[", b"(01)", b"]C1", b"01", b"RS-", random.randbytes(7))
        )
        * size
    )[:size]


CLASSES: Final[dict[str, tuple[int, Maker]]] = {
    "cut": (10, _cut),
    "doubled": (10, _doubled),
    "glued": (10, _glued),
    "layout": (12, _damaged),
    "spoilt": (12, _spoilt),
    "spelt": (8, lambda random: random.choice(SPELT)),
    "sequence": (14, lambda random: _sprinkled(random, _SEQUENCES)),
    "markup": (10, lambda random: _sprinkled(random, _MARKUP)),
    "zero": (6, lambda random: _letters(random) + bytes(random.randint(1, 4)) + _letters(random)),
    "latin-1": (6, _latin),
    "random": (12, lambda random: random.randbytes(random.randint(1, 40))),
    "text": (6, _text),
    "gs1": (10, _message),
    "line ends": (
        4,
        lambda random: (
            _letters(random)
            + random.choice((b"\r", b"\n", b"\r\n", b"\r\r\n", b"\x0b", b"\x0c", b"\xc2\x85"))
            + _letters(random)
        ),
    ),
    "blank": (3, lambda random: random.choice((b" ", b"\t", b"   ", b"\xc2\xa0"))),
    "empty": (1, lambda _: b""),
    "4 KB": (1, _long),
}
"""Name → how often, among about 135, and how one is made."""

OBEYED: Final = frozenset({"cut", "doubled", "glued", "layout", "spoilt"})
"""Classes among which a frame may be a code of ours, and rightly do something."""


def classified(
    seed: int, count: int, *, without: frozenset[str] = frozenset()
) -> Iterator[tuple[str, bytes]]:
    """`count` pairs of class and frame; the same for the same seed. The first frames are one of each class."""
    random = Random(seed)
    wanted = {name: made for name, made in CLASSES.items() if name not in without}
    names, weights = list(wanted), [weight for weight, _ in wanted.values()]
    for name in names[:count]:
        yield name, wanted[name][1](random)
    left = count - len(names)
    while left > 0:
        for name in random.choices(names, weights, k=min(left, 1000)):
            yield name, wanted[name][1](random)
        left -= 1000


def frames(seed: int, count: int, *, without: frozenset[str] = frozenset()) -> Iterator[bytes]:
    """The frames alone."""
    return (frame for _, frame in classified(seed, count, without=without))
