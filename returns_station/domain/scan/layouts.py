"""What a keyboard scanner set to the US layout types into a host of another layout, and back: exactly when the layout is
known, and for our own codes also when nobody told it."""

from collections.abc import Iterator
from typing import Final
from unicodedata import normalize

from returns_station.domain.scan import aim, plates
from returns_station.domain.scan.model import Candidate

US: Final = (
    r"`1234567890-=qwertyuiop[]asdfghjkl;'\zxcvbnm,./",
    '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|ZXCVBNM<>?',
)
"""The 47 keys that a US keyboard prints with, row by row from the top left, alone and with Shift."""

LAYOUTS: Final[dict[str, tuple[str, str]]] = {
    "us": US,
    "uk": (
        "`1234567890-=qwertyuiop[]asdfghjkl;'#zxcvbnm,./",
        '¬!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~ZXCVBNM<>?',
    ),
    "de": (
        "^1234567890ß´qwertzuiopü+asdfghjklöä#yxcvbnm,.-",
        "°!\"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄ'YXCVBNM;:_",
    ),
    "ch": (
        "§1234567890'^qwertzuiopü¨asdfghjklöä$yxcvbnm,.-",
        '°+"*ç%&/()=?`QWERTZUIOPè!ASDFGHJKLéà£YXCVBNM;:_',
    ),
    "fr": (
        "²&é\"'(-è_çà)=azertyuiop^$qsdfghjklmù*wxcvbn,;:!",
        "~1234567890°+AZERTYUIOP¨£QSDFGHJKLM%µWXCVBN?./§",
    ),
    "be": (
        "²&é\"'(§è!çà)-azertyuiop^$qsdfghjklmùµwxcvbn,;:=",
        "³1234567890°_AZERTYUIOP¨*QSDFGHJKLM%£WXCVBN?./+",
    ),
    "es": (
        "º1234567890'¡qwertyuiop`+asdfghjklñ´çzxcvbnm,.-",
        'ª!"·$%&/()=?¿QWERTYUIOP^*ASDFGHJKLÑ¨ÇZXCVBNM;:_',
    ),
    "it": (
        "\\1234567890'ìqwertyuiopè+asdfghjklòàùzxcvbnm,.-",
        '|!"£$%&/()=?^QWERTYUIOPé*ASDFGHJKLç°§ZXCVBNM;:_',
    ),
    "pt": (
        "\\1234567890'«qwertyuiop+´asdfghjklçº~zxcvbnm,.-",
        '|!"#$%&/()=?»QWERTYUIOP*`ASDFGHJKLÇª^ZXCVBNM;:_',
    ),
    "se": (
        "§1234567890+´qwertyuiopå¨asdfghjklöä'zxcvbnm,.-",
        '½!"#¤%&/()=?`QWERTYUIOPÅ^ASDFGHJKLÖÄ*ZXCVBNM;:_',
    ),
    "dk": (
        "½1234567890+´qwertyuiopå¨asdfghjklæø'zxcvbnm,.-",
        '§!"#¤%&/()=?`QWERTYUIOPÅ^ASDFGHJKLÆØ*ZXCVBNM;:_',
    ),
    "no": (
        "|1234567890+\\qwertyuiopå¨asdfghjkløæ'zxcvbnm,.-",
        '§!"#¤%&/()=?`QWERTYUIOPÅ^ASDFGHJKLØÆ*ZXCVBNM;:_',
    ),
}
"""What the same keys print on other hosts. Source: xkeyboard-config 2.35, the basic variants of these names (uk is its
gb), which for the keys of code characters are those of Windows."""

NAMES: Final = {
    "us": "US", "uk": "British", "de": "German", "ch": "Swiss", "fr": "French", "be": "Belgian", "es": "Spanish",
    "it": "Italian", "pt": "Portuguese", "se": "Swedish or Finnish", "dk": "Danish", "no": "Norwegian",
}  # fmt: skip
"""How people call them."""

_DEAD: Final = {"\u0300": "`", "\u0301": "´", "\u0302": "^", "\u0303": "~", "\u0308": "¨"}
_SHIFTED: Final = str.maketrans(US[0] + US[1], US[1] + US[0])
_BACK: Final = {name: str.maketrans("".join(host), "".join(US)) for name, host in LAYOUTS.items()}
# Where digits need Shift: the signs on their keys.
_SIGNS_OF: Final = {
    name: frozenset(host[0][1:11]) for name, host in LAYOUTS.items() if host[1][1:11] == "1234567890"
}


def repaired(text: str, layout: str) -> str:
    """What a scanner set to US sent, when `text` arrived on a host of this layout (a key of `LAYOUTS`).

    Exact for every character but one: a key that waits for a letter (such as ´) and then gets a blank, or itself, loses
    the second. Letters that it was put together with are taken apart. A host with Caps Lock on types digits where it
    mostly types signs (fr, be): seen by digits without any sign of their keys. What no key types stays as it is.
    """
    mended = "".join(_mended_character(character, _BACK[layout]) for character in text)
    signs = _SIGNS_OF.get(layout)
    if signs and _DIGITS & set(text) and not signs & set(text):
        return mended.translate(_SHIFTED)
    return mended


def _mended_character(character: str, back: dict[int, int]) -> str:
    if ord(character) in back or character.isascii():
        return character.translate(back)
    parts = normalize("NFD", character)
    dead = "".join(_DEAD.get(mark, mark) for mark in parts[1:])
    if dead and all(ord(key) in back for key in dead):
        return dead.translate(back) + parts[0].translate(back)
    # Caps Lock makes É of a key whose é is no letter at all.
    other = character.swapcase()
    return other.translate(back) if len(other) == 1 and ord(other) in back else character


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
