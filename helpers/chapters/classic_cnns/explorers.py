"""Explorers of chapter 6, classic networks: each has a module of its own."""

from helpers.chapters.classic_cnns.inception_branches import inception_branches
from helpers.chapters.classic_cnns.kernel_machine import kernel_machine
from helpers.chapters.classic_cnns.layer_by_layer import layer_by_layer
from helpers.chapters.classic_cnns.network_diagram import network_diagram

__all__ = [
    "inception_branches",
    "kernel_machine",
    "layer_by_layer",
    "network_diagram",
]
