"""Claims of chapter 7, batch normalization: experiment and question of each.

An experiment is a function of the data, the number of training images, the number of
passes over them, and a seed, which the configurations share: it draws initial weights
and order. Images are shrunk to half their height and width first, but for LeNet.
Networks train by SGD without momentum, with a rate that falls to 0 along a cosine.
Where they are compared, each trains with the rates of a grid, which goes on where the
best stands at its end, and shows the one that is best on the validation images,
measured on the test images; before a bias all have one rate.

The cuts that decide a claim were fixed before any run at full size: accuracies differ
from one percentage point on, learning rates from a factor of two on. What was changed
after a look at runs with two or three seeds: the grid of rates, which had steps of half
a power of ten and could not tell how much larger a rate is; the MLP beside the
convolutions, to which small batches do no harm; the initial weights of the sigmoid
network without batch norm, which learned nothing from Kaiming's; all validation images
choose a rate, not only as many as there are training images; the gradient of the biases
in double precision; numbers of seeds and of images. And after a run at full size: a
network without batch norm gets the same shift, as a control; four of the questions on
batch sizes were dropped; `regularizes`, whose interval was wide, has 1,000 images
and 20 passes instead of 600 and 30.
"""

from helpers.chapters.batch_normalization.claims.batches import (
    before_or_after,
    regularizes,
    small_batches,
)
from helpers.chapters.batch_normalization.claims.bias import bias_before
from helpers.chapters.batch_normalization.claims.rates import (
    covariate_shift,
    larger_rates,
)

__all__ = [
    "before_or_after",
    "bias_before",
    "covariate_shift",
    "larger_rates",
    "regularizes",
    "small_batches",
]
