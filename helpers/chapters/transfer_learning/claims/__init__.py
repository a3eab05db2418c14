"""Claims of chapter 9, transfer learning: experiment and question of each."""

from helpers.chapters.transfer_learning.claims.augmenting import augmentation
from helpers.chapters.transfer_learning.claims.probing import last_layer
from helpers.chapters.transfer_learning.claims.sources import complex_source, low_layers
from helpers.chapters.transfer_learning.claims.tuning import fine_tuning

__all__ = [
    "augmentation",
    "complex_source",
    "fine_tuning",
    "last_layer",
    "low_layers",
]
