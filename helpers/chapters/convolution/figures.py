"""Drawings of chapter 5 that stand in its notebook."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor
from torch.nn import functional as F

from helpers.figures import COLORS, SIGNED, drawn, line_style
from helpers.figures.images import EDGE
from helpers.figures.kernels import WINDOW
from helpers.figures.kernels import show_kernels_and_patches as show_kernels_and_patches
from helpers.words import number

MIDDLE = {"ha": "center", "va": "center", "fontsize": 7}
# As SIGNED, but pale instead of white near 0: every weight is seen to be there.
THERE = LinearSegmentedColormap.from_list(
    "there",
    [(0, COLORS[1]), (0.5, SIGNED(0.38)), (0.5, SIGNED(0.62)), (1, COLORS[0])],
)


@drawn
def show_against_move(
    moves: Sequence[int], accuracy: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw the accuracy of some networks against how far the images were moved.

    Parameters
    ----------
    moves : pixels.
    accuracy : name -> one accuracy, 0..1, for each move.
    """
    figure = Figure(figsize=(5, 2.8))
    ax = figure.subplots()
    for k, (name, values) in enumerate(accuracy.items()):
        ax.plot(moves, values, marker="o", label=name, **line_style(k))
    ax.set(xlabel="validation images moved by (pixels)", ylabel="accuracy", ylim=(0, 1))
    ax.set_xticks(list(moves))
    ax.legend(loc="lower left")
    return figure


@drawn
def show_weight_matrices(matrices: Mapping[str, Tensor]) -> Figure:
    """Draw the weights from all pixels to all outputs, one matrix beside the other.

    A weight that a layer does not have is left gray; equal weights have equal colors.

    Parameters
    ----------
    matrices : name -> (outputs, pixels), 0 where no weight is.
    """
    figure = Figure(figsize=(6.8, 1.7))
    axes = figure.subplots(1, len(matrices))
    axes[0].set_ylabel("output")
    for ax, (name, W) in zip(axes, matrices.items(), strict=True):
        reach = W.abs().max().item()
        shown = np.ma.masked_equal(W.numpy(), 0)
        ax.imshow(shown, cmap=THERE, vmin=-reach, vmax=reach)
        there = W[W != 0]
        ax.set_title(f"{name}: {len(there.unique())} weights")
        ax.set(xlabel="pixel", facecolor="#dddddd")
        ax.set_xticks([0, W.shape[1] - 1], [1, W.shape[1]])
        ax.set_yticks([0, W.shape[0] - 1], [1, W.shape[0]])
        ax.grid(False)
    said = ", ".join(
        f"{name}: {int((W != 0).sum())} of {W.numel()} entries, "
        f"{len(W[W != 0].unique())} different"
        for name, W in matrices.items()
    )
    figure.set_label(f"Three matrices of weights, a row for each output; {said}.")
    return figure


def _cells(ax, left, top, values: Tensor, title: str, start: int, size: int) -> None:
    """Write numbers (h, w) into tinted cells of side 1, and frame some of them.

    The frame is a square of ``size`` cells whose first one is (start, start).
    """
    most = values.abs().max().item() or 1
    for (i, j), value in np.ndenumerate(values.numpy()):
        look = {"facecolor": SIGNED(0.5 + 0.3 * value / most), "edgecolor": EDGE}
        ax.add_patch(Rectangle((left + j, top + i), 1, 1, linewidth=0.6, **look))
        ax.text(left + j + 0.5, top + i + 0.5, number(float(value)), **MIDDLE)
    look = {"fill": False, "edgecolor": WINDOW, "linewidth": 2.2, "zorder": 3}
    ax.add_patch(Rectangle((left + start, top + start), size, size, **look))
    ax.text(left, top - 0.2, title, fontsize=8)


def _sheet(figure: Figure, width: float, height: float, unit: float) -> Axes:
    """Axes of width x height cells with ``unit`` inches each, rows downward."""
    figure.set_size_inches(unit * width, unit * (height + 1))
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set(xlim=(-0.1, width + 0.1), ylim=(height + 0.1, -0.9), aspect="equal")
    return ax


