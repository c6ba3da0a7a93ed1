"""Every kind of label says its code in both symbols, on every paper, and its parts keep apart."""

from dataclasses import replace
from itertools import combinations

import pytest

from labels.arrange import Paper, bars_in, square_in
from labels.errors import LabelError
from labels.marks import BadgeCard, ContainerPlate, DispositionTag, LocationLabel, ParcelPlate
from labels.pdf import render_pages
from labels.spec import Code128, LabelSpec, Matrix
from labels.symbols import code128_width, qr_size
from tests.labels.label_kinds import CELLS, COMPACT, KINDS, LARGE, PAPERS, SIGN, Kind
from tests.labels.label_reading import Symbols, apart, boxes, codes, pages, plates, symbols, texts, within

EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
TAGS = {name: kind for name, kind in KINDS.items() if name not in ("unit", "badge")}


def said(spec: LabelSpec) -> Symbols:
    """What a right label reads as: every symbol on it says the code that is its title."""
    names = {"Code128": Code128, "QRCode": Matrix}
    return [
        (name, spec.title) for name, kind in names.items() if any(isinstance(e, kind) for e in spec.elements)
    ]


@EVERY_KIND
@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
def test_a_hundred_random_codes_read_back_from_203_dpi_pixels_of_the_pdf(kind: Kind, paper: Paper) -> None:
    specs = [kind(code, paper) for code in plates(100, seed=4)]
    printed = render_pages(specs)
    assert printed.missing == ()
    assert [symbols(page) for page in pages(printed.pdf)] == [said(spec) for spec in specs]


@pytest.mark.prove
@pytest.mark.timeout(900)
@EVERY_KIND
def test_two_thousand_random_codes_of_every_kind_read_back_from_the_pdf(kind: Kind) -> None:
    for start in range(0, 2000, 100):
        specs = [kind(code, LARGE) for code in plates(2000, seed=5)[start : start + 100]]
        assert [symbols(page) for page in pages(render_pages(specs).pdf)] == [said(spec) for spec in specs]


@pytest.mark.parametrize("kind", TAGS.values(), ids=TAGS)
@pytest.mark.parametrize("paper", [*CELLS.values(), SIGN], ids=[*CELLS, "sign"])
def test_labels_fill_the_cells_of_sheets_and_signs_and_read_back(kind: Kind, paper: Paper) -> None:
    specs = [kind(code, paper) for code in plates(12, seed=6)]
    assert [symbols(page) for page in pages(render_pages(specs).pdf)] == [said(spec) for spec in specs]


@EVERY_KIND
@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
def test_no_text_touches_another_or_a_symbol_or_its_quiet_zone(kind: Kind, paper: Paper) -> None:
    spec = kind("L4C8K2P9X3V", paper)
    for one, other in combinations(texts(spec), 2):
        assert apart(one.bounds_mm, other.bounds_mm), (one.text, other.text)
    for symbol in codes(spec):
        for text in texts(spec):
            room = _ink(symbol) if isinstance(symbol, Code128) else symbol.bounds_mm
            assert apart(room, text.bounds_mm), text.text
        for box in boxes(spec):
            assert apart(symbol.bounds_mm, box.bounds_mm)


def _ink(bars: Code128) -> tuple[float, float, float, float]:
    return bars.x_mm, bars.y_mm, bars.x_mm + bars.width_mm, bars.y_mm + bars.height_mm


def test_bars_keep_their_quiet_zone_of_the_square_beside_them() -> None:
    for paper in (*PAPERS.values(), *CELLS.values(), SIGN):
        for code in plates(20, seed=7):
            bars, square = codes(ContainerPlate(code, "tote").as_spec(paper))
            assert isinstance(bars, Code128)
            assert isinstance(square, Matrix)
            gap = square.x_mm - bars.x_mm - code128_width(code) * bars.x_dots / 8
            assert gap >= max(10 * bars.x_dots, 4 * square.module_dots) / 8


