"""Explorers of chapter 5: a word, a small number or a preset is what the marks show."""

import re

import numpy as np
import pytest
import torch

from helpers.chapters.convolution import explorers, kernels, sliding_window
from helpers.chapters.convolution.receptive_field import SIZE, fields

BRIGHTER = {  # a word -> an image that is brighter there
    "right": np.tile(np.arange(5.0), (5, 1)),
    "left": np.tile(np.arange(5.0)[::-1], (5, 1)),
    "below": np.tile(np.arange(5.0)[:, None], (1, 5)),
    "above": np.tile(np.arange(5.0)[::-1, None], (1, 5)),
}


@pytest.mark.parametrize("name", ["vertical edges", "horizontal edges"])
def test_an_edge_kernel_answers_where_it_is_said(name):
    """Blue are the positive answers, orange the negative ones."""
    blue, orange = re.search(
        r"brighter (?:on the )?(\w+) \(blue\) or (?:on the )?(\w+) \(orange\)",
        explorers.kernels_on_a_photograph.scene(kernel=name).says,
    ).groups()
    kernel = kernels.kernel_of(name, 1)
    assert (sliding_window.correlate(BRIGHTER[blue], kernel) > 0).all()
    assert (sliding_window.correlate(BRIGHTER[orange], kernel) < 0).all()


@pytest.mark.parametrize("name", sliding_window.KERNELS)
def test_a_preset_is_the_kernel_of_its_name(name):
    """As on the photograph, or one times a positive number in every weight's sign."""
    found = np.reshape(sliding_window.KERNELS[name], (3, 3))
    if name == "shift by one":
        moved = sliding_window.correlate(sliding_window.IMAGE, found)
        assert (moved == sliding_window.IMAGE[1:-1, :-2]).all()
    elif name == "sum (blur)":
        assert found == pytest.approx(9 * kernels.kernel_of("blur", 1))
    elif "edges" in name:  # Prewitt's here, Sobel's there
        assert (np.sign(found) == np.sign(kernels.kernel_of(name, 1))).all()
    else:
        assert (found == kernels.kernel_of(name, 1)).all()


@pytest.mark.parametrize(
    "case", [(7, 3, 0, 3), (8, 3, 1, 2), (9, 2, 2, 4), (3, 3, 0, 5)]
)
def test_the_first_and_the_last_window_are_the_ends_of_what_is_used(case):
    names = ("input_size", "kernel_size", "padding", "stride")
    W, k, p, s = case
    scene = explorers.output_size.scene(**dict(zip(names, case, strict=True)))
    starts = torch.arange(W + 2 * p).unfold(0, k, s)[:, 0].tolist()
    for name, start in (("first window", starts[0]), ("last window", starts[-1])):
        corners = scene[name]["xy"]
        assert corners.min(0).tolist() == [start - 0.5] * 2
        assert corners.max(0).tolist() == [start + k - 0.5] * 2


@pytest.mark.parametrize("layers", [1, 2, 5, 8])
def test_the_squares_lie_in_the_middle_and_their_share_is_one_of_areas(layers):
    scene = explorers.receptive_field.scene(layers=layers)
    for field in fields(layers, 3, 1, 0)[1:-1]:
        middle = scene[f"square of {field.layer}"]["xy"][:4].mean(0)
        assert np.abs(middle - SIZE / 2).max() <= 0.5  # a side may be odd
    x, y = np.ptp(scene["last square"]["xy"], 0)
    (share,) = re.findall(r"([\d.]+)% of the photograph", scene.says)
    assert float(share) == pytest.approx(100 * x * y / SIZE**2, abs=0.051)


@pytest.mark.parametrize("window", [2, 4, 8])
def test_what_a_pooled_value_was_is_its_value_before(window):
    values = {"shape": "stroke", "window": window}
    scene = explorers.pooled_dot.scene(**values, before=2, after=5)
    stayed = explorers.pooled_dot.scene(**values, before=2, after=2)
    told = 0
    for pool in ("max", "average"):
        for mark in scene[pool].marks:
            if found := re.fullmatch(rf"{pool} was (\d \d)", mark["name"]):
                was = stayed[f"{pool} {found[1]}"]["text"]
                assert mark["text"] == f"was {was}"
                told += 1
    assert told or window == 8
