"""Claims of chapter 7, batch normalization: experiment and question of each."""

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
