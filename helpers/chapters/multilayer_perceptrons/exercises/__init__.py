"""Exercises of chapter 3, multilayer perceptrons."""

from helpers.exercises import cells

EXERCISES, check, table = cells(
    f"{__name__}.layers", f"{__name__}.networks", f"{__name__}.builds"
)
