"""How a network divides the plane, drawn."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from helpers.data import PointData
from helpers.figures.plane import Plane, Regions, plane_of, regions_of
from helpers.figures.style import COLORS, drawn


@drawn
def plot_regions(net, data: PointData) -> Figure:
    """The plane as a network divides it, with training and validation points.

    Parameters
    ----------
    net : a module or function from X (n, 2) to logits or probabilities (n, K), or to
        a prediction (n, 1).
    data : the points; training points are drawn filled, validation points hollow.
    """
    figure = Figure(figsize=(3.4, 3.2))
    plane = plane_of(data)
    draw_regions(figure.subplots(), data, plane, regions_of(net, plane))
    return figure


def draw_regions(
    ax: Axes, data: PointData, plane: Plane, regions: Regions | None
) -> None:
    """Draw points, and behind them what a network answers, if there is one.

    Two classes, and the targets of a regression, go from blue over white to orange.
    """
    palette = np.array([to_rgb(color) for color in COLORS])
    if regions is not None:
        level = regions.level / 255
        if regions.label is None:
            label, strength = (level > 0.5).astype(int), np.abs(2 * level - 1)
        else:
            label, strength = regions.label, level
        image = np.dstack([palette[label % len(palette)], 0.55 * strength])
        ax.imshow(image, extent=plane.limits, interpolation="bilinear")
        if regions.label is None and data.classes:
            x, y = plane.grid[: len(level), 0], plane.grid[:: len(level), 1]
            ax.contour(x, y, level, [0.5], colors="#333333", linewidths=1)
    for part, filled in (("val", False), ("train", True)):
        examples = getattr(data, part)
        X, y = examples.X.cpu().numpy(), examples.y.cpu().numpy()
        if data.classes:
            color = palette[y % len(palette)]
        else:
            low, high = plane.span
            t = ((y.reshape(len(y), -1)[:, :1] - low) / ((high - low) or 1)).clip(0, 1)
            color = (1 - t) * palette[0] + t * palette[1]
        ax.scatter(
            *X.T,
            s=14,
            facecolors=color if filled else "none",
            edgecolors="white" if filled else color,
            linewidths=0.5 if filled else 0.9,
        )
    ax.set(xlim=plane.limits[:2], ylim=plane.limits[2:], aspect="equal")
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    ax.grid(False)
