"""What a configured scanner does to its codes: the profile of its maker, and what the configuration says otherwise."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from devices.profiles import PROFILES, Profile
from returns_station.config import Scanner, Wedge
from returns_station.domain.scan.habits import Habits, meant

Repair = Callable[[bytes], bytes | None]


def profile_of(configured: Scanner) -> Profile:
    """The scanner's profile with everything that the configuration sets otherwise."""
    said: dict[str, Any] = {
        "good_read": configured.good_read,
        "bad_read": configured.bad_read,
        "separator": configured.separator,
        "prefix": configured.prefix,
        "suffix": configured.suffix,
        "idle_s": None if configured.idle_ms is None else configured.idle_ms / 1000,
        "aim": configured.aim,
    }
    return replace(
        PROFILES[configured.profile], **{key: value for key, value in said.items() if value is not None}
    )


def habits_of(configured: Scanner | Wedge) -> Habits:
    """What this device does to every code."""
    if isinstance(configured, Wedge):
        return Habits(configured.layout, configured.prefix, configured.separator, configured.aim)
    profile = profile_of(configured)
    return Habits("us", profile.prefix, profile.separator, profile.aim)


def repair_of(configured: Scanner | Wedge) -> Repair:
    """From what arrived to what the code holds; None where nothing has to be changed."""
    habits = habits_of(configured)
    return lambda raw: meant(raw, habits)
