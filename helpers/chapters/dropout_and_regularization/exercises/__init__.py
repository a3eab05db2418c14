"""Exercises of chapter 4, dropout and regularization, in the order of the notebook."""

from helpers.exercises import cells

EXERCISES, check, table = cells(
    f"{__name__}.fitting", f"{__name__}.penalties", f"{__name__}.builds"
)
