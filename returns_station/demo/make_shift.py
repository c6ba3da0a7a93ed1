"""Writes the shift: forty parcels of every kind, one input a line, for `returns-station demo --script shift`.

Run it after the sample data changed: `python -m returns_station.demo.make_shift`.
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from returns_station.domain.scan import mint, station_code
from returns_station.samples.derive import tracking

Lines = list[dict[str, Any]]
PLACE, LPN = "${prompt.place}", "${unit.lpn}"


class Shift:
    """Collects inputs; every line expects `accepted` unless it says otherwise."""

    def __init__(self, samples: Path) -> None:
        self.lines: Lines = []
        self.parcels = 0
        products = [json.loads(line) for line in (samples / "products.jsonl").read_text("utf-8").splitlines()]
        self._gtins = {p["sku"]: p["gtins"] for p in products if p.get("gtins")}
        orders = [json.loads(line) for line in (samples / "orders.jsonl").read_text("utf-8").splitlines()]
        self._serials = {
            (o["number"], line["sku"]): line["serials"]
            for o in orders
            for line in o["lines"]
            if line.get("serials")
        }

    def scan(self, text: str, **expected: Any) -> None:
        """One scan and what it brings."""
        self.lines.append({"scan": text, "signal": "accepted"} | expected)

    def note(self, text: str) -> None:
        """What follows, for whoever reads the script."""
        self.lines.append({"#": text})

    def open(self, number: str, title: str, **expected: Any) -> None:
        """A parcel begins."""
        self.parcels += 1
        self.note(f"Parcel {self.parcels}: {title}")
        self.scan(number, **expected)

    def gtin(self, sku: str, factor: int = 1) -> str:
        """The GTIN of a product or of its case."""
        return str(next(code["gtin"] for code in self._gtins[sku] if code["factor"] == factor))

    def serial(self, order: str, sku: str, n: int = 0) -> str:
        """A serial number that was shipped."""
        return str(self._serials[order, sku][n])

    def item(self, sku: str, *, all: bool = False, **expected: Any) -> None:
        """A product by its GTIN, and all of its pieces where several are awaited."""
        self.scan(self.gtin(sku), **expected)
        if all:
            self.scan("RS-ALL", step="question")

    def label(self, **expected: Any) -> None:
        """The printed label, then the place that was named."""
        self.scan(LPN, step="destination")
        self.scan(PLACE, **expected)

    def sealed(self, sku: str, *, all: bool = False, **expected: Any) -> None:
        """The whole way of a sealed item."""
        self.item(sku, all=all)
        self.scan("RS-SEALED", step="label")
        self.label(**expected)

    def answers(self, *codes: str, last: str = "accepted") -> None:
        """Answers by their names."""
        for n, code in enumerate(codes, 1):
            self.scan(
                f"RS-G-{code.upper().replace('_', '-')}", signal=last if n == len(codes) else "accepted"
            )


def build(samples: Path) -> Shift:
    """The shift from the sample data."""
    shift = Shift(samples)
    shift.note("A badge first.")
    shift.scan("RS-B-1001", step="parcel", message="badge.in")
    for part in (_announced, _inspected, _odd, _people, _bulk, _rest):
        part(shift)
    shift.scan("RS-SIGN-OUT", step="badge")
    return shift


def _announced(shift: Shift) -> None:
    """Found by tracking number, RMA, SSCC, order; closed by themselves when complete."""
    shift.open("1Z999AA10300079196", "sealed, by UPS tracking number: five scans")
    shift.sealed("22960", step="parcel", message="unit.put_closed_money")
    shift.open("RMA-100009", "opened but like new, by RMA number")
    shift.item("22720")
    shift.answers("opened", "like_new")
    shift.label(step="parcel")
    shift.open("00340430000001029479", "to be exchanged, by its SSCC")
    shift.sealed("85141", step="parcel")
    shift.open("420482319400111201200001504616", "by USPS number with the ZIP in front")
    shift.sealed("22655", step="parcel")
    shift.open("C00000001900560", "light marks, item by SKU")
    shift.scan("23077", step="question")
    shift.answers("opened", "marks")
    shift.label(step="parcel")
    shift.open("9400111201200002771659", "label peeled from the roll")
    shift.item("23091")
    shift.scan("RS-SEALED", step="label")
    shift.scan(mint("L", station_code(600), 1, 77), step="destination")
    shift.scan(PLACE, step="parcel")
    shift.open("536533", "by order number, which has one open return")
    shift.sealed("20754", all=True, step="item")
    shift.sealed("22740", all=True, step="parcel")
    shift.open("TBA000000110866", "two returns under one tracking number")
    for sku, several in (("20712", True), ("21928", True), ("82494L", True), ("21314", False)):
        shift.sealed(sku, all=several, step="item")
    shift.sealed("22567", all=True, step="parcel")
    shift.open("RR000791905GB", "piece 1 of 2")
    shift.sealed("85014A", step="item")
    shift.scan("RS-DONE", step="parcel", message="parcel.closed_money")
    shift.open("TBA000000871090", "piece 2 of 2, one item short")
    shift.item("22971")
    shift.scan("RS-Q1", step="question")
    shift.scan("RS-SEALED")
    shift.label(step="item")
    shift.scan("RS-DONE", step="parcel")


def _inspected(shift: Shift) -> None:
    """Lots, expiry dates, serial numbers, parts, splits."""
    shift.open("00340430000000395957", "food with lot and expiry date in one GS1 symbol")
    shift.scan(f"]C101{shift.gtin('22952')}17311231\x1d10L7A", step="quantity")
    shift.scan("RS-ALL", step="question")
    shift.scan("RS-SEALED")
    shift.label(step="parcel")
    shift.open("1Z999AA10301346234", "a set with a part missing, and a clock with a serial number")
    shift.item("22072", all=True)
    shift.answers("opened")
    shift.scan("RS-SPLIT", step="split")
    shift.scan("RS-Q1", step="question")
    shift.answers("opened")
    shift.scan("RS-A3", step="question")
    shift.answers("like_new")
    shift.label(step="question")
    shift.answers("opened", "all_there", "like_new")
    shift.label(step="item")
    shift.item("22193", step="serial")
    shift.scan(shift.serial("544892", "22193"), step="question")
    shift.answers("opened", "works", "free", "marks")
    shift.label(step="parcel")
    shift.open("9400111201200003405171", "three lights: sound, dead, locked")
    for n, (codes, last) in enumerate(
        (
            (("opened", "works", "free", "like_new"), "accepted"),
            (("opened", "no_power", "damaged"), "accepted"),
            (("opened", "works", "locked", "like_new"), "hold"),
        )
    ):
        shift.item("21731", step="serial")
        shift.scan(shift.serial("560272", "21731", n), step="question")
        shift.answers(*codes, last=last)
        shift.label(step="item" if n < 2 else "parcel")
    shift.open("TBA000000300922", "food that was opened is scrap")
    shift.item("23309", step="lot")
    shift.scan("L99", step="expiry")
    shift.scan("2031-05-01", step="question")
    shift.answers("opened")
    shift.label(step="item")
    shift.sealed("23122", all=True, step="item")
    shift.sealed("23242", all=True, step="parcel")


def _odd(shift: Shift) -> None:
    """Nobody announced it, it is not what was expected, it is dangerous, it is empty, it is refused."""
    shift.open("9400111201200000871092", "too late: its money waits", message="parcel.opened_expired")
    shift.sealed("84816", step="item")
    shift.scan("RS-DONE", signal="hold", message="parcel.closed_person")
    shift.open("551883", "an order without a return, of which everything came back before")
    shift.item("22464", signal="mismatch", message="item.found_mismatch_quantity", step="question")
    shift.scan("RS-SEALED", signal="hold")
    shift.label(signal="hold", message="unit.put_more_than_sold", step="item")
    shift.scan("RS-DONE", message="parcel.closed")
    shift.open(tracking(2000), "a tracking number that nobody knows")
    shift.item("22960", step="quantity")
    shift.scan("RS-Q2")
    shift.scan("RS-SEALED")
    shift.label(step="item")
    shift.scan("RS-DONE", signal="hold")
    shift.open(
        "JJD000000000008140732",
        "never delivered: found by the number it went out under",
        message="parcel.opened_rts",
    )
    shift.item("22776", step="question")
    shift.scan("RS-SEALED")
    shift.label(step="item")
    shift.scan("RS-DONE", message="parcel.closed_money")
    shift.open("MYSTERY 77", "an unknown text and an unknown item", signal="unknown", step="confirm_blind")
    shift.scan("RS-BLIND", step="item")
    shift.scan("SOMETHING GREEN", signal="unknown", step="confirm_unknown")
    shift.scan("RS-A1", signal="mismatch", step="question")
    shift.answers("missing", "worn", last="hold")
    shift.label(step="item")
    shift.scan("RS-DONE", signal="accepted")
    shift.open(
        "RS-NO-LABEL", "no label at all; set aside and taken up again by its plate", message="parcel.plated"
    )
    shift.scan("RS-HOLD", signal="hold", step="hold_shelf")
    shift.scan("HOLD-1", signal="hold", step="parcel")
    shift.scan("${parcel.plate}", step="item", message="parcel.resumed")
    shift.scan(shift.gtin("20750", 12), step="question")
    shift.scan("RS-SEALED")
    shift.label(step="item")
    shift.scan("RS-DONE", signal="hold")
    shift.open("SF000000245489", "wet: refused at the dock")
    shift.scan("RS-REFUSE", signal="hold", step="refuse_reason")
    shift.scan("RS-A3", step="parcel", message="parcel.refused")
    shift.open("C00000001267043", "empty")
    shift.scan("RS-DONE", signal="hold", step="confirm_empty")
    shift.scan("RS-YES", signal="hold", step="parcel")
    shift.open("JJD000000000000158380", "not what was sent: another product")
    shift.item("85123A", signal="mismatch", message="item.found_mismatch_class", step="quantity")
    shift.scan("RS-Q1", signal="mismatch")
    shift.answers("opened", "like_new", last="hold")
    shift.label(step="item")
    shift.scan("RS-DONE", signal="accepted")
    shift.open("JJD000000000000221732", "more than was announced")
    shift.item("17091J", step="quantity")
    shift.scan("RS-Q3", signal="mismatch", message="item.found_mismatch_quantity")
    shift.scan("RS-SEALED", signal="hold")
    shift.label(signal="accepted")
    shift.open("C00000003167605", "one leaks")
    shift.item("23245", all=True)
    shift.scan("RS-STOP-LEAK", signal="stop", step="stop_shelf")
    shift.scan("HAZARD-1", signal="stop", step="item")
    shift.sealed("23236", step="parcel")
    shift.open("RR002692468GB", "a hot battery")
    shift.item("22725", all=True)
    shift.scan("RS-STOP", signal="stop", step="stop_kind")
    shift.scan("RS-A2", signal="stop", step="stop_shelf")
    shift.scan("HAZARD-1", signal="stop", step="item")
    shift.scan("RS-DONE", signal="accepted", step="parcel")
    shift.open("SF000000308841", "someone's belongings in the box")
    shift.scan("RS-STOP-PROPERTY", signal="stop", step="stop_shelf")
    shift.scan("PROPERTY-1", signal="stop", step="item")
    shift.sealed("23080", all=True, step="parcel")


def _people(shift: Shift) -> None:
    """Undo, reprint, hold, hand-over, overrides, doubles, a supervisor's word."""
    shift.open("JJD000000000000348436", "put into the wrong bin, undone, put right")
    shift.item("21933")
    shift.scan("RS-SEALED")
    shift.scan(LPN)
    shift.scan("RESTOCK-4", step="item")
    shift.scan("RS-UNDO", step="destination")
    shift.scan("RESTOCK-2", step="item")
    shift.sealed("21932", all=True, step="parcel")
    shift.open("C00000002534087", "label printed twice")
    shift.item("23066")
    shift.scan("RS-SEALED")
    shift.scan("RS-REPRINT", step="label", message="reprint.asked")
    shift.label(step="item")
    shift.sealed("23065", all=True, step="parcel")
    shift.open("1Z999AA10302613274", "handed over in the middle")
    shift.sealed("23302", all=True, step="item")
    shift.item("84970S", all=True)
    shift.scan("RS-B-1002", message="badge.handed_over", step="question")
    shift.scan("RS-SEALED")
    shift.label(step="item")
    shift.sealed("84755", step="parcel")
    shift.open("00340430000002296511", "a unit held and taken up again by its plate")
    shift.item("20750")
    shift.scan("RS-HOLD", signal="hold", step="hold_label")
    shift.scan(LPN, signal="hold", step="hold_shelf")
    shift.scan("HOLD-2", signal="hold", step="item")
    shift.scan(LPN, message="unit.resumed", step="question")
    shift.scan("RS-SEALED")
    shift.label(step="item")
    shift.sealed("85132C", all=True, step="item")
    shift.sealed("20749", step="parcel", all=True)
    shift.open("00340430000001662997", "the same code twice in one step")
    shift.item("22171")
    shift.item("22171", signal="duplicate", step="question")
    shift.scan("RS-SEALED")
    shift.label(step="item")
    shift.sealed("22763", all=True, step="parcel")
    shift.open("TBA000000174218", "another disposition and another place, each with a reason")
    shift.item("22602", all=True)
    shift.answers("opened", "like_new")
    shift.scan("RS-D-DONATE", step="disposition_reason")
    shift.scan("RS-A4", step="label")
    shift.label(step="item")
    shift.item("21391", all=True)
    shift.scan("RS-SEALED")
    shift.scan(LPN)
    shift.scan("RESALE-1", signal="mismatch", step="place_reason")
    shift.scan("RS-A1", step="item")
    shift.sealed("22854", step="parcel")
    shift.open("SF000000182137", "a supervisor says that the rest will not come")
    shift.sealed("21232", all=True, step="item")
    shift.scan("RS-SHORT", signal="stop", message="short.supervisor")
    shift.scan("RS-B-1003", message="badge.handed_over")
    shift.scan("RS-SHORT", message="short.done")
    shift.scan("RS-DONE", step="parcel")
    shift.scan("RS-B-1001", message="badge.handed_over")
    shift.open("TBA000000047514", "a second return found in the same parcel")
    shift.scan("RMA-100051", message="parcel.return_added")
    shift.sealed("21967", all=True, step="item")
    shift.sealed("21232", step="item")
    shift.sealed("22174", all=True, step="parcel")


