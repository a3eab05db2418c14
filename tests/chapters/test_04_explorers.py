"""Explorers of chapter 4: what they say and draw is what they claim to compute."""

import itertools
import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from helpers.chapters.dropout_and_regularization import explorers, masks, penalties

ALL = (explorers.polynomial, explorers.penalties, explorers.dropout_masks)


def numbers(sentence):
    """Return all numbers of a sentence, with a minus sign of either kind."""
    found = re.findall(r"[-−]?\d[\d,]*(?:\.\d+)?(?:e-\d+)?", sentence)
    return [float(n.replace("−", "-").replace(",", "")) for n in found]


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_a_still_picture_follows_every_control(make):
    for name, control in make().controls.items():
        explorer = make()
        before = explorer._repr_mimebundle_()
        explorer.set(**{name: control.max})
        after = explorer._repr_mimebundle_()
        assert after["image/png"] != before["image/png"], name
        assert after["text/plain"] != before["text/plain"], name
        assert explorer.sentence.endswith(".")


@pytest.mark.parametrize("make", ALL[1:], ids=lambda make: make.__name__)
def test_the_browser_starts_where_the_sliders_do(make):
    explorer = make()
    for name, value in explorer.values.items():
        assert getattr(explorer.view, name) == value, name


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
    left, right = explorer._figure.axes
    dots, curve = (line for line in left.lines if line.get_animated())
    assert np.array_equal(np.c_[dots.get_data()], np.c_[x, y])
    assert np.array_equal(curve.get_ydata(), curves[degree])
    lines = [line for line in right.lines if len(line.get_xdata()) == 16]
    assert np.array_equal(lines[0].get_ydata(), new)
    assert np.array_equal(lines[1].get_ydata(), train)


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


def test_everything_dropped():
    explorer = explorers.dropout_masks()
    explorer.set(dropout=1.0)
    assert explorer.sentence.startswith("With dropout 1 every mask drops all units")
    assert masks.dropped(1.0, 3)[1].abs().sum() == 0
