"""How the explorers of chapter 3 write numbers of any size."""

import math

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def readable(value: float) -> str:
    """Write a number to three digits: 0.25, 9.54 × 10⁻⁷, 0, infinite, not a number."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite"
    if value == 0:
        return "0"
    mantissa, power = f"{value:.2e}".split("e")
    if -3 <= int(power) <= 3:
        return f"{value:.3g}".replace("-", "−")
    return f"{mantissa} × 10{str(int(power)).translate(SUPERSCRIPTS)}".replace("-", "−")
