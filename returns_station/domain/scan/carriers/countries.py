"""The countries whose post prints S10 numbers, and the carriers we have a word of our own for."""

_CODES = (
    "AD AE AF AG AI AL AM AO AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ "
    "FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HN HR HT HU ID IE IL IM IN "
    "IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC "
    "MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ "
    "OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SK SL SM SN "
    "SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE "
    "VG VI VN VU WF WS YE YT YU ZA ZM ZW AN XK "
)
CODES = frozenset(_CODES.split())
"""ISO 3166-1 alpha-2, with the withdrawn AN and YU and the user-assigned XK that are still printed."""

POSTS = {
    "AT": "austrian_post",
    "AU": "australia_post",
    "BE": "bpost",
    "CA": "canada_post",
    "CH": "swiss_post",
    "CN": "china_post",
    "DE": "deutsche_post",
    "DK": "postnord",
    "ES": "correos",
    "FR": "la_poste",
    "GB": "royal_mail",
    "HK": "hongkong_post",
    "IE": "an_post",
    "IT": "poste_italiane",
    "JP": "japan_post",
    "NL": "postnl",
    "NO": "posten",
    "PL": "poczta_polska",
    "SE": "postnord",
    "SG": "singpost",
    "US": "usps",
}
"""Country to the carrier's word; any other country's post is "post_" and its code."""


def post(country: str) -> str:
    """The carrier's word for the post of a country."""
    return POSTS.get(country, f"post_{country.lower()}")
