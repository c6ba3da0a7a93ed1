"""The fonts a label may use: reportlab's own Vera first, then what the machine has for other scripts."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from labels.lines import has_no_glyph

if TYPE_CHECKING:
    from reportlab.pdfbase.ttfonts import TTFont

# A text in pieces of one font each: (registered font name, piece).
Runs: TypeAlias = tuple[tuple[str, str], ...]

# One face in each row, regular beside bold, in the places of Debian, Arch, macOS and Windows. Noto's CJK
# outlines are CFF, which reportlab cannot embed; those of WenQuanYi and Droid are TrueType.
_CANDIDATES = (
    (
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    ),
    ("/usr/share/fonts/TTF/DejaVuSans.ttf", "/usr/share/fonts/TTF/DejaVuSans-Bold.ttf"),
    (
        "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
        "/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf",
    ),
    (
        "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
        "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf",
    ),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    (
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    ),
    ("/Library/Fonts/Arial Unicode.ttf", "/Library/Fonts/Arial Unicode.ttf"),
    ("C:/Windows/Fonts/arial.ttf", "C:/Windows/Fonts/arialbd.ttf"),
)

# What reportlab knows a font by: this, and the path of its file.
_PREFIX = "label-"

# Characters remembered for each chain of fonts.
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Fonts:
    """TrueType files in the order they are asked for a glyph. The first of each must exist and hold ASCII."""

    regular: tuple[Path, ...]
    bold: tuple[Path, ...]

    def chain(self, bold: bool) -> tuple[Path, ...]:
        """The files for one weight."""
        return self.bold if bold else self.regular


@lru_cache(maxsize=1)
def installed_fonts() -> Fonts:
    """Vera, which comes with reportlab (Latin only), then the fonts found on this machine."""
    import reportlab

    own = Path(reportlab.__file__).parent / "fonts"
    found = [(Path(a), Path(b)) for a, b in _CANDIDATES if Path(a).is_file() and Path(b).is_file()]
    return Fonts(
        regular=(own / "Vera.ttf", *(regular for regular, _ in found)),
        bold=(own / "VeraBd.ttf", *(bold for _, bold in found)),
    )


@lru_cache(maxsize=32)
def face(path: Path) -> "TTFont | None":
    """The registered font of a file, or None when it is not TrueType with outlines that can be embedded."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    try:
        font = TTFont(f"{_PREFIX}{path}", str(path), asciiReadable=0)
    except (TTFError, OSError):
        return None
    _leave_out_unneeded_tables(font.face)
    registerFont(font)
    return font


def file_of(name: str) -> Path:
    """The file of a registered font."""
    return Path(name.removeprefix(_PREFIX))


def _leave_out_unneeded_tables(parsed: Any) -> None:
    """ISO 32000-1, 9.9 asks for neither in an embedded font; they would be half of a label's bytes."""
    for tag in ("name", "OS/2"):
        parsed.table.pop(tag, None)


@dataclass(frozen=True, slots=True)
class Measured:
    """One character and its font; `?` stands for one that is `missing`.

    `width` and `overhang` are thousandths of the em; its ink begins `overhang` left of where it stands.
    """

    char: str
    font: str
    width: float
    overhang: float = 0
    missing: str = ""


def measured(text: str, chain: tuple[Path, ...]) -> list[Measured]:
    """Each character of `text` in the first font of `chain` that has a glyph for it."""
    known = _known(chain)
    return [known.get(char) or _learn(char, chain, known) for char in text]


@lru_cache(maxsize=8)
def _known(chain: tuple[Path, ...]) -> dict[str, Measured]:
    return {}


def _learn(char: str, chain: tuple[Path, ...], known: dict[str, Measured]) -> Measured:
    if len(known) > _REMEMBERED:
        known.clear()
    known[char] = found = _measured(char, chain)
    return found


def _measured(char: str, chain: tuple[Path, ...]) -> Measured:
    for font in _faces(chain) if not has_no_glyph(char) else ():
        if font.face.charToGlyph.get(ord(char)):
            _, bearing = font.face.hmetrics[font.face.charToGlyph[ord(char)]]
            overhang = max(0.0, -_signed(bearing) * 1000 / font.face.unitsPerEm)
            return Measured(char, font.fontName, font.face.getCharWidth(ord(char)), overhang)
    if char == "?":
        raise ValueError(f"None of the fonts {[str(p) for p in chain]} has a question mark.")
    substitute = _measured("?", chain)
    return Measured("?", substitute.font, substitute.width, missing=char)


def _signed(word: int) -> int:
    """reportlab reads the side bearing, a signed 16-bit number in the font, as unsigned."""
    return word - 0x10000 if word >= 0x8000 else word


def _faces(chain: tuple[Path, ...]) -> "Iterator[TTFont]":
    """Opened one by one, because a large fallback takes longer to read than a label to draw."""
    return (font for font in map(face, chain) if font is not None)


def runs(characters: list[Measured]) -> Runs:
    """Neighbouring characters of one font joined."""
    return tuple(
        (name, "".join(c.char for c in group)) for name, group in groupby(characters, lambda c: c.font)
    )
