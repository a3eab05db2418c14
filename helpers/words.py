"""Numbers and plurals, as sentences and tables write them."""

import math

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, places: int | None = None) -> str:
    """A number to three digits, or to so many decimals.

    0.25, −3, 12,300, 9.54 × 10⁻⁷, infinite, not a number; 0.250 with 3 places.
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "−infinite"
    if places is not None:
        value = round(value, places) or 0.0  # not −0.000
        return f"{value:,.{places}f}".replace("-", "−")
    value = float(f"{value:.3g}")  # 999.9 is 1,000
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    else:
        mantissa, power = f"{value:.2e}".split("e")
        text = f"{float(mantissa):g} × 10{str(int(power)).translate(SUPERSCRIPTS)}"
    return text.replace("-", "−")


def many(n: int, noun: str) -> str:
    """A count of something: "1 epoch", "2 epochs", "12,000 epochs"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time that somebody waits: "1.2 s", "12 s", "2 min 03 s"."""
    if round(seconds, 1) < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)  # rounded first: no minute has 60 s
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
