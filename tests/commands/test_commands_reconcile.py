"""`reconcile` as a person calls it: exit codes, what it says and exports, and targets that cannot be compared."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from returns_station.connectors.manual import ManualConnector
from returns_station.testing.upstream.process import Upstream
from tests.commands.dock_kit import RMA, TARGET, Dock, Worked

MANUAL = '\n[[target]]\nname = "desk"\nurl = "manual:"\nconnector = "manual"\n'


@pytest.fixture
def own(tmp_path: Path, sample: Path) -> Iterator[Upstream]:
    with Upstream(tmp_path / "own", seed_dir=sample) as upstream:
        yield upstream


@pytest.fixture
def sent(worked: Worked, own: Upstream) -> Dock:
    """A station whose one parcel is delivered."""
    worked.dock.configure(TARGET, url=own.url)
    assert worked.dock("sync", "--once").exit_code == 0
    return worked.dock


def test_a_clean_day_exits_0_and_a_difference_1_with_what_to_do_and_nothing_is_changed(
    sent: Dock, own: Upstream, tmp_path: Path
) -> None:
    clean = sent("reconcile")
    assert (clean.exit_code, clean.stderr) == (0, "")
    assert clean.stdout == "wms: 1 return, 1 unit, 1 refund compared, no difference.\n"
    books = sqlite3.connect(own.db_path)
    books.execute("UPDATE movements SET location = '=cmd()'")
    books.commit()
    out = tmp_path / "differences.csv"
    found = sent("reconcile", "--return", RMA, "--export", str(out))
    assert found.exit_code == 1
    assert "wms: unit.place: " in found.stdout
    assert "What to do: " in found.stdout
    assert found.stdout.splitlines()[-2].endswith("1 difference. Nothing was changed.")
    assert ",'=cmd()," in out.read_text(encoding="utf-8")
    told = sent.json("reconcile")
    assert [one["theirs"] for one in told["differences"]] == ["=cmd()"]
    assert sent("reconcile", "--export", str(tmp_path / "differences.jsonl")).exit_code == 1
    assert json.loads((tmp_path / "differences.jsonl").read_text(encoding="utf-8"))["code"] == "unit.place"


def test_an_upstream_that_is_away_is_said_and_is_no_clean_day(sent: Dock, own: Upstream) -> None:
    own.kill()
    result = sent("reconcile")
    assert result.exit_code == 1
    assert f"return {RMA} was not compared" in result.stderr
    assert "1 return not compared" in result.stdout


def test_a_target_that_cannot_state_says_so_and_a_wrong_question_is_refused(
    sent: Dock, own: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sent("reconcile", "--target", "nobody").exit_code == 2
    assert sent("reconcile", "--return", "RMA-0").exit_code == 2
    assert sent("reconcile", "--since", "yesterday").exit_code == 2
    assert sent("reconcile", "--export", "differences.xls").exit_code == 2
    sent.configure(TARGET + MANUAL, url=own.url)
    monkeypatch.delattr(ManualConnector, "statement")
    alone = sent("reconcile", "--target", "desk")
    assert alone.exit_code == 2
    assert "desk cannot state what it has" in alone.stderr
    beside = sent("reconcile")
    assert beside.exit_code == 0
    assert "desk cannot state" in beside.stderr
