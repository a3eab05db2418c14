"""Explorers of chapter 4: what they say and draw is what they claim to compute."""

import itertools
import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from helpers.chapters.dropout_and_regularization import explorers, masks, penalties
from tests.taught import taught


def numbers(sentence):
    """Return all numbers of a sentence, with a minus sign of either kind."""
    found = re.findall(r"[-−]?\d[\d,]*(?:\.\d+)?(?:e-\d+)?", sentence)
    return [float(n.replace("−", "-").replace(",", "")) for n in found]


# -- polynomial -----------------------------------------------------------------------


@pytest.mark.parametrize("num_points, noise", [(16, 0.3), (40, 0.0), (160, 1.0)])
@pytest.mark.parametrize("degree", [0, 1, 4, 9])
def test_fits_are_those_of_numpy(num_points, noise, degree):
    x, y = explorers.sample(num_points, noise)
    curves, train, new = explorers.fits(x, y, noise)
    theirs = np.polynomial.Polynomial.fit(x, y, degree)
    np.testing.assert_allclose(
        curves[degree], theirs(np.linspace(-1, 1, 201)), rtol=1e-6, atol=1e-6
    )
    assert train[degree] == pytest.approx(np.mean((theirs(x) - y) ** 2), abs=1e-9)
    # the error on new points, on new points; four standard errors of 200,000
    generator = np.random.default_rng(7)
    x = generator.uniform(-1, 1, 200_000)
    y = explorers.target(x) + noise * generator.standard_normal(x.shape)
    squares = (theirs(x) - y) ** 2
    reach = 4 * squares.std() / len(x) ** 0.5
    assert new[degree] == pytest.approx(squares.mean(), abs=reach + 1e-12)


def test_more_points_are_added_to_the_same_ones():
    (x, y), (more_x, more_y) = explorers.sample(20, 0.3), explorers.sample(50, 0.3)
    assert np.array_equal(more_x[:20], x) and np.array_equal(more_y[:20], y)


def test_training_error_falls_with_the_degree_and_the_other_does_not():
    x, y = explorers.sample(24, 0.3)
    _, train, new = explorers.fits(x, y, 0.3)
    assert (np.diff(train) < 1e-12).all()
    assert 0 < new.argmin() < 8 and new[15] > 100 * new.min()
    x, y = explorers.sample(160, 0.3)
    assert explorers.fits(x, y, 0.3)[2][15] < 0.1  # enough points: no overfitting


@pytest.mark.parametrize("degree", [0, 3, 12])
def test_polynomial_says_what_it_draws(degree):
    explorer = explorers.polynomial()
    explorer.set(degree=degree, points=30, noise=0.4)
    x, y = explorers.sample(30, 0.4)
    curves, train, new = explorers.fits(x, y, 0.4)
    said = numbers(explorer.sentence)
    assert said[:2] == [degree, 30]
    assert said[2:4] == pytest.approx([train[degree], new[degree]], rel=6e-3)
    scene = explorer.scene
    assert np.array_equal(scene["points"]["xy"], np.c_[x, y])
    assert np.array_equal(scene["fit"]["xy"], np.c_[explorers.GRID, curves[degree]])
    for name, errors in (("new points", new), ("training points", train)):
        assert np.array_equal(scene[name]["xy"], np.c_[range(16), errors])


def test_polynomial_names_the_best_degree():
    explorer = explorers.polynomial()
    x, y = explorers.sample(24, 0.3)
    best = int(explorers.fits(x, y, 0.3)[2].argmin())
    explorer.set(degree=best + 4)
    assert f"while degree {best} has" in explorer.sentence
    explorer.set(degree=best)
    assert explorer.sentence.endswith("which is the lowest of all degrees.")
    explorer.set(degree=15, points=16)  # as many coefficients as points
    assert "error 0 on these points" in explorer.sentence


