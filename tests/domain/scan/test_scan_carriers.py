"""Tracking numbers: published samples are found, the same with a flipped check character are not."""

import pytest

from returns_station.domain.scan import Candidate, Kind, read
from returns_station.domain.scan.carriers import NAMES, RULES
from returns_station.domain.scan.checks import ALPHANUMERIC

AGAIN = "Scan the code again, or type the characters printed with it."

# Published sample numbers: (carrier, service, as printed or scanned, tracking number).
# From github.com/jkeen/tracking_number_data unless a comment says otherwise.
CHECKED = [
    ("ups", "parcel", "1Z5R89390357567127", "1Z5R89390357567127"),
    ("ups", "parcel", "1Z879E930346834440", "1Z879E930346834440"),
    ("ups", "parcel", "1Z410E7W0392751591", "1Z410E7W0392751591"),
    ("ups", "parcel", "1Z 8V9 2A7 03 6720 3024", "1Z8V92A70367203024"),
    ("ups", "parcel", "1ZXX3150YW44070023", "1ZXX3150YW44070023"),
    ("fedex", "express", "986578788855", "986578788855"),
    ("fedex", "express", "477179081230", "477179081230"),
    ("fedex", "express", "7905 3531 2317", "790535312317"),
    ("fedex", "express", "974367662710", "974367662710"),
    ("fedex", "express_34", "1001921334250001000300779017972697", "779017972697"),
    ("fedex", "express_34", "1002297871540001000300790695517286", "790695517286"),
    ("fedex", "ground", "0414 4176 0228 964", "041441760228964"),
    ("fedex", "ground", "568283610012734", "568283610012734"),
    ("fedex", "ground_sscc", "000123450000000027", "000123450000000027"),
    ("fedex", "ground_96", "9611020987654312345672", "9611020987654312345672"),
    ("fedex", "ground_gsn", "9622001900000000000000776632517510", "776632517510"),
    ("fedex", "ground_gsn", "9622001560001234567100794808390594", "794808390594"),
    ("fedex", "smartpost", "61299998820821171811", "61299998820821171811"),
    ("fedex", "smartpost", "9261292700768711948021", "9261292700768711948021"),
    ("usps", "legacy_20", "0307 1790 0005 2348 3741", "03071790000523483741"),
    ("usps", "legacy_20", "71123456789123456787", "71123456789123456787"),
    ("usps", "impb_20", "7196 9010 7560 0307 7385", "71969010756003077385"),
    ("usps", "impb_22", "9505 5110 6960 5048 6006 24", "9505511069605048600624"),
    ("usps", "impb_22", "9101123456789000000013", "9101123456789000000013"),
    ("usps", "impb_22", "9400111201080805483016", "9400111201080805483016"),
    ("usps", "impb_22", "9405803699300124287899", "9405803699300124287899"),
    ("usps", "impb_26", "92748931507708513018050063", "92748931507708513018050063"),
    ("usps", "impb_22_zip5", "420221539101026837331000039521", "9101026837331000039521"),
    ("usps", "impb_22_zip9", "4201002334249200190132607600833457", "9200190132607600833457"),
    ("usps", "impb_22_zip9", "4201028200009261290113185417468510", "9261290113185417468510"),
    ("dhl", "express", "3318810025", "3318810025"),
    ("dhl", "express", "8487135506", "8487135506"),
    ("dhl", "express", "1099255990", "1099255990"),
    ("dhl", "express_air", "73891051146", "73891051146"),
    ("dhl", "paket", "00340433836442636597", "00340433836442636597"),  # paketda.de
    ("dhl", "identcode", "201298452277", "201298452277"),  # paketda.de
    ("dpd", "parcel", "01015026003653C", "01015026003653"),  # paketda.de
    ("dpd", "label", "00 81827 0998 0000 0200 33 350 276 C", "09980000020033"),
    ("dpd", "label", "0081827099800000200 45327276N", "09980000020045"),
    ("hermes", "parcel", "09133131530724", "09133131530724"),  # paketda.de
    ("royal_mail", "s10", "RB123456785GB", "RB123456785GB"),
    ("usps", "s10", "RB 123 456 785 US", "RB123456785US"),
    ("post_cv", "s10", "RB123456785CV", "RB123456785CV"),
    ("canada_post", "parcel", "0073938000549297", "0073938000549297"),
    ("ontrac", "parcel", "C11031500001879", "C11031500001879"),
    ("ontrac", "parcel", "C10999911320231", "C10999911320231"),
    ("ontrac", "parcel", "D10011354453707", "D10011354453707"),
    ("ontrac", "parcel", "D10011345983010", "D10011345983010"),
    ("purolator", "parcel", "320595463938", "320595463938"),
    ("purolator", "parcel", "287809468872", "287809468872"),
    ("purolator", "parcel", "331434972567", "331434972567"),
]

