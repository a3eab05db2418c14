"""Claims of chapter 1, linear algebra and gradients.

Cuts were fixed before any run: a difference of accuracies counts from one percentage
point on, a distance from a thousandth of the way, a number of steps from a factor of
1.26 on (0.1 as a power of ten).
"""

from helpers.chapters.linear_algebra_and_gradients.claims.classifiers import (
    far_positives,
    points,
)
from helpers.chapters.linear_algebra_and_gradients.claims.descent import (
    noise_floor,
    regression,
    standardizing,
    units,
)

__all__ = [
    "far_positives",
    "noise_floor",
    "points",
    "regression",
    "standardizing",
    "units",
]
