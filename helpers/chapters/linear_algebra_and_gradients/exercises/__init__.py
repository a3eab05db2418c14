"""Exercises of chapter 1, in the order of the notebook."""

from helpers.exercises import cells

EXERCISES, check, table = cells(
    f"{__name__}.vectors",
    f"{__name__}.matrices",
    f"{__name__}.gradients",
    f"{__name__}.row_operations",
    f"{__name__}.gradient_engine",
)
