"""What Tryton has of a return, read from its documents' lines: for `reconcile`, which compares it with what was sent."""

from datetime import UTC
from decimal import Decimal

from returns_station.connectors.api import Asked, Stated
from returns_station.connectors.calls import Ended
from returns_station.connectors.tryton import moving, papers
from returns_station.connectors.tryton.credit import MODEL
from returns_station.connectors.tryton.places import Places
from returns_station.connectors.tryton.rest import Rest, Row, moment, pieces
from returns_station.connectors.tryton.returning import number_of, paper_reference
from returns_station.connectors.tryton.sold import find_sale
from returns_station.domain.money import exponent

_LIVE = ["state", "!=", "cancelled"]


class Statement:
    """Reads statements of one Tryton."""

    def __init__(self, rest: Rest, places: Places) -> None:
        self._rest = rest
        self._places = places

    def read(self, asked: Asked) -> tuple[Stated, ...]:
        """Everything there is: return sales, goods by unit, credit notes, ours and others'."""
        datas = [dict(effect.data) for effect in asked.effects]
        papers_ = self._papers(asked, datas)
        stated = [*self._receipts(asked, papers_), *self._goods(asked, papers_)]
        return (*stated, *self._credits(asked, papers_))

    def _papers(self, asked: Asked, datas: list[Row]) -> list[Row]:
        """Return sales called as ours are, and every other return sale of the order that names this return."""
        references = sorted({paper_reference(data) for data in datas if data.get("plate")})
        number = asked.return_number or asked.order_number or asked.return_id
        domain: list[object] = ["OR", ["reference", "in", references], ["reference", "like", f"{number}/%"]]
        fields = (
            "reference",
            "number",
            "state",
            "origin",
            "lines.note",
            "lines.quantity",
            "lines.product.code",
        )
        return self._rest.find("sale.sale", [domain, _LIVE], *fields, "invoices")

    def _receipts(self, asked: Asked, found: list[Row]) -> list[Stated]:
        subjects: dict[str, str] = {}
        for effect in asked.effects:
            if effect.type == "returns.receipt":
                subjects[paper_reference(dict(effect.data))] = str(effect.data["parcel_id"])
        stated: list[Stated] = []
        for row in found:
            reference, own = str(row["reference"]), _is_unit(row, subjects)
            if own:
                continue
            subject = subjects.pop(reference, None)
            stated.append(Stated("receipt", f"return sale {row['number'] or reference}", subject))
        return stated

    # --- goods --------------------------------------------------------------------------------------------------------

    def _goods(self, asked: Asked, found: list[Row]) -> list[Stated]:
        units = {
            str(effect.data["unit_id"]): dict(effect.data)
            for effect in asked.effects
            if effect.data.get("unit_id")
        }
        lines = {line["id"]: (line, row) for row in found for line in row["lines"]}
        blind = self._blind(asked)
        moves = self._moves(list(lines), [row["id"] for row in blind])
        stated = []
        places = self._now_at(asked, units)
        for line, row in lines.values():
            ours = papers.marked(line["note"])
            unit = ours[0] if ours and ours[0] in units else None
            where, done = moves.get(f"sale.line,{line['id']}", (None, False))
            place = self._code(places.get(unit or "", where), units.get(unit or ""))
            name = f"return sale {row['number'] or row['reference']}, line {line['id']}"
            sku, count = (line["product"] or {}).get("code"), -(pieces(line["quantity"]) or 0)
            stated.append(
                Stated(
                    "stock", name, unit, done or row["state"] == "draft", sku, count, place if done else None
                )
            )
        for row in blind:
            unit = next(
                (id_ for id_, data in units.items() if str(row["reference"]).endswith(f"/{data.get('lpn')}")),
                None,
            )
            for move in row["moves"]:
                if move["from_location"] == self._places.house().entry:
                    at = places.get(unit or "", move["to_location"])
                    name, done = f"return shipment {row['number']}", move["state"] == "done"
                    count = pieces(move["quantity"])
                    sku = move["product"]["code"]
                    stated.append(
                        Stated(
                            "stock",
                            name,
                            unit,
                            done,
                            sku,
                            count,
                            self._code(at, units.get(unit or "")) if done else None,
                        )
                    )
        return [one for one in stated if one.quantity]

    def _blind(self, asked: Asked) -> list[Row]:
        number = asked.return_number or asked.order_number or asked.return_id
        fields = ("reference", "number", "state", "moves.from_location", "moves.to_location", "moves.state")
        domain = [["reference", "like", f"{number}/%"], _LIVE]
        return self._rest.find(papers.SHIPMENT, domain, *fields, "moves.quantity", "moves.product.code")

    def _moves(self, lines: list[int], blind: list[int]) -> dict[str, tuple[int | None, bool]]:
        """Where the goods of sale lines were put, and whether that is done: by the line as `sale.line,<id>`."""
        if not lines:
            return {}
        fields = ("origin", "to_location", "state")
        first = self._rest.find(
            "stock.move", [["origin", "in", [f"sale.line,{id_}" for id_ in lines]], _LIVE], *fields
        )
        origins = {f"stock.move,{move['id']}": move["origin"] for move in first}
        second = (
            self._rest.find("stock.move", [["origin", "in", list(origins)], _LIVE], *fields)
            if origins
            else []
        )
        return {origins[move["origin"]]: (move["to_location"], move["state"] == "done") for move in second}

    def _now_at(self, asked: Asked, units: dict[str, Row]) -> dict[str, int]:
        """Where internal shipments of ours brought units last."""
        references = {f"{data['lpn']}/{effect.key}": str(data["unit_id"])
                      for effect in asked.effects if (data := dict(effect.data)).get("lpn")}  # fmt: skip
        if not references:
            return {}
        domain = [["reference", "in", list(references)], ["state", "=", "done"]]
        moved = self._rest.find(moving.MODEL, domain, "reference", "to_location")
        return {references[row["reference"]]: int(row["to_location"]) for row in moved}

    def _code(self, location: int | None, unit: Row | None) -> str | None:
        """Our code for a location: the unit's own where that is where Tryton should have it, else Tryton's."""
        if location is None:
            return None
        try:
            told = self._places.find(str(unit["location"]), str(unit["disposition"])) if unit else None
        except Ended:
            told = None
        return str(unit["location"]) if unit and told == location else self._places.code_of(location)

    # --- money --------------------------------------------------------------------------------------------------------

    def _credits(self, asked: Asked, found: list[Row]) -> list[Stated]:
        settlements: dict[str, str] = {}
        for effect in asked.effects:
            if effect.type == "returns.refund":
                data: Row = dict(effect.data)
                settlements[f"{number_of(data)}/{data['settlement_id']}"] = str(data["settlement_id"])
        number = asked.return_number or asked.order_number or asked.return_id
        ids = {id_ for row in found for id_ in row["invoices"]} | self._crediting(asked)
        domain: list[object] = ["OR", ["id", "in", sorted(ids)], ["reference", "like", f"{number}/%"]]
        fields = ("number", "reference", "state", "total_amount", "currency.code")
        notes = self._rest.find(MODEL, [domain, ["type", "=", "out"], _LIVE], *fields)
        stated = []
        for row in notes:
            if row["total_amount"] > 0:
                continue
            subject = settlements.pop(str(row["reference"]), None)
            stated.append(_credit(row, subject))
        return stated

    def _crediting(self, asked: Asked) -> set[int]:
        """Credit notes that go back to lines of the order's invoices: ours, and others made since the return began."""
        sale = find_sale(self._rest, asked.order_number) if asked.order_number else None
        if sale is None or not asked.effects:
            return set()
        began = min(effect.occurred_at for effect in asked.effects).astimezone(UTC).replace(tzinfo=None)
        own = [f"sale.line,{line['id']}" for line in sale["lines"]]
        lines = self._rest.find("account.invoice.line", [["origin", "in", own]])
        origins = [f"account.invoice.line,{line['id']}" for line in lines]
        domain = [["origin", "in", origins], ["invoice.create_date", ">=", moment(began)]]
        crediting = self._rest.find("account.invoice.line", domain, "invoice.reference")
        foreign = [row["invoice"] for row in crediting if "/" not in (row["invoice"]["reference"] or "")]
        return {int(one["id"]) for one in foreign}


def _is_unit(row: Row, subjects: dict[str, str]) -> bool:
    """Whether a return sale is the late one of a unit, which is no receipt of its own."""
    return str(row["reference"]) not in subjects and any(
        str(row["reference"]).startswith(f"{known}/") for known in subjects
    )


def _credit(row: Row, subject: str | None) -> Stated:
    currency = row["currency"]["code"]
    minor = int(-row["total_amount"] * Decimal(10) ** exponent(currency))
    name, done = f"credit note {row['number'] or row['reference']}", row["state"] in ("posted", "paid")
    return Stated("refund", name, subject, done, amount_minor=minor, currency=currency)
