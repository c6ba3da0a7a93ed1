"""Dates inside GS1 element strings, as ISO text. Rules of the GS1 General Specifications."""

from calendar import monthrange

THIS_YEAR = 2026
"""Only picks the century of a two-digit year; a caller with a clock passes its own."""


def date(digits: str, year: int = THIS_YEAR) -> str | None:
    """YYMMDD as "2027-01-31"; day 00 is the last of the month; None if there is no such day."""
    month, day = int(digits[2:4]), int(digits[4:6])
    if not 1 <= month <= 12:
        return None
    full = _full_year(int(digits[:2]), year)
    last = monthrange(full, month)[1]
    return f"{full:04d}-{month:02d}-{day or last:02d}" if day <= last else None


def moment(digits: str, year: int = THIS_YEAR) -> str | None:
    """YYMMDDHH with optional MM and SS as "2027-01-31T09:30"; None if there is no such moment."""
    day = date(digits[:6], year)
    clock = [digits[place : place + 2] for place in range(6, len(digits), 2)]
    if day is None or digits[4:6] == "00" or int(clock[0]) > 23 or any(int(part) > 59 for part in clock[1:]):
        return None
    return f"{day}T{':'.join(clock if len(clock) > 1 else [*clock, '00'])}"


def _full_year(short: int, year: int) -> int:
    century = year - year % 100
    distance = short - year % 100
    if distance > 50:
        return century - 100 + short
    return century + 100 + short if distance < -49 else century + short
