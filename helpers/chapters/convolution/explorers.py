"""Explorers of chapter 5, convolution: each has a module of its own."""

from helpers.chapters.convolution.kernels import kernels_on_a_photograph
from helpers.chapters.convolution.output_size import output_size
from helpers.chapters.convolution.pooled_dot import pooled_dot
from helpers.chapters.convolution.receptive_field import receptive_field
from helpers.chapters.convolution.sliding_window import sliding_window

__all__ = [
    "kernels_on_a_photograph",
    "output_size",
    "pooled_dot",
    "receptive_field",
    "sliding_window",
]
