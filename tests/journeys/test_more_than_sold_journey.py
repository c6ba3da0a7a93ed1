"""99 pieces come back of 3 sold, by scans alone, to the reference upstream: it has the receipt, and nothing beyond 3."""

import json
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from returns_station.testing.upstream.process import TEST_SECRET, Upstream
from tests.commands.dock_kit import BADGE, MERCHANT, PRINTER, TARGET, Dock
from tests.connectors.upstream_kit import write_seed
from tests.journeys.journey_kit import command, replies

MUG = "4006381333931"
LINE = {"line_id": "1", "sku": "MUG", "quantity": 3, "unit_price": "5.00", "discount": "0.00", "tax": "0.00"}
SOLD: dict[str, list[dict[str, Any]]] = {
    "products": [{"merchant": MERCHANT, "sku": "MUG", "title": "Mug", "gtins": [MUG]}],
    "orders": [
        {
            "merchant": MERCHANT,
            "number": "1001",
            "currency": "GBP",
            "prices_include_tax": True,
            "shipping": "0.00",
            "lines": [LINE],
            "payments": [{"reference": "P1", "captured": "15.00", "refunded": "0.00"}],
        }
    ],
    "authorizations": [
        {
            "merchant": MERCHANT,
            "number": "RMA-1",
            "order": "1001",
            "lines": [{"sku": "MUG", "line_id": "1", "expected": 3, "reason": "unwanted"}],
        }
    ],
}
"""What was sold, the same for the station and for the upstream."""
PUT = ("RS-SEALED", "${unit.lpn}", "${prompt.place}")


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    with Upstream(tmp_path / "upstream", seed_dir=write_seed(tmp_path / "seed", **SOLD)) as running:
        yield running


def station(folder: Path, upstream: Upstream, *, trusting: bool) -> Dock:
    """A station that knows what was sold; `trusting` drops every rule of the policy that looks at what was expected."""
    begin, *rules = files("returns_station").joinpath("policy.toml").read_text("utf-8").split("\n[[")
    kept = [rule for rule in rules if not (trusting and "identity" in rule)]
    (folder / "policy.toml").write_text("\n[[".join([begin, *kept]), encoding="utf-8")
    dock = Dock(folder)
    dock.configure(PRINTER + TARGET + '\n[policy]\npath = "{folder}/policy.toml"\n', url=upstream.url)
    assert dock("migrate").exit_code == 0
    samples = Path(str(files("returns_station.samples")))
    known = [(kind, folder / "seed" / f"{kind}.jsonl") for kind in SOLD]
    known += [(kind, samples / f"{kind}.csv") for kind in ("locations", "badges")]
    for kind, file in known:
        done = dock("import", kind, str(file), "--source", "wms")
        assert done.exit_code == 0, done.output
    return dock


def work(dock: Dock, *scans: str) -> list[dict[str, Any]]:
    """The scans through the line mode, then everything that may be sent is sent; the replies."""
    given = "".join(json.dumps({"scan": scan}) + "\n" for scan in (BADGE, "RMA-1", MUG, *scans))
    said = command("run", "--plain", "--json", "--no-sync", "--config", str(dock.config), stdin=given)
    assert said.returncode == 0, said.stdout + said.stderr
    sent = command("sync", "--once", "--config", str(dock.config), WMS_SECRET=TEST_SECRET)
    assert not dock.rows("select id from outbox where state not in ('acknowledged', 'held')"), sent.stderr
    return replies(said.stdout)


def heard(upstream: Upstream) -> tuple[Counter[str], dict[str, Any]]:
    """What the upstream has: pieces by disposition; and what it was told when the parcel was finished."""
    stock: Counter[str] = Counter()
    for row in upstream.movements():
        stock[str(row["disposition"])] += int(str(row["quantity"]))
    (receipt,), (completed,) = upstream.receipts(), upstream.completions()
    assert receipt["return_id"] == completed["return_id"]
    assert upstream.refunds() == []
    return stock, completed


def test_99_of_3_wait_as_a_whole_where_the_policy_sets_aside_what_was_not_expected(
    tmp_path: Path, upstream: Upstream
) -> None:
    dock = station(tmp_path, upstream, trusting=False)
    told = work(dock, "RS-Q99", *PUT)[-1]["message"]
    assert told["text"].endswith(
        "waits in HOLD-1 for a person: 99 came back where 3 could. Until then nothing of it is sold again or paid back."
    )
    stock, completed = heard(upstream)
    assert stock == {"hold_for_merchant": 99}
    assert [(unit["quantity"], unit["disposition"]) for unit in completed["units"]] == [
        (99, "hold_for_merchant")
    ]
    assert [(line["expected"], line["received"]) for line in completed["lines"]] == [(3, 99)]
    assert dock.rows("select type from outbox where type = 'returns.refund'") == []


def test_split_at_the_dock_the_3_that_were_sold_are_stock_and_the_other_96_and_all_the_money_wait(
    tmp_path: Path, upstream: Upstream
) -> None:
    dock = station(tmp_path, upstream, trusting=True)
    told = work(dock, "RS-Q99", "RS-SPLIT", "RS-Q3", *PUT, *PUT)[-1]["message"]
    assert "waits in RESTOCK-1 for a person: 96 came back where 0 could." in told["text"]
    stock, completed = heard(upstream)
    assert stock == {"return_to_stock": 3}
    assert {(unit["quantity"], unit["held"]) for unit in completed["units"]} == {(3, False), (96, True)}
    held = dock.rows("select type, problem_code, body from outbox where state = 'held' order by ordinal")
    assert [row["type"] for row in held] == ["returns.stock", "returns.refund"]
    assert held[0]["problem_code"] == "stock.more_than_sold"
    assert "refund.more_than_sold" in held[1]["problem_code"]
    assert json.loads(held[1]["body"])["amount_minor"] == 1500, "No release pays for more than was sold."
