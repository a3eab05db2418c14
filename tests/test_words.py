"""Numbers and plurals in sentences."""

import math

import pytest

from helpers.words import duration, many, number


@pytest.mark.parametrize(
    "value, text",
    [
        (0.25, "0.25"),
        (0, "0"),
        (-0.5, "−0.5"),
        (0.00125, "0.00125"),
        (999.9, "1,000"),
        (97656.25, "97,700"),
        (2**-20, "9.54 × 10⁻⁷"),
        (-1e20, "−1 × 10²⁰"),
        (math.inf, "infinite"),
        (math.nan, "not a number"),
    ],
)
def test_numbers_are_readable(value, text):
    assert number(value) == text


def test_numbers_to_so_many_places():
    assert [number(v, 3) for v in (0.25, -0.0001, -2, 1234.5678)] == [
        *("0.250", "0.000", "−2.000", "1,234.568")
    ]


def test_plurals_and_times():
    assert [many(n, "epoch") for n in (0, 1, 12_000)] == [
        *("0 epochs", "1 epoch", "12,000 epochs")
    ]
    assert [duration(s) for s in (1.23, 12.3, 123)] == ["1.2 s", "12 s", "2 min 03 s"]
