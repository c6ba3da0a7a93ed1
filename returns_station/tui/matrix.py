"""Data Matrix codes of the answers RS-A1 to RS-A9, drawn in half blocks, so that an answer can be scanned off the screen.

The symbols (ECC 200, 12 × 12 modules, ISO/IEC 16022) were made by zxing-cpp; a test makes them again and reads them back
from what is painted. They are kept here because a start must not wait for an encoder.
"""

from typing import Final

# Twelve rows a symbol, three hexadecimal digits each, 1 is dark.
_SYMBOLS: Final = (
    "aaa ac7 90e 9d1 a52 b09 b7e e09 a8a 895 f52 fff",
    "aaa ac7 90e 9c1 97a 8c9 c78 9e9 b02 885 f6a fff",
    "aaa ac7 90e 9d1 b98 ab7 c34 eb5 950 825 f42 fff",
    "aaa ac7 90e 9c1 8b0 977 b32 955 8d8 835 f7a fff",
    "aaa ac7 90e 9d1 8de ba1 cfc 927 910 94d f72 fff",
    "aaa ac7 90e 9c1 bf6 861 bfa ec7 898 95d f4a fff",
    "aaa ac7 90e 9f1 90e 94d a32 f55 eee 905 f62 fff",
    "aaa ac7 90e 9e1 a26 a8d d34 8b5 f66 915 f5a fff",
    "aaa ac7 90e 9f1 a48 85b afa 8c7 eae 86d f52 fff",
)
MOST: Final = len(_SYMBOLS)
WIDTH: Final = 14
HEIGHT: Final = 7
"""Cells of a painted symbol with its quiet zone of one module, the least that is allowed."""


def painted(number: int) -> list[str]:
    """The symbol of answer `number` (1 to 9) in 7 rows of 14 cells, to be drawn dark on light."""
    rows = [0, *(int(row, 16) << 1 for row in _SYMBOLS[number - 1].split()), 0]
    return [
        "".join(_cell(top, bottom, bit) for bit in range(WIDTH - 1, -1, -1))
        for top, bottom in zip(rows[::2], rows[1::2], strict=True)
    ]


def _cell(top: int, bottom: int, bit: int) -> str:
    return " ▀▄█"[(top >> bit & 1) + 2 * (bottom >> bit & 1)]
