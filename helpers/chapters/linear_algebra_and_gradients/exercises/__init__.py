"""Exercises of chapter 1, in the order of the notebook."""

from helpers.chapters.linear_algebra_and_gradients.exercises import runs
from helpers.exercises import cells

ORDER = (
    "shapes vectors slopes gradient_engine steps runs least_squares row_operations "
    "matrices gradients"
).split()
EXERCISES, check, table = cells(*(f"{__name__}.{module}" for module in ORDER))

__all__ = ["EXERCISES", "check", "runs", "table"]
