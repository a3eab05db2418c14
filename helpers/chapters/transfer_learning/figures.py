"""Drawings of chapter 9 that stand in its notebook."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from helpers.figures import drawn, show_lines

__all__ = ["show_lines", "show_rows", "show_ways"]

FAINT = "#888888"
KINDS = {"frozen": "#d9d9d9", "trained": "#9ecae9", "new": "#f5b971"}


@drawn
def show_rows(rows: Mapping[str, Tensor]) -> Figure:
    """Draw rows of gray images, (n, 1, h, w) each, with the row's name at its left."""
    n = max(map(len, rows.values()))
    figure = Figure(figsize=(0.62 * n + 1.3, 0.66 * len(rows)))
    axes = figure.subplots(len(rows), n, squeeze=False)
    for of_row, (name, X) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(of_row, np.asarray(X)[:, 0], strict=True):
            ax.imshow(image, cmap="gray", vmin=0, vmax=1)
            ax.set_axis_off()
        of_row[0].text(-0.15, 0.5, name, ha="right", va="center", fontsize=8,
                       transform=of_row[0].transAxes)  # fmt: skip
    figure.set_label(f"{len(rows)} rows of {n} images: {', '.join(rows)}.")
    return figure


@drawn
def show_ways(ways: Mapping[str, Sequence[str]], stages: Sequence[str]) -> Figure:
    """Draw what is frozen, trained and new in each way of using a network.

    Parameters
    ----------
    ways : title -> for each stage "frozen", "trained" or "new", or "" where the way
        leaves it out.
    stages : the stages' names, from input to output.
    """
    figure = Figure(figsize=(6.4, 0.5 * len(ways) + 0.7))
    ax = figure.subplots()
    said = []
    for row, (title, kinds) in enumerate(ways.items()):
        ax.text(-0.15, -row, title, ha="right", va="center", fontsize=8)
        for k, kind in enumerate(kinds):
            if kind:
                look = {"facecolor": KINDS[kind], "edgecolor": FAINT}
                ax.add_patch(Rectangle((k, -row - 0.32), 0.92, 0.64, **look))
                ax.text(k + 0.46, -row, kind, ha="center", va="center", fontsize=7)
        parts = zip(stages, kinds, strict=True)
        told = ", ".join(f"{stage} {kind}" for stage, kind in parts if kind)
        said.append(f"{title}: {told}")
    for k, stage in enumerate(stages):
        ax.text(k + 0.46, 0.55, stage, ha="center", va="bottom", fontsize=7.5)
    ax.set(xlim=(-2.2, len(stages)), ylim=(-len(ways) + 0.5, 1))
    ax.set_axis_off()
    figure.set_label(f"Ways to use a trained network. {'; '.join(said)}.")
    return figure
