"""Laws of scales: to the gram, at rest, in bounded time; whatever is no weight is a sentence with a way out."""

import threading
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import DeviceError
from devices.scale import PROFILES, Reading, SerialScale, Weight, grams
from devices.testing_scale import FakeScale
from devices.transports import SerialTransport
from returns_station.config import Scale as Configured
from returns_station.errors import Problem
from returns_station.hardware import weighing
from tests.devices.scanner_inbox import until

EVERY = sorted(PROFILES)


def scale(link: Path, profile: str = "generic", within_s: float = 20.0, **options: object) -> SerialScale:
    line = SerialTransport("Scale dock", str(link))
    return SerialScale("dock", line, profile, within_s=within_s, **options)  # type: ignore[arg-type]


def fault(weighed: SerialScale) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        weighed.weigh()
    return caught.value


def read(profile: str, answer: bytes, unit: str = "kg") -> Reading:
    return PROFILES[profile].read(answer, unit)


def whole(found: Reading) -> tuple[int | None, bool | None, str | None]:
    return (None if found.weight is None else grams(found.weight, "g"), found.stable, found.fault)


# --- what answers mean ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (b"ST,GS,+  1.250kg\r", (1250, True, None)),
        (b"ST,NT,+000.876kg\r", (876, True, None)),
        (b"ST,+00001.2345  kg\r", (1235, True, None)),
        (b"US,GS,+  1.250kg\r", (1250, False, "motion")),
        (b"1.25 kg\r", (1250, None, None)),
        (b"1,25 kg\r", (1250, None, None)),
        (b" 12.34 lb\r", (5597, None, None)),
        (b" 12.34 LBS\r", (5597, None, None)),
        (b"8 oz\r", (227, None, None)),
        (b"2 lb 3.5 oz\r", (1006, None, None)),
        (b"450\r", (450_000, None, None)),
        (b"      0.4500 oz   ?\r", (13, False, "motion")),
        (b"S S     100.00 g\r", (100, True, None)),
        (b"S D     100.00 g\r", (100, False, "motion")),
        (b"S +\r", (None, None, "overload")),
        (b"OL,GS,+  9.999kg\r", (None, None, "overload")),
        (b"------\r", (None, None, "overload")),
        (b"ST,GS,-  0.020kg\r", (-20, True, "negative")),
        (b"UL\r", (None, None, "negative")),
        (b"QT,+00012345PC\r", (None, None, "words")),
        (b"READY\r", (None, None, "words")),
        (b"\xff\xfe\r", (None, None, "words")),
    ],
)
def test_a_generic_line_means(answer: bytes, meaning: tuple[int | None, bool | None, str | None]) -> None:
    assert whole(read("generic", answer)) == meaning


