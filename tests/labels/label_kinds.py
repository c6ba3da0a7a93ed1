"""Every kind of label with a code in it, for tests that hold for all of them."""

from collections.abc import Callable
from typing import TypeAlias

from labels.arrange import COMPACT, LARGE, SIGN, Paper
from labels.layouts import COMPACT as SMALL_LAYOUT
from labels.layouts import LARGE as LARGE_LAYOUT
from labels.marks import BadgeCard, BlankPlate, ContainerPlate, DispositionTag, LocationLabel, ParcelPlate
from labels.spec import LabelSpec
from labels.unit import UnitLabel

Kind: TypeAlias = Callable[[str, Paper], LabelSpec]

CELLS = {"70x37": Paper(61.5, 29.5), "66.7x25.4": Paper(64.125, 22.875)}
PAPERS = {"large": LARGE, "compact": COMPACT}


def unit(code: str, paper: Paper) -> LabelSpec:
    said = UnitLabel(
        code,
        "ASSORTED COLOUR BIRD ORNAMENT & <b>RUBBER DUCK</b>",
        "84879",
        "B",
        "Return to vendor",
        "Cage 7 · Rotterdam",
        quantity=12,
        lot="QUACK-7",
        expiry="2027-03-31",
        reprint=1,
        printed_note="2026-11-23 14:02 · S1",
    )
    return said.as_spec(LARGE_LAYOUT if paper is LARGE else SMALL_LAYOUT)


def parcel(code: str, paper: Paper) -> LabelSpec:
    return ParcelPlate("P" + code[1:], "Parcel without label", 2, "2026-11-23 · S1").as_spec(paper)


def container(code: str, paper: Paper) -> LabelSpec:
    return ContainerPlate("K" + code[1:], "tote", ("Return to stock", "Sell as used"), "S1").as_spec(paper)


def location(code: str, paper: Paper) -> LabelSpec:
    place = f"{code[1]}-{code[2:4]}-{code[4:6]}"
    return LocationLabel(place, "bin", ("Return to stock", "Rubber ducks")).as_spec(paper)


def disposition(code: str, paper: Paper) -> LabelSpec:
    return DispositionTag(f"RS-D-{code[1:8]}", "Return to vendor", "Scan to choose").as_spec(paper)


def blank(code: str, paper: Paper) -> LabelSpec:
    return BlankPlate(code).as_spec(paper)


def badge(code: str, _paper: Paper) -> LabelSpec:
    return BadgeCard(f"RS-B-{code[1:9]}", "w-1007", "Supervisor", "Rotterdam").as_spec()


KINDS: dict[str, Kind] = {
    "unit": unit,
    "parcel": parcel,
    "container": container,
    "location": location,
    "disposition": disposition,
    "blank": blank,
    "badge": badge,
}

__all__ = ["CELLS", "COMPACT", "KINDS", "LARGE", "PAPERS", "SIGN", "Kind"]