UNCHECKED = [
    ("dhl", "piece", "JJD0099999999", "JJD0099999999"),
    ("dhl", "piece", "JVGL0999999990", "JVGL0999999990"),
    ("dhl", "piece", "JJD1410302937991", "JJD1410302937991"),  # paketda.de
    ("dhl", "ecommerce", "GM2951173225174494", "GM2951173225174494"),
    ("dhl", "ecommerce", "GM295117494011169042", "GM295117494011169042"),
    ("dpd", "parcel", "01015026003653", "01015026003653"),  # the same without its check character
    ("dpd", "label", "%008182709980000020033350276", "09980000020033"),  # as the bar code has it
    ("yodel", "parcel", "JJD0002257639032011", "JJD0002257639032011"),
    ("yodel", "parcel", "JD0002242617644732", "JD0002242617644732"),
    ("amazon", "logistics", "TBA502887274000", "TBA502887274000"),
    ("sf_express", "parcel", "SF1234567890123", "SF1234567890123"),  # shape only
    ("gls", "track_id", "XHAX4HDA", "XHAX4HDA"),  # paketda.de
    ("lasership", "parcel", "LX17635036", "LX17635036"),
    ("lasership", "parcel", "1LS717793482164", "1LS717793482164"),
    ("lasership", "parcel", "1LS7119013618127-1", "1LS7119013618127-1"),
    ("purolator", "parcel", "KYV009956937", "KYV009956937"),
    ("purolator", "parcel", "TLR000083964", "TLR000083964"),
]


def tracking(text: str) -> list[Candidate]:
    return list(read(text.encode()).of(Kind.TRACKING))


def fits(text: str, carrier: str, service: str, value: str) -> bool:
    found = (c for c in tracking(text) if c.valid and c.get("check") != "none")
    return any((c.get("carrier"), c.get("service"), c.value) == (carrier, service, value) for c in found)


class TestPublishedSamples:
    @pytest.mark.parametrize(("carrier", "service", "printed", "value"), CHECKED)
    def test_a_published_number_is_its_carriers(
        self, carrier: str, service: str, printed: str, value: str
    ) -> None:
        assert fits(printed, carrier, service, value)

    @pytest.mark.parametrize(("carrier", "service", "printed", "value"), CHECKED)
    def test_with_another_check_character_it_is_not(
        self, carrier: str, service: str, printed: str, value: str
    ) -> None:
        alphabet = ALPHANUMERIC if printed[-1].isalpha() else "0123456789"
        place = -3 if service == "s10" else -1
        head, old, tail = printed[:place], printed[place], printed[place:][1:]
        for other in set(alphabet) - {old}:
            changed = value[:place] + other + tail if value[place:] == old + tail else value
            assert not fits(head + other + tail, carrier, service, changed)

    @pytest.mark.parametrize(("carrier", "service", "printed", "value"), UNCHECKED)
    def test_a_form_without_a_public_check_says_so(
        self, carrier: str, service: str, printed: str, value: str
    ) -> None:
        expected = (carrier, service, value, "none")
        found = [(c.get("carrier"), c.get("service"), c.value, c.get("check")) for c in tracking(printed)]
        assert expected in found

    def test_every_rule_has_a_sample(self) -> None:
        held = {(carrier, service) for carrier, service, *_ in CHECKED + UNCHECKED}
        held |= {("post", "s10")}
        without = {(rule.carrier, rule.service) for rule in RULES} - held
        # No carrier published a whole number of these forms; the tests below build them from published parts.
        assert without == {
            ("usps", "impb_26_zip5"),
            ("usps", "impb_26_zip9"),
            ("dhl", "leitcode"),
            ("gls", "parcel"),
        }

    def test_every_carrier_has_a_name_for_sentences(self) -> None:
        assert {rule.carrier for rule in RULES} == set(NAMES)


