"""Exercises of chapter 2, softmax regression, in the order of the notebook."""

from helpers.exercises import cells

EXERCISES, check, table = cells(
    *(
        f"{__name__}.{module}"
        for module in ("probabilities", "training", "runs", "confidence")
    )
)
