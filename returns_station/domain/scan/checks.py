"""Check characters: each function takes the characters before the check and answers the one that should
follow."""

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EXPRESS_WEIGHTS = (1, 3, 7)
S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def gs1(body: str) -> str:
    """Modulo 10 with weights 3, 1 from the right. GS1 General Specifications, section 7.9.1."""
    return _complement(sum(int(c) * (1 if place % 2 else 3) for place, c in enumerate(reversed(body))))


def ups(body: str) -> str:
    """Modulo 10 with weights 1, 2 from the left and no cross sum; letters count (ASCII - 3) mod 10, so A is
    2."""
    values = (int(c) if c.isdigit() else (ord(c) - 3) % 10 for c in body)
    return _complement(sum(value * (1 + place % 2) for place, value in enumerate(values)))


def luhn(body: str) -> str:
    """Modulo 10 with weights 2, 1 from the right and cross sums. ISO/IEC 7812-1, annex B."""
    doubled = (int(c) * (2 - place % 2) for place, c in enumerate(reversed(body)))
    return _complement(sum(value // 10 + value % 10 for value in doubled))


def express(body: str) -> str:
    """FedEx Express: weights 1, 3, 7 from the right, modulo 11, and a remainder of 10 becomes 0."""
    total = sum(int(c) * EXPRESS_WEIGHTS[place % 3] for place, c in enumerate(reversed(body)))
    return str(total % 11 % 10)


def modulo_7(body: str) -> str:
    """The remainder of the number by 7, as air waybills have it."""
    return str(int(body) % 7)


def identcode(body: str) -> str:
    """Deutsche Post Identcode and Leitcode: modulo 10 with weights 4, 9 from the left."""
    return _complement(sum(int(c) * (9 if place % 2 else 4) for place, c in enumerate(body)))


def gls(body: str) -> str:
    """GLS: modulo 10 with weights 3, 1 from the left, one more added to the sum. See [G] in rules."""
    return _complement(1 + sum(int(c) * (1 if place % 2 else 3) for place, c in enumerate(body)))


def s10(body: str) -> str:
    """UPU S10: weights 8 6 4 2 3 5 9 7, modulo 11; 10 becomes 0 and 11 becomes 5."""
    rest = 11 - sum(int(c) * weight for c, weight in zip(body, S10_WEIGHTS, strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def modulo_37_36(body: str) -> str:
    """ISO/IEC 7064 MOD 37,36, the hybrid system over digits and letters that DPD uses."""
    carry = 36
    for c in body:
        carry = ((ALPHANUMERIC.index(c) + carry) % 36 or 36) * 2 % 37
    return ALPHANUMERIC[(37 - carry) % 36]


def _complement(total: int) -> str:
    return str(-total % 10)