@drawn
def show_channels_added(X: Tensor, K: Tensor, bias: float) -> Figure:
    """Draw how one filter makes one map of many channels, with all numbers.

    Each slice slides over its own channel; the intermediate maps are added, and the
    bias comes on top. The first window is framed, and what it becomes.

    Parameters
    ----------
    X : (c, h, w).
    K : (c, k, k), one slice for each channel.
    """
    (c, h, w), k = X.shape, K.shape[-1]
    maps = F.conv2d(X[None], K[:, None], groups=c)[0]
    total, (rows, side) = maps.sum(0), maps.shape[1:]
    # where the columns of grids begin; a sign stands before each but the first
    columns = np.cumsum([0, w + 1, k + 1, side + 1, side + 1.8]).tolist()
    step = h + 1.1
    figure = Figure()
    ax = _sheet(figure, columns[-1] + side, c * step - 1.1, 0.37)
    middle = (c * step - 1.1) / 2
    signs = [("=", columns[3] - 0.5, middle)]
    signs += [(f"+ {number(bias)} =", columns[4] - 0.9, middle)]
    for n in range(c):
        grids = (X[n], f"channel {n + 1}", k), (K[n], "slice", k), (maps[n], "map", 1)
        for (values, title, size), left in zip(grids, columns, strict=False):
            top = n * step + (h - len(values)) / 2
            _cells(ax, left, top, values, title, 0, size)
        y = n * step + h / 2
        signs += [("∗", columns[1] - 0.5, y), ("=", columns[2] - 0.5, y)]
        if n:  # between two maps
            signs.append(("+", columns[2] + side / 2, n * step - 0.55))
    for sign, x, y in signs:
        ax.text(x, y, sign, **MIDDLE | {"fontsize": 11})
    _cells(ax, columns[3], middle - rows / 2, total, "sum", 0, 1)
    _cells(ax, columns[4], middle - rows / 2, total + bias, "output", 0, 1)
    firsts = " + ".join(number(m.item()) for m in maps[:, 0, 0])
    figure.set_label(
        f"{c} channels of {h} x {w}, each with a slice of {k} x {k} of one filter. The "
        f"{c} maps are added, and the bias {number(bias)} comes on top; first value: "
        f"{firsts} = {number(total[0, 0].item())}, and "
        f"{number((total + bias)[0, 0].item())} with the bias."
    )
    return figure


@drawn
def show_paths(paths: Tensor, gradient: Tensor, inner: int = 3) -> Figure:
    """Draw how much each pixel of a receptive field counts: by paths, and measured.

    Parameters
    ----------
    paths : (r, r), how many lead from each pixel to the output.
    gradient : (r, r), the mean squared gradient of the output, in any unit; it is
        drawn with the sum that the paths have.
    inner : side of the square in the middle that is framed.

    Source: Luo, Li, Urtasun and Zemel 2016, "Understanding the effective receptive
    field in deep convolutional neural networks", NIPS.
    """
    r, start = len(paths), (len(paths) - inner) // 2
    scaled = gradient * paths.sum() / gradient.sum()
    figure = Figure()
    ax = _sheet(figure, 2 * r + 1, r, 0.32)
    _cells(ax, 0, 0, paths, "paths to the output", start, inner)
    _cells(ax, r + 1, 0, scaled.round(), "squared gradient, same sum", start, inner)
    within = slice(start, start + inner)
    held = [number(v[within, within].sum().item()) for v in (paths, scaled)]
    figure.set_label(
        f"A field of {r} x {r} pixels twice: {number(paths.sum().item())} paths from "
        f"its pixels to the output, and the squared gradient with the same sum. From "
        f"the middle {number(paths.max().item())} paths, from a corner "
        f"{number(paths[0, 0].item())}; the framed {inner} x {inner} pixels hold "
        f"{' and '.join(held)}."
    )
    return figure
