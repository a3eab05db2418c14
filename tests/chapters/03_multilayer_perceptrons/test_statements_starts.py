"""Chapter 3: what its sentences say of initial weights, each computed first."""

import pytest
import torch
from torch import nn

from helpers import load_images, models, seeded
from tests.taught import holding, taught, text_of

holds = holding("03")
own = taught("03", "init_with", "dead_shares", "ScaledSigmoid")


@pytest.fixture(scope="module")
def images():
    return load_images("digits").train.take(256)


def deep(seed, depth=5, activation=nn.ReLU, fill=nn.init.kaiming_normal_):
    with seeded(seed):
        return models.MLP(
            (64,) * depth, activation=activation, init=own.init_with(fill)
        )


def test_it_is_the_mean_square_that_counts():
    """With inputs of mean 2 and variance 1, E[a^2] = 5 and not Var(a) = 1."""
    generator = torch.Generator().manual_seed(0)
    a = 2 + torch.randn(50, generator=generator)
    W = 0.3 * torch.randn(100_000, 50, generator=generator)
    terms = W * a
    assert terms.mean(0).abs().max() < 0.02, "each term has mean 0"
    assert torch.allclose(terms.var(0), 0.09 * a**2, rtol=0.05)
    alike = torch.randn(100_000, 1, generator=generator).expand(-1, 50)
    assert torch.corrcoef((W * alike)[:, :5].T).triu(1).abs().max() < 0.02
    assert (W * alike).sum(1).var().item() == pytest.approx(50 * 0.09, rel=0.03)
    expected = 50 * 0.09 * a.square().mean().item()
    assert terms.sum(1).var().item() == pytest.approx(expected, rel=0.02)
    assert expected > 3 * 50 * 0.09 * a.var()
    holds(
        "how-large",
        "Draw weights of mean 0, independent of all else: each term has mean 0, and "
        "its **variance** is its mean square, "
        r"$\mathrm{E}[w^2a^2]=\operatorname{Var}(w)\,\mathrm{E}[a^2]$.",
        "Such terms are uncorrelated, so their variances add up:",
    )


def test_about_half_of_the_numbers_have_no_place_in_a_ridge(images):
    for seed in range(3):
        A = images.X
        for module in deep(seed):
            A = module(A)
            if isinstance(module, nn.ReLU):
                assert 0.4 < (A == 0).float().mean() < 0.6
    holds("histograms-read", "without the zeros (about half).")


def test_center_slope_and_height_apart(images):
    shapes = {  # what the text calls them, and the percent that it says arrive
        r"$\sigma(4z)-\frac12$": ((1.0, 4.0, 0.5), (35, 45)),
        r"$\sigma(4z)$": ((1.0, 4.0, 0.0), (1, 2)),
        r"$4\sigma(z)-2$": ((4.0, 1.0, 2.0), (86, 99)),
        r"$4\sigma(z)$": ((4.0, 1.0, 0.0), (1, 4)),
    }
    text = text_of("03", "depth-table-more")
    for name, (shape, (low, high)) in shapes.items():
        shares = []
        for seed in range(5):
            net = deep(
                seed, 10, lambda s=shape: own.ScaledSigmoid(*s),
                nn.init.xavier_normal_,
            )  # fmt: skip
            A, sums = images.X, []
            for module in net:
                A = module(A)
                if isinstance(module, nn.Linear):
                    sums.append(A)
            loss = nn.functional.cross_entropy(A, images.y)
            first, last = torch.autograd.grad(loss, [sums[0], sums[-1]])
            shares.append(100 * (first.norm() / last.norm()).item())
        assert (round(min(shares)), round(max(shares))) == (low, high), name
        assert name in text
    holds(
        "depth-table-more",
        r"$\sigma(4z)-\frac12$ lets 35 to 45 % of the signal through, over five seeds, "
        r"and $\sigma(4z)$ 1 to 2 %.",
        r"$4\sigma(z)-2$ lets 86 to 99 % through, and $4\sigma(z)$ 1 to 4 %.",
    )


def test_some_units_are_dead_before_the_first_step():
    X = load_images("digits").val.X
    dead = [round(64 * sum(own.dead_shares(deep(seed), X))) for seed in range(6)]
    assert dead[0] == 3 and (min(dead[1:]), max(dead)) == (5, 11)
    holds(
        "dead-more",
        "Dead here means: 0 for all 2,000 validation images. Three of the 320 units "
        "are dead before the first step; with five other seeds, 5 to 11.",
    )
    holds("dead", "Only changes in earlier layers could revive it")


def test_a_unit_that_is_no_number_does_not_count_as_alive():
    """A run that diverged has no unit above 0, and says so."""
    net = deep(0)
    with torch.no_grad():
        net[3].weight.fill_(torch.nan)
    shares = own.dead_shares(net, torch.randn(50, 1, 28, 28).abs())
    assert shares[0] < 1 and shares[1:] == [1.0] * 4
