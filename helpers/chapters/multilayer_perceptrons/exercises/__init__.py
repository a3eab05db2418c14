"""Exercises of chapter 3, multilayer perceptrons, in the order of the notebook."""

from helpers.chapters.multilayer_perceptrons.exercises import runs
from helpers.exercises import cells

__all__ = ["EXERCISES", "check", "runs", "table"]

EXERCISES, check, table = cells(
    *(
        f"{__name__}.{module}"
        for module in ("layers", "builds", "starts", "runs", "networks")
    )
)
