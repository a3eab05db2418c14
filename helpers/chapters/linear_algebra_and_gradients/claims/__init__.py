"""Claims of chapter 1, linear algebra and gradients.

Cuts were fixed before any run: a difference of accuracies counts from one percentage
point on, a distance from a thousandth of the way, a number of steps from a factor of
1.26 on (0.1 as a power of ten).
"""

from helpers.chapters.linear_algebra_and_gradients.claims import classifiers, descent

far_positives, points = classifiers.far_positives, classifiers.points
noise_floor, regression = descent.noise_floor, descent.regression
standardizing, units = descent.standardizing, descent.units
