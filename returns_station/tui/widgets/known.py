"""What the station knows of the work in hand: parcel and unit, or the load at the truck, or the tote that is put away."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from returns_station.printable import cells
from returns_station.tui.rows import Rows
from returns_station.tui.text import BLANK, Row, cut, joined, literal
from returns_station.tui.words import word
from returns_station.wording import DISPOSITIONS, GRADES, phrase, term

if TYPE_CHECKING:
    from returns_station.workflow.board import (
        ArrivedRow,
        Board,
        ContainerCard,
        ExpectedLine,
        LoadCard,
        ParcelCard,
        UnitCard,
        UnitRow,
    )

_HEAD = "bold $accent"
_STATES = {"put": ("✔", "$success"), "held": ("‖", "$warning"), "stopped": ("■", "$error")}


class Brief(Rows, can_focus=True):
    """The same in a few lines, for terminals without room for a column: danger first, then the unit, then the parcel."""

    HELP = "help.of.brief"

    def __init__(self) -> None:
        super().__init__("brief")
        self._board: Board | None = None

    def tell(self, board: "Board") -> None:
        """The tables were read."""
        if board != self._board:
            self._board = board
            self.redraw()

    def rows(self) -> list[Row]:
        """The first few lines of what is known."""
        board, width = self._board, self.size.width
        if board is None:
            return []
        found: list[Row] = []
        hazards = (board.parcel.hazards if board.parcel else ()) or ()
        if board.unit is not None and board.unit.hazard:
            hazards = (board.unit.hazard,)
        found += [_danger(one) for one in hazards]
        if board.unit is not None:
            found += _unit_in_brief(board.unit, width)
        if board.parcel is not None:
            found += _parcel_in_brief(board.parcel, width)
        if board.load is not None:
            found += _load(board.load, width)
        if board.container is not None:
            found += _container(board.container)
        return found


class Known(Rows, can_focus=True):
    """A column beside the question; Up and Down look further where there is more than fits."""

    HELP = "help.of.known"

    def __init__(self) -> None:
        super().__init__("known")
        self._board: Board | None = None
        self._first = 0

    def tell(self, board: "Board") -> None:
        """The tables were read."""
        if board != self._board:
            self._board, self._first = board, 0
            self.redraw()

    def key_up(self) -> None:
        """Back towards the top."""
        self._first = max(0, self._first - 1)
        self.redraw()

    def key_down(self) -> None:
        """Further down."""
        self._first += 1
        self.redraw()

    def rows(self) -> list[Row]:
        """Everything in work, the unit in hand first: it is what the eye looks for."""
        width, height = self.size.width, self.size.height
        rows = all_known(self._board, width) if self._board is not None else []
        self._first = max(0, min(self._first, len(rows) - height))
        shown = rows[self._first : self._first + height]
        if len(rows) > self._first + height and shown:
            shown[-1] = literal(word("known.more", count=len(rows) - self._first - height + 1), "dim")
        return shown


def all_known(board: "Board", width: int) -> list[Row]:
    """Everything in work as rows of about `width` columns, the unit in hand first."""
    rows: list[Row] = []
    if board.unit is not None:
        rows += [*_unit(board.unit, width), BLANK]
    if board.parcel is not None:
        rows += _parcel(board.parcel, width, told=board.unit.hazard if board.unit else None)
    if board.load is not None:
        rows += _load(board.load, width)
    if board.container is not None:
        rows += _container(board.container)
    return rows


def _fact(name: str, value: object) -> Row:
    return joined((word(f"known.{name}"), "dim"), " ", (value, "bold"))


def _facts(pairs: "list[tuple[str, object]]") -> list[Row]:
    return [_fact(name, value) for name, value in pairs if value not in (None, "", ())]


def _unit(unit: "UnitCard", width: int) -> list[Row]:
    rows = [
        joined((word("known.unit"), _HEAD), "  ", (unit.lpn or "", "bold")),
        joined((f"{unit.quantity} × ", "bold"), (cut(phrase(unit.title) or unit.sku, width - 6), "bold")),
        *_facts([("sku", unit.sku), ("lot", unit.lot), ("expiry", unit.expiry), ("serial", unit.serial)]),
    ]
    if unit.hazard:
        rows.append(_danger(unit.hazard))
    if unit.identity != "matched":
        rows.append(literal(f"≠ {word(f'identity.{unit.identity}')}", "bold $warning"))
    if unit.components:
        rows.append(_fact("components", ", ".join(unit.components)))
    if unit.image:
        rows.append(_fact("image", unit.image))
    if unit.findings:
        rows.append(_fact("findings", ", ".join(map(term, unit.findings))))
    if unit.grade or unit.disposition:
        rows.append(_decided(unit))
    if unit.reason:
        tone = "$warning" if unit.needs_human else ""
        rows.append(literal(phrase(unit.reason), tone))
    if unit.waiting:
        rows.append(literal(word("known.waiting", count=unit.waiting), "dim"))
    return rows


def _danger(hazard: str) -> Row:
    return literal(word("known.hazard", hazard=term(hazard)), "bold reverse $error")


def _decided(unit: "UnitCard") -> Row:
    grade = GRADES.get(unit.grade or "", unit.grade or "–")
    where = DISPOSITIONS.get(unit.disposition or "", unit.disposition or "")
    return joined((f" {grade} ", "bold reverse"), " ", (where, "bold"))


def _unit_in_brief(unit: "UnitCard", width: int) -> list[Row]:
    rows = [
        joined(
            (f"{unit.quantity} × ", "bold $accent"), (cut(phrase(unit.title) or unit.sku, width - 6), "bold")
        )
    ]
    if unit.identity != "matched":
        rows.append(literal(f"≠ {word(f'identity.{unit.identity}')}", "bold $warning"))
    return [*rows, _decided(unit)] if unit.disposition else rows


def _parcel_in_brief(parcel: "ParcelCard", width: int) -> list[Row]:
    rows = [joined((parcel.plate, "bold $accent"), f" {', '.join(parcel.returns)}")]
    awaited = [line for line in parcel.expected if line.awaiting]
    if parcel.expected and not awaited:
        rows.append(joined(("✔ ", "$success"), (word("known.all_seen"), "dim")))
    return rows + [_expected(line, width) for line in awaited]


def _parcel(parcel: "ParcelCard", width: int, told: str | None = None) -> list[Row]:
    piece = f"{parcel.piece}/{parcel.of}" if parcel.piece else None
    rows = [
        joined((word("known.parcel"), _HEAD), "  ", (parcel.plate, "bold")),
        *_facts(
            [
                ("returns", ", ".join(parcel.returns)),
                ("merchant", parcel.merchant),
                ("carrier", (parcel.carrier or "").replace("_", " ")),
                ("age", _age(parcel.arrived_at)),
                ("piece", piece),
                ("weight", f"{parcel.weight_grams} g" if parcel.weight_grams else None),
                ("damage", term(parcel.damage or "")),
                ("pictures", parcel.pictures or None),
                ("note", term(parcel.note or "")),
            ]
        ),
    ]
    rows += [_danger(one) for one in parcel.hazards if one != told]
    if parcel.expected:
        rows += [BLANK, literal(word("known.expected"), "dim")]
        rows += [_expected(line, width) for line in parcel.expected]
    if parcel.units:
        rows += [BLANK, literal(word("known.units"), "dim")]
        rows += [_seen(unit, width) for unit in parcel.units]
    return rows


def _expected(line: "ExpectedLine", width: int) -> Row:
    done = not line.awaiting
    count = f"{line.received}/{line.expected}"
    text = cut(line.title or line.sku, max(8, width - cells(count) - 4))
    return joined(
        ("✔ " if done else "· ", "$success" if done else "dim"),
        (count, "bold"),
        " ",
        (text, "dim" if done else ""),
    )


def _seen(unit: "UnitRow", width: int) -> Row:
    mark, tone = _STATES.get(unit.state, ("▸", "$accent"))
    grade = GRADES.get(unit.grade or "", "–")
    place = unit.place or DISPOSITIONS.get(unit.disposition or "", "")
    return joined(
        (mark, tone), " ", (f"{unit.quantity}×{grade}", "bold"), f" {unit.lpn or unit.sku} ", (place, "dim")
    )


def _load(load: "LoadCard", width: int) -> list[Row]:
    rows = [
        joined((word("known.load"), _HEAD), "  ", (load.cage or word("known.no_cage"), "bold")),
        _fact("count", load.count),
        *_facts([("carrier", load.carrier), ("manifest", load.manifest), ("seal", load.seal)]),
        BLANK,
    ]
    return rows + [_arrived(one, width) for one in load.parcels]


def _arrived(one: "ArrivedRow", width: int) -> Row:
    known = ", ".join(one.returns)
    extra = " ".join(
        part
        for part in (
            f"{one.piece}/{one.of}" if one.piece else "",
            f"{one.weight_grams} g" if one.weight_grams else "",
            term(one.damage or ""),
        )
        if part
    )
    return joined(
        ("✔ " if known else "? ", "$success" if known else "$warning"),
        (cut(one.number or one.plate, max(10, width - 18)), "bold"),
        (f" {known}", "dim"),
        (f" {extra}" if extra else "", "$warning"),
    )


def _container(found: "ContainerCard") -> list[Row]:
    return [
        joined((word("known.container"), _HEAD), "  ", (found.code, "bold")),
        *_facts(
            [
                ("state", term(found.state)),
                ("place", found.location),
                ("pieces", found.pieces),
                ("units_in", found.units),
                ("parcels_in", found.parcels or None),
            ]
        ),
    ]


def _age(arrived: datetime | None) -> str | None:
    if arrived is None:
        return None
    minutes = max(0, int((datetime.now(UTC) - arrived).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 48 else f"{hours // 24} d"
