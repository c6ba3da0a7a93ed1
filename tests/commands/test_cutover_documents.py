"""docs/reconcile.md and docs/cutover.md are true: every code stands there, the sample imports, the options are there."""

import re
from pathlib import Path

import pytest

from returns_station.store.shadow_import import SHAPE
from tests.commands.dock_kit import Dock
from tests.commands.shadow_kit import SHADOW


@pytest.mark.parametrize(
    ("page", "module"), [("reconcile", "sync/reconcile.py"), ("cutover", "sync/shadow_report.py")]
)
def test_every_code_of_a_difference_stands_in_its_page(page: str, module: str, checkout: Path) -> None:
    source = (checkout / "returns_station" / module).read_text(encoding="utf-8")
    codes = set(re.findall(r'"((?:receipt|return|unit|movement|refund|books|money)\.[a-z_]+)"', source))
    told = (checkout / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert len(codes) > 8
    assert {code for code in codes if f"`{code}`" not in told} == set()


def test_the_sample_export_imports_and_every_column_is_told(
    dock: Dock, checkout: Path, tmp_path: Path
) -> None:
    told = (checkout / "docs" / "cutover.md").read_text(encoding="utf-8")
    assert {name for name in SHAPE.columns if f"`{name}`" not in told} == set()
    sample = re.search(r"<!-- sample: export.csv -->\n```csv\n(.*?)```", told, re.DOTALL)
    assert sample is not None
    (tmp_path / "export.csv").write_text(sample[1], encoding="utf-8")
    dock.configure(SHADOW, url="http://127.0.0.1:9")
    assert dock("shadow", "import", "wms", str(tmp_path / "export.csv")).exit_code == 0


def test_every_option_that_a_page_names_is_one_of_its_command(dock: Dock, checkout: Path) -> None:
    for page, command in (("reconcile", ["reconcile"]), ("cutover", ["shadow", "report"])):
        told = (checkout / "docs" / f"{page}.md").read_text(encoding="utf-8")
        named = set(re.findall(r"`(--[a-z]+)", told))
        known = dock(*command, "--help", COLUMNS="200").stdout
        others = dock("outbox", "list", "--help", COLUMNS="200").stdout
        assert {name for name in named if name not in known + others} == set()
