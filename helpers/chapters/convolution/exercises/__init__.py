"""Exercises of chapter 5, convolution, in the order of the notebook."""

from helpers.exercises import cells

EXERCISES, check, table = cells(
    *(
        f"{__name__}.{module}"
        for module in ("kernels", "sizes", "channels", "builds", "repairs", "shifts")
    )
)
