"""Claims of chapter 1, linear algebra and gradients.

Cuts were fixed before any run: a difference of accuracies counts from one percentage
point on, a distance from a thousandth of the way, an excess loss from a factor of 1.26
(0.1 as a power of ten).
"""

from helpers.chapters.linear_algebra_and_gradients.claims.classifiers import (
    far_positives,
    one_vs_rest,
    points,
    three_in_a_row,
)
from helpers.chapters.linear_algebra_and_gradients.claims.descent import (
    near_the_limit,
    noise_floor,
    regression,
)

__all__ = [
    "far_positives",
    "near_the_limit",
    "noise_floor",
    "one_vs_rest",
    "points",
    "regression",
    "three_in_a_row",
]
