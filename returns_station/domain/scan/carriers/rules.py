"""The shapes of carriers' tracking numbers, one frozen row each, with the source of every row's facts.

Sources: [J] the public records in github.com/jkeen/tracking_number_data, couriers/*.json, with their samples;
[P] paketda.de, "Prüfziffern-Berechnung für Paketnummern" (German parcel numbers, with samples);
[L] the Leitcode article of German Wikipedia and zxing-cpp's ODDeutschePostReader;
[G] a public tracking client that cites GLS's Uni-Box documentation, chapter 3.2.1;
[U] UPU S10 as [J] and Wikipedia give it;
[S] shapes seen the same in several public validators, without a carrier's own document.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from returns_station.domain.scan import checks


@dataclass(frozen=True, slots=True)
class Rule:
    """One shape of one carrier.

    `pattern` matches the whole text without blanks, in upper case. Its groups: "number" is the tracking
    number where it is not the whole text, "body" and "check" are what the check character is computed from
    and found to be, "zip" and others become attributes. `distinct` says that the shape alone names the
    carrier, so that a wrong check character is worth telling; digits alone might be anything. `prepend` goes
    before the body in the check.
    """

    carrier: str
    service: str
    pattern: re.Pattern[str]
    check: Callable[[str], str] | None = None
    distinct: bool = False
    prepend: str = ""


def _rule(
    carrier: str,
    service: str,
    pattern: str,
    check: Callable[[str], str] | None = None,
    *,
    distinct: bool = False,
    prepend: str = "",
) -> Rule:
    return Rule(carrier, service, re.compile(pattern), check, distinct, prepend)


_ZIP5, _ZIP9 = "420(?P<zip>[0-9]{5})", "420(?P<zip>[0-9]{9})"
_IMPB_22 = "(?P<number>(?P<body>9[1-5][0-9]{19})(?P<check>[0-9]))"
_IMPB_26 = "(?P<number>(?P<body>9[1-5][0-9]{23})(?P<check>[0-9]))"
_EXPRESS = "0{0,2}(?P<number>(?P<body>[0-9]{11,13})(?P<check>[0-9]))"

RULES: tuple[Rule, ...] = (
    # [J] ups.json
    _rule(
        "ups",
        "parcel",
        "1Z(?P<body>[A-Z0-9]{6}(?P<product>[A-Z0-9]{2})[A-Z0-9]{7})(?P<check>[0-9])",
        checks.ups,
        distinct=True,
    ),
    # [U] [J] s10.json; the country is looked at in the package's own code
    _rule(
        "post",
        "s10",
        "(?P<product>[A-Z]{2})(?P<body>[0-9]{8})(?P<check>[0-9])(?P<country>[A-Z]{2})",
        checks.s10,
        distinct=True,
    ),
    # [J] fedex.json
    _rule("fedex", "express", "(?P<body>[0-9]{11})(?P<check>[0-9])", checks.express),
    _rule("fedex", "express_34", "100[0-9]{2}[0-9]{10}(?P<zip>[0-9]{5})" + _EXPRESS, checks.express),
    _rule("fedex", "ground", "(?P<body>[0-9]{14})(?P<check>[0-9])", checks.gs1),
    _rule("fedex", "ground_sscc", "0[0124](?P<body>[0-9]{15})(?P<check>[0-9])", checks.gs1),
    _rule("fedex", "ground_96", "96[0-9]{5}(?P<body>[0-9]{14})(?P<check>[0-9])", checks.gs1),
    _rule("fedex", "ground_gsn", "96[0-9]{2}[0-9]{5}[0-9]{10}[0-9]" + _EXPRESS, checks.express),
    _rule("fedex", "smartpost", "(?P<body>92[0-9]{19})(?P<check>[0-9])", checks.gs1),
    _rule("fedex", "smartpost", "(?P<body>(?!00)[0-9]{19})(?P<check>[0-9])", checks.gs1, prepend="92"),
    # [J] usps.json; a delivery ZIP of 5 or 9 digits may stand before the number (AI 420)
    _rule("usps", "impb_22", _IMPB_22, checks.gs1),
    _rule("usps", "impb_26", _IMPB_26, checks.gs1),
    _rule("usps", "impb_22_zip5", _ZIP5 + _IMPB_22, checks.gs1, distinct=True),
    _rule("usps", "impb_26_zip5", _ZIP5 + _IMPB_26, checks.gs1),
    _rule("usps", "impb_22_zip9", _ZIP9 + _IMPB_22, checks.gs1),
    _rule("usps", "impb_26_zip9", _ZIP9 + _IMPB_26, checks.gs1, distinct=True),
    _rule("usps", "legacy_20", "(?P<body>(?!00)[0-9]{19})(?P<check>[0-9])", checks.gs1),
    _rule("usps", "impb_20", "(?P<body>(?!00)[0-9]{19})(?P<check>[0-9])", checks.gs1, prepend="91"),
    # [J] dhl.json, [P] for the German parcel forms
    _rule("dhl", "express", "(?P<body>[0-9]{9})(?P<check>[0-6])", checks.modulo_7),
    _rule("dhl", "express_air", "(?P<body>[0-9]{10})(?P<check>[0-6])", checks.modulo_7),
    _rule("dhl", "piece", "JJD[0-9]{8,20}|JVGL[0-9]{8,20}", distinct=True),
    _rule("dhl", "ecommerce", "(?:GM|LX|RX|UV|CN|SG|TH|IN|HK|MY)[0-9]{10,39}", distinct=True),
    _rule("dhl", "paket", "(?P<body>0034043[0-9]{12})(?P<check>[0-9])", checks.gs1, distinct=True),
    _rule("dhl", "identcode", "(?P<body>[0-9]{11})(?P<check>[0-9])", checks.identcode),
    # [L]
    _rule("dhl", "leitcode", "(?P<body>(?P<zip>[0-9]{5})[0-9]{8})(?P<check>[0-9])", checks.identcode),
    # [J] dpd.json and [P]; the bar code is "%" and 27 digits, the print below it ends in the check character
    _rule("dpd", "parcel", "(?P<number>(?P<body>[0-9]{14}))(?P<check>[0-9A-Z])", checks.modulo_37_36),
    _rule("dpd", "parcel", "[0-9]{14}"),
    _rule(
        "dpd",
        "label",
        "(?P<body>(?P<postcode>[0-9A-Z]{7})(?P<number>[0-9]{14})(?P<product>[0-9]{3})(?P<country>[0-9]{3}))(?P<check>[0-9A-Z])",
        checks.modulo_37_36,
    ),
    _rule(
        "dpd",
        "label",
        "%?(?P<postcode>[0-9A-Z]{7})(?P<number>[0-9]{14})(?P<product>[0-9]{3})(?P<country>[0-9]{3})",
    ),
    # [P]
    _rule("hermes", "parcel", "(?P<body>[0-9]{13})(?P<check>[0-9])", checks.gs1),
    # [J] yodel.json
    _rule("yodel", "parcel", "JJ?D[0-9]{16}", distinct=True),
    # [J] canadapost.json
    _rule("canada_post", "parcel", "(?P<body>[0-9]{15})(?P<check>[0-9])", checks.gs1),
    # [J] ontrac.json; the letter takes part in the sum as 4 (C) or 5 (D), as it would in a UPS number
    _rule("ontrac", "parcel", "(?P<body>[CD][0-9]{13})(?P<check>[0-9])", checks.ups, distinct=True),
    # [J] amazon.json for TBA, [S] for TBC (Canada) and TBM (Mexico)
    _rule("amazon", "logistics", "TB[ACM][0-9]{12}", distinct=True),
    # [S]
    _rule("sf_express", "parcel", "SF[0-9]{12,13}", distinct=True),
    # [G]; the track id is eight letters and digits [P], of which we ask for both
    _rule("gls", "parcel", "(?P<body>[0-9]{11})(?P<check>[0-9])", checks.gls),
    _rule("gls", "track_id", "(?=[0-9A-Z]*[0-9])(?=[0-9A-Z]*[A-Z])[0-9A-Z]{8}"),
    # [J] lasership.json
    _rule(
        "lasership",
        "parcel",
        "LX1[3-8][0-9]{6}|1LS7[12][0-9]{10}|1LS7[12][0-9]{2}01[1-4][0-9]{6}-1",
        distinct=True,
    ),
    # [J] purolator.json
    _rule("purolator", "parcel", "(?P<body>[0-5][0-9]{10})(?P<check>[0-9])", checks.luhn),
    _rule("purolator", "parcel", "[A-Z]{3}[0-9]{9}"),
)
"""Every shape we know; the order is the order of the candidates within one carrier's fit."""

NAMES = {
    "ups": "UPS",
    "post": "postal",
    "fedex": "FedEx",
    "usps": "USPS",
    "dhl": "DHL",
    "dpd": "DPD",
    "hermes": "Hermes",
    "yodel": "Yodel",
    "canada_post": "Canada Post",
    "ontrac": "OnTrac",
    "amazon": "Amazon",
    "sf_express": "SF Express",
    "gls": "GLS",
    "lasership": "LaserShip",
    "purolator": "Purolator",
}
"""A carrier's word to its name in a sentence."""
