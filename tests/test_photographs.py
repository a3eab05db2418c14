"""Photographs that come with packages."""

import pytest
import torch

from helpers import load_photograph
from helpers.data import PHOTOGRAPHS
from tools.stored import ROOT


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_every_photograph_is_a_square_in_color_with_its_licence(name):
    image = load_photograph(name)
    assert image.shape == (3, 128, 128) and image.dtype == torch.float32
    assert 0 <= image.min() < 0.1 and 0.9 < image.max() <= 1
    assert image.std((1, 2)).min() > 0.1
    assert f"| `{name}` |" in (ROOT / "data" / "README.md").read_text("utf-8")


def test_it_stands_upright_and_its_colors_are_red_green_blue():
    temple, flower = load_photograph("temple"), load_photograph("flower")
    assert temple[:, :40, 60:].mean() > 0.7 > 0.4 > temple[:, 100:, 60:].mean()
    red, green, blue = flower[:, 30:70, 20:60].mean((1, 2))
    assert red > green + 0.1 > blue + 0.2


def test_the_portrait_is_cut_where_it_was():
    """The sky is blue; face and stripes, which are redder, stay where they are seen."""
    red, _, blue = load_photograph("portrait")
    assert (blue - red)[:40, 100:].mean() > 0.4
    rows, columns = ((red - blue)[20:90] > 0.2).nonzero(as_tuple=True)
    middle = (20 + rows.double().median(), columns.double().median())
    assert middle == pytest.approx((64, 59), abs=1)


def test_a_small_one_is_the_mean_of_a_large_one():
    large = load_photograph("temple", 426)
    small = load_photograph("temple", 213)
    mean = torch.nn.functional.avg_pool2d(large, 2)
    assert (small - mean).abs().max() <= 2 / 255
    assert load_photograph("temple", 64) is not load_photograph("temple", 64)


@pytest.mark.parametrize(
    ("name", "size", "error", "says"),
    [
        ("cat", 128, ValueError, "'temple', 'flower', 'portrait'"),
        ("temple", 7, ValueError, "size=7: allowed are 8 to 426"),
        ("temple", 427, ValueError, "8 to 426"),
        ("temple", 12.5, TypeError, "whole number"),
    ],
)
def test_what_it_cannot_give_is_refused(name, size, error, says):
    with pytest.raises(error, match=says):
        load_photograph(name, size)