@pytest.mark.parametrize(
    ("answer", "unit", "meaning"),
    [
        (b"\x0201.250\r", "kg", (1250, True, None)),
        (b"\x0201.25\r", "lb", (567, True, None)),
        (b"\x02001250\r", "g", (1250, True, None)),
        (b"\x02?A\r", "kg", (None, None, "motion")),
        (b"\x02?B\r", "kg", (None, None, "overload")),
        (b"\x02?C\r", "kg", (None, None, "overload")),
        (b"\x02?D\r", "kg", (None, None, "negative")),
        (b"\x02?@\r", "kg", (None, None, "words")),
        (b"\x02?\r", "kg", (None, None, "words")),
    ],
)
def test_a_toledo_answer_means(
    answer: bytes, unit: str, meaning: tuple[int | None, bool | None, str | None]
) -> None:
    assert whole(read("toledo", answer, unit)) == meaning


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (b"\x02\x2d\x30\x20  1250     0\r", (1250, True, None)),
        (b"\x02\x2c\x20\x20  1234     0\r", (5597, True, None)),
        (b"\x02\x2a\x30\x21  1250     0\r", (1250, True, None)),
        (b"\x02\x2b\x20\x23    80     0\r", (227, True, None)),
        (b"\x02\x28\x30\x20     2     0\r", (200_000, True, None)),
        (b"\x02\x2d\x38\x20  1250     0\r", (1250, False, "motion")),
        (b"\x02\x2d\x34\x20  1250     0\r", (None, None, "overload")),
        (b"\x02\x2d\x36\x20    20     0\r", (None, None, "negative")),
        (b"\x02\x2d\x32\x20    20     0\r", (-20, True, "negative")),
        (b"\x02\x2d\x30\x20           0\r", (None, None, "words")),
    ],
)
def test_a_continuous_toledo_answer_means(
    answer: bytes, meaning: tuple[int | None, bool | None, str | None]
) -> None:
    assert whole(read("toledo-continuous", answer)) == meaning


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (b"\n01.250KG\r\n00\r\x03", (1250, True, None)),
        (b"\n012.34LB\r\nS00\r\x03", (5597, True, None)),
        (b"\n2LB 03.50OZ\r\nS00\r\x03", (1006, True, None)),
        (b"\n10\r\x03", (None, None, "motion")),
        (b"\n02\r\x03", (None, None, "overload")),
        (b"\n01\r\x03", (None, None, "negative")),
        (b"\n40\r\x03", (None, None, "broken")),
        (b"\n0<\r\x03", (None, None, "broken")),
        (b"\n?\r\x03", (None, None, "words")),
        (b"\n00\r\x03", (None, None, "words")),
    ],
)
def test_an_nci_answer_means(answer: bytes, meaning: tuple[int | None, bool | None, str | None]) -> None:
    assert whole(read("nci", answer)) == meaning


@pytest.mark.parametrize("profile", EVERY)
@given(line=st.data())
def test_no_noise_on_the_line_is_more_than_a_reading_or_a_fault(profile: str, line: st.DataObject) -> None:
    language = PROFILES[profile]
    # In the frame of an answer, for bytes of pure chance are never taken for one; the line drops the eighth bit.
    framed = st.from_regex(language.answer).map(lambda noise: bytes(byte & 0x7F for byte in noise))
    found = language.answer.search(line.draw(framed.filter(language.answer.search)))
    assert found
    reading = language.read(found[0], "kg")
    assert (reading.weight is not None) or (reading.fault is not None)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("1", "lb", 454),
        ("2.20462", "lb", 1000),
        ("0.5", "g", 1),
        ("1.4999", "g", 1),
        ("16", "oz", 454),
        ("1000", "lb", 453_592),
        ("0.0005", "kg", 1),
    ],
)
def test_conversion_is_exact_before_it_is_rounded_once(value: str, unit: str, expected: int) -> None:
    assert grams(Decimal(value), unit) == expected


# --- weighing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", EVERY)
@pytest.mark.parametrize(("load", "unit"), [("1.250", "kg"), ("12.34", "lb"), ("0.006", "kg"), ("7.5", "oz")])
def test_what_lies_on_it_is_weighed_to_the_gram(tmp_path: Path, profile: str, load: str, unit: str) -> None:
    with FakeScale(tmp_path / "scale", profile, load=load, unit=unit) as fake:
        found = scale(fake.link, profile, unit=unit).weigh()
        assert found == Weight(grams(fake.load, unit), True)


@pytest.mark.parametrize("profile", EVERY)
@pytest.mark.parametrize(
    ("state", "code", "sentence"),
    [
        ("over", "scale_overload", "Scale dock is overloaded."),
        ("under", "scale_negative", "Scale dock reads below zero."),
        ("moving", "scale_motion", "Scale dock does not come to rest."),
        ("silent", "scale_silent", "Scale dock ({link}) said nothing in 0.4 s."),
    ],
)
def test_what_is_no_weight_is_named_in_bounded_time(
    tmp_path: Path, profile: str, state: str, code: str, sentence: str
) -> None:
    with FakeScale(tmp_path / "scale", profile) as fake:
        setattr(fake, state, True)
        # Only silence needs the whole time; what is said at once may take its time on a busy machine.
        within_s = {"silent": 0.4, "moving": 1.5}.get(state, 10.0)
        error = fault(scale(fake.link, profile, within_s=within_s))
        assert (error.code, error.sentence) == (code, sentence.format(link=fake.link))
        assert error.hint
        setattr(fake, state, False)
        assert scale(fake.link, profile).weigh() == Weight(1250)