def _bulk(shift: Shift) -> None:
    """600 pieces, 8 products, 14 lots, two workers, five scans a group."""
    shift.open("C00000000633526", "600 pieces, 8 products, 14 lots")
    skus = ("22774", "22773", "22772", "22771", "21670", "21671", "21672", "21673")
    for n, sku in enumerate(skus):
        parts = ((40, "A"), (35, "B")) if n < 6 else ((75, "A"),)
        for m, (pieces, lot) in enumerate(parts):
            shift.scan(f"]C101{shift.gtin(sku)}10{sku}{lot}", step="quantity")
            shift.scan(f"RS-Q{pieces}", step="question")
            shift.scan("RS-SEALED", step="label")
            shift.label(step="parcel" if n == 7 and m == len(parts) - 1 else "item")
        if n == 3:
            shift.scan("RS-B-1002", message="badge.handed_over", step="item")


def _rest(shift: Shift) -> None:
    """Plain days."""
    plain: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...] = (
        ("JJD000000000000285084", (("21936", True), ("22501", True))),
        ("1Z999AA10303246795", (("22413", False), ("21903", True), ("23245", True))),
        ("C00000003801120", (("85066", True), ("84879", True))),
        ("TBA000000364274", (("22559", True), ("21718", False), ("21878", True))),
    )
    for number, items in plain:
        shift.open(number, "sealed")
        for n, (sku, several) in enumerate(items, 1):
            shift.sealed(sku, all=several, step="parcel" if n == len(items) else "item")


def main() -> None:
    """Writes shift.jsonl and one.jsonl beside the sample data."""
    folder = Path(str(files("returns_station.samples")))
    shift = build(folder)
    _write(folder / "shift.jsonl", shift.lines)
    one = Shift(folder)
    one.scan("RS-B-1001", step="parcel")
    one.open("1Z999AA10300079196", "sealed, by UPS tracking number: five scans")
    one.sealed("22960", step="parcel", message="unit.put_closed_money")
    _write(folder / "one.jsonl", one.lines)
    print(f"{shift.parcels} parcels, {len(shift.lines)} lines")


def _write(path: Path, lines: Lines) -> None:
    text = "".join(("# " + line["#"] if "#" in line else json.dumps(line)) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