@pytest.mark.parametrize("degree", [1, 3, 15])
def test_a_penalty_is_that_of_the_chapter(degree):
    """`fit_with_penalty` charges for the weights of 1, x, x², ..., the first too."""
    fit_with_penalty = taught("04", "fit_with_penalty").fit_with_penalty
    x, y = explorers.sample(24, 0.3)
    strengths = explorers.polynomial.ranges["penalty"].options.values()
    for lam in (lam for lam in strengths if lam > 0):
        curves, train, new = explorers.fits(x, y, 0.3, lam)
        w = fit_with_penalty(torch.tensor(x), torch.tensor(y), degree, lam).numpy()
        theirs = np.polynomial.Polynomial(w)
        np.testing.assert_allclose(curves[degree], theirs(explorers.GRID), atol=1e-9)
        assert train[degree] == pytest.approx(np.mean((theirs(x) - y) ** 2), abs=1e-9)
        points = (np.arange(20_000) + 0.5) / 10_000 - 1  # midpoints
        away = np.mean((theirs(points) - np.sin(3 * points)) ** 2)
        assert new[degree] == pytest.approx(away + 0.3**2, rel=1e-3)
    explorer = explorers.polynomial()
    assert "penalty" not in explorer.sentence, "none at the start"
    explorer.set(degree=degree, penalty=0.01)
    _, train, new = explorers.fits(x, y, 0.3, 0.01)
    said = f"Degree {degree} on 24 points with the penalty λ = 0.01: error "
    assert explorer.sentence.startswith(said)
    found = numbers(explorer.sentence)[3:5]
    assert found == pytest.approx([train[degree], new[degree]], rel=6e-3)


# -- penalties ------------------------------------------------------------------------

CASES = list(itertools.product((-2.0, 0.4, 1.2), (-0.6, 0.0, 2.0), (0.0, 0.5, 2.0),
                               (-0.8, 0.0, 0.6)))  # fmt: skip


@pytest.mark.parametrize("a, b, strength, r", CASES)
def test_both_minima_are_minima(a, b, strength, r):
    """The conditions of a minimum, by autograd and the subgradient of |w|."""
    optimum = torch.tensor([a, b], dtype=torch.float64)
    H = torch.tensor([[1, r], [r, 1]], dtype=torch.float64)

    def slope(w):
        w = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        loss = 0.5 * (w - optimum) @ H @ (w - optimum)
        assert penalties.loss_at(w.tolist(), (a, b), r) == pytest.approx(loss.item())
        return torch.autograd.grad(loss, w)[0]

    w = penalties.lasso((a, b), strength, r)
    for weight, g in zip(w, slope(w), strict=True):
        if weight == 0:
            assert abs(g) <= strength + 1e-9
        else:
            assert g.item() == pytest.approx(-strength * np.sign(weight), abs=1e-9)
    w = penalties.ridge((a, b), strength, r)
    assert slope(w).tolist() == pytest.approx([-strength * v for v in w], abs=1e-9)


def test_without_correlation_l1_is_the_soft_threshold_and_l2_a_division():
    assert penalties.lasso((1.2, 0.4), 0.5, 0.0) == (0.7, 0.0)
    assert penalties.ridge((1.2, 0.4), 0.5, 0.0) == pytest.approx((0.8, 0.4 / 1.5))
    optimum = torch.tensor([1.2, -0.4])
    assert penalties.lasso((1.2, -0.4), 0.3, 0.0) == pytest.approx(
        F.softshrink(optimum, 0.3).tolist()
    )


@pytest.mark.parametrize("a, b, strength, r", CASES[::5])
def test_the_loss_is_the_same_along_a_contour(a, b, strength, r):
    scene = explorers.penalties.scene(
        optimum_w1=a, optimum_w2=b, strength=strength, correlation=r
    )
    for name, solve in (("L1", penalties.lasso), ("L2", penalties.ridge)):
        w = solve((a, b), strength, r)
        assert scene[name]["xy"].tolist() == [list(w)]
        assert scene[f"{name} optimum"]["xy"].tolist() == [[a, b]]
        rings = scene[f"{name} contours"]["xy"]
        rings = np.split(rings, np.flatnonzero(np.isnan(rings[:, 0])))
        rings = [ring[~np.isnan(ring[:, 0])] for ring in rings]
        here = penalties.loss_at(w, (a, b), r)
        rings, levels = (
            [*rings, scene[f"{name} contour"]["xy"]],
            [*penalties.LEVELS, here],
        )
        for ring, level in zip(rings, levels, strict=True):
            values = [penalties.loss_at(point, (a, b), r) for point in ring]
            assert values == pytest.approx([level] * 73, abs=1e-9)
        order = 1 if name == "L1" else 2
        sizes = np.linalg.norm(scene[f"{name} ball"]["xy"], order, axis=1)
        size = np.linalg.norm(w, order)
        assert sizes == pytest.approx(np.full(len(sizes), size)), "through the minimum"