class TestBuiltFromPublishedParts:
    @pytest.mark.parametrize("zip_code", ["22153", "221531234"])
    def test_a_26_digit_usps_number_may_follow_its_zip(self, zip_code: str) -> None:
        number = "92748931507708513018050063"
        (candidate, *_) = tracking(f"420{zip_code}{number}")
        assert (candidate.get("carrier"), candidate.value, candidate.get("zip")) == ("usps", number, zip_code)

    def test_gls_adds_one_to_the_sum(self) -> None:
        # 2 0 1 2 9 8 4 5 2 2 7 by 3 1 3 1 …: 6+0+3+2+27+8+12+5+6+2+21 + 1 = 93: 7 to the next ten.
        assert fits("201298452277", "gls", "parcel", "201298452277")
        assert not fits("201298452278", "gls", "parcel", "201298452278")

    def test_the_routing_code_of_a_dhl_label_is_no_parcels_number(self) -> None:
        # 5 3 1 1 3 0 0 1 0 0 1 0 0: odd places make 10, even places 5; 4 * 10 + 9 * 5 = 85: 5 to the next
        # ten.
        text = "53113001001005"
        routing = next(c for c in tracking(text) if c.get("service") == "leitcode")
        (problem,) = routing.problems
        assert problem.sentence == (
            f"{text}: expected a parcel's own number, found DHL's routing code, which many parcels share."
        )
        assert problem.hint == "Scan the other large bar code of the label."
        assert routing.get("zip") == "53113"


class TestWrongCheck:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("1Z5R89390357567128", "1Z5R89390357567128: the UPS check digit should be 7, found 8."),
            ("RB123456786US", "RB123456786US: the postal check digit should be 5, found 6."),
            ("C11031500001889", "C11031500001889: the OnTrac check digit should be 7, found 9."),
            ("00340433836442636598", "00340433836442636598: the DHL check digit should be 7, found 8."),
            (
                "420221539101026837331000039522",
                "9101026837331000039522: the USPS check digit should be 1, found 2.",
            ),
        ],
    )
    def test_where_the_shape_names_the_carrier_the_expected_digit_is_said(
        self, text: str, sentence: str
    ) -> None:
        (candidate,) = [c for c in tracking(text) if c.get("check") is None]
        assert [str(problem) for problem in candidate.problems] == [f"{sentence} {AGAIN}"]

    def test_bare_digits_with_a_wrong_check_digit_are_nobodys(self) -> None:
        assert tracking("996578788854") == []

    def test_a_country_that_does_not_exist_has_no_post(self) -> None:
        assert tracking("RB123456785XX") == []

    @pytest.mark.parametrize(
        "text", ["2Z5R89390357567127", "TBB000000000000", "LX17635036N", "1LS734505321754"]
    )
    def test_a_published_counter_sample_is_nobodys(self, text: str) -> None:
        assert tracking(text) == []


class TestSeveralCarriers:
    def test_where_two_fit_both_are_offered(self) -> None:
        carriers = {c.get("carrier") for c in tracking("9261292700768711948021")}
        assert carriers == {"fedex", "usps"}

    def test_twelve_digits_can_be_three_carriers(self) -> None:
        assert {c.get("carrier") for c in tracking("201298452277") if c.valid} >= {"dhl", "gls"}

    def test_a_number_of_yodel_and_dhl_is_offered_for_both(self) -> None:
        assert [c.get("carrier") for c in tracking("JJD0002257639032011")] == ["dhl", "yodel"]

    def test_forms_with_a_check_digit_come_first(self) -> None:
        checks = [c.get("check") for c in tracking("09133131530724")]
        assert checks == [None, "none"]

    def test_the_text_stays_a_reference_for_an_order_number_may_look_like_it(self) -> None:
        reading = read(b"986578788855")
        assert reading.candidates[-1] == Candidate(Kind.REFERENCE, "986578788855")


class TestAttributes:
    def test_ups_says_its_service_code(self) -> None:
        (candidate,) = tracking("1Z5R89390357567127")
        assert candidate.get("product") == "03"

    def test_dpd_says_postcode_service_and_country(self) -> None:
        (candidate, *_) = tracking("008182709980000020033350276C")
        assert candidate.attributes == (
            ("carrier", "dpd"),
            ("service", "label"),
            ("postcode", "0081827"),
            ("product", "350"),
            ("country", "276"),
        )

    def test_a_usps_number_is_read_out_of_its_gs1_message(self) -> None:
        expected = ("usps", "9101026837331000039521", "22153")
        for text in ("]C1420221539101026837331000039521", "]C142022153\x1d9101026837331000039521"):
            (candidate,) = tracking(text)
            assert (candidate.get("carrier"), candidate.value, candidate.get("zip")) == expected
