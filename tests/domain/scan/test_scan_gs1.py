"""GS1: element strings, their human form, Digital Link, and bare trade item numbers."""

import pytest

from returns_station.domain.scan import Candidate, Kind, read
from returns_station.domain.scan.gtin import expand

AGAIN = "Scan the code again, or type the characters printed with it."
GTIN = "09501101530003"
SSCC = "106141412345678908"


def first(text: str) -> Candidate:
    return read(text.encode()).candidates[0]


def sentences(candidate: Candidate) -> list[str]:
    return [str(problem) for problem in candidate.problems]


class TestElementStrings:
    @pytest.mark.parametrize("prefix", ["]C1", "]d2", "]Q3", "]e0", "]C0", "", "\x1d"])
    def test_the_same_message_means_the_same_with_and_without_a_prefix(self, prefix: str) -> None:
        candidate = first(f"{prefix}01{GTIN}1727013110AB-12")
        assert candidate == Candidate(Kind.GTIN, GTIN, (("expiry", "2027-01-31"), ("lot", "AB-12")))

    def test_a_separator_ends_a_field_of_open_length(self) -> None:
        candidate = first(f"]C101{GTIN}10AB\x1d21XYZ\x1d17270131")
        assert candidate.attributes == (("lot", "AB"), ("serial", "XYZ"), ("expiry", "2027-01-31"))

    def test_a_trailing_separator_means_nothing(self) -> None:
        assert first(f"]C101{GTIN}10AB\x1d") == Candidate(Kind.GTIN, GTIN, (("lot", "AB"),))

    def test_the_form_printed_for_people_is_read_too(self) -> None:
        assert first(f"(01){GTIN}(10)AB (17)270100") == Candidate(
            Kind.GTIN, GTIN, (("lot", "AB"), ("expiry", "2027-01-31"))
        )

    def test_a_logistic_unit_comes_before_its_contents(self) -> None:
        unit, content, _ = read(f"]C100{SSCC}0200614141123452372400\x1d10L7".encode()).candidates
        attributes = (("count", "2400"), ("lot", "L7"))
        assert unit == Candidate(Kind.SSCC, SSCC, attributes)
        assert content == Candidate(Kind.GTIN, "00614141123452", (("contained", "true"), *attributes))

    @pytest.mark.parametrize(
        ("field", "attribute"),
        [
            ("11260229", None),
            ("11240229", ("production", "2024-02-29")),
            ("13260105", ("packed", "2026-01-05")),
            ("15260200", ("best_before", "2026-02-28")),
            ("16261231", ("sell_by", "2026-12-31")),
            ("12260601", ("due", "2026-06-01")),
            ("2001", ("variant", "01")),
            ("30012", ("count", "12")),
            ("2407-X", ("additional_id", "7-X")),
            ("241CP/9", ("customer_part", "CP/9")),
            ("400PO-4711", ("order", "PO-4711")),
            ("4104000001000005", ("ship_to", "4000001000005")),
            ("4114000001000005", ("bill_to", "4000001000005")),
            ("4124000001000005", ("purchased_from", "4000001000005")),
            ("4134000001000005", ("ship_for", "4000001000005")),
            ("4144000001000005", ("location", "4000001000005")),
            ("42053113", ("zip", "53113")),
            ("42127653113", ("country", "276")),
            ("8008260131093005", ("produced_at", "2026-01-31T09:30:05")),
            ("800826013109", ("produced_at", "2026-01-31T09:00")),
            ("8200https://example.org/p", ("url", "https://example.org/p")),
            ("3103000195", ("net_weight_kg", "0.195")),
            ("3100000195", ("net_weight_kg", "195")),
            ("91INTERNAL", ("ai_91", "INTERNAL")),
        ],
    )
    def test_each_field_becomes_its_attribute(self, field: str, attribute: tuple[str, str] | None) -> None:
        candidate = first(f"]C101{GTIN}{field}")
        assert candidate.valid == (attribute is not None)
        assert (attribute in candidate.attributes) == (attribute is not None)

    def test_a_year_belongs_to_the_century_within_fifty_years(self) -> None:
        text = f"01{GTIN}17770131".encode()
        expiries = [read(text, year=year).candidates[0].get("expiry") for year in (2026, 2027, 2099, 1999)]
        assert expiries == ["1977-01-31", "2077-01-31", "2077-01-31", "1977-01-31"]
        assert read(f"01{GTIN}17010131".encode(), year=2099).candidates[0].get("expiry") == "2101-01-31"

    def test_an_order_number_that_begins_like_gs1_is_no_message(self) -> None:
        for text in ("0212", "01-4711", "00123", "10023", f"01{GTIN}9"):
            assert read(text.encode()).candidates[-1].kind is Kind.REFERENCE
            assert not read(text.encode()).of(Kind.SSCC)
            assert not [c for c in read(text.encode()).of(Kind.GTIN) if c.value == GTIN]

    def test_a_message_without_item_or_unit_offers_what_can_be_looked_up(self) -> None:
        found = read(b"]C110L7\x1d21SN-1\x1d400PO-9").candidates
        assert [(c.kind, c.value, c.get("ai")) for c in found] == [
            (Kind.REFERENCE, "SN-1", "21"),
            (Kind.REFERENCE, "PO-9", "400"),
            (Kind.REFERENCE, "L7", "10"),
            (Kind.REFERENCE, "10L7\x1d21SN-1\x1d400PO-9", None),
        ]
        assert all(candidate.valid for candidate in found)


