"""The page of codes that teaches a scanner."""

from collections.abc import Sequence

from returns_station.domain.scan.teaching import GS, TestCode
from returns_station.errors import StationError


def code_page(codes: Sequence[TestCode]) -> bytes:
    """One A4 page as PDF; codes with fields are GS1-128, the others Code 128 and QR. StationError `label.*`."""
    from labels.errors import LabelError
    from labels.pdf import render
    from labels.sheets import code_page as page
    from labels.symbols import FNC1

    rows = [(FNC1 + one.text.replace(GS, FNC1) if GS in one.text else one.text, one.title) for one in codes]
    try:
        return render(page("Codes for setup", rows, note="Scan from top to bottom")).pdf
    except LabelError as error:
        raise StationError(f"label.{error.code}", error.sentence, error.hint) from error
