"""Claims of chapter 4, dropout and regularization.

Cuts were fixed before any run: accuracies differ from one percentage point on.
"""

from helpers.chapters.dropout_and_regularization.claims.networks import (
    double_width,
    dropout_symmetry,
    label_smoothing,
    wide_and_regularized,
)

__all__ = [
    "double_width",
    "dropout_symmetry",
    "label_smoothing",
    "wide_and_regularized",
]
