"""A day at the dock as acts, by scans alone: what is pictured here is played as a test too (tests/journeys)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from docs.pictures import Stage, stage

SIZES: Final = ((120, 40), (80, 24), (40, 20))
CAGE: Final = "K000000002S"
TOTE: Final = "K000000000P"
LOAD: Final = (
    "1Z999AA10300079196", "RR000158383GB", "9400111201200000237577", "00340430000000395957", "1Z999AA10300712714",
    "00340430000001029479", "C00000001267043", "1Z999AA10301346234", "9400111201200001504616", "C00000001900560",
    "RR002692468GB", "9400111201200002771659",
)  # fmt: skip
"""Twelve parcels from the truck."""


@dataclass(frozen=True, slots=True)
class Act:
    """One scan, what the screen says then, and the name of a picture of it.

    "LPN" and "PLACE" stand for what the screen asks for; a `key` is no worker's: it is the world's, such as paper running out.
    """

    scan: str
    says: str
    picture: str = ""
    key: str = ""


def _receive() -> tuple[Act, ...]:
    acts = [Act("RS-RECEIVE", "Scan the cage or pallet"), Act(CAGE, "Scan the")]
    for count, number in enumerate(LOAD, 1):
        acts.append(Act(number, f"{count}: parcel"))
        if count == 3:
            acts += [Act("RS-DAMAGE", "damage"), Act("RS-A1", "Damage:")]
    acts[-1] = Act(LOAD[-1], "12: parcel", "received")
    return (*acts, Act("RS-DONE", "Scan the parcel."))


_SEALED = (
    Act(LOAD[0], "awaited", "parcel"),
    Act("22960", "How is the packaging?", "question"),
    Act("RS-SEALED", "Grade A", "label"),
    Act("LPN", "goes to", "place"),
    Act("PLACE", "Put. Parcel", "put"),
)
_OUT_OF_PAPER = (
    Act(LOAD[4], "awaited"),
    Act("02002272000007", "How is the packaging?"),
    Act("RS-A2", "What do you see?"),
    Act("RS-A2", "Grade B"),
    Act("", "", key="\x1b[24~"),
    Act("RS-PRINTER", "On which printer?"),
    Act("RS-A2", "no labels in it", "printer-out"),
    Act("RS-PRINTER", "On which printer?"),
    Act("RS-A1", "Stick on label"),
    Act("LPN", "goes to"),
    Act("PLACE", "Put. Parcel"),
    Act("", "", key="\x1b[24~"),
)
_UNDONE = (
    Act(LOAD[5], "awaited"),
    Act("85141", "How is the packaging?"),
    Act("RS-A3", "What do you see?"),
    Act("RS-UNDO", "Undone", "undo"),
    Act("RS-SEALED", "Grade A"),
    Act("RS-REPRINT", "reprint 1", "reprint"),
    Act("LPN", "goes to"),
    Act("PLACE", "Put. Parcel"),
)
_HELD = (
    Act(LOAD[8], "awaited"),
    Act("22655", "How is the packaging?"),
    Act("RS-HOLD", "set aside"),
    Act("LPN", "Put it on hold shelf"),
    Act("HOLD-1", "for a person", "hold"),
)
_GROCERIES = (
    Act(LOAD[3], "awaited"),
    Act("02002295200002", "Scan the lot"),
    Act("LOT-99", "expiry"),
    Act("2031-12-31", "How many"),
    Act("RS-ALL", "seal whole", "quantity"),
    Act("RS-SEALED", "Grade A"),
    Act("LPN", "goes to"),
    Act("PLACE", "Put. Parcel"),
)
_DANGER = (
    Act(LOAD[10], "awaited"),
    Act("02002272500002", "How many", "danger"),
    Act("RS-STOP-BATTERY", "Fire-proof", "stop"),
    Act("HAZARD-1", "Set apart"),
    Act("RS-DONE", "finished"),
)
_PUT_AWAY = (
    Act(TOTE, "Scan its place", "tote"),
    Act("RESTOCK-1", "put away", "put-away"),
    Act("RS-SIGN-OUT", "signed out"),
)
DAY: Final = (
    Act("RS-B-1001", "Signed in", "signed-in"),
    *_receive(),
    *_SEALED,
    *_OUT_OF_PAPER,
    *_UNDONE,
    *_HELD,
    *_GROCERIES,
    *_DANGER,
    *_PUT_AWAY,
)
"""Sign in, receive a cage of 12, six parcels of different kinds, out of paper, undo, reprint, hold, stop, put away."""


def play(found: Stage, acts: tuple[Act, ...], pictured: Callable[[str], None] = lambda _: None) -> None:
    """Plays acts one by one; each waits for what the screen says."""
    for act in acts:
        if act.key:
            found.key(act.key)
            found.settle()
            continue
        found.scan(found.meant(act.scan))
        found.until(act.says)
        if act.picture:
            pictured(act.picture)


def day(columns: int, rows: int) -> None:
    """The whole day at one size."""
    with stage(columns, rows) as found:
        found.save(f"badge-{columns}x{rows}")
        play(found, DAY, lambda name: found.save(f"{name}-{columns}x{rows}"))


SCENES: Final[dict[str, Callable[[], None]]] = {
    f"day-{columns}x{rows}": partial(day, columns, rows) for columns, rows in SIZES
}
