"""The symbology identifier that a scanner may put before the text. Source: ISO/IEC 15424."""

import re

SYMBOLOGIES = {
    "A": "code39",
    "B": "telepen",
    "C": "code128",
    "D": "code_one",
    "E": "ean_upc",
    "F": "codabar",
    "G": "code93",
    "H": "code11",
    "I": "itf",
    "J": "dotcode",
    "K": "code16k",
    "L": "pdf417",
    "M": "msi",
    "N": "anker",
    "O": "codablock",
    "P": "plessey",
    "Q": "qr",
    "R": "2of5",
    "S": "2of5",
    "T": "code49",
    "U": "maxicode",
    "X": "other",
    "Z": "no_barcode",
    "c": "channel_code",
    "d": "datamatrix",
    "e": "databar",
    "o": "ocr",
    "p": "posicode",
    "s": "supercode",
    "z": "aztec",
}
"""Code character to our name of the symbology."""

GS1 = frozenset({"]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1", "]z1"})
"""Identifiers that promise GS1 element strings (or, in a 2D symbol, a GS1 Digital Link)."""

_PREFIX = re.compile(r"\][A-Za-z][0-9A-Za-z]")


def split(text: str) -> tuple[str | None, str]:
    """The identifier, as "]C1", and the text after it; None where there is none."""
    if _PREFIX.match(text) and text[1] in SYMBOLOGIES:
        return text[:3], text[3:]
    return None, text


def symbology(aim: str | None) -> str | None:
    """Our name of the symbology, or None when the scanner did not say."""
    return None if aim is None else SYMBOLOGIES[aim[1]]
