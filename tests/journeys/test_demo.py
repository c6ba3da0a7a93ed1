"""What a newcomer does first: `make demo`."""

from pathlib import Path

from tests.journeys.journey_kit import command, money_here, rows, stock_here, upstream_rows


def test_the_demo_works_a_parcel_through_the_simulated_scanner_and_the_upstream_holds_exactly_its_effects(
    tmp_path: Path,
) -> None:
    done = command("demo", "--folder", str(tmp_path), stdin="")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    database, upstream = tmp_path / "station.db", tmp_path / "upstream" / "upstream.db"
    assert {row["device"] for row in rows(database, "select device from raw_input")} == {"scanner"}
    movements = upstream_rows(upstream, "select * from movements")
    refunds = upstream_rows(upstream, "select * from refunds")
    assert [(m["sku"], m["quantity"]) for m in movements] == [("22960", 1)]
    assert [(r["order_number"], r["amount_minor"]) for r in refunds] == [("536368", 425)]
    assert sum(stock_here(database).values()) == 1
    assert money_here(database) == {"536368": 425}
    assert len(list((tmp_path / "labels").glob("*.pdf"))) == 1
    assert "1 × 22960 in" in done.stdout
    assert "refund of 4.25 GBP for order 536368." in done.stdout


def test_an_input_that_ends_in_the_middle_of_a_parcel_exits_3_and_loses_nothing(tmp_path: Path) -> None:
    command("demo", "--folder", str(tmp_path), "--script", "one")
    config = str(tmp_path / "config.toml")
    args = ("run", "--plain", "--no-sync", "--config", config)
    text = (tmp_path / "config.toml").read_text()
    start, end = text.index("[[scanner]]"), text.index("[[printer]]")
    (tmp_path / "config.toml").write_text(text[:start] + text[end:])
    first = command(*args, stdin="RMA-100009\n22720\n")
    assert first.returncode == 3, first.stdout + first.stderr
    again = command(*args, stdin="RS-UNDO\nRS-UNDO\n")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Undone." in again.stdout
