"""Exercises of chapter 6, classic convolutional networks, in the notebook's order."""

from helpers.exercises import cells

MODULES = (
    "kernels",
    "alexnet",
    "blocks",
    "inception",
    "auxiliary",
    "pyramid",
    "training",
)
EXERCISES, check, table = cells(*(f"{__name__}.{module}" for module in MODULES))
