"""A network drawn as a network: units in layers, weights on the lines between them."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Circle
from torch import Tensor

from helpers.figures.style import COLORS, drawn
from helpers.words import number

RADIUS, ACROSS, DOWN = 0.34, 2.3, 1.0  # of a unit; between layers; between units
INK, FAINT = "#333333", "#888888"


@drawn
def plot_network(
    layers: Sequence[Sequence[str]],
    weights: Sequence[Tensor | None],
    titles: Sequence[str],
) -> Figure:
    """Draw units as circles, and each weight as a line with its number.

    A positive weight is a blue line, a negative one an orange dashed line, the wider
    the larger it is; a weight of 0 is not drawn.

    Parameters
    ----------
    layers : for each layer, from the left, what stands in each of its units.
    weights : one for each gap between two layers: (units at its left, units at its
        right), or None where every unit of the right depends on all of the left
        without weights, as after a softmax.
    titles : one for each layer, written below it.

    Raises
    ------
    ValueError : the numbers of layers, weights and titles do not fit together.
    """
    shapes = [(len(a), len(b)) for a, b in zip(layers, layers[1:], strict=False)]
    given = [None if w is None else tuple(w.shape) for w in weights]
    if len(titles) != len(layers) or len(given) != len(shapes):
        raise ValueError(
            f"{len(layers)} layers need as many titles, got {len(titles)}, and "
            f"{len(shapes)} weights, got {len(given)}"
        )
    for k, (shape, found) in enumerate(zip(shapes, given, strict=True)):
        if found not in (None, shape):
            raise ValueError(f"weights {k}: expected shape {shape}, got {found}")
    most = max(map(len, layers))
    at = [
        [(k * ACROSS, ((len(layer) - 1) / 2 - i) * DOWN) for i in range(len(layer))]
        for k, layer in enumerate(layers)
    ]
    width, height = (len(layers) - 1) * ACROSS + 1.6, most * DOWN + 0.6
    figure = Figure(figsize=(0.85 * width, 0.68 * height))
    ax = figure.subplots()
    ax.set(aspect="equal", xlim=(-0.8, width - 0.8),
           ylim=(-most * DOWN / 2 - 0.45, most * DOWN / 2 + 0.1))  # fmt: skip
    ax.set_axis_off()
    for k, matrix in enumerate(weights):
        _draw_lines(ax, at[k], at[k + 1], matrix)
    for places, layer, title in zip(at, layers, titles, strict=True):
        for place, text in zip(places, layer, strict=True):
            ax.add_patch(Circle(place, RADIUS, facecolor="white", edgecolor=INK))
            ax.text(*place, text, ha="center", va="center", color=INK)
        low = -most * DOWN / 2 - 0.15
        ax.text(places[0][0], low, title, ha="center", va="top", color=INK)
    said = (f"{t}: {', '.join(u)}" for t, u in zip(titles, layers, strict=True))
    figure.set_label(f"A network from left to right. {'; '.join(said)}.")
    return figure


def _draw_lines(ax, lefts, rights, matrix: Tensor | None) -> None:
    """Draw the lines of one gap, and each weight's number near its right end."""
    most = 1 if matrix is None else max(matrix.abs().max().item(), 1e-9)
    for i, (x0, y0) in enumerate(lefts):
        for j, (x1, y1) in enumerate(rights):
            if matrix is None:
                ax.plot([x0, x1], [y0, y1], color=FAINT, linewidth=0.8, zorder=0)
                continue
            w = matrix[i, j].item()
            if w == 0:
                continue
            look = {"color": COLORS[w < 0], "linestyle": "--" if w < 0 else "-"}
            width = 0.8 + 1.6 * abs(w) / most
            ax.plot([x0, x1], [y0, y1], zorder=0, linewidth=width,
                    gid=f"weight {i} {j}", **look)  # fmt: skip
            share = 0.3 + 0.4 * (i % 2)  # numbers of crossing lines lie apart
            place = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
            ax.text(*place, number(w), ha="center", va="center", fontsize=8,
                    color=INK, bbox={"facecolor": "white", "edgecolor": "none",
                                     "pad": 1})  # fmt: skip
