"""UUIDv7 (RFC 9562) from an injected moment and an injected source of randomness."""

import random
from datetime import datetime


def uuid7(now: datetime, rng: random.Random) -> str:
    """A UUIDv7 as text: 48 bits of milliseconds, version, variant and 74 random bits."""
    milliseconds = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    value = milliseconds << 80 | 7 << 76 | rng.getrandbits(12) << 64 | 2 << 62 | rng.getrandbits(62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
