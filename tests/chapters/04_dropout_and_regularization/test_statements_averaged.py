"""Chapter 4: what fits, noise and masks do on average, each computed first.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import re

import pytest
import torch
from torch import tensor

from tests.said import lines_shown, shown
from tests.taught import holding, source_of, taught, text_of

own = taught("04", "sample", "fit", "dropout")
holds = holding("04")


def test_where_the_bundles_are_wide_and_where_their_mean_is_off():
    grid = torch.linspace(-1, 1, 201, dtype=torch.float64)
    sets = [own.sample(20, seed) for seed in range(100)]
    off, scatter, wild = {}, {}, {}
    for degree in (1, 3, 5):
        powers = torch.linalg.vander(grid, N=degree + 1)
        curves = torch.stack([powers @ own.fit(*s, degree) for s in sets])
        off[degree] = (curves.mean(0) - torch.sin(3 * grid)).square().mean().sqrt()
        scatter[degree] = curves.std(0)
        wild[degree] = (curves.abs() > 1.6).float().mean(0)  # beyond all of the truth
    assert off[1] > 2 * scatter[1].mean(), "near their mean, which is far off"
    assert off[5] < off[1] / 5 and off[3] < off[1] / 5
    ends, middle = grid.abs() > 0.9, grid.abs() < 0.5
    assert scatter[5][ends].mean() > 5 * scatter[5][middle].mean()
    assert wild[5][middle].sum() == 0 < wild[5][ends].sum() and wild[3].sum() == 0
    holds(
        "bundles-read",
        "Lines stay near their mean, which is far from the curve: bias. At degree 5 the"
        " mean is close, and single fits run away at the ends: variance.",
    )
    holds(
        "bias-parts",
        "Averaged over $x$, they and the noise of a new $y$ add up to the *mean* erro"
        "r on new points (the medians above hide wild fits):",
    )
    assert "bias2.mean(), variance.mean()" in text_of("04", "bias-code")
    medians = lines_shown("04", "sweep-code")["new points"]
    means = lines_shown("04", "bias-code")["sum of the three"]
    assert medians[5] < 1.2 * medians[3] and means[5] > 2 * medians[5]
    assert means[3] < 1.2 * medians[3]


@pytest.mark.parametrize("seed", range(3))
def test_fresh_noise_in_the_inputs_makes_the_weights_of_ridge(seed):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(10, 100, 20, generator=generator, dtype=torch.float64)
    true = torch.full((20, 1), 0.5, dtype=torch.float64)
    norms = {}
    for copies in (1, 100):
        many = X.repeat(1, copies, 1)
        noise = torch.randn(many.shape, generator=generator, dtype=torch.float64)
        norms[copies] = torch.linalg.lstsq(many + noise, many @ true).solution.norm()
    charged = X.mT @ X + 100 * torch.eye(20, dtype=torch.float64)
    ridge = torch.linalg.solve(charged, X.mT @ X @ true).norm()
    assert norms[100] == pytest.approx(ridge.item(), rel=0.01)
    assert norms[1] > 1.05 * norms[100], "a random rest is left"
    holds(
        "noise-read",
        "With one noisy copy of each example instead of 50, the rest is larger.",
    )


def test_the_weights_that_are_printed():
    rows = re.findall(
        r"σ +([\d.]+): noise in y ([\d.]+); in X ([\d.]+), by ridge ([\d.]+)",
        shown("04", "noise-code"),
    )
    sigmas, in_y, in_X, ridge = zip(*(map(float, row) for row in rows), strict=True)
    assert len(rows) == 4 and list(sigmas) == sorted(sigmas)
    assert list(in_y) == sorted(in_y) and list(in_X) == sorted(in_X, reverse=True)
    assert in_X == pytest.approx(ridge, abs=0.015)
    assert "copies = X.repeat(1, 50, 1)" in source_of("04", "noise-code")
    holds("noise", "*Does larger noise make larger weights?*")


def test_all_masks_of_four_values():
    p, w, h = 0.5, tensor([1.0, -1.0, 1.0, 0.0]), tensor([1.0, 2.0, 3.0, 4.0])
    masks = torch.cartesian_prod(*[tensor([0.0, 1.0])] * 4)
    assert len(masks) == 16
    mean = ((1 - (masks * h / (1 - p)) @ w) ** 2).mean()
    plain, added = (1 - h @ w) ** 2, p / (1 - p) * (h**2 * w**2).sum()
    assert (plain, added, mean) == (1, 14, 15)
    assert shown("04", "dropout-penalty-code").strip() == "(15.0, 15.0)"
    holds(
        "dropout-penalty",
        r"$x_j+e_j$, where the noise $e_j$ has mean 0 and variance "
        r"$\frac{p}{1-p}\,x_j^2$.",
        r"^2=(y-\mathbf w\cdot\mathbf x)^2+\frac{p}{1-p}\sum_j x_j^2\,w_j^2,$$",
        "All 16 masks of the four values above:",
    )


def test_the_variance_of_a_mask_and_a_layer_behind_it():
    p, h, w = 0.25, tensor([2.0, -1.0, 0.5]), tensor([1.0, 2.0, -1.0])
    torch.manual_seed(0)
    out = own.dropout(h.expand(400_000, 3), p)
    m = own.dropout(torch.ones(400_000), p)
    assert m.square().mean() == pytest.approx(1 / (1 - p), rel=0.01)
    assert m.var() == pytest.approx(1 / (1 - p) - 1, rel=0.02) == p / (1 - p)
    formula = (1 - h @ w) ** 2 + p / (1 - p) * (h**2 * w**2).sum()
    linear = (1 - out @ w).square().mean()
    assert linear == pytest.approx(formula.item(), rel=0.01)
    bent = (1 - torch.relu(out @ w)).square().mean()  # a non-linear layer follows
    plain = (1 - torch.relu(h @ w)) ** 2
    assert abs(bent - plain - (formula - (1 - h @ w) ** 2)) > 0.1
    holds(
        "dropout-penalty-more",
        r"$(\frac{m}{1-p})^2$ has the mean $\frac{1}{1-p}$; minus the squared mean, 1, "
        r"that is $\frac{p}{1-p}$.",
        "the formula then holds for a last, linear layer with the squared error, and no"
        "t where a non-linear layer follows.",
    )


def test_the_way_of_the_chapter():
    holds(
        "title",
        "One remedy is *dropout*: training with units missing at random.",
    )
    holds("dropout", "## Dropout: train with units missing at random")
    holds("needs", "what overfitting is; penalties; noise and dropout; many networks")


def test_a_peak_of_guessing():
    """Among ten classes a guess is wrong nine times in ten."""
    told = shown("04", "descent-picture").split("; new images ")[1]
    wrong = dict(re.findall(r"(\d+): ([\d.]+\d)", told.split(";")[0]))
    assert float(wrong["200"]) == pytest.approx(1 - 1 / 10, abs=0.03)
    holds(
        "descent-read",
        "peaks at guessing (0.9) at the dotted line (as many units as images),",
    )