def test_penalties_say_which_weight_is_zero():
    explorer = explorers.penalties()
    assert "(0.700, 0), where w2 is exactly zero; L2" in explorer.sentence
    assert explorer.sentence.endswith("(0.800, 0.267), where no weight is zero.")
    explorer.set(strength=2.0)
    assert "L1 puts the minimum at (0, 0), where both weights" in explorer.sentence
    explorer.set(strength=0.1, optimum_w1=-1.2)
    assert "(−1.100, 0.300), where no weight is zero; L2" in explorer.sentence


# -- dropout masks --------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_masks_keep_and_scale(p):
    keep, scaled = masks.dropped(p, masks.NUM_MASKS)
    assert keep.double().mean().item() == pytest.approx(1 - p, abs=0.04)
    expected = torch.where(keep, masks.H / (1 - p), 0.0)
    torch.testing.assert_close(scaled, expected)
    error = 4 * (p / (1 - p) / masks.NUM_MASKS) ** 0.5 * masks.H
    assert ((scaled.mean(0) - masks.H).abs() <= error + 1e-12).all()


def test_a_larger_probability_only_drops_more():
    few, many = (masks.dropped(p, 50)[0] for p in (0.3, 0.6))
    assert (few | ~many).all() and many.sum() < few.sum()


@pytest.mark.parametrize("mask", [1, 7, 200])
@pytest.mark.parametrize("p", [0.0, 0.35, 0.9])
def test_dropout_masks_say_output_and_mean(p, mask):
    explorer = explorers.dropout_masks()
    explorer.set(dropout=p, mask=mask)
    keep, scaled = masks.dropped(p, mask)
    said = numbers(explorer.sentence)
    outputs = scaled @ masks.V
    assert said[:3] == [mask, keep[-1].sum(), len(masks.H)]
    assert said[3] == pytest.approx(1 / (1 - p), rel=6e-3)
    assert said[4] == pytest.approx(outputs[-1].item(), abs=6e-4)
    assert said[-1] == pytest.approx((masks.H @ masks.V).item(), abs=6e-4)
    if mask > 1:
        assert said[-2] == pytest.approx(outputs.mean().item(), abs=6e-4)
    scene = explorer.scene
    for name, values in (("this mask", scaled[-1]), ("mean so far", scaled.mean(0))):
        expected = values.clamp(max=masks.REACH).numpy()
        assert scene[name]["lengths"] == pytest.approx(expected)
    assert scene["without"]["xy"][:, 0] == pytest.approx(masks.H.numpy())
    assert scene["kept"]["xy"][:, 1].tolist() == keep[-1].nonzero()[:, 0].tolist()
    assert scene["dropped"]["xy"][:, 1].tolist() == (~keep[-1]).nonzero()[:, 0].tolist()
    assert len(scene["kept edges"]["xy"]) == 3 * masks.NUM_INPUTS * int(keep[-1].sum())
    assert scene["output"]["text"] == f"{outputs[-1]:.3f}"
    plain = (masks.H @ masks.V).item()
    assert scene["without dropout"]["text"] == f"without {plain:.3f}"


def test_everything_dropped():
    explorer = explorers.dropout_masks()
    explorer.set(dropout=1.0)
    assert explorer.sentence.startswith("With dropout 1 every mask drops all units")
    assert masks.dropped(1.0, 3)[1].abs().sum() == 0
