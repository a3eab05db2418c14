"""Explorers of chapter 9, transfer learning: each has a module of its own."""

from helpers.chapters.transfer_learning.augmentations import augmentations
from helpers.chapters.transfer_learning.feature_space import feature_space
from helpers.chapters.transfer_learning.label_curves import label_curves
from helpers.chapters.transfer_learning.which_block import which_block

__all__ = ["augmentations", "feature_space", "label_curves", "which_block"]
