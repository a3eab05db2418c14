"""Numbers and plurals in sentences."""

import math

import pytest

from helpers.words import duration, many, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.25"),
        (-3.0, "−3"),
        (0.0, "0"),
        (0.0001, "0.0001"),
        (0.00001234, "1.23 × 10⁻⁵"),
        (1e-5, "1 × 10⁻⁵"),
        (999.9, "1,000"),
        (12_345.0, "12,300"),
        (1.5e6, "1.5 × 10⁶"),
        (-2e-12, "−2 × 10⁻¹²"),
        (math.inf, "infinite"),
        (-math.inf, "−infinite"),
        (math.nan, "not a number"),
    ],
)
def test_three_digits(value, text):
    assert number(value) == text


def test_so_many_decimals():
    assert number(0.8499, 3) == "0.850" and number(-0.0004, 3) == "0.000"
    assert number(-1234.56, 1) == "−1,234.6" and number(math.nan, 3) == "not a number"


def test_plurals():
    assert many(1, "epoch") == "1 epoch" and many(0, "epoch") == "0 epochs"
    assert many(12_000, "example") == "12,000 examples"


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (119.7, "2 min 00 s"),
        (3599.6, "60 min 00 s"),
    ],
)
def test_a_duration_is_rounded_before_it_is_parted(seconds, says):
    assert duration(seconds) == says


def test_durations():
    assert [duration(s) for s in (0.04, 9.94, 12.3, 123)] == [
        *("0.0 s", "9.9 s", "12 s", "2 min 03 s")
    ]
