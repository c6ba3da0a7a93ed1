"""Our own codes: number plates of units, parcels and containers with a check character, and the printed
commands."""

import re
from dataclasses import dataclass

from returns_station.domain.scan.model import AGAIN, Candidate, Kind, wrong_check
from returns_station.errors import Problem, StationError

ALPHABET = "0123456789BCDFGHJKLNPRSTVX"
"""26 characters whose letters are on the same key in QWERTY, QWERTZ and AZERTY."""

KINDS = {"L": Kind.LPN, "P": Kind.PLATE, "K": Kind.CONTAINER}
"""Prefix to what the plate is on: a unit, a parcel, a container."""

SIZE = len(ALPHABET)
LENGTH = 11
COUNTERS = SIZE**6
STATIONS = SIZE**2

COMMANDS = frozenset(
    {
        "undo",
        "hold",
        "reprint",
        "help",
        "done",
        "stop",
        "stop_leak",
        "stop_battery",
        "stop_biohazard",
        "stop_property",
        "no_label",
        "refuse",
        "rts",
        "blind",
        "sealed",
        "all",
        "split",
        "short",
        "sign_out",
        "yes",
        "no",
        "skip",
        "photo",
        "status",
        "receive",
        "put_away",
        "close",
        "work",
        "empty",
        "printer",
        "later",
        "lock",
        "piece",
        "seal",
        "manifest",
        "carrier",
        "damage",
        "weight",
    }
)
"""Command words as a Candidate has them; printed in upper case, with hyphens, after "RS-"."""

HIGHEST_ANSWER = 99
HIGHEST_QUANTITY = 999_999

_PLATE = re.compile(f"[{''.join(KINDS)}][{ALPHABET}]{{{LENGTH - 1}}}")
_CODE = re.compile(
    r"RS-(?:(?P<letter>[BDG])-(?P<word>[0-9A-Z](?:[0-9A-Z_-]{0,38}[0-9A-Z])?)|(?P<body>[A-Z0-9-]{1,40}))"
)
_NUMBERED = re.compile(r"([AQ])([0-9]{1,9})")
_WORD = re.compile(r"[A-Z]+(?:-[A-Z]+)*")
_VALUES = {c: place for place, c in enumerate(ALPHABET)}


@dataclass(frozen=True, slots=True)
class Plate:
    """A number plate taken apart: prefix L, P or K, two characters of station, epoch 0..25, counter from
    0."""

    prefix: str
    station: str
    epoch: int
    counter: int


