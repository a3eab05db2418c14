"""The explorer of the welcome notebook."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from helpers.figures import COLORS
from helpers.widgets.controls import Slider
from helpers.widgets.explorer import Explorer

# Twelve points around a line with slope 1.5 and intercept 1, fixed once.
X = np.linspace(0.25, 5.75, 12)
Y = 1.5 * X + 1 + np.random.default_rng(4).normal(0, 1.2, X.shape)
BEST = np.polyfit(X, Y, 1)  # slope, intercept of least squares


def mean_squared_error(slope: float, intercept: float) -> float:
    """Mean of the squared vertical distances from the points to the line."""
    return float(np.mean((slope * X + intercept - Y) ** 2))


def fit_a_line() -> Explorer:
    """Fit a line to points by hand: two sliders, one error to make small."""
    return Explorer(
        _make,
        figsize=(5, 3),
        slope=Slider(-2, 4, start=0.0),
        intercept=Slider(-6, 8, start=0.0),
    )


def _make(figure: Figure):
    ax = figure.subplots()
    ax.set(xlim=(0, 6), ylim=(-4, 14), xlabel="x", ylabel="y")
    ax.plot(X, Y, "o", color=COLORS[0])
    errors = ax.add_collection(
        LineCollection([], colors=COLORS[1], linewidths=1.2, animated=True)
    )
    (line,) = ax.plot([], [], color=COLORS[2], animated=True)

    def update(slope: float, intercept: float) -> str:
        at = slope * X + intercept
        line.set_data((0, 6), (intercept, slope * 6 + intercept))
        errors.set_segments(np.stack([np.c_[X, Y], np.c_[X, at]], axis=1))
        error = mean_squared_error(slope, intercept)
        best = mean_squared_error(*BEST)
        return f"Mean squared error {error:.2f}. The best line there is has {best:.2f}."

    return update