class TestOneBadField:
    @pytest.mark.parametrize(
        ("field", "sentence"),
        [
            ("17261331", "(17): expected a date as YYMMDD, found 261331."),
            ("17260230", "(17): expected a date as YYMMDD, found 260230."),
            ("1726AB01", "(17): expected 6 digits, found 26AB01."),
            ("1726", "(17): expected 6 digits, found 26."),
            ("17", "(17): expected 6 digits, found nothing."),
            ("8008260131250000", "(8008): expected a moment as YYMMDDHHMMSS, found 260131250000."),
            ("30", "(30): expected up to 8 digits, found nothing."),
            ("10", "(10): expected up to 20 characters, found nothing."),
            ("3012X", "(30): expected up to 8 digits, found 12X."),
            ("10ABCDEFGHIJKLMNOPQRSTU", "(10): expected up to 20 characters, found ABCDEFGHIJKLMNOPQRSTU."),
            ("10A\x1b[2J", "(10): expected up to 20 characters, found A\\x1b[2J."),
            ("3012٣", "(30): expected up to 8 digits, found 12٣."),
            ("4144000001000003", "(414)4000001000003: the check digit should be 5, found 3."),
            ("05X", "05X: expected a GS1 application identifier, found 05X."),
        ],
    )
    def test_it_is_told_and_the_others_remain(self, field: str, sentence: str) -> None:
        candidate = first(f"]C101{GTIN}{field}\x1d21SN")
        assert (candidate.kind, candidate.value, candidate.attributes) == (
            Kind.GTIN,
            GTIN,
            (("serial", "SN"),),
        )
        assert sentences(candidate) == [f"{sentence} {AGAIN}"]

    def test_a_wrong_check_digit_of_the_item_leaves_its_lot(self) -> None:
        candidate = first("]C1010950110153000510AB")
        assert sentences(candidate) == [f"09501101530005: the check digit should be 3, found 5. {AGAIN}"]
        assert candidate.get("lot") == "AB"

    def test_a_bad_content_does_not_spoil_the_logistic_unit(self) -> None:
        found = read(f"]C100{SSCC}0200614141123453372".encode()).candidates
        assert [(c.kind, c.valid) for c in found] == [
            (Kind.SSCC, True),
            (Kind.GTIN, False),
            (Kind.REFERENCE, True),
        ]

    def test_a_short_item_number_is_told(self) -> None:
        assert sentences(first("]C1010950110")) == [f"(01): expected 14 digits, found 0950110. {AGAIN}"]


