"""Every language says everything: the same codes with the same blanks, short where it is short, and none of it in English."""

import json
import random
import re
import string
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from returns_station import config as configuration
from returns_station.bootstrap import read_policy
from returns_station.domain.axes import ContainerState
from returns_station.domain.codes import (
    Cause,
    Disposition,
    Grade,
    Identity,
    Packaging,
    ReturnType,
    Role,
    Signal,
)
from returns_station.domain.policy import parse
from returns_station.wording import choice, notice, phrase, sentence, speak, term
from returns_station.wording.speech import LANGUAGES, REFERENCE, spoken, tables
from returns_station.workflow.arrivals import OF_LOAD, OF_PARCEL
from returns_station.workflow.ports import InputKind
from tests.workflow.kit import BOSS, DUCK, Dock
from tests.workflow.test_hostile_dock import COMMANDS, HOSTILE, THINGS, check, throw
from tests.workflow.test_undo_walk import TRUCK, WALK

FOREIGN = [language for language in LANGUAGES if language != REFERENCE]
WORDING, TERMS, SCREEN = (
    "returns_station.wording",
    "returns_station.wording.terms",
    "returns_station.tui.words",
)
SAID = ((WORDING, ("SENTENCES",)), (TERMS, ("SIGNALS", "DISPOSITIONS", "GRADES", "REASONS", "CAPTIONS")))
TABLES = (*SAID, (SCREEN, ("WORDS", "COMMANDS", "ACTIONS")))
# Tables that are empty in English, for its words come from the session, the policy or the goods themselves.
OWN = ("ROLES", "NOTED", "PURPOSES", "FAULTS", "TERMS", "CHOICES", "PHRASES", "LEADS", "NOTICES")
SAME_IN_BOTH = {"OK", "SKU", "supervisor", "No", "A", "B", "C", "D"}
# One is told its code instead of the English sentence that the scan's own rules made.
OTHER_BLANKS = {"scan.problem"}
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
ENGLISH_WORDS = re.compile(
    r"\b(the|is|not|scan|it|of|and|this|was|for|to|with|parcel|item|label|place)\b", re.IGNORECASE
)
LETTERS = {"zh": 8, "es": 14}


def module(package: str, language: str) -> ModuleType:
    return tables(package, language)


def pairs(language: str) -> list[tuple[str, str, str]]:
    """(code, English, translation) of everything that has an English text."""
    return [
        (code, text, getattr(module(package, language), name)[code])
        for package, names in TABLES
        for name in names
        for code, text in getattr(module(package, REFERENCE), name).items()
    ]


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def unprinted(text: str) -> str:
    """A text without its blanks and the codes that stand on paper."""
    return re.sub(r"\{\w+\}|\b[A-Z]{2}[A-Z-]*\b", "", text)


def bare(text: str) -> str:
    """Its letters alone."""
    return re.sub(r"[\W\d_]", "", unprinted(text))


@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize(("package", "names"), TABLES)
def test_every_code_exists_in_every_language(language: str, package: str, names: tuple[str, ...]) -> None:
    for name in names:
        assert set(getattr(module(package, language), name)) == set(getattr(module(package, REFERENCE), name))


@pytest.mark.parametrize("name", OWN)
def test_what_the_session_says_in_its_own_words_is_translated_into_all_others(name: str) -> None:
    found = [set(getattr(module(TERMS, language), name)) for language in FOREIGN]
    assert found[0]
    assert all(one == found[0] for one in found)
    assert getattr(module(TERMS, REFERENCE), name) == {}


@pytest.mark.parametrize("language", FOREIGN)
def test_every_sentence_has_the_blanks_of_the_english_one(language: str) -> None:
    assert [
        code
        for code, text, said in pairs(language)
        if blanks(text) != blanks(said) and code not in OTHER_BLANKS
    ] == []


@pytest.mark.parametrize("language", FOREIGN)
def test_no_text_is_empty_or_was_left_in_english(language: str) -> None:
    for code, text, said in pairs(language):
        assert bool(said) == bool(text), code
        if len(bare(text)) > 1 and text not in SAME_IN_BOTH:
            assert said != text, code
        assert not ENGLISH_WORDS.search(unprinted(said)), (code, said)


def test_chinese_is_written_in_chinese_and_spanish_without_it() -> None:
    for code, _, said in pairs("es"):
        assert not CHINESE.search(said), code
    for code, text, said in pairs("zh"):
        if len(bare(text)) > 1 and text not in SAME_IN_BOTH:
            assert CHINESE.search(said), (code, said)
        assert not re.search(r"[áéíóúñ¿¡]", said), code


@pytest.mark.parametrize("language", FOREIGN)
def test_the_words_in_large_type_are_few(language: str) -> None:
    for code, said in module(WORDING, language).SENTENCES.items():
        if code.startswith("short.") and f"ask.{code[6:]}" in module(WORDING, REFERENCE).SENTENCES:
            letters = re.sub(r"\{\w+\}", "", said).replace(" ", "")
            assert 0 < len(letters) <= LETTERS[language], (code, said)
            assert said == said.upper() or "{" in said
            assert said.isascii() or language == "zh", f"no font has all letters of {said}"


