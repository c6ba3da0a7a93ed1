"""A shift in the shadow beside a Tryton that holds the same shift: its own export says the same, to the cent."""

import shutil
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from tests.commands.dock_kit import KINDS, Dock
from tests.commands.shadow_kit import Row, planted, play, script_of, states, write_export

SHIFT = (1, 2, 4, 5, 6, 7, 8, 11, 13, 14, 23, 24, 37, 38)
"""Not all 40: one holds an article that Tryton does not have, so its row is parked; `test_tryton_shift` plays them all."""
TARGET = (
    '\n[[target]]\nname = "erp"\nconnector = "tryton"\nurl = "{url}"\ntoken_env = "ERP_TOKEN"\n{mode}\n'
    '[target.options]\nblind_party = "{party}"\n'
)


def exported(tryton: Any) -> Iterator[Row]:
    """What Tryton has of returns, as rows of docs/cutover.md, read by its own API: return sales, return
    shipments without a sale, movements inside that came after them, posted credit notes."""
    moves = ("inventory_moves.product.code", "inventory_moves.quantity", "inventory_moves.to_location.code")
    sales = tryton.find(
        "sale.sale",
        [
            ["origin", "like", "sale.sale,%"],
            ["state", "!=", "cancelled"],
            ["reference", "like", "%/%"],
        ],
        *("reference", *(f"shipment_returns.{name}" for name in moves)),
    )
    for sale in sales:
        yield {"kind": "receipt", "return_number": _number(sale["reference"]), "reference": sale["reference"]}
        for shipment in sale["shipment_returns"]:
            yield from _moved(sale["reference"], shipment["inventory_moves"])
    papers = {sale["reference"] for sale in sales}
    for shipment in tryton.find("stock.shipment.out.return", [["state", "=", "done"]], "reference", *moves):
        if "/" in (shipment["reference"] or "") and shipment["reference"] not in papers:
            yield from _moved(shipment["reference"], shipment["inventory_moves"])
    yield from _credited(tryton)


def _moved(reference: str, moves: list[dict[str, Any]]) -> Iterator[Row]:
    for move in moves:
        place, sku = move["to_location"]["code"], move["product"]["code"]
        pieces = {"sku": sku, "quantity": int(float(move["quantity"])), "location": place}
        yield {"kind": "stock", "return_number": _number(reference), "reference": reference, **pieces}


def _credited(tryton: Any) -> Iterator[Row]:
    notes = tryton.find(
        "account.invoice",
        [
            ["type", "=", "out"],
            ["state", "in", ["posted", "paid"]],
            ["total_amount", "<", 0],
            ["reference", "like", "%/%"],
        ],
        *("number", "reference", "total_amount", "currency.code"),
    )
    for note in notes:
        amount = -Decimal(note["total_amount"]["decimal"])
        money = {"amount": str(amount), "currency": note["currency"]["code"]}
        yield {
            "kind": "refund",
            "return_number": _number(note["reference"]),
            "reference": note["number"],
            **money,
        }


def _number(reference: str) -> str:
    return reference.split("/", 1)[0]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A station's database with the sample imported, before anybody has worked on it."""
    dock = Dock(tmp_path_factory.mktemp("filled"))
    dock.configure()
    assert dock("migrate").exit_code == 0
    with as_file(files("returns_station.samples")) as sample:
        for kind in KINDS:
            file = next(sample.glob(f"{kind}.*"))
            assert dock("import", kind, str(file), "--source", "sample").exit_code == 0
    return dock.folder


def worked(filled: Path, folder: Path, tryton: Any, more: str) -> Dock:
    """The shift played on a station with Tryton as its target."""
    for file in filled.glob("station.db*"):
        shutil.copy(file, folder / file.name)
    dock = Dock(folder)
    party = next(row["code"] for row in tryton.find("party.party", [], "code") if row["code"])
    dock.configure(TARGET, url=f"{tryton.url}", party=party, mode=more)
    play(dock, script_of(SHIFT))
    return dock


@pytest.fixture(scope="module")
def export(filled: Path, tryton: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """What a Tryton says to which another station told the shift live."""
    tryton.reset()
    dock = worked(filled, tmp_path_factory.mktemp("live"), tryton, "")
    done = dock("sync", "--once", ERP_TOKEN=tryton.token)
    assert "delivered" in done.stdout, done.output
    parked = dock.json("outbox", "list", "--state", "refused")["rows"]
    assert [(row["type"], row["problem"]) for row in parked] == [], done.output
    assert not tryton.find("stock.shipment.internal", [], "reference")
    return list(exported(tryton))


def test_a_shift_in_the_shadow_agrees_with_trytons_own_export_and_twelve_planted_differences_are_all_it_finds(
    filled: Path, tryton: Any, export: list[Row], tmp_path: Path
) -> None:
    dock = worked(filled, tmp_path, tryton, "shadow = true")
    assert set.union(*states(dock).values()) == {"shadow"}
    before = tryton.find("sale.sale", [], "reference")
    assert dock("sync", "--once", ERP_TOKEN=tryton.token).exit_code == 0
    assert tryton.find("sale.sale", [], "reference") == before
    dock("shadow", "import", "erp", str(write_export(tmp_path / "clean.csv", export)))
    clean = dock.json("shadow", "report", "erp", "--pieces", "40")
    assert clean["differences"] == []
    assert clean["pieces"] >= 40
    assert (clean["ready"], clean["units"], clean["money"]) == (True, "100.0%", "100.0%")
    dock.rows("delete from legacy_effect")
    changed, expected = planted(export)
    dock("shadow", "import", "erp", str(write_export(tmp_path / "planted.csv", changed)))
    found = dock.json("shadow", "report", "erp")["differences"]
    assert sorted((one["code"], one["group"]) for one in found) == expected
    assert len(expected) == 12
