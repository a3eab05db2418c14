"""Claims of chapter 5, convolution: each an experiment and its question.

An experiment is a function of the data, the number of training images, the number of
passes over them, and a seed, which the configurations share: it draws initial weights,
order and moves. Images are shrunk to half their height and width first, so that many
networks can be trained in a few seconds. Where networks are compared with each other,
each trains with the rates of a grid and shows the one that is best on the validation
images, measured on the test images. The cuts that decide a claim were fixed before any
run: accuracies differ from one percentage point on, a network that loses ten points
does not recognize what it was trained on, and a position is lost where R² is below a
tenth. What was changed after a look, the notebook says: the second cut and the second
question of `where_it_is`, the strength of the pattern of `max_or_mean`, and the live
size of `stride_for_pooling`.
"""

from helpers.chapters.convolution.claims.layers import (
    densities,
    max_or_mean,
    patterns,
    stride_for_pooling,
    two_small_kernels,
)
from helpers.chapters.convolution.claims.places import moved_digits, where_it_is

__all__ = [
    "densities",
    "max_or_mean",
    "moved_digits",
    "patterns",
    "stride_for_pooling",
    "two_small_kernels",
    "where_it_is",
]