class TestDigitalLink:
    @pytest.mark.parametrize("prefix", ["", "]Q1", "]Q3", "]d1", "]d2"])
    @pytest.mark.parametrize(
        "host", ["https://id.gs1.org", "HTTP://shop.example:8080/some/path", "https://dl.example"]
    )
    def test_any_host_and_prefix_name_the_item(self, prefix: str, host: str) -> None:
        url = f"{host}/01/09506000134352/10/A?17=271200"
        expected = (("lot", "A"), ("expiry", "2027-12-31"), ("url", url))
        assert first(prefix + url) == Candidate(Kind.GTIN, "09506000134352", expected)

    def test_percent_signs_are_decoded_after_the_path_is_split(self) -> None:
        candidate = first("https://id.gs1.org/01/09506000134352/10/A%2FB/21/%31%32?x=1#top")
        assert (candidate.get("lot"), candidate.get("serial")) == ("A/B", "12")

    def test_a_short_item_number_is_filled_with_zeros(self) -> None:
        assert first("https://id.gs1.org/gtin/614141123452/lot/ABC1").value == "00614141123452"

    def test_a_logistic_unit_has_its_contents_in_the_query(self) -> None:
        unit, content, _ = read(
            f"https://id.gs1.org/00/{SSCC}?02=00614141123452&37=25&10=ABC123".encode()
        ).candidates
        assert (unit.kind, unit.value, unit.get("count")) == (Kind.SSCC, SSCC, "25")
        assert (content.kind, content.value, content.get("lot")) == (Kind.GTIN, "00614141123452", "ABC123")

    def test_one_bad_field_leaves_the_others(self) -> None:
        candidate = first("https://id.gs1.org/01/09506000134352/10/A%1B?17=271331&21=SN")
        assert candidate.get("serial") == "SN"
        assert sentences(candidate) == [
            f"(10): expected up to 20 characters, found A\\x1b. {AGAIN}",
            f"(17): expected a date as YYMMDD, found 271331. {AGAIN}",
        ]

    def test_a_wrong_check_digit_is_told(self) -> None:
        candidate = first("https://id.gs1.org/01/09506000134353")
        assert sentences(candidate) == [f"09506000134353: the check digit should be 2, found 3. {AGAIN}"]

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.org/",
            "https://example.org/01",
            "https://example.org/a/b",
            "ftp://x/01/09506000134352",
        ],
    )
    def test_another_address_is_only_a_reference(self, url: str) -> None:
        assert read(url.encode()).candidates == (Candidate(Kind.REFERENCE, url),)


class TestBareNumbers:
    @pytest.mark.parametrize(
        ("text", "value", "symbology"),
        [
            ("4006381333931", "04006381333931", "ean13"),
            ("]E04006381333931", "04006381333931", "ean13"),
            ("4 006381 333931", "04006381333931", "ean13"),
            ("036000291452", "00036000291452", "upca"),
            ("40170725", "00000040170725", "ean8"),
            ("]E440170725", "00000040170725", "ean8"),
            ("]E001234565", "00012345000065", "upce"),
            ("10614141000415", "10614141000415", "gtin14"),
            ("]I110614141000415", "10614141000415", "itf14"),
        ],
    )
    def test_digits_become_fourteen(self, text: str, value: str, symbology: str) -> None:
        assert first(text) == Candidate(Kind.GTIN, value, (("symbology", symbology),))

    def test_eight_digits_that_fit_both_are_offered_as_both(self) -> None:
        found = read(b"01234565").of(Kind.GTIN)
        assert [(c.value, c.get("symbology")) for c in found] == [
            ("00000001234565", "ean8"),
            ("00012345000065", "upce"),
        ]

    def test_an_add_on_is_kept_apart(self) -> None:
        expected = (("symbology", "ean13"), ("add_on", "52495"))
        assert first("]E3978020137962452495") == Candidate(Kind.GTIN, "09780201379624", expected)

    @pytest.mark.parametrize(
        ("upce", "upca"),
        [
            ("01234505", "012000003455"),
            ("01234531", "012300000451"),
            ("01234547", "012340000057"),
            ("01234565", "012345000065"),
            ("04252614", "042100005264"),
        ],
    )
    def test_upc_e_expands_by_its_last_digit(self, upce: str, upca: str) -> None:
        assert expand(upce) == upca

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("4006381333932", "4006381333932: the check digit should be 1, found 2."),
            ("036000291453", "036000291453: the check digit should be 2, found 3."),
            ("40170726", "40170726: the check digit should be 5, found 6."),
            ("10614141000416", "10614141000416: the check digit should be 5, found 6."),
            ("106141412345678909", "106141412345678909: the check digit should be 8, found 9."),
        ],
    )
    def test_a_wrong_check_digit_names_the_right_one_and_leaves_the_text(
        self, text: str, sentence: str
    ) -> None:
        reading = read(text.encode())
        (wrong,) = reading.of(Kind.GTIN, Kind.SSCC)
        assert sentences(wrong) == [f"{sentence} {AGAIN}"]
        assert reading.candidates[-1] == Candidate(Kind.REFERENCE, text)

    def test_eighteen_digits_are_a_logistic_unit(self) -> None:
        assert first(SSCC) == Candidate(Kind.SSCC, SSCC)

    def test_a_symbol_of_a_shop_item_is_no_tracking_number(self) -> None:
        assert not read(b"]E0986578788855").of(Kind.TRACKING)

    def test_digits_of_another_script_are_no_item(self) -> None:
        assert read("٤٠٠٦٣٨١٣٣٣٩٣١".encode()).candidates == (Candidate(Kind.REFERENCE, "٤٠٠٦٣٨١٣٣٣٩٣١"),)
