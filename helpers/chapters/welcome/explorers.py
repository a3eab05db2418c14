"""The explorer of the welcome notebook."""

import numpy as np

from helpers.figures import COLORS
from helpers.tuning.ranges import Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import Pane, segments

# Twelve points around a line with slope 1.5 and intercept 1, fixed once.
X = np.linspace(0.25, 5.75, 12)
Y = 1.5 * X + 1 + np.random.default_rng(4).normal(0, 1.2, X.shape)
BEST = np.polyfit(X, Y, 1)  # slope, intercept of least squares


def mean_squared_error(slope: float, intercept: float) -> float:
    """Mean of the squared vertical distances from the points to the line."""
    return float(np.mean((slope * X + intercept - Y) ** 2))


@explorer(width=500, height=300)
def fit_a_line(slope=Slider(-2, 4, start=0.0), intercept=Slider(-6, 8, start=0.0)):
    """Fit a line to points by hand: two sliders, one error to make small."""
    pane = Pane(x=(0, 6), y=(-4, 14), labels=("x", "y"))
    at = slope * X + intercept
    errors = segments(np.c_[X, Y], np.c_[X, at])
    pane.line(errors, color=COLORS[1], width=1.6, name="errors")
    ends = [(x, slope * x + intercept) for x in (0, 6)]
    pane.line(ends, color=COLORS[2], width=2.4, name="line")
    pane.dots(np.c_[X, Y], color=COLORS[0], size=4.5, name="points")
    error, best = mean_squared_error(slope, intercept), mean_squared_error(*BEST)
    says = f"Mean squared error {error:.2f}. The best line there is has {best:.2f}."
    return says, pane
