"""Code tables, kept apart from each other: why it came back, what was seen, who did it, what it is worth, where it goes."""

from enum import StrEnum


class Reason(StrEnum):
    """Why the customer returns it. Source: Shopify Admin API, ReturnReason."""

    SIZE_TOO_SMALL = "size_too_small"
    SIZE_TOO_LARGE = "size_too_large"
    UNWANTED = "unwanted"
    NOT_AS_DESCRIBED = "not_as_described"
    WRONG_ITEM = "wrong_item"
    DEFECTIVE = "defective"
    STYLE = "style"
    COLOR = "color"
    OTHER = "other"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Who did it. Source: Amazon FBA's reimbursement and return reports."""

    CUSTOMER = "customer"
    CARRIER = "carrier"
    WAREHOUSE = "warehouse"
    DISTRIBUTOR = "distributor"
    MANUFACTURER = "manufacturer"


class Grade(StrEnum):
    """Condition of the goods, best first; packaging is a table of its own."""

    GRADE_A = "grade_a"
    GRADE_B = "grade_b"
    GRADE_C = "grade_c"
    GRADE_D = "grade_d"
    JUNK = "junk"


class Packaging(StrEnum):
    """Condition of the packaging."""

    FACTORY_SEALED = "factory_sealed"
    OPENED = "opened"
    MISSING = "missing"


class Identity(StrEnum):
    """Whether it is what was expected. Source: GS1 EPCIS Core Business Vocabulary, mismatch dispositions."""

    MATCHED = "matched"
    MISMATCH_CLASS = "mismatch_class"
    MISMATCH_INSTANCE = "mismatch_instance"
    MISMATCH_QUANTITY = "mismatch_quantity"


class Disposition(StrEnum):
    """Where the goods go."""

    RETURN_TO_STOCK = "return_to_stock"
    RETURN_TO_STOCK_RESALE = "return_to_stock_resale"
    QUARANTINE = "quarantine"
    HOLD_FOR_MERCHANT = "hold_for_merchant"
    REWORK = "rework"
    REPAIR = "repair"
    RETURN_TO_VENDOR = "return_to_vendor"
    TRANSFER = "transfer"
    LIQUIDATE = "liquidate"
    SHIP_BACK_TO_CUSTOMER = "ship_back_to_customer"
    DONATE = "donate"
    RECYCLE = "recycle"
    SCRAP = "scrap"


class RefundTiming(StrEnum):
    """When money moves. Source: SAP advanced returns management, refund control."""

    IMMEDIATELY = "immediately"
    AFTER_INSPECTION = "after_inspection"
    AFTER_VENDOR_CREDIT = "after_vendor_credit"
    NONE = "none"


class RefundMeans(StrEnum):
    """In what form the customer is made whole."""

    REFUND = "refund"
    STORE_CREDIT = "store_credit"
    EXCHANGE = "exchange"


class ReturnType(StrEnum):
    """How the goods came to be here."""

    RMA = "rma"
    BLIND = "blind"
    RTS = "rts"
    UNEXPECTED_ITEM = "unexpected_item"
    BULK = "bulk"


class Role(StrEnum):
    """What a person may do at the station."""

    WORKER = "worker"
    SUPERVISOR = "supervisor"


class Signal(StrEnum):
    """What the station says back to a scan, before any words."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    MISMATCH = "mismatch"
    HOLD = "hold"
    STOP = "stop"


GRADES_BEST_FIRST: tuple[Grade, ...] = tuple(Grade)


def worse(one: Grade, other: Grade) -> Grade:
    """The worse of two grades."""
    return max(one, other, key=GRADES_BEST_FIRST.index)
