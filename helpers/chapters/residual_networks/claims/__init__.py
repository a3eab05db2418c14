"""Claims of chapter 8, residual networks: experiment and question of each."""

from helpers.chapters.residual_networks.claims.blocks import new_block, taylor
from helpers.chapters.residual_networks.claims.depth import degradation, skips_alone
from helpers.chapters.residual_networks.claims.networks import beats_lenet, resnext

__all__ = [
    "beats_lenet",
    "degradation",
    "new_block",
    "resnext",
    "skips_alone",
    "taylor",
]
