"""Labels of everything but a unit: parcels, containers, locations, dispositions, people, and plates for later."""

from dataclasses import dataclass

from labels.arrange import CARD, LARGE, Paper, Words, bars_in, coded, square_in
from labels.errors import LabelError
from labels.spec import Box, LabelSpec, Text


@dataclass(frozen=True, slots=True)
class ParcelPlate:
    """The plate of a parcel that came without a label of its own; a copy after the first is marked."""

    plate: str
    said: str = ""
    reprint: int = 0
    note: str = ""
    head: str = "PARCEL"
    copy: str = "REPRINT"

    def as_spec(self, paper: Paper = LARGE) -> LabelSpec:
        """Raises `LabelError` (`bad_reprint`, `not_encodable`, `too_wide`)."""
        if self.reprint < 0:
            raise LabelError(
                "bad_reprint",
                f"A parcel plate needs a reprint count of at least 0, {self.reprint} was found.",
                "Print it as a first copy or with the number of the copy.",
            )
        aside = f"{self.copy} {self.reprint}" if self.reprint else ""
        return coded(
            Words(self.head, self.plate, aside, _kept(self.said), self.note), self.plate, paper, "plate"
        )


@dataclass(frozen=True, slots=True)
class ContainerPlate:
    """The plate of a tote, cage or pallet: its code in large letters, its kind, and what may be put into it."""

    code: str
    kind: str
    purposes: tuple[str, ...] = ()
    note: str = ""

    def as_spec(self, paper: Paper = LARGE) -> LabelSpec:
        """Raises `LabelError` (`not_encodable`, `too_wide`)."""
        aside = " · ".join(self.purposes)
        return coded(Words(self.kind.upper(), self.code, aside, (), self.note), self.code, paper, "plate")


@dataclass(frozen=True, slots=True)
class LocationLabel:
    """A bin, shelf or area: its code in large letters and what belongs there."""

    code: str
    kind: str
    purposes: tuple[str, ...] = ()
    note: str = ""

    def as_spec(self, paper: Paper = LARGE) -> LabelSpec:
        """Raises `LabelError` (`not_encodable`, `too_wide`)."""
        words = Words(self.kind.upper(), self.code, "", _kept(" · ".join(self.purposes)), self.note)
        return coded(words, self.code, paper, "tag")


@dataclass(frozen=True, slots=True)
class DispositionTag:
    """The code by which a disposition is chosen or a place is marked, with its words."""

    code: str
    words: str
    said: str = ""
    head: str = "DISPOSITION"

    def as_spec(self, paper: Paper = LARGE) -> LabelSpec:
        """Raises `LabelError` (`not_encodable`, `too_wide`)."""
        return coded(Words(self.head, self.words, "", _kept(self.said)), self.code, paper, "tag")


@dataclass(frozen=True, slots=True)
class BlankPlate:
    """A plate printed before its unit is known, for the roll beside the station."""

    lpn: str
    head: str = "RETURN"
    note: str = ""

    def as_spec(self, paper: Paper = LARGE) -> LabelSpec:
        """Raises `LabelError` (`not_encodable`, `too_wide`)."""
        return coded(Words(self.head, self.lpn, "", (), self.note), self.lpn, paper, "plate")


@dataclass(frozen=True, slots=True)
class BadgeCard:
    """A badge of the size of a bank card: code, worker id and role. It shows no name."""

    code: str
    worker: str
    role: str
    site: str = ""
    head: str = "RETURNS STATION"

    def as_spec(self) -> LabelSpec:
        """Raises `LabelError` (`not_encodable`, `too_wide`)."""
        square = square_in(self.code, CARD.width_mm - 1.5, 9, 27, 8)
        bars = bars_in(self.code, 1.25, 36.25, CARD.width_mm - 2.5, 10.5, 3)
        left, wide = bars.x_mm, square.x_mm - 4 * square.module_dots / 8 - bars.x_mm
        return LabelSpec(
            CARD.width_mm,
            CARD.height_mm,
            (
                Box(0, 0, CARD.width_mm, 9),
                Text(left, 6.2, 50, self.head, 4.2, 2, bold=True, inverse=True),
                Text(56, 6.2, CARD.width_mm - 56 - left, self.site, 3.4, 1.6, inverse=True, align="right"),
                Text(left, 21.5, wide, self.worker, 11, 3, bold=True),
                Text(left, 29, wide, self.role, 5.5, 2.5),
                bars,
                square,
                Text(left, 51, CARD.width_mm - 2 * left, self.code, 3.4, 1.6),
            ),
            title=self.code,
        )


def _kept(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)