def test_every_value_that_may_fill_a_blank_has_a_word_in_every_language() -> None:
    sources = "".join(
        path.read_text("utf-8")
        for part in ("domain", "workflow")
        for path in sorted(Path(str(files("returns_station") / part)).rglob("*.py"))
    )
    faults = set(re.findall(r'Problem\(\s*"(scan\.\w+)"', sources))
    assert len(faults) > 6
    for language in FOREIGN:
        terms = module(TERMS, language)
        assert set(terms.DISPOSITIONS) == {one.value for one in Disposition}
        assert set(terms.GRADES) == {one.value for one in Grade}
        assert set(terms.SIGNALS) == {one.value for one in Signal}
        assert set(terms.ROLES) == {one.value for one in Role}
        assert set(terms.NOTED) == {*OF_LOAD, *OF_PARCEL}
        assert faults <= set(terms.FAULTS)
        for kind in (Packaging, Identity, Cause, ReturnType, ContainerState, Grade):
            assert {one.value for one in kind} <= set(terms.TERMS), kind
        for text in (*terms.PHRASES, *terms.LEADS):
            assert text in sources, f"nobody says {text!r}"


def test_every_notice_is_one_that_a_device_gives(checkout: Path) -> None:
    folders = ("devices", "returns_station/hardware", "returns_station")
    sources = "".join(
        one.read_text("utf-8") for folder in folders for one in (checkout / folder).glob("*.py")
    )
    for language in FOREIGN:
        for code, said in module(TERMS, language).NOTICES.items():
            assert blanks(said) <= {"device", "sentence"}
            assert (
                code == "print.other" or f'"{code}"' in sources or f'"{code.partition(".")[2]}"' in sources
            ), code


# --- the policy -------------------------------------------------------------------------------------------------------


def texts_apart(value: Any, at: str = "") -> Any:
    """A policy without the words that people read."""
    if isinstance(value, dict):
        spoken_table = at in ("override_reasons", "refuse_reasons", "carriers", "damages")
        return {
            key: "" if spoken_table or key in ("text", "reason") else texts_apart(one, key)
            for key, one in value.items()
        }
    return [texts_apart(one) for one in value] if isinstance(value, list) else value


def shipped(language: str) -> dict[str, Any]:
    name = "policy.toml" if language == REFERENCE else f"policy.{language}.toml"
    return tomllib.loads(files("returns_station").joinpath(name).read_text("utf-8"))


@pytest.mark.parametrize("language", FOREIGN)
def test_the_policies_that_ship_differ_in_their_words_alone(language: str) -> None:
    assert texts_apart(shipped(language)) == texts_apart(shipped(REFERENCE))
    assert shipped(language) != shipped(REFERENCE)
    said = json.dumps(shipped(language), ensure_ascii=False)
    assert bool(CHINESE.search(said)) == (language == "zh")


@pytest.mark.parametrize("language", FOREIGN)
def test_the_language_chooses_the_policy_that_ships_and_never_the_merchants_own(
    language: str, tmp_path: Path
) -> None:
    environ = {"RETURNS_STATION_STATION_LANGUAGE": language}
    found = read_policy(_config(tmp_path, environ))
    assert found.dispositions[0].reason == shipped(language)["disposition"][0]["reason"]
    own = tmp_path / "own.toml"
    own.write_text(files("returns_station").joinpath("policy.toml").read_text("utf-8"), encoding="utf-8")
    named = read_policy(_config(tmp_path, environ | {"RETURNS_STATION_POLICY_PATH": str(own)}))
    assert named.dispositions[0].reason == shipped(REFERENCE)["disposition"][0]["reason"]


def _config(folder: Path, environ: Mapping[str, str]) -> configuration.Config:
    file = folder / "config.toml"
    file.write_text('[station]\nname = "Dock"\n', encoding="utf-8")
    return configuration.load(file, environ)


# --- speaking ---------------------------------------------------------------------------------------------------------


def test_a_language_nobody_has_is_not_spoken() -> None:
    with pytest.raises(KeyError):
        speak("tlh")
    assert spoken() == REFERENCE


def test_answers_are_said_by_their_code_and_a_policys_text_stays_its_own() -> None:
    assert choice("confirm_blind", "again", "Scan again") == "Scan again"
    speak("es")
    assert choice("confirm_blind", "again", "Scan again") == "Escanear otra vez"
    assert choice("question", "again", "Our own words") == "Our own words"
    assert phrase("Missing: the lid") == "Falta: the lid"
    assert phrase("Unknown item {x}") == "Artículo desconocido {x}"
    assert term("nobody_knows_it") == "nobody knows it"