def test_a_scale_that_moves_is_waited_for_until_it_rests(tmp_path: Path) -> None:
    with FakeScale(tmp_path / "scale", "nci") as fake:
        fake.moving = True
        found: list[Weight] = []
        weighing_thread = threading.Thread(target=lambda: found.append(scale(fake.link, "nci").weigh()))
        weighing_thread.start()
        assert until(lambda: len(fake.asked) >= 2)
        fake.load, fake.moving = Decimal("2.500"), False
        weighing_thread.join(20)
    assert found == [Weight(2500)]


def test_what_was_said_before_the_question_is_not_believed(tmp_path: Path) -> None:
    with FakeScale(tmp_path / "scale", "nci", load="3.000") as fake:
        fake.say(b"\n09.999KG\r\n00\r\x03" * 20)
        assert scale(fake.link, "nci").weigh() == Weight(3000)


def test_a_scale_that_does_not_say_whether_it_rests_must_say_the_same_twice(tmp_path: Path) -> None:
    class Plain(FakeScale):
        def _generic(self) -> bytes:
            self.load += Decimal("0.010") if self.load < 2 else 0
            return f"{self.load} kg\r\n".encode()

    with Plain(tmp_path / "scale") as fake:
        assert scale(fake.link).weigh() == Weight(2000)


def test_a_parity_bit_that_nobody_asked_for_changes_nothing(tmp_path: Path) -> None:
    with FakeScale(tmp_path / "scale", "toledo") as fake:
        fake.parity = True
        assert scale(fake.link, "toledo").weigh() == Weight(1250)


def test_another_request_can_be_set(tmp_path: Path) -> None:
    with FakeScale(tmp_path / "scale") as fake:
        fake.talks = False
        assert scale(fake.link, request=b"P\r\n").weigh() == Weight(1250)
        assert fake.asked[0] == b"P\r\n"


def test_an_empty_scale_asks_for_the_parcel(tmp_path: Path) -> None:
    with FakeScale(tmp_path / "scale", load="0.000") as fake:
        error = fault(scale(fake.link))
    assert (error.code, str(error)) == ("scale_empty", "Scale dock shows nothing. Put the parcel on it.")


def test_words_that_are_no_weight_are_repeated_with_the_advice_to_choose_the_profile(tmp_path: Path) -> None:
    class Chatty(FakeScale):
        def _generic(self) -> bytes:
            return b"\x1b[2JREADY\r\n"

    with Chatty(tmp_path / "scale") as fake:
        error = fault(scale(fake.link, within_s=0.4))
    assert error.code == "scale_words"
    assert error.sentence == "Scale dock said '\\x1b[2JREADY\\r', which is no weight."
    assert error.hint == "Choose the profile it speaks."


def test_an_unplugged_scale_is_named(tmp_path: Path) -> None:
    error = fault(scale(tmp_path / "none"))
    assert (error.code, error.sentence) == (
        "device_unplugged",
        f"Scale dock: {tmp_path}/none has nothing plugged in.",
    )


# --- the station's scale ----------------------------------------------------------------------------------------------


def test_the_station_gets_a_weight_or_a_problem_and_never_an_exception(tmp_path: Path) -> None:
    link = tmp_path / "scale"
    station = weighing.Scale(Configured("dock", str(link), profile="toledo"))
    assert isinstance(station.weigh(), Problem)
    with FakeScale(link, "toledo"):
        assert station.weigh() == weighing.Weight(1250, True)
    assert weighing.Scale(Configured()).weigh() == Problem(
        "scale_none", "No scale is configured.", "Set url under [scale], or type the weight."
    )
