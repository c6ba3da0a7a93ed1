"""The screen in Chinese and Spanish: a sealed parcel in five scans at three sizes, everything measured by columns."""

import json
import re
from collections.abc import Callable

import pytest

from returns_station.printable import cells
from returns_station.tui.big import enlarged, is_plaque
from returns_station.wording.speech import LANGUAGES, tables
from tests.commands.dock_kit import Dock
from tests.tui.pilot_kit import Worker, at_work, lived
from tests.tui.screen_kit import ScreenRun, until

BADGE, TRACKING, SKU = "RS-B-1001", "1Z999AA10300079196", "22960"
SIZES = ((120, 40), (80, 24), (40, 20))
FOREIGN = ("zh", "es")
PRINTED = {"zh": "已打印", "es": "está impresa"}
FINISHED = {"zh": "包裹 P07", "es": "Colocado. Paquete P07"}
MONEY = {"zh": "退款 4.25 GBP", "es": "se reembolsa 4.25 GBP"}
HELP = {"zh": "此处可用的命令码", "es": "Códigos válidos aquí"}
ENGLISH_WORDS = re.compile(r"\b(the|is|not|[Ss]can|it|parcel|item|label|Put|sent|here|waiting|seen|Help)\b")

Docks = Callable[[], Dock]


def in_language(dock: Dock, language: str) -> Dock:
    """The dock with its language in the configuration."""
    text = dock.config.read_text("utf-8")
    assert "[station]\n" in text
    dock.config.write_text(
        text.replace("[station]\n", f'[station]\nlanguage = "{language}"\n'), encoding="utf-8"
    )
    return dock


def measured(worker: Worker) -> None:
    """No row is wider than the terminal, and nothing on it is English."""
    width = worker.app.size.width
    for row in worker.screen:
        assert cells(row) <= width, row
    assert not ENGLISH_WORDS.search(worker.sees), worker.sees


@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_sealed_parcel_takes_five_scans_in_every_language_at_every_size(
    docks: Docks, language: str, columns: int, rows: int
) -> None:
    async def life() -> None:
        async with at_work(in_language(docks(), language), size=(columns, rows)) as worker:
            name = f"{language}-{columns}x{rows}"
            worker.shot(f"{name}-badge")
            await worker.scan(BADGE)
            before = worker.app.answered
            await worker.scan(TRACKING, SKU)
            worker.shot(f"{name}-question")
            await worker.scan("RS-SEALED")
            await worker.until(lambda: worker.app._dock.past.holds(PRINTED[language]))
            await worker.scan("LPN")
            worker.shot(f"{name}-place")
            measured(worker)
            await worker.scan("PLACE")
            assert worker.app.answered - before == 5
            assert worker.heard.signals == ["accepted"] * 6
            text = re.sub(r"\s", "", worker.app._dock.band._text)
            assert re.sub(r"\s", "", FINISHED[language]) in text
            assert re.sub(r"\s", "", MONEY[language]) in text
            measured(worker)

    lived(life())


@pytest.mark.parametrize("language", FOREIGN)
def test_help_details_and_what_was_wrong_are_in_the_language(docks: Docks, language: str) -> None:
    async def life() -> None:
        async with at_work(in_language(docks(), language), size=(80, 24)) as worker:
            await worker.scan(BADGE, TRACKING, SKU, "RS-NONSENSE-9")
            measured(worker)
            await worker.press("f1")
            assert HELP[language] in worker.sees
            measured(worker)
            await worker.press("escape")
            await worker.scan("RS-SEALED")
            await worker.press("f2")
            measured(worker)
            await worker.press("escape", "f10")
            measured(worker)

    lived(life())


@pytest.mark.parametrize("width", [30, 38, 50, 78, 118])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_short_word_fits_at_every_width_and_is_no_taller_than_its_room(
    language: str, width: int
) -> None:
    said = tables("returns_station.wording", language).SENTENCES
    for code, text in said.items():
        if code.startswith("short.") and f"ask.{code[6:]}" in said:
            for rows in (1, 3, 5, 11):
                drawn = enlarged(text.format(place="BIN-1"), width, rows)
                assert 1 <= len(drawn) <= max(rows, 2), (code, rows, drawn)
                assert all(cells(row) <= width for row in drawn), (code, drawn)


def test_what_no_font_can_draw_stands_on_a_plaque_and_the_place_below_in_large_letters() -> None:
    edge, said, lower, *place = enlarged("放入 BIN-1", 78, 11)
    assert (cells(edge), cells(lower)) == (cells(said), cells(said))
    assert is_plaque(said)
    assert said.split() == ["放", "入"]
    assert len(place) in (3, 5)
    assert not any(map(is_plaque, (edge, lower, *place)))
    assert enlarged("扫描商品", 78, 1) == ("  扫 描 商 品  ",)
    assert enlarged("扫描商品", 8, 5) == ("扫描商品",)


@pytest.mark.parametrize(("language", "name"), LANGUAGES.items())
def test_the_first_paint_has_loaded_the_language_that_is_spoken_alone_and_no_sentence_of_the_dialogue(
    docks: Docks, language: str, name: str
) -> None:
    dock = docks()
    file = dock.folder / "loaded.json"
    environ = {"SCREEN_LOADED": str(file), "RETURNS_STATION_STATION_LANGUAGE": language}
    with ScreenRun(dock, module="tests.tui.entry", environ=environ):
        until(lambda: file.exists() and file.read_text("utf-8").endswith("]"), lambda: "nothing was painted")
    loaded = json.loads(file.read_text("utf-8"))
    tables_loaded = {one for one in loaded if one.rpartition(".")[2] in LANGUAGES.values()}
    assert f"returns_station.tui.words.{name}" in tables_loaded
    assert tables_loaded <= {f"returns_station.tui.words.{name}", f"returns_station.wording.terms.{name}"}
