"""Text that a keyboard scanner set to the US layout typed into a German or French host, set right for our own
codes."""

from collections.abc import Iterator

from returns_station.domain.scan import aim, plates
from returns_station.domain.scan.model import Candidate

GERMAN = str.maketrans("zyZYßẞ?+", "yzYZ---]")
"""What a German host shows to what was sent; "?" is the hyphen's key while Caps Lock shifts it."""

FRENCH_CAPITALS = str.maketrans("aqzwAQZW,?)°$", "qawzQAWZmM--]")
"""The same for a French host whose Caps Lock lets the digits through."""

FRENCH_DIGITS = "&é\"'(-è_çàÉÈÇÀ"
FRENCH = FRENCH_CAPITALS | str.maketrans(FRENCH_DIGITS, "12345678902790")
"""The same for a French host as it mostly is: the digit row shows signs and accents, and "-" is a 6."""

_SIGNS = frozenset(FRENCH_DIGITS + ")°$,?") - {"-"}
_DIGITS = frozenset("0123456789")


def understand(text: str) -> Candidate | None:
    """One of our codes behind the damage, with ("layout", "de" | "fr"); only if it is then right in every
    character."""
    for name, mended in _mended(text):
        candidate = plates.understand(aim.split(mended)[1])
        if candidate is not None and candidate.valid:
            return Candidate(candidate.kind, candidate.value, (*candidate.attributes, ("layout", name)))
    return None


def _mended(text: str) -> Iterator[tuple[str, str]]:
    # A hyphen that arrived as a hyphen proves that the host is not German, so "RS-ZES" stays an order number;
    # beside digits, or as the only sign, it is no French 6 either, so "P-123-45678" does too.
    if "-" not in text:
        yield "de", text.translate(GERMAN)
        yield "fr", text.translate(FRENCH_CAPITALS)
    letters = set(text)
    if letters & _SIGNS and not letters & _DIGITS:
        yield "fr", text.translate(FRENCH)