@EVERY_KIND
def test_white_words_stand_on_black(kind: Kind) -> None:
    spec = kind("L4C8K2P9X3V", LARGE)
    black = [box.bounds_mm for box in boxes(spec) if box.filled]
    white = [text.bounds_mm for text in texts(spec) if text.inverse]
    assert white
    assert all(any(within(text, box) for box in black) for text in white)


def test_a_container_shows_its_code_its_kind_and_what_may_be_put_into_it() -> None:
    spec = ContainerPlate("K000000000P", "cage", ("Return to stock", "Scrap")).as_spec()
    assert [text.text for text in texts(spec)] == ["CAGE", "Return to stock · Scrap", "K000000000P"]


def test_letters_of_a_plate_are_read_from_two_metres_and_of_a_sign_from_eight() -> None:
    """Capitals of a 250th of the distance, a common rule of signs, are taken to be read at ease."""
    from labels.fitting import fit
    from labels.fonts import installed_fonts

    plate = ContainerPlate("K000000000P", "tote").as_spec(LARGE)
    sign = LocationLabel("A-12-03", "bin").as_spec(SIGN)
    sizes = [max(fit(text, installed_fonts()).size_mm for text in texts(spec)) for spec in (plate, sign)]
    assert sizes[0] * 0.729 >= 2000 / 250
    assert sizes[1] * 0.729 >= 8000 * 0.0018


def test_only_a_second_print_of_a_parcels_plate_is_marked() -> None:
    plate = ParcelPlate("P011000001V")
    assert not any("REPRINT" in text.text for text in texts(plate.as_spec()))
    assert "REPRINT 3" in [text.text for text in texts(replace(plate, reprint=3).as_spec())]
    with pytest.raises(LabelError) as refused:
        replace(plate, reprint=-1).as_spec()
    assert str(refused.value) == (
        "A parcel plate needs a reprint count of at least 0, -1 was found. "
        "Print it as a first copy or with the number of the copy."
    )


def test_a_badge_is_a_bank_card_with_worker_and_role() -> None:
    spec = BadgeCard("RS-B-1001", "w-1", "Supervisor").as_spec()
    assert (spec.width_mm, spec.height_mm) == (85.6, 54)
    assert {"w-1", "Supervisor", "RS-B-1001"} <= {text.text for text in texts(spec)}


def test_a_tag_whose_bars_are_wider_than_its_paper_keeps_its_square() -> None:
    spec = DispositionTag("RS-D-RETURN-TO-STOCK-RESALE", "Sell as used").as_spec(COMPACT)
    (page,) = pages(render_pages([spec]).pdf)
    assert symbols(page) == [("QRCode", "RS-D-RETURN-TO-STOCK-RESALE")]


def test_a_plate_whose_bars_are_wider_than_its_paper_is_refused() -> None:
    with pytest.raises(LabelError) as refused:
        ContainerPlate("A CONTAINER OF MANY RUBBER DUCKS", "tote").as_spec(COMPACT)
    assert refused.value.code == "too_wide"


@pytest.mark.parametrize("paper", [LARGE, COMPACT, SIGN], ids=["large", "compact", "sign"])
def test_a_code_that_cannot_be_a_symbol_is_refused_on_every_paper(paper: Paper) -> None:
    for code in ("", "LÄNGE", "K\x001"):
        with pytest.raises(LabelError) as refused:
            LocationLabel(code, "bin").as_spec(paper)
        assert refused.value.code == "not_encodable"


@pytest.mark.parametrize("width", [38.5, 45.5, 61.25, 100])
def test_bars_and_squares_have_their_quiet_zones_within_the_room_they_were_given(width: float) -> None:
    value = "K000000000P"
    bars, square = bars_in(value, 3, 3, width, 10, 8), square_in(value, 90, 5, width / 2, 20)
    quiet = 10 * bars.x_dots / 8
    assert bars.x_mm - quiet >= 3 - 1 / 8
    assert bars.x_mm + code128_width(value) * bars.x_dots / 8 + quiet <= 3 + width
    left, top, right, bottom = square.bounds_mm
    assert (right, top) <= (90, 5.001)
    assert max(right - left, bottom - top) <= width / 2
    assert square.size_mm == qr_size(value) * square.module_dots / 8
