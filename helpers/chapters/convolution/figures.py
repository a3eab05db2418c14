"""Drawings of chapter 5 that stand in its notebook."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from helpers.figures import COLORS, drawn, line_style


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
    ax.set(xlabel="test images moved by (pixels)", ylabel="accuracy", ylim=(0, 1))
    ax.set_xticks(list(moves))
    ax.legend(loc="lower left")
    return figure


@drawn
def show_weight_matrices(matrices: Mapping[str, Tensor]) -> Figure:
    """Draw the weights from all pixels to all outputs, one matrix beside the other.

    A weight that a layer does not have is left white; equal weights have equal colours.

    Parameters
    ----------
    matrices : name -> (outputs, pixels), 0 where no weight is.
    """
    figure = Figure(figsize=(6.8, 1.7))
    axes = figure.subplots(1, len(matrices))
    for ax, (name, W) in zip(axes, matrices.items(), strict=True):
        reach = W.abs().max().item()
        shown = np.ma.masked_equal(W.numpy(), 0)
        ax.imshow(shown, cmap="RdBu_r", vmin=-reach, vmax=reach)
        there = W[W != 0]
        ax.set_title(f"{name}: {len(there.unique())} weights")
        ax.set(xlabel="pixel", ylabel="output" if ax is axes[0] else "")
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


@drawn
def show_kernels_and_patches(kernels: Tensor, patches: Tensor) -> Figure:
    """Draw each kernel, and to its right the patches that excite it most.

    Parameters
    ----------
    kernels : (c, k, k), negative weights blue, positive ones red.
    patches : (c, m, s, s), gray values in 0..1, the strongest first; the window that
        the kernel saw is framed in the middle of each, s - k is even.
    """
    (num, k, _), (most, size) = kernels.shape, patches.shape[1:3]
    figure = Figure(figsize=(0.44 * (most + 1.3), 0.44 * num))
    axes = figure.subplots(num, most + 2, width_ratios=(1, 0.3, *[1] * most))
    reach, start = kernels.abs().max().item(), (size - k) / 2 - 0.5
    for row, kernel, seen in zip(axes, kernels, patches, strict=True):
        for ax in row:
            ax.set_axis_off()
        row[0].imshow(kernel.numpy(), cmap="RdBu_r", vmin=-reach, vmax=reach)
        for ax, patch in zip(row[2:], seen, strict=True):
            ax.imshow(patch.numpy(), cmap="gray", vmin=0, vmax=1)
            ax.add_patch(
                Rectangle((start, start), k, k, fill=False, edgecolor=COLORS[1])
            )
    figure.set_label(
        f"{num} kernels of {k} x {k} weights, and beside each {most} patches of "
        f"{size} x {size} pixels, the window framed."
    )
    return figure
