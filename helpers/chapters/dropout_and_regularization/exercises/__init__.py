"""Exercises of chapter 4, dropout and regularization, in the order of the notebook."""

from helpers.exercises import cells

EXERCISES, check, table = cells(
    *(f"{__name__}.{module}" for module in ("fitting", "runs", "penalties", "builds"))
)