def test_words_in_a_blank_are_said_in_the_language_of_their_sentence() -> None:
    blanks = {
        "place": "BIN-1",
        "purposes": "hold, ours",
        "what": "Carrier",
        "text": "x",
        "problem": "",
        "value": "y",
    }
    assert "(hold, ours)" in sentence("shelf.other", blanks)
    assert sentence("receive.noted", blanks) == "Carrier: x."
    speak("es")
    assert "(retención, ours)" in sentence("shelf.other", blanks)
    assert sentence("receive.noted", blanks) == "Transportista: x."
    assert sentence("scan.problem", {**blanks, "fault": "scan.date"}).startswith("y: la fecha")
    assert "no se puede leer" in sentence("scan.problem", {**blanks, "fault": "scan.unheard_of"})
    assert (
        sentence("badge.in", {"worker": "w-1", "role": "supervisor"}) == "Sesión iniciada: w-1, supervisor."
    )
    speak("zh")
    assert sentence("badge.in", {"worker": "w-1", "role": "worker"}) == "已登录：w-1，操作员。"


def test_what_a_device_tells_is_said_by_its_code_else_in_its_own_sentence() -> None:
    told = "Scanner gun is unplugged (/dev/gun)."
    assert notice("scanner.unplugged", told, "gun") == told
    assert notice("print.printer_paused", told, "zebra") == told
    speak("es")
    assert notice("scanner.unplugged", told, "gun {x}") == "El lector gun {x} está desconectado."
    assert notice("print.printer_paused", told, "zebra").startswith("La impresora zebra está en pausa")
    assert notice("print.never_heard_of", told) == f"La etiqueta no se imprimió. {told}"
    assert notice("camera.never_heard_of", told) == told


@pytest.mark.parametrize("language", FOREIGN)
def test_a_sentence_with_braces_in_a_value_is_shown_and_not_filled(language: str) -> None:
    speak(language)
    assert "{lpn}" in sentence("item.unknown", {"value": "{lpn}"})


@pytest.fixture
def speaking(docks: Callable[[], Dock]) -> Callable[[str], Dock]:
    """A dock in a language, with the policy that ships in it."""

    def speaking(language: str) -> Dock:
        dock = docks()
        name = "policy.toml" if language == REFERENCE else f"policy.{language}.toml"
        policy = parse(files("returns_station").joinpath(name).read_text("utf-8"))
        dock.rules = replace(dock.rules, policy=policy)
        dock.restart()
        speak(language)
        return dock

    return speaking


def everything_said(reply: dict[str, Any]) -> list[str]:
    asked = [reply["prompt"]["text"]] if reply["prompt"] else []
    return [reply["message"]["text"], *asked, *(one["text"] for one in reply["choices"])]


def without_values(text: str, dock: Dock) -> str:
    """A sentence without the goods' own titles and the codes that are printed."""
    titles = [row["title"] for row in dock.rows("SELECT title FROM product")]
    for title in sorted(titles, key=len, reverse=True):
        text = text.replace(title, "")
    return unprinted(text)


@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize("seed", range(3))
def test_wherever_work_leads_every_answer_is_in_the_language(
    speaking: Callable[[str], Dock], language: str, seed: int
) -> None:
    dock, rng = speaking(language), random.Random(seed)
    for _ in range(150):
        likely = ["LPN", "OLD-LPN", "OLD-PLATE", DUCK, "RS-A1", "RS-A2", "RS-SEALED", "BIN-1", "RS-UNDO"]
        code = rng.choice(rng.choice([WALK, TRUCK, likely, COMMANDS, THINGS]))
        if code in ("RS-SIGN-OUT", "RS-LOCK") or "OLD" in code:
            code = BOSS
        answer = dock.scan(code) if code not in ("LPN", "PLATE") or _held(dock, code) else dock.scan(DUCK)
        for text in everything_said(json.loads(answer.reply)):
            plain = without_values(text, dock)
            assert not ENGLISH_WORDS.search(plain), (code, text)
            assert language == "zh" or not CHINESE.search(plain), (code, text)
    check(dock)


def _held(dock: Dock, code: str) -> bool:
    unit, parcel = dock.state.unit, dock.state.parcel
    return bool(unit and unit.lpn) if code == "LPN" else parcel is not None


@pytest.mark.parametrize("language", FOREIGN)
def test_hostile_inputs_are_answered_in_every_language(
    speaking: Callable[[str], Dock], language: str
) -> None:
    dock = speaking(language)
    for start in (["RMA-1"], ["RMA-1", DUCK], ["RS-RECEIVE", "CAGE-1"]):
        for code in start:
            dock.scan(code)
        for what in HOSTILE:
            throw(dock, what)
            throw(dock, what, InputKind.COMMAND)


def test_what_is_recorded_is_the_same_in_every_language(docks: Callable[[], Dock]) -> None:
    """With one policy: the sentences are the border's, the tables and events are not touched by them."""
    rng = random.Random(5)
    codes = [rng.choice([*WALK, *COMMANDS]) for _ in range(80)]
    codes = [code for code in codes if "LPN" not in code and "OLD" not in code]
    found = []
    for language in LANGUAGES:
        dock = docks()
        speak(language)
        for code in codes:
            dock.scan(code)
        found.append(dock.rows("SELECT type, body FROM event ORDER BY id"))
    assert len(found[0]) > 5
    assert found[0] == found[1] == found[2]
