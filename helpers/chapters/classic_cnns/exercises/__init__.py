"""Exercises of chapter 6, classic convolutional networks, in the notebook's order."""

from helpers.exercises import cells

EXERCISES, check, table = cells(
    *(
        f"{__name__}.{module}"
        for module in ("kernels", "alexnet", "blocks", "inception", "training")
    )
)
