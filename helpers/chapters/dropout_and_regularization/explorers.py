"""Explorers of chapter 4, dropout and regularization: one function each.

`polynomial` stands here, `penalties` and `dropout_masks` in modules of their own.
"""

import numpy as np
from numpy.polynomial.legendre import leg2poly, leggauss, legvander
from scipy.linalg import solve_triangular

from helpers.chapters.dropout_and_regularization.masks import dropout_masks
from helpers.chapters.dropout_and_regularization.penalties import penalties
from helpers.figures import COLORS
from helpers.tuning.ranges import Choice, IntSlider, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import number

__all__ = ["dropout_masks", "fits", "penalties", "polynomial", "sample", "target"]

MAX_DEGREE, MAX_POINTS = 15, 160
GRID = np.linspace(-1, 1, 201)
# Gauss-Legendre nodes and weights: with 64 the mean over -1 to 1 of a smooth function
# is exact to rounding, so that the error on new points needs no sample.
NODES, WEIGHTS = leggauss(64)
# Column j: the weights of 1, x, x², ... in the Legendre polynomial of degree j. What a
# penalty charges for are these weights, as in the chapter.
POWERS = np.zeros((MAX_DEGREE + 1, MAX_DEGREE + 1))
for _j, _row in enumerate(np.eye(MAX_DEGREE + 1)):
    POWERS[: _j + 1, _j] = leg2poly(_row)
STRENGTHS = {"none": 0.0} | {f"{v:g}": v for v in (1e-6, 1e-4, 1e-3, 0.01, 0.1, 1.0)}


@explorer(width=680, height=304)
def polynomial(
    degree=IntSlider(0, MAX_DEGREE, start=3),
    points=IntSlider(MAX_DEGREE + 1, MAX_POINTS, start=24),
    noise=Slider(0, 1, start=0.3),
    penalty=Choice(STRENGTHS),
):
    """Fit a polynomial by least squares; degree, points and noise are dragged."""
    x, y = sample(points, noise)
    curves, train, new = fits(x, y, noise, penalty)
    left = Pane(x=(-1.03, 1.03), y=(-2.6, 2.6), labels=("x", "y"))
    left.line(np.c_[GRID, target(GRID)], dash=(2, 3), name="target", label="sin 3x")
    left.dots(np.c_[x, y], color=COLORS[0], size=3.6, name="points")
    left.line(np.c_[GRID, curves[degree]], color=COLORS[1], name="fit", label="fit")
    right = Pane(
        "mean squared error", (-0.5, 15.5), (1e-3, 1e3), labels=("degree", ""), log="y"
    )
    right.line([(degree, 1e-4), (degree, 1e4)], color=FAINT, width=1)
    for name, errors, color, dash in (
        ("new points", new, COLORS[1], (6, 3)),
        ("training points", train, COLORS[0], ()),
    ):
        xy = np.c_[np.arange(MAX_DEGREE + 1), errors]
        right.line(xy, color=color, dash=dash, name=name, label=name)
        right.dots(xy[[degree]], color=color, size=4.5)
    best = int(new.argmin())
    lowest = (
        "which is the lowest of all degrees"
        if best == degree
        else f"while degree {best} has {_text(new[best])}, the lowest"
    )
    charged = f" with the penalty λ = {number(penalty)}" if penalty else ""
    says = (
        f"Degree {degree} on {points} points{charged}: error {_text(train[degree])} on "
        f"these points and {_text(new[degree])} on new ones, {lowest}."
    )
    return says, left, right


def target(x):
    """Return sin(3x), the curve that the points scatter around."""
    return np.sin(3 * x)


def sample(num_points: int, noise: float):
    """Return the first points of a fixed sequence.

    Parameters
    ----------
    num_points : at most 160; more points are added to the same ones.
    noise : standard deviation of what is added to the curve.

    Returns
    -------
    x, y : (num_points,), x uniform in -1 to 1.
    """
    generator = np.random.default_rng(1)
    x = generator.uniform(-1, 1, MAX_POINTS)[:num_points]
    return x, target(x) + noise * generator.standard_normal(MAX_POINTS)[:num_points]


def fits(x, y, noise: float, penalty: float = 0.0):
    """Fit the polynomials of all degrees 0 to 15 by least squares.

    Parameters
    ----------
    penalty : λ, the weight of half the sum of the squared weights beside half the mean
        squared error.

    Returns
    -------
    curves (16, 201) at GRID; training error (16,), the mean squared error on the
    points; and the error on new points (16,), the expected squared error where x is
    uniform in -1 to 1 and y has the same noise.
    """
    # The penalty is one invented point for each weight, with the target 0.
    points, invented = legvander(x, MAX_DEGREE), (len(x) * penalty) ** 0.5 * POWERS
    targets, sizes = np.r_[y, np.zeros(len(POWERS))], range(1, MAX_DEGREE + 2)
    # One QR serves all degrees: its first columns are those of the smaller problem.
    Q, R = np.linalg.qr(np.r_[points, invented])
    projected = Q.T @ targets
    coefficients = np.zeros((MAX_DEGREE + 1, MAX_DEGREE + 1))
    for k in sizes:
        coefficients[k - 1, :k] = solve_triangular(R[:k, :k], projected[:k])
    residuals = y - coefficients @ points.T
    distance = coefficients @ legvander(NODES, MAX_DEGREE).T - target(NODES)
    # the weights add up to 2, the length of the interval
    new = (distance**2 * WEIGHTS).sum(1) / 2 + noise**2
    return coefficients @ legvander(GRID, MAX_DEGREE).T, (residuals**2).mean(1), new


def _text(error: float) -> str:
    return number(error) if error > 1e-12 else "0"  # but for rounding
