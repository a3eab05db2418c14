"""Exercises of chapter 7, batch normalization, in the notebook's order."""

from helpers.exercises import cells

MODULES = (
    "standardizing",
    "layer",
    "modes",
    "backward",
    "biases",
    "groups",
    "training",
)
EXERCISES, check, table = cells(*(f"{__name__}.{module}" for module in MODULES))
