"""Drawings of chapter 4 that stand in its notebook."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from helpers.figures import COLORS, drawn, line_style


@drawn
def show_fits(x: Tensor, y: Tensor, fits: Mapping[str, Tensor]) -> Figure:
    """Draw the same points with one fitted polynomial in each panel.

    Parameters
    ----------
    x, y : (n,), the points; x in -1..1.
    fits : title -> weights (degree + 1,), the constant first.
    """
    figure = Figure(figsize=(2.5 * len(fits), 2.4))
    grid = np.linspace(-1, 1, 400)
    axes = figure.subplots(1, len(fits), sharey=True, squeeze=False)[0]
    for ax, (title, w) in zip(axes, fits.items(), strict=True):
        ax.plot(grid, np.sin(3 * grid), color="0.6", linestyle=":", label="sin 3x")
        ax.plot(grid, np.polynomial.polynomial.polyval(grid, w.numpy()),
                color=COLORS[1], label="fit")  # fmt: skip
        ax.plot(x, y, "o", color=COLORS[0], markersize=3.5)
        # a fit that leaves the picture is cut, else it would press the points flat
        ax.set(xlim=(-1.05, 1.05), ylim=(-2, 2), title=title, xlabel="x")
    axes[-1].legend(loc="lower right")
    return figure


@drawn
def show_errors(degrees: Sequence[int], errors: Mapping[str, Tensor]) -> Figure:
    """Draw errors, name -> one value for each degree, on a logarithmic axis."""
    figure = Figure(figsize=(5, 2.8))
    ax = figure.subplots()
    for k, (name, values) in enumerate(errors.items()):
        ax.plot(degrees, values, marker="o", markersize=3.5, label=name,
                **line_style(k))  # fmt: skip
    ax.set(yscale="log", xlabel="degree", ylabel="mean squared error")
    ax.legend()
    return figure
