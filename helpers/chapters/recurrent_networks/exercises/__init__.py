"""Exercises of chapter 10, recurrent networks, in the notebook's order."""

from helpers.exercises import cells

MODULES = (
    "letters",
    "states",
    "sizes",
    "gradients",
    "carrying",
    "gates",
    "lstm",
    "sampling",
    "curves",
)
EXERCISES, check, table = cells(*(f"{__name__}.{module}" for module in MODULES))
