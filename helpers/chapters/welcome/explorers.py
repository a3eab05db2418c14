"""The explorer of the welcome notebook."""

import math

import numpy as np

from helpers.figures import COLORS
from helpers.tuning.ranges import Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import Pane, joined, ring, segments

# Twelve points around a line with slope 1.5 and intercept 1, fixed once.
X = np.linspace(0.25, 5.75, 12)
Y = 1.5 * X + 1 + np.random.default_rng(4).normal(0, 1.2, X.shape)
BEST = np.polyfit(X, Y, 1)  # slope, intercept of least squares
# Contours of the mean squared error: so far above its minimum, an ellipse has these
# squared half axes times the height.
CURVATURES, AXES = np.linalg.eigh([[np.mean(X * X), X.mean()], [X.mean(), 1]])
TURNED = math.degrees(math.atan2(AXES[1, 0], AXES[0, 0]))
ABOVE = (1, 4, 16, 64, 256)


def mean_squared_error(slope: float, intercept: float) -> float:
    """Mean of the squared vertical distances from the points to the line."""
    return float(np.mean((slope * X + intercept - Y) ** 2))


@explorer(width=760, height=320)
def fit_a_line(slope=Slider(-2, 4, start=0.0), intercept=Slider(-6, 8, start=0.0)):
    """Fit a line to points by hand: two numbers, one error to make small."""
    pane = Pane("points, line and errors", (0, 6), (-4, 14), labels=("x", "y"))
    at = slope * X + intercept
    errors = segments(np.c_[X, Y], np.c_[X, at])
    pane.line(errors, color=COLORS[1], width=1.6, name="errors")
    ends = [(x, slope * x + intercept) for x in (0, 6)]
    pane.line(ends, color=COLORS[2], width=2.4, name="line")
    pane.dots(np.c_[X, Y], color=COLORS[0], size=4.5, name="points")
    error, best = mean_squared_error(slope, intercept), mean_squared_error(*BEST)
    above, outside = int((Y > at).sum()), sum(error - best > h for h in ABOVE)
    says = (
        f"Mean squared error {error:.2f}. The best line there is has {best:.2f}. "
        f"Left: {above} of the {len(X)} points lie above the line. Right: the dot lies "
        f"outside of {outside} of the {len(ABOVE)} rings around the best line."
    )
    valley = Pane("the error of every line", (-2, 4), (-6, 8),
                  labels=("slope", "intercept"), grid=False, name="valley")  # fmt: skip
    rings = [ring(BEST, np.sqrt(h / CURVATURES), TURNED) for h in ABOVE]
    valley.line(joined(rings), width=1, alpha=0.5, name="contours")
    valley.dots([(slope, intercept)], color=COLORS[2], size=5.5, name="here")
    valley.handle((slope, intercept), "slope", "intercept")
    return says, pane, valley
