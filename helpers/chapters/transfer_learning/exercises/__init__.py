"""Exercises of chapter 9, transfer learning, in the notebook's order."""

from helpers.exercises import cells

MODULES = (
    "transforms",
    "mixing",
    "freezing",
    "tuning",
    "curves",
    "reusing",
)
EXERCISES, check, table = cells(*(f"{__name__}.{module}" for module in MODULES))
