"""What became of a parcel, told to Tryton: its return sale, a line for each unit, goods in and at their places.

A unit's place is kept among the references until its goods are in; after that it is changed by internal shipments.
"""

from dataclasses import dataclass
from typing import Final

from returns_station.connectors.api import Delivered, Outcome, Outgoing, References, Refused
from returns_station.connectors.calls import Ended
from returns_station.connectors.tryton import moving, papers
from returns_station.connectors.tryton.places import Places
from returns_station.connectors.tryton.quantities import counted
from returns_station.connectors.tryton.rest import Rest, Row
from returns_station.connectors.tryton.sold import Sold, need_sale, read_sold

_OPEN: Final = ("draft",)
_SELLABLE: Final = frozenset({"return_to_stock", "return_to_stock_resale"})


def paper_reference(data: Row) -> str:
    """What the return sale of a parcel is called: the return's number and the parcel's plate."""
    return f"{number_of(data)}/{data['plate']}"


def number_of(data: Row) -> str:
    """What people call the return: its number, else the order's, else our id."""
    return str(data.get("return_number") or data.get("order_number") or data["return_id"])


@dataclass(frozen=True, slots=True)
class Returning:
    """The steps of one connector."""

    rest: Rest
    places: Places
    options: dict[str, str]

    # --- the parcel ---------------------------------------------------------------------------------------------------

    def receipt(self, effect: Outgoing, refs: References) -> Outcome:
        """A draft return sale; nothing where the goods come from no sale."""
        data: Row = dict(effect.data)
        if not data.get("order_number"):
            return Delivered(None, duplicate=False)
        paper, before = self._paper(data, refs, paper_reference(data))
        return Delivered(_named(paper), before)

    def receipt_reversed(self, effect: Outgoing, refs: References) -> Outcome:
        """The draft is cancelled; one that went on is for a person."""
        reference = paper_reference(dict(effect.data))
        row = papers.find_paper(self.rest, reference)
        if row is None:
            return Delivered(None, duplicate=True)
        if row["state"] != "draft":
            sentence = (
                f"Return sale {row['number'] or reference} is {row['state']} in Tryton, its goods are in."
            )
            return Refused("upstream.processed", sentence, "A person decides what becomes of it in Tryton.")
        refused = self.rest.press(papers.SALE, row["id"], "cancel")
        if papers.find_paper(self.rest, reference) is not None:
            raise (
                refused.refused("upstream.state")
                if refused
                else _odd("The return sale could not be cancelled.")
            )
        return Delivered(_named(row["id"]), duplicate=False)

    def completed(self, effect: Outgoing, refs: References) -> Outcome:
        """The return sale is processed, its shipment received, every unit at its place."""
        data: Row = dict(effect.data)
        if not data.get("order_number"):
            return Delivered(None, duplicate=False)
        row = papers.find_paper(self.rest, paper_reference(data))
        if row is None:
            need_sale(self.rest, str(data["order_number"]))
            self.rest.calls.wait(
                "upstream.order", "Tryton has no return sale of this parcel yet; its receipt comes first."
            )
        asked = [str(unit["unit_id"]) for unit in data.get("units", ()) if not unit.get("held")]
        noted = {ours[0] for line in row["lines"] if (ours := papers.marked(line["note"]))}
        if (
            any(unit not in noted and refs.get(f"tried:{unit}") is None for unit in asked)
            and row["state"] in _OPEN
        ):
            self.rest.calls.wait(
                "upstream.order", "Units of this parcel are not in its return sale yet; they come first."
            )
        refs.put(f"completed:{data['parcel_id']}", effect.key)
        if row["lines"]:
            # Without a line nothing came that Tryton sold, or everything waits for a person and goes on from there.
            self._finish(row, data, refs)
        return Delivered(_named(row["id"]), row["state"] not in _OPEN)

    def _finish(self, row: Row, data: Row, refs: References) -> None:
        told = {str(unit["unit_id"]): unit for unit in data.get("units", ())}
        places: dict[str, int] = {}
        for line in row["lines"]:
            ours = papers.marked(line["note"])
            if ours is None:
                continue
            kept, unit = refs.get(f"place:{ours[0]}"), told.get(ours[0])
            if kept is not None:
                places[ours[0]] = int(kept)
            elif unit is not None:
                places[ours[0]] = self.places.find(str(unit["location"]), str(unit["disposition"]))
        papers.finish(self.rest, row["id"], places, self.places.house())

    def _paper(self, data: Row, refs: References, reference: str) -> tuple[int, bool]:
        """The return sale called so, made where there is none; and whether it was there."""
        found = papers.find_paper(self.rest, reference)
        if found is not None:
            refs.put(f"sale:{reference}", str(found["id"]))
            return int(found["id"]), True
        sale = need_sale(self.rest, str(data["order_number"]))
        note = f"Return {number_of(data)}, parcel {data['plate']}, {data['return_id']}"
        made = papers.make_paper(self.rest, sale, reference, note, self.places.house())
        refs.put(f"sale:{reference}", str(made))
        return made, False

    # --- its units ----------------------------------------------------------------------------------------------------

    def stock(self, effect: Outgoing, refs: References) -> Outcome:
        """A line in the draft; after completion a document of its own, or a movement where the unit is known already."""
        data: Row = dict(effect.data)
        unit, place = str(data["unit_id"]), self.places.find(str(data["location"]), str(data["disposition"]))
        refs.put(f"tried:{unit}", effect.key)
        line = papers.find_line(self.rest, self._papers(data), unit)
        earlier = refs.get(f"stock:{unit}")
        if line is not None and line["sale"]["state"] not in _OPEN and earlier not in (None, effect.key):
            return self._move_again(effect, refs, line, place)
        if line is not None and refs.get(f"place:{unit}") is None:
            refs.put(f"place:{unit}", str(place))
        if line is None:
            if refs.get(f"blind:{unit}") is not None and earlier not in (None, effect.key):
                return self._again(effect, refs, place)
            return self._new_unit(effect, refs, place)
        refs.put(f"stock:{unit}", effect.key)
        if line["sale"]["state"] in _OPEN:
            refs.put(f"place:{unit}", str(place))
        return self._settled(data, refs, line["sale"]["id"], line["id"], duplicate=True)

    def _new_unit(self, effect: Outgoing, refs: References, place: int) -> Outcome:
        data: Row = dict(effect.data)
        unit, quantity = str(data["unit_id"]), int(data["quantity"])
        sold = self._sold(data)
        sold_line = sold.line(data.get("order_line"), str(data["sku"])) if sold else None
        if sold is None or sold_line is None:
            return self._blind(data, refs, sold, place, effect)
        if self._beyond(sold, data):
            # What came is always recorded: it lies apart, and no sale of it goes back.
            return self._blind(data, refs, sold, place, effect)
        refs.put(f"stock:{unit}", effect.key)
        refs.put(f"place:{unit}", str(place))
        reference = self._target(data)
        paper, _ = self._paper(data, refs, reference)
        line = papers.make_line(self.rest, paper, sold_line, quantity, unit)
        refs.put(f"line:{unit}", str(line))
        return self._settled(data, refs, paper, line, duplicate=False)

    def _target(self, data: Row) -> str:
        """The parcel's return sale while it is a draft, else one for this unit alone."""
        row = papers.find_paper(self.rest, paper_reference(data))
        return self._papers(data)[0 if row is None or row["state"] in _OPEN else 1]

    def _settled(self, data: Row, refs: References, paper: int, line: int, *, duplicate: bool) -> Outcome:
        """What was late is brought to done at once."""
        row = self.rest.one(papers.SALE, paper, "state", "reference", "lines.note") or {}
        late = (
            row.get("reference") != paper_reference(data)
            or refs.get(f"completed:{data['parcel_id']}") is not None
        )
        if late:
            self._finish(row, data, refs)
        return Delivered(f"sale.line {line}", duplicate)

    def stock_reversed(self, effect: Outgoing, refs: References) -> Outcome:
        """The line leaves the draft; goods that are in already go from their place back to where goods come in."""
        data: Row = dict(effect.data)
        unit = str(data["unit_id"])
        line = papers.find_line(self.rest, self._papers(data), unit)
        if line is None:
            return self._blind_reversed(effect, refs)
        if line["sale"]["state"] in _OPEN:
            self.rest.delete("sale.line", line["id"])
            return Delivered(None, duplicate=False)
        return self._shift(effect, refs, self.places.house().entry)

    def _blind(self, data: Row, refs: References, sold: Sold | None, place: int, effect: Outgoing) -> Outcome:
        reference = self._papers(data)[1]
        party = int(sold.sale["party"]) if sold else self._stranger()
        product = self._product(str(data["sku"]))
        refs.put(f"stock:{data['unit_id']}", effect.key)
        refs.put(f"place:{data['unit_id']}", str(place))
        house, quantity = self.places.house(), int(data["quantity"])
        made = papers.receive_blind(self.rest, reference, party, product, quantity, place, house)
        refs.put(f"blind:{data['unit_id']}", str(made))
        return Delivered(f"stock.shipment.out.return {made}", duplicate=False)

    def _blind_reversed(self, effect: Outgoing, refs: References) -> Outcome:
        reference = self._papers(dict(effect.data))[1]
        domain = [["reference", "=", reference], ["state", "=", "done"], self.rest.own]
        if not self.rest.find(papers.SHIPMENT, domain):
            return Delivered(None, duplicate=True)
        return self._shift(effect, refs, self.places.house().entry)

    # --- inside -------------------------------------------------------------------------------------------------------

    def available(self, effect: Outgoing, refs: References) -> Outcome:
        """The tote was put away: its goods move from where they were told to lie to their place."""
        data: Row = dict(effect.data)
        return self._shift(effect, refs, self.places.find(str(data["location"]), str(data["disposition"])))

    def available_reversed(self, effect: Outgoing, refs: References) -> Outcome:
        """Back to where the goods lay before."""
        before = refs.get(f"from:{effect.data.get('reverses')}")
        if before is None:
            return Delivered(None, duplicate=True)
        return self._shift(effect, refs, int(before))

    def _move_again(self, effect: Outgoing, refs: References, line: Row, place: int) -> Outcome:
        data: Row = dict(effect.data)
        known, told = (
            (line["product"]["code"], -(counted(line) or 0)),
            (data["sku"], int(data["quantity"])),
        )
        if known != told:
            sentence = (
                f"Tryton received this unit as {known[1]} of {known[0]}; now it is {told[1]} of {told[0]}."
            )
            return Refused("upstream.changed", sentence, "A person corrects the return in Tryton.")
        return self._again(effect, refs, place)

    def _again(self, effect: Outgoing, refs: References, place: int) -> Outcome:
        outcome = self._shift(effect, refs, place)
        refs.put(f"stock:{effect.data['unit_id']}", effect.key)
        return outcome

    def _shift(self, effect: Outgoing, refs: References, place: int) -> Outcome:
        """Goods of a unit from where they are to a place; where they are not in yet, they will come in there."""
        data: Row = dict(effect.data)
        unit, reference = str(data["unit_id"]), movement_reference(effect)
        start = int(refs.get(f"from:{effect.key}") or refs.get(f"place:{unit}") or place)
        refs.put(f"from:{effect.key}", str(start))
        if start == place or not self._inside(data, refs):
            refs.put(f"place:{unit}", str(place))
            return Delivered(None, duplicate=False)
        product = self._product(str(data["sku"]))
        made, before = moving.move_goods(self.rest, reference, product, int(data["quantity"]), (start, place))
        if not before or refs.get(f"place:{unit}") == str(start):
            refs.put(f"place:{unit}", str(place))
        return Delivered(f"stock.shipment.internal {made}", before)

    def _inside(self, data: Row, refs: References) -> bool:
        unit = str(data["unit_id"])
        if refs.get(f"blind:{unit}") is not None:
            return True
        # Read, not remembered: a line whose answer was lost is in Tryton and among no references.
        line = papers.find_line(self.rest, self._papers(data), unit)
        return line is not None and line["sale"]["state"] not in _OPEN

    # --- what they stand on -------------------------------------------------------------------------------------------

    def _papers(self, data: Row) -> list[str]:
        """The return sales a unit may stand in: the parcel's, and one of its own when it was late or blind."""
        parcel = paper_reference(data)
        return [parcel, f"{parcel}/{data['lpn']}"]

    def _sold(self, data: Row) -> Sold | None:
        if not data.get("order_number"):
            return None
        return read_sold(self.rest, need_sale(self.rest, str(data["order_number"])))

    def _beyond(self, sold: Sold, data: Row) -> bool:
        """Whether more comes back than was sold; to be sold again, that is Ended (refused, `upstream.ceiling`)."""
        sku, quantity = str(data["sku"]), int(data["quantity"])
        had, came = sold.sold(sku), sold.came_back()[sku]
        beyond = came + quantity > had
        if beyond and data["disposition"] in _SELLABLE:
            sentence = f"{had} of {sku} were sold and {came} have come back in Tryton, so {quantity} more are too many."
            hint = "A person decides: correct the order or the return, or book the goods in Tryton by hand."
            raise Ended(Refused("upstream.ceiling", sentence, hint))
        return beyond

    def _product(self, sku: str) -> Row:
        fields = ("default_uom", "active")
        # What is sold no more still comes back; Tryton leaves it out of a search that does not ask for it.
        every = self.rest.find(
            "product.product", [["code", "=", sku], ["active", "in", [True, False]]], *fields
        )
        found = [row for row in every if row["active"]] or every
        if len(found) != 1:
            sentence = f"Tryton has {len(found)} products with the code {sku}."
            raise Ended(
                Refused(
                    "upstream.product",
                    sentence,
                    "Enter the product in Tryton, or mend its code; then retry it.",
                )
            )
        return {"id": found[0]["id"], "unit": found[0]["default_uom"]}

    def _stranger(self) -> int:
        code = self.options.get("blind_party", "")
        found = self.rest.find("party.party", [["code", "=", code]]) if code else []
        if len(found) != 1:
            sentence = (
                "Goods came back from nobody knows whom, and no party of Tryton is named for such returns."
            )
            raise Ended(
                Refused(
                    "upstream.party",
                    sentence,
                    "Name its code: blind_party under [target.options]. Then retry it.",
                )
            )
        return int(found[0]["id"])


def movement_reference(effect: Outgoing) -> str:
    """What the internal shipment of an effect is called: the unit's plate and the effect's key."""
    return f"{effect.data['lpn']}/{effect.key}"


def _named(paper: int) -> str:
    return f"sale.sale {paper}"


def _odd(sentence: str) -> Ended:
    return Ended(Refused("upstream.state", sentence, "See it in Tryton, then retry it."))
