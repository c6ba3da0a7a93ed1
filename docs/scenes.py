"""The scenes that are pictured."""

from collections.abc import Callable
from functools import partial
from typing import Final

from docs.pictures import stage

SIZES: Final = ((120, 40), (80, 24), (40, 20))


def first(columns: int, rows: int) -> None:
    """One parcel."""
    with stage(columns, rows) as found:
        found.scan("RS-B-1001")
        found.until("Signed in")
        found.scan("1Z999AA10300079196")
        found.until("awaited")
        found.scan("22960")
        found.until("packaging")
        found.save(f"question-{columns}x{rows}")


SCENES: Final[dict[str, Callable[[], None]]] = {
    f"first-{columns}x{rows}": partial(first, columns, rows) for columns, rows in SIZES
}
