"""Histograms of layers in a pane of a scene."""

from torch import Tensor

from helpers.figures.histograms import Bins, columns
from helpers.widgets.scene import INK, Pane


def histogram_pane(
    title: str,
    bins: Bins,
    counts: Tensor,
    *,
    first: int = 1,
    labels: tuple[str, str] = ("layer", ""),
    color: str,
    title_color: str = INK,
    name: str,
) -> Pane:
    """A column for each layer; the more of its values are in a bin, the stronger.

    Parameters
    ----------
    title, title_color : stand above the axes.
    counts : (layers, bins), see `Bins.counts`.
    first : the number of the first layer.
    labels : of both axes.
    color, name : of the image that it holds, the strengths of `columns`.
    """
    x = first - 0.5, first + len(counts) - 0.5
    y = bins.low, bins.high
    if bins.log:
        y = 10.0**bins.low, 10.0**bins.high
    look = {"labels": labels, "log": "y" * bins.log, "grid": False}
    pane = Pane(title, x, y, color=title_color, **look)
    pane.image(columns(counts), x, y, color=color, name=name)
    return pane
