"""Exercises of chapter 8, residual networks, in the notebook's order."""

from helpers.exercises import cells

MODULES = (
    "degradation",
    "block",
    "slopes",
    "repairs",
    "dropping",
    "counting",
    "groups",
    "paths",
)
EXERCISES, check, table = cells(*(f"{__name__}.{module}" for module in MODULES))
