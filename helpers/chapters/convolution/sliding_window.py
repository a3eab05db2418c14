"""The explorer `sliding_window`: a kernel of nine weights moves over a small image."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from helpers.chapters.convolution.grids import (
    GRAY,
    NEGATIVE,
    POSITIVE,
    STRONGEST,
    around,
    cells_pane,
    fade,
    rules,
    write,
)
from helpers.tuning.ranges import IntSlider
from helpers.widgets.explorer import explorer
from helpers.words import number

# A seven, written by hand: no turn and no mirror makes it the same again.
IMAGE = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 7, 9, 9, 9, 8, 0],
        [0, 2, 0, 0, 6, 7, 0],
        [0, 0, 0, 1, 9, 3, 0],
        [0, 0, 0, 6, 8, 0, 0],
        [0, 0, 2, 9, 2, 0, 0],
        [0, 0, 5, 8, 0, 0, 0],
    ]
)
SIDE, K = len(IMAGE), 3
PLACES = SIDE - K + 1
CELLS = [(i, j) for i in range(K) for j in range(K)]
MATRIX = [[f"w{i}{j}" for j in range(1, K + 1)] for i in range(1, K + 1)]
KERNELS = {
    "vertical edges": (-1, 0, 1, -1, 0, 1, -1, 0, 1),
    "horizontal edges": (-1, -1, -1, 0, 0, 0, 1, 1, 1),
    "identity": (0, 0, 0, 0, 1, 0, 0, 0, 0),
    "shift by one": (0, 0, 0, 1, 0, 0, 0, 0, 0),
    "sum (blur)": (1, 1, 1, 1, 1, 1, 1, 1, 1),
    "sharpen": (0, -1, 0, -1, 5, -1, 0, -1, 0),
    "Laplacian": (0, 1, 0, 1, -4, 1, 0, 1, 0),
}
PRESETS = {
    name: dict(zip(sum(MATRIX, []), w, strict=True)) for name, w in KERNELS.items()
}


@explorer(
    width=700, height=300, twin="sliding_window.js", presets=PRESETS, matrix=MATRIX
)
def sliding_window(
    w11=IntSlider(-5, 5, start=-1),
    w12=IntSlider(-5, 5, start=0),
    w13=IntSlider(-5, 5, start=1),
    w21=IntSlider(-5, 5, start=-1),
    w22=IntSlider(-5, 5, start=0),
    w23=IntSlider(-5, 5, start=1),
    w31=IntSlider(-5, 5, start=-1),
    w32=IntSlider(-5, 5, start=0),
    w33=IntSlider(-5, 5, start=1),
    row=IntSlider(1, PLACES, start=1),
    column=IntSlider(1, PLACES, start=1),
):
    """A 3 x 3 kernel on a 7 x 7 image: drag the window, and change the weights.

    The output is filled up to the present place, as the window goes from left to
    right and from top to bottom.
    """
    kernel = np.reshape([w11, w12, w13, w21, w22, w23, w31, w32, w33], (K, K))
    window = IMAGE[row - 1 : row + K - 1, column - 1 : column + K - 1]
    output = correlate(IMAGE, kernel)
    # the middle of the window is at (column, row), which is why a handle can set them
    left = cells_pane("image and window", SIDE, SIDE, name="image", share=1.3)
    fade(left, STRONGEST * IMAGE / 9, GRAY, "cells")
    rules(left, SIDE, SIDE)
    place = around(row - 1, column - 1, K, K)
    left.area(place, color=POSITIVE, alpha=0.18, name="window inside")
    write(left, IMAGE, "pixel")
    left.line(place, color=POSITIVE, width=3, name="window")
    left.handle((column, row), "column", "row", name="handle")
    total = number(int((window * kernel).sum()))
    middle = cells_pane(f"products, sum {total}", K, K, name="products")
    rules(middle, K, K)
    for i, j in CELLS:
        x, w = int(window[i, j]), int(kernel[i, j])
        look = {"align": "center", "size": 12, "shift": (0, -8)}
        middle.text((j, i), product(x, w), name=f"factors {i} {j}", **look)
        look |= {"size": 16, "shift": (0, 14)}
        middle.text((j, i), number(x * w), name=f"product {i} {j}", **look)
    right = cells_pane("output", PLACES, PLACES, name="output")
    reached, most = PLACES * (row - 1) + column, np.abs(output).max()
    for n, ((i, j), value) in enumerate(np.ndenumerate(output)):
        value = int(value)
        seen, color = n < reached, NEGATIVE if value < 0 else POSITIVE
        alpha = STRONGEST * abs(value) / int(most) if seen and most else 0
        cell = around(i, j, 1, 1)
        right.area(cell, color=color, alpha=alpha, name=f"cell {i} {j}")
        text = number(value) if seen else ""
        look = {"align": "center", "shift": (0, 4), "name": f"value {i} {j}"}
        right.text((j, i), text, **look)
    rules(right, PLACES, PLACES)
    here = around(row - 1, column - 1, 1, 1)
    right.line(here, color=POSITIVE, width=3, name="here")
    terms = " + ".join(
        product(int(x), int(w)) for x, w in zip(window.flat, kernel.flat, strict=True)
    )
    says = f"Row {row}, column {column}: {terms} = {total}."
    return says, left, middle, right


def correlate(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Slide a kernel over an image: products in each window, summed.

    Parameters
    ----------
    image : (h, w).
    kernel : (k, l); it is not flipped, as in the convolution layers of torch.

    Returns
    -------
    (h - k + 1, w - l + 1)
    """
    windows = sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


def product(pixel: int, weight: int) -> str:
    """Write the product of a pixel and a weight: "9·(−1)"."""
    return f"{pixel}·({number(weight)})" if weight < 0 else f"{pixel}·{weight}"
