"""Chapter 4: why the pattern comes first, and other reasons, each computed first.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import re

import pytest
import torch
from torch import nn

from tests.said import shown
from tests.taught import holding, taught

own = taught("04", "sample", "fit")
holds = holding("04")


def test_wrong_labels_are_learned_after_their_true_names():
    """Three seeds, after 6 epochs: true names .614 .575 .611; after 30 wrong labels

    .926, .910 and .892, true names .048, .051 and .060.
    """
    rows = [line.split() for line in shown("04", "by-heart").strip().splitlines()[1:]]
    after = {int(n): [*map(float, told)] for n, *told in rows}
    assert [*after][:2] == [3, 6] and [*after][-1] == 30
    right, wrong, true_names, _ = zip(*after.values(), strict=True)
    assert list(right) == sorted(right) and list(wrong) == sorted(wrong)
    assert round(5 * after[6][2]) == 3 and after[6][1] < 0.15
    assert round(10 * wrong[-1]) == 9 and true_names[-1] < 0.1
    holds(
        "best-epoch-why",
        "After six epochs the network gives three in five of the wrongly labeled images"
        " their *true* name; at the end it has learned nine in ten of the wrong labels",
    )
    holds(
        "best-epoch-read", "Either serves: in this run both are best in the same epoch"
    )
    holds("coins-found", "That holds for the best epoch, too.")


def test_a_parabola_scatters_without_noise():
    grid = torch.linspace(-1, 1, 201, dtype=torch.float64)
    variance = {}
    for degree in (2, 3):
        powers, curves = torch.linalg.vander(grid, N=degree + 1), []
        for seed in range(2_000):
            x, _ = own.sample(20, seed)
            curves.append(powers @ own.fit(x, torch.sin(3 * x), degree))
        variance[degree] = torch.stack(curves).var(0).mean().item()
    assert round(variance[2], 2) == 0.07 and round(variance[3], 3) == 0.002
    holds(
        "bias-more",
        "What it cannot follow acts like noise, and depends on where the points happen "
        "to lie: even without noise the variance of its fits is 0.07, and 0.002 at "
        "degree 3.",
    )


def test_descent_from_0_finds_the_shortest_weights():
    generator = torch.Generator().manual_seed(0)
    X, y = (
        torch.randn(20, k, dtype=torch.float64, generator=generator) for k in (200, 1)
    )
    w = torch.zeros(200, 1, dtype=torch.float64)
    for _ in range(5_000):
        w -= 0.002 * X.T @ (X @ w - y)
    torch.testing.assert_close(w, torch.linalg.pinv(X) @ y, rtol=0, atol=1e-8)
    holds(
        "descent-more",
        "Descent on least squares, started from 0, finds the same shortest weights: "
        "each step is a combination of the training inputs, so nothing is ever added "
        "in a direction that they do not have.",
    )


def test_the_threshold_keeps_the_five_that_matter():
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        X = torch.randn(100, 50, generator=generator)
        noise = 0.5 * torch.randn(100, generator=generator)
        y, w = X[:, :5].sum(1) + noise, torch.zeros(50)
        for _ in range(2_000):
            w = torch.nn.functional.softshrink(w - 0.1 * X.T @ (X @ w - y) / 100, 0.02)
        assert w.nonzero().flatten().tolist() == [0, 1, 2, 3, 4]
    holds("zeros-found", "all 45, and it keeps the five weights that matter")


def test_with_momentum_the_penalty_is_no_longer_one_factor_in_each_step():
    """A weight of 1 that only the penalty pulls, two steps at 0.1 and lambda 0.1."""
    ended = {}
    for momentum in (0.0, 0.9):
        w = nn.Parameter(torch.ones(1))
        step = {"lr": 0.1, "momentum": momentum}
        penalized = torch.optim.SGD([w], weight_decay=0.1, **step)
        for _ in range(2):
            w.grad = torch.zeros(1)
            penalized.step()
        ended[momentum] = w.item()
    assert ended[0.0] == pytest.approx(0.99**2) and ended[0.9] == pytest.approx(0.9711)
    holds("recall-questions", "the momentum carries the pull along")


def test_what_serves_as_the_slope_at_0():
    """Every line of a slope from -1 to 1 through the corner stays below |w|."""
    w = torch.linspace(-2, 2, 41)
    serves = [s for s in (-1.5, -1, -0.3, 0, 0.5, 1, 1.5) if (s * w <= w.abs()).all()]
    assert serves == [-1, -0.3, 0, 0.5, 1] and torch.zeros(1).sign() == 0
    holds(
        "zeros-found", "any number from −1 to 1 serves in its place, and `sign` takes 0"
    )


def test_the_recipe_begins_with_what_helped_most():
    row = (
        r"([a-z][a-z \d.]*): training labels [^m]*mean \S+ "
        r"validation images [^m]*mean (\d\.\d+)"
    )
    means = {
        name: float(m) for name, m in re.findall(row, shown("04", "remedies-code"))
    }
    assert len(means) == 7 and max(means, key=means.get) == "twice the images"
    holds(
        "summary-more",
        "first look for more examples, which helped most on the digits.",
    )
