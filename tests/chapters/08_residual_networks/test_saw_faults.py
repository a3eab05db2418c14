"""Chapter 8: "What you should have seen" is what the explorers compute."""

import numpy as np
import pytest

from helpers.chapters.residual_networks.gradient_path import factors, path
from helpers.chapters.residual_networks.loss_surface import surface
from helpers.chapters.residual_networks.networks import images
from helpers.chapters.residual_networks.remove_block import answers
from tests.taught import holding

holds = holding("08")


def through_fifty(skip, norm="none", weights="torch's"):
    return path(factors(50, weights, norm, "ReLU behind the sum", skip))[0]


def test_what_a_skip_does_to_the_gradient_of_fifty_blocks():
    assert 3e-4 < through_fifty(0.9) < 1e-3 and through_fifty(1.0) > 0.1
    assert round(0.9**50, 3) == 0.005
    holds(
        "path-saw",
        "a skip of 0.9 leaves less than a thousandth of the gradient. $0.9^{50}$ alone "
        "is 0.005",
    )
    without, whole = (through_fifty(skip, weights="Kaiming") for skip in (0.0, 1.0))
    assert 3e-3 < without < 3e-2 and 3e6 < whole < 5e7
    holds(
        "path-saw",
        "the gradient without a skip shrinks to about a hundredth, and with a whole "
        "one it grows millions of times",
    )
    without, whole = (through_fifty(skip, "batch") for skip in (0.0, 1.0))
    assert 3e5 < without < 3e6 and 20 < whole < 50
    holds("path-saw", "millions of times without a skip and some thirty times with it")


def test_which_block_is_missed_most():
    """over five initial weights, what blocks 4 and 7 cost on average was 0.56 to 0.68.

    That was 1.7 to 3.4 times what the others cost. The last block cost -0.008 to 0.022;
    without a block the plain network had 0.15 to 0.27 right at most. Which of the two
    costs more, and whether block 1 costs more than both, is luck.
    """
    y = images().test.y.numpy()
    right = {kind: (answers(kind) == y).mean(1) for kind in ("plain", "residual")}
    assert right["plain"][1:].max() < 1 / 3
    holds(
        "remove-saw", "whichever is missing, less than a third of the digits are right."
    )
    whole, *without = right["residual"]
    cost = whole - np.array(without)
    changing = np.isin(np.arange(1, 10), (4, 7))
    assert 0.5 < cost[changing].mean() < 0.75
    assert 1.5 < cost[changing].mean() / cost[~changing].mean() < 3.6
    assert -0.02 < cost[-1] < 0.025
    holds(
        "remove-saw",
        "The residual network hardly misses its last block, by a percentage point or",
        "It misses most the two that change the shape, 4 and 7: each costs about twice "
        "as many right answers as another block, on average.",
    )


@pytest.mark.parametrize("depth", [8, 20])
def test_how_deep_the_valleys_are(depth):
    plain, residual = (
        surface(kind, depth, "of the images") for kind in ("plain", "residual")
    )
    if depth == 8:
        assert 2 / 3 < residual.min() / plain.min() < 3 / 2
    else:
        assert residual.min() < 0.5 * plain.min()
        moved = surface("residual", depth, "running")
        assert np.median(moved) > 2 * np.median(residual)
    holds(
        "surface-saw",
        "the one with shortcuts goes down to a much lower loss.",
        "which do not fit the moved ones, the same valleys look far steeper.",
        "At eight layers even that is gone.",
    )
