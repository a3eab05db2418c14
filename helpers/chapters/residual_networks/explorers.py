"""Explorers of chapter 8, residual networks: each has a module of its own."""

from helpers.chapters.residual_networks.gradient_path import gradient_path
from helpers.chapters.residual_networks.loss_surface import loss_surface
from helpers.chapters.residual_networks.remove_block import remove_block

__all__ = ["gradient_path", "loss_surface", "remove_block"]
