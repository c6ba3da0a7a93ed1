"""What is found under two of its own spellings is still one thing."""

from pathlib import Path

from tests.journeys.journey_kit import command, rows


def test_a_parcel_whose_number_is_known_in_two_spellings_has_one_return_and_one_settlement(
    tmp_path: Path,
) -> None:
    """An SSCC with and without its application identifier stands twice among what can be scanned."""
    script = tmp_path / "sscc.jsonl"
    scans = ("RS-B-1001", "00340430000001029479", "85141", "RS-SEALED", "${unit.lpn}", "${prompt.place}")
    script.write_text("".join(f'{{"scan": "{scan}"}}\n' for scan in scans))
    done = command("demo", "--json", "--script", str(script), "--folder", str(tmp_path / "d"))
    assert done.returncode == 0, done.stdout[-800:]
    database = tmp_path / "d" / "station.db"
    named = rows(
        database, "select ref from scannable where kind = 'tracking' and value like '%340430000001029479'"
    )
    assert len(named) == 2
    assert len({row["ref"] for row in named}) == 1
    assert len(rows(database, "select 1 from settlement")) == 1
    assert len(rows(database, "select 1 from outbox where type = 'returns.refund'")) == 1
