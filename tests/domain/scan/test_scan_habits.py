"""What a device does to codes is taken back exactly, and the raw bytes stay beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_station.domain.scan import Kind, mint, read, station_code
from returns_station.domain.scan.habits import NONE, Habits, meant
from returns_station.domain.scan.layouts import LAYOUTS, US, repaired
from returns_station.testing.typist import Layout, WedgeTypist
from returns_station.workflow.ports import Input
from returns_station.workflow.session import meaning

GS = "\x1d"
keys = st.text("".join(US) + " ", min_size=1, max_size=30)
plates = st.builds(
    mint,
    st.sampled_from("LPK"),
    st.integers(0, 675).map(station_code),
    st.integers(0, 25),
    st.integers(0, 9999),
)


def arrives(text: str, layout: str) -> str:
    """By the station's own table, without keys that wait for a letter."""
    return text.translate(str.maketrans("".join(US), "".join(LAYOUTS[layout])))


class TestLayouts:
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_each_has_47_keys_alone_and_with_shift_and_no_sign_on_two_of_them(self, layout: str) -> None:
        plain, shifted = LAYOUTS[layout]
        assert (len(plain), len(shifted)) == (47, 47)
        assert len(set(plain + shifted)) == 94

    @pytest.mark.parametrize("layout", ["us", "de", "fr"])
    def test_the_keys_of_a_scanner_print_what_another_table_says_they_print(self, layout: Layout) -> None:
        """The typist's tables are those of the keyboard standards by key number."""
        typist = WedgeTypist(0, layout)
        assert [typist.arriving(key) for key in "".join(US)] == [arrives(key, layout) for key in "".join(US)]

    @pytest.mark.parametrize("layout", ["de", "fr"])
    @given(
        text=keys.filter(
            lambda text: not any(f"{key}{after}" in text for key in "=+`[{" for after in " =+`[{")
        )
    )
    def test_what_a_typist_types_comes_back_to_the_last_character(self, layout: Layout, text: str) -> None:
        """But for a waiting key that gets a blank or another waiting key."""
        typed = WedgeTypist(0, layout).arriving(text)
        if layout == "fr" and set(typed) & set("0123456789") and not set(typed) & set("&é\"'(-è_çà"):
            return  # a host with Caps Lock types the same
        assert repaired(typed, layout) == text

    @pytest.mark.parametrize("layout", LAYOUTS)
    @given(
        text=st.text("ABCXYZaqwz0123456789-/:;_.,]?=+", min_size=1, max_size=40).map(lambda text: "0" + text)
    )
    def test_every_layout_is_typed_back(self, layout: str, text: str) -> None:
        assert repaired(arrives(text, layout), layout) == text

    def test_letters_that_a_waiting_key_joined_are_taken_apart(self) -> None:
        assert repaired("é", "de") == "=e"
        assert repaired("ê ü", "fr") == "[e {u"
        assert repaired("é", "fr") == "2"

    def test_digits_of_a_french_host_with_caps_lock_stay_digits(self) -> None:
        assert repaired("4006381333931", "fr") == "4006381333931"
        assert repaired("1w°9", "fr") == "1Z-9"
        assert repaired("ÉÈÇÀ", "fr") == "2790"

    @given(st.text(max_size=60), st.sampled_from(sorted(LAYOUTS)))
    def test_no_text_at_all_breaks_it(self, text: str, layout: str) -> None:
        assert isinstance(repaired(text, layout), str)


class TestMeant:
    def test_without_habits_nothing_is_changed(self) -> None:
        assert meant(b"]C1010400638133393110A|21B", NONE) is None
        assert meant(b"\xff\x00", Habits()) is None

    @given(plates, st.sampled_from(sorted(LAYOUTS)), st.sampled_from([b"~", b"]", b""]))
    def test_our_plates_stay_untouched_whatever_is_set(
        self, plate: str, layout: str, separator: bytes
    ) -> None:
        assert meant(plate.encode(), Habits(layout, separator=separator)) is None

    @given(plates, st.sampled_from(sorted(LAYOUTS)))
    def test_our_plates_are_read_through_every_layout(self, plate: str, layout: str) -> None:
        raw = arrives(plate, layout).encode()
        changed = meant(raw, Habits(layout))
        (candidate,) = read(raw if changed is None else changed).candidates
        assert candidate.value == plate

    @pytest.mark.parametrize("layout", ["de", "fr"])
    def test_a_gs1_code_of_a_german_or_french_host_means_what_it_says(self, layout: Layout) -> None:
        raw = WedgeTypist(0, layout, aim="]C1").arriving(f"010400638133393110A-Z/1{GS}21Y_9").encode()
        reading = meaning(Input(raw, "wedge", meant=meant(raw, Habits(layout, separator=b"]"))))
        (item,) = reading.of(Kind.GTIN)
        assert (item.value, item.get("lot"), item.get("serial")) == ("04006381333931", "A-Z/1", "Y_9")
        assert (reading.raw, reading.aim) == (raw, "]C1")

    @pytest.mark.parametrize("separator", [b"|", b"~", b"{GS}", b"\x1c", "§".encode()])
    def test_the_separator_is_put_back_wherever_it_stands(self, separator: bytes) -> None:
        raw = b"]d2010400638133393110A" + separator + b"21B" + separator + b"400C"
        assert meant(raw, Habits(separator=separator)) == b"]d2010400638133393110A\x1d21B\x1d400C"

    def test_a_bracket_for_the_separator_is_no_identifier(self) -> None:
        assert meant(b"]C110A]21B]400C", Habits(separator=b"]")) == b"]C110A\x1d21B\x1d400C"

    @pytest.mark.parametrize("link", [b"https://example.com/~x/01/09506000134352", b"]Q1HTTP://e.x/01/~"])
    def test_a_link_has_no_separators(self, link: bytes) -> None:
        assert meant(link, Habits(separator=b"~")) is None

    def test_a_prefix_is_taken_off_once_and_only_in_front(self) -> None:
        assert meant(b"\x02\x02A\x02", Habits(prefix=b"\x02")) == b"\x02A\x02"
        assert meant(b"A\x02", Habits(prefix=b"\x02")) is None
        assert meant("ßRMAß1".encode(), Habits("de", prefix=b"-")) == b"RMA-1"

    def test_where_no_identifiers_come_what_looks_like_one_is_content(self) -> None:
        changed = meant(b"]C1-ORDER", Habits(aim=False))
        assert changed == b"]X0]C1-ORDER"
        assert read(changed).text == "]C1-ORDER"
        assert meant(b"ORDER", Habits(aim=False)) is None

    @given(
        st.binary(max_size=80),
        st.sampled_from(sorted(LAYOUTS)),
        st.binary(max_size=3),
        st.binary(max_size=3),
        st.booleans(),
    )
    def test_no_bytes_at_all_raise(
        self, raw: bytes, layout: str, prefix: bytes, separator: bytes, aim: bool
    ) -> None:
        changed = meant(raw, Habits(layout, prefix, separator, aim))
        assert changed is None or changed != raw


class TestSession:
    def test_what_was_meant_is_read_and_what_was_sent_stays_raw(self) -> None:
        reading = meaning(Input("RSßDONE".encode(), "wedge", meant=b"RS-DONE"))
        assert (reading.raw, reading.text) == ("RSßDONE".encode(), "RS-DONE")
        assert reading.of(Kind.COMMAND)[0].value == "done"
