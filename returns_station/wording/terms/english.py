"""Words for codes in English."""

from typing import Final

SIGNALS: Final = {
    "accepted": "OK",
    "duplicate": "AGAIN",
    "unknown": "UNKNOWN",
    "mismatch": "WRONG",
    "hold": "WAIT",
    "stop": "STOP",
}

DISPOSITIONS: Final = {
    "return_to_stock": "Return to stock",
    "return_to_stock_resale": "Sell as used",
    "quarantine": "Quarantine",
    "hold_for_merchant": "Hold for merchant",
    "rework": "Rework",
    "repair": "Repair",
    "return_to_vendor": "Return to vendor",
    "transfer": "Transfer",
    "liquidate": "Liquidate",
    "ship_back_to_customer": "Ship back to customer",
    "donate": "Donate",
    "recycle": "Recycle",
    "scrap": "Scrap",
}
GRADES: Final = {"grade_a": "A", "grade_b": "B", "grade_c": "C", "grade_d": "D", "junk": "JUNK"}

REASONS: Final = {
    "refund.no_order": "no order line is known",
    "refund.price_missing": "a price is missing",
    "refund.payment_missing": "the payment is not known",
    "refund.more_than_sold": "more pieces than were sold",
    "refund.more_than_paid": "more money than is left",
    "refund.expired": "the return came too late",
    "refund.several_payments": "there are several payments",
    "refund.unit_needs_human": "a unit needs a person",
    "refund.vendor_credit": "the vendor pays first",
    "stock.needs_human": "a person must allow it to be sold again",
    "stock.more_than_sold": "more came back than was sold",
}

CAPTIONS: Final = {"parcel": "PARCEL", "sku": "SKU", "lot": "LOT", "expiry": "EXP", "reprint": "REPRINT"}

# The session's own words are English: only other languages have them here.
ROLES: Final[dict[str, str]] = {}
NOTED: Final[dict[str, str]] = {}
PURPOSES: Final[dict[str, str]] = {}
FAULTS: Final[dict[str, str]] = {}
TERMS: Final[dict[str, str]] = {}
CHOICES: Final[dict[str, str]] = {}
PHRASES: Final[dict[str, str]] = {}
LEADS: Final[dict[str, str]] = {}
NOTICES: Final[dict[str, str]] = {}