def station_code(n: int) -> str:
    """Station number 0..675 as two characters; StationError beyond."""
    if not 0 <= n < STATIONS:
        raise _refused(f"Station {n}: expected a number from 0 to {STATIONS - 1}.")
    return ALPHABET[n // SIZE] + ALPHABET[n % SIZE]


def mint(prefix: str, station: str, epoch: int, counter: int) -> str:
    """The plate for these numbers: prefix, station (2), epoch (1), counter (6), check character; StationError
    if one is out of range."""
    if prefix not in KINDS:
        raise _refused(f"Prefix {prefix!r}: expected one of {', '.join(KINDS)}.")
    if len(station) != 2 or not set(station) <= set(ALPHABET):
        raise _refused(f"Station {station!r}: expected two characters of {ALPHABET}.")
    if not 0 <= epoch < SIZE:
        raise _refused(f"Epoch {epoch}: expected a number from 0 to {SIZE - 1}.")
    if not 0 <= counter < COUNTERS:
        raise _refused(f"Counter {counter}: expected a number from 0 to {COUNTERS - 1}.")
    body = prefix + station + ALPHABET[epoch] + _digits(counter)
    return body + check_character(body)


def parse_plate(text: str) -> Plate | None:
    """The plate of 11 characters with the right check character, in either case; None for anything else."""
    text = text.upper() if text.isascii() else ""
    if not _PLATE.fullmatch(text) or check_character(text[:-1]) != text[-1]:
        return None
    return Plate(text[0], text[1:3], _VALUES[text[3]], _number(text[4:10]))


def command_code(word: str) -> str:
    """What to print for a command ("stop_leak" or "STOP-LEAK"); StationError for a word that is none."""
    name = word.lower().replace("-", "_")
    if name not in COMMANDS:
        raise _refused(f"Command {word!r}: expected one of {', '.join(sorted(COMMANDS))}.")
    return f"RS-{_printed(name)}"


def answer_code(n: int | str) -> str:
    """What to print for the numbered answer 1..99, or for an answer named by a word ("no_power")."""
    if isinstance(n, str):
        return f"RS-G-{_printed(n)}"
    if not 1 <= n <= HIGHEST_ANSWER:
        raise _refused(f"Answer {n}: expected a number from 1 to {HIGHEST_ANSWER}.")
    return f"RS-A{n}"


def quantity_code(n: int) -> str:
    """What to print for a quantity of 1..999,999 pieces."""
    if not 1 <= n <= HIGHEST_QUANTITY:
        raise _refused(f"Quantity {n}: expected a number from 1 to {HIGHEST_QUANTITY}.")
    return f"RS-Q{n}"


def disposition_code(value: str) -> str:
    """What to print for a disposition ("return_to_stock")."""
    return f"RS-D-{_printed(value)}"


def badge_code(token: str) -> str:
    """What to print on a badge: the token in upper case; StationError if it would not be read back as a
    badge."""
    code = f"RS-B-{token.upper()}"
    candidate = understand(code)
    if candidate is None or candidate.kind is not Kind.BADGE:
        raise _refused(f"Badge {token!r}: expected 1 to 40 letters, digits and inner hyphens, without RS-.")
    return code


def understand(text: str) -> Candidate | None:
    """The one of our codes that this is, in either case, with a Problem if it is spoilt; None if it is not
    ours."""
    if not text.isascii():
        return None
    text = text.upper()
    if _PLATE.fullmatch(text):
        return _plate(text)
    match = _CODE.fullmatch(text)
    if match is None or "RS-" in text[3:]:
        return None
    if match["letter"]:
        return _lettered(match["letter"], match["word"], text)
    return _numbered(match["body"]) or _command(match["body"])


def _plate(text: str) -> Candidate:
    expected = check_character(text[:-1])
    attributes = (
        ("station", text[1:3]),
        ("epoch", str(_VALUES[text[3]])),
        ("counter", str(_number(text[4:10]))),
    )
    problems = () if expected == text[-1] else (wrong_check(text, expected, what="check character"),)
    return Candidate(KINDS[text[0]], text, attributes, problems)


def _lettered(letter: str, word: str, text: str) -> Candidate | None:
    if letter == "B":
        return Candidate(Kind.BADGE, text)
    if not _WORD.fullmatch(word.replace("_", "-")):
        return None
    name = word.lower().replace("-", "_")
    if letter == "D":
        return Candidate(Kind.COMMAND, "disposition", (("disposition", name),))
    return Candidate(Kind.ANSWER, name)


def _numbered(body: str) -> Candidate | None:
    match = _NUMBERED.fullmatch(body)
    if match is None:
        return None
    number = int(match[2])
    if match[1] == "A":
        return Candidate(Kind.ANSWER, str(number), (), _within("answer", number, HIGHEST_ANSWER))
    return Candidate(Kind.QUANTITY, str(number), (), _within("quantity", number, HIGHEST_QUANTITY))


def _within(what: str, number: int, highest: int) -> tuple[Problem, ...]:
    if 1 <= number <= highest:
        return ()
    sentence = f"{number}: the {what} should be between 1 and {highest}, found {number}."
    return (Problem(f"scan.{what}", sentence, AGAIN),)


def _command(body: str) -> Candidate | None:
    name = body.lower().replace("-", "_")
    return Candidate(Kind.COMMAND, name) if name in COMMANDS else None


def _printed(name: str) -> str:
    word = name.upper().replace("_", "-")
    if not _WORD.fullmatch(word) or len(word) > 40:
        raise _refused(f"Word {name!r}: expected letters and underscores, at most 40.")
    return word


def _digits(number: int) -> str:
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, SIZE)
        digits = ALPHABET[digit] + digits
    return digits


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * SIZE + _VALUES[digit]
    return number


def _refused(sentence: str) -> StationError:
    return StationError("plate.range", sentence, "Nothing was printed; correct the number and try again.")


# The check character: the 26 characters are the elements of the dihedral group of a 13-gon (13 turns, 13
# flips). A plate is right when the product of its characters, each passed n times through the map below where
# n is its place, is the neutral element. Every single substitution changes the product (a group cancels), and
# so does every swap of neighbours, because x * map(y) differs from y * map(x) for x != y. ISO/IEC 7064 MOD
# 27,26 misses 26 of 8450 swaps. Source: J. Verhoeff, Error Detecting Decimal Codes (1969); H. P. Gumm, IEEE
# Trans. Inf. Theory 31 (1985).
_TURNS = SIZE // 2


def _times(x: int, y: int) -> int:
    turn = -y % _TURNS if x >= _TURNS else y % _TURNS
    return (x + turn) % _TURNS + (_TURNS if (x >= _TURNS) != (y >= _TURNS) else 0)


def _maps() -> tuple[tuple[int, ...], ...]:
    once = tuple(-i % _TURNS for i in range(_TURNS)) + tuple(_TURNS + (i + 1) % _TURNS for i in range(_TURNS))
    maps = [tuple(range(SIZE))]
    while len(maps) < LENGTH:
        maps.append(tuple(once[x] for x in maps[-1]))
    return tuple(maps)


_PRODUCTS = tuple(tuple(_times(x, y) for y in range(SIZE)) for x in range(SIZE))
_MAPS = _maps()
_CHECKS = tuple(ALPHABET[_MAPS[-1].index(row.index(0))] for row in _PRODUCTS)


def check_character(body: str) -> str:
    """The eleventh character for the first ten; catches every substitution and every swap of neighbours."""
    product = 0
    for mapped, c in zip(_MAPS, body, strict=False):
        product = _PRODUCTS[product][mapped[_VALUES[c]]]
    return _CHECKS[product]
