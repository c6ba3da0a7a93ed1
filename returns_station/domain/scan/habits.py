"""What one device does to every code before it arrives, and the code as it was meant."""

import re
from dataclasses import dataclass

from returns_station.domain.scan import aim, layouts, plates

GS = b"\x1d"

_IDENTIFIER = re.compile(rb"\][A-Za-z][0-9A-Za-z]")
_LINK = re.compile(rb"https?://", re.IGNORECASE)
# "Other": an identifier that promises nothing about the text behind it. ISO/IEC 15424.
_NO_PROMISE = b"]X0"


@dataclass(frozen=True, slots=True)
class Habits:
    """How a device is set, and what its host makes of it.

    `layout`: the host's keyboard layout, for a scanner that types as a US keyboard. `prefix`: what it sends before a
    code. `separator`: what arrives where the code has a GS (after the layout is set right); empty when a GS arrives.
    `aim`: whether a symbology identifier may stand before the text; without it "]C1" there is content.
    """

    layout: str = "us"
    prefix: bytes = b""
    separator: bytes = b""
    aim: bool = True


NONE = Habits()
"""Codes arrive as they are."""


def meant(raw: bytes, habits: Habits) -> bytes | None:
    """The bytes that the code holds, or None when nothing has to be changed; never raises.

    One of our own codes that is right as it came stays as it came: its characters survive every layout. In a Digital
    Link no separator is put back, for it has none and its address may well hold a "~".
    """
    if habits == NONE or _is_ours(_text(raw), habits.layout):
        return None
    sent = (
        raw
        if habits.layout == "us"
        else layouts.repaired(_text(raw), habits.layout).encode("utf-8", "replace")
    )
    code = sent.removeprefix(habits.prefix)
    start, body = _split(code) if habits.aim else (b"", code)
    if habits.separator and not _LINK.match(body):
        body = body.replace(habits.separator, GS)
    if not habits.aim and _IDENTIFIER.match(body):
        start = _NO_PROMISE
    done = start + body
    return None if done == raw else done


def _is_ours(text: str, layout: str) -> bool:
    """Whether the scan as it came reads as one of our codes already."""
    own = plates.understand(aim.split(text)[1])
    if own is not None:
        return own.valid
    mended = layouts.understand(text)
    return mended is not None and mended.get("layout") == layout


def _split(code: bytes) -> tuple[bytes, bytes]:
    return (code[:3], code[3:]) if _IDENTIFIER.match(code) else (b"", code)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
