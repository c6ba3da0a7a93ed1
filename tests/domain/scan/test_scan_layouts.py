"""What a US keyboard scanner typed into a German or French host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_station.domain.scan import COMMANDS, Candidate, Kind, command_code, mint, read, station_code

# What each key of a US keyboard types elsewhere, unshifted and shifted; from the national standards
# DIN 2137 (T1) and the AZERTY layout that Windows and X11 call "fr".
US = "1234567890-abcdefghijklmnopqrstuvwxyz]"
US_SHIFT = "!@#$%^&*()_ABCDEFGHIJKLMNOPQRSTUVWXYZ}"
DE = "1234567890ßabcdefghijklmnopqrstuvwxzy+"
DE_SHIFT = '!"§$%&/()=?ABCDEFGHIJKLMNOPQRSTUVWXZY*'
FR = "&é\"'(-è_çà)qbcdefghijkl,noparstuvzxyw$"
FR_SHIFT = "1234567890°QBCDEFGHIJKL?NOPARSTUVZXYW£"
HOSTS = {"de": (DE, DE_SHIFT), "fr": (FR, FR_SHIFT)}


def typed(text: str, host: str) -> str:
    """What arrives when a scanner set to US sends `text` to that host."""
    plain, shifted = HOSTS[host]
    return text.translate(str.maketrans(US + US_SHIFT, plain + shifted))


codes = st.one_of(
    st.sampled_from(sorted(COMMANDS)).map(command_code),
    st.integers(1, 99).map(lambda n: f"RS-A{n}"),
    st.integers(1, 999_999).map(lambda n: f"RS-Q{n}"),
    st.sampled_from(
        ["RS-G-SEALED", "RS-G-NO-POWER", "RS-D-RETURN-TO-STOCK", "RS-D-LIQUIDATE", "RS-B-MAZY-07"]
    ),
    st.builds(
        mint,
        st.sampled_from("LPK"),
        st.integers(0, 675).map(station_code),
        st.integers(0, 25),
        st.integers(0, 9999),
    ),
)


class TestOurCodes:
    @given(codes, st.sampled_from(["de", "fr"]), st.sampled_from(["", "]C0"]), st.booleans())
    def test_each_is_read_through_each_layout_in_either_case(
        self, code: str, host: str, prefix: str, lower: bool
    ) -> None:
        sent = prefix + (code.lower() if lower else code)
        (expected,) = read(code.encode()).candidates
        (candidate,) = read(typed(sent, host).encode()).candidates
        assert (candidate.kind, candidate.value) == (expected.kind, expected.value)

    def test_the_layout_is_told(self) -> None:
        assert read("RSßZES".encode()).candidates == (Candidate(Kind.COMMAND, "yes", (("layout", "de"),)),)
        assert read("RS)A&é".encode()).candidates == (Candidate(Kind.QUANTITY, "12", (("layout", "fr"),)),)
        plate = "L000000000R"
        (candidate,) = read(typed(plate, "fr").encode()).candidates
        assert (candidate.kind, candidate.value, candidate.get("layout")) == (Kind.LPN, plate, "fr")

    def test_the_text_stays_as_it_came(self) -> None:
        reading = read("RSßZES".encode())
        assert (reading.raw, reading.text) == ("RSßZES".encode(), "RSßZES")

    def test_latin_1_bytes_are_read_too(self) -> None:
        assert read("RSßZES".encode("latin-1")).candidates[0].value == "yes"

    def test_a_french_host_with_caps_lock_shows_digits(self) -> None:
        (candidate,) = read("RS°A12".encode()).candidates
        assert (candidate.kind, candidate.value) == (Kind.QUANTITY, "12")


class TestNothingElse:
    @pytest.mark.parametrize(
        "text", ["RS-ZES", "RS-A100", "P-123-45678", "K-BCD-FGHJK", "Größe", "à bientôt"]
    )
    def test_other_text_is_left_alone(self, text: str) -> None:
        assert read(text.encode()).candidates[-1] == Candidate(Kind.REFERENCE, text)

    @given(st.from_regex(r"[LPK]-[0-9]{3}-[0-9]{5}", fullmatch=True))
    def test_an_order_number_with_hyphens_is_never_a_plate(self, text: str) -> None:
        assert not read(text.encode()).of(Kind.LPN, Kind.PLATE, Kind.CONTAINER)
