"""Connectors are found by their entry points, and listing them imports none."""

import sys
from pathlib import Path

import pytest

from returns_station.connectors import registry
from returns_station.connectors.api import ConnectorError
from returns_station.connectors.http import HttpConnector


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path with a package that brings two connectors, one of them broken."""
    _package(
        tmp_path,
        "candle_erp",
        "candle = returns_station.connectors.http:HttpConnector\nsnuffed = candle_erp_gone:Connector",
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def _package(folder: Path, name: str, points: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{points}\n")


def test_all_are_listed_without_importing_any(installed: Path) -> None:
    assert {"candle", "snuffed"} <= set(registry.available())
    assert "candle_erp_gone" not in sys.modules


def test_one_is_loaded_by_its_name(installed: Path) -> None:
    assert registry.load("candle") is HttpConnector


def test_an_unknown_name_is_answered_with_all_that_are_known(
    monkeypatch: pytest.MonkeyPatch, installed: Path
) -> None:
    monkeypatch.setattr(registry, "available", lambda: ("candle", "http"))
    with pytest.raises(ConnectorError) as caught:
        registry.load("candel")
    assert str(caught.value) == (
        "No connector is called 'candel'; there are: candle, http. Install its package or correct the name."
    )


def test_a_broken_one_says_what_is_missing(installed: Path) -> None:
    with pytest.raises(ConnectorError) as caught:
        registry.load("snuffed")
    assert str(caught.value) == (
        "The connector snuffed (candle_erp_gone:Connector) could not be loaded: "
        "No module named 'candle_erp_gone'. Reinstall the package that brings it."
    )


def test_a_name_that_two_packages_claim_is_refused(installed: Path) -> None:
    _package(installed, "rival_erp", "candle = rival_erp:Connector")
    with pytest.raises(ConnectorError) as caught:
        registry.load("candle")
    assert str(caught.value) == (
        "Several connectors are called 'candle': "
        "returns_station.connectors.http:HttpConnector, rival_erp:Connector. "
        "Uninstall all but one of the packages."
    )


class Places:
    """What a factory says of its options."""

    OPTIONS = frozenset({"window", "place.*"})


def test_an_option_that_the_connector_does_not_know_is_named_with_the_nearest() -> None:
    registry.check_options("erp", Places, ["window", "place.restock", "place.A-1"])
    registry.check_options("erp", object, ["anything"])
    with pytest.raises(ConnectorError) as caught:
        registry.check_options("erp", Places, ["windw"])
    assert str(caught.value) == (
        "The connector erp has no option 'windw'; did you mean 'window'? Options are place.*, window."
    )
