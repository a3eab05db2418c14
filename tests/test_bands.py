"""The gate on trained results: what is inside a band passes, all else fails."""

import math

import pytest

from helpers import check_band

BANDS = {"digits": (0.65, 0.69), "fashion_mnist": (0.80, 0.84)}


@pytest.mark.parametrize("value", [0.65, 0.67, 0.69])
def test_inside(value):
    assert check_band(value, BANDS, "digits") is None


@pytest.mark.parametrize("value", [0.0, 0.649, 0.691, 0.82, 1.0, math.inf, math.nan])
def test_outside(value):
    with pytest.raises(AssertionError, match="outside the band 0.65 to 0.69"):
        check_band(value, BANDS, "digits")


def test_a_set_without_a_band():
    with pytest.raises(KeyError, match="no band was measured for the data set 'mnist'"):
        check_band(0.67, BANDS, "mnist")
