"""Chance of the proofs, and how a run can be had again."""

import os
import random


def seed() -> int:
    """The same on the build server, new elsewhere; PROVE_SEED repeats a run."""
    given = os.environ.get("PROVE_SEED")
    if given:
        return int(given)
    return 1 if os.environ.get("CI") else random.SystemRandom().getrandbits(32)
