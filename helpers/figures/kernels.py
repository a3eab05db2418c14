"""Drawings of convolution kernels, and of what excites them."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from helpers.figures.images import frame
from helpers.figures.style import COLORS, SIGNED, drawn

# The frame of a window, as in the explorer of sizes. In the small palette of a stored
# picture a green one would take the place of the strongest blue.
WINDOW = COLORS[3]


@drawn
def show_kernels_and_patches(
    kernels: Tensor, patches: Tensor, before: Tensor | None = None
) -> Figure:
    """Draw each kernel, and to its right the patches that excite it most.

    There are two kernels in a row. Each is drawn on a scale of its own, from orange
    (negative) over white (0) to blue, and its largest weight is written beside it.

    Parameters
    ----------
    kernels : (c, k, k), with an even c.
    patches : (c, m, s, s), gray values in 0..1, the strongest first; the window that
        the kernel saw is framed in the middle of each, s - k is even.
    before : (c, k, k), the same kernels before training, drawn at their left.
    """
    (num, k, _), (most, size) = kernels.shape, patches.shape[1:3]
    stages = {"kernel": kernels} if before is None else {}
    if before is not None:
        stages = {"before": before, "after": kernels}
    half = [width for _ in stages for width in (1, 1)] + [1] * most
    ratios = [*half, 0.5, *half]
    figure = Figure(figsize=(0.38 * sum(ratios), 0.4 * num / 2 + 0.2))
    axes = figure.subplots(num // 2, len(ratios), squeeze=False, width_ratios=ratios)
    for ax in axes.flat:
        ax.set_axis_off()
    start = (size - k) / 2 - 0.5
    for n in range(num):
        first = (n % 2) * (len(half) + 1)
        row = list(axes[n // 2, first : first + len(half)])
        for name, weights in stages.items():
            ax, beside = row.pop(0), row.pop(0)
            reach = weights[n].abs().max().item()
            frame(ax)
            ax.imshow(weights[n].numpy(), cmap=SIGNED, vmin=-reach, vmax=reach)
            beside.text(0, 0.5, f"{reach:.2f}", ha="left", va="center", fontsize=7,
                        transform=beside.transAxes)  # fmt: skip
            if n < 2:
                ax.set_title(name, fontsize=8, loc="left", pad=3)
        for ax, patch in zip(row, patches[n], strict=True):
            ax.imshow(patch.numpy(), cmap="gray", vmin=0, vmax=1)
            ax.add_patch(Rectangle((start, start), k, k, fill=False, ec=WINDOW))
            frame(ax)
        if n < 2:
            row[0].set_title("patches", fontsize=8, loc="left", pad=3)
    told = "" if before is None else ", before and after training"
    figure.set_label(
        f"{num} kernels of {k} x {k} weights{told}, and beside each {most} patches of "
        f"{size} x {size} pixels, the window framed."
    )
    return figure
