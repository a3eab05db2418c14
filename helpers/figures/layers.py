"""A convolutional network as its stacks of maps, one layer behind the other."""

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from helpers.figures.style import COLORS, drawn

FAINT, PAPER = "#888888", "#ffffff"


@drawn
def show_layers(net: nn.Sequential, X: Tensor) -> Figure:
    """Draw a convolutional network as its stacks of maps, with shapes and parameters.

    Parameters
    ----------
    net : layers one behind the other; activations are not drawn, and a batch
        normalization is named with the layer in front of it.
    X : one image, (1, c, h, w), that goes through them.
    """
    steps = [("image", tuple(X.shape[1:]), 0)]
    with torch.no_grad():
        for layer in net:
            X = layer(X)
            count = sum(p.numel() for p in layer.parameters())
            if isinstance(layer, _BatchNorm):  # it keeps the shape: one stack for both
                name, shape, before = steps[-1]
                steps[-1] = (f"{name}\nbatch norm", shape, before + count)
            elif not isinstance(layer, nn.ReLU | nn.Flatten):
                steps.append((_name(layer), tuple(X.shape[1:]), count))
    figure = Figure(figsize=(6.9, 2.3))
    ax = figure.subplots()
    ax.set_axis_off()
    # labels of three lines are set further apart than those of two
    lift = 0.55 if any("\n" in name for name, *_ in steps) else 0.36
    largest, at = max(s[-1] for _, s, _ in steps if len(s) == 3), 0.0
    for k, (name, shape, count) in enumerate(steps):
        side = shape[-1] / largest if len(shape) == 3 else 0.1
        depth = min(shape[0], 6) if len(shape) == 3 else 1
        height = side if len(shape) == 3 else 1.0
        color = COLORS[0] if count else FAINT
        for layer in range(depth):
            offset = 0.035 * (depth - 1 - layer)
            ax.add_patch(
                Rectangle((at + offset, offset - height / 2), side, height,
                          facecolor=PAPER, edgecolor=color, linewidth=1)
            )  # fmt: skip
        middle = at + side / 2 + 0.0175 * (depth - 1)
        text = " × ".join(map(str, shape))
        ax.text(middle, -0.68, text, ha="center", va="top", fontsize=7.5)
        below = f"{count:,} parameters" if count else ""
        label = name if k == 0 else f"{name}\n{below}".strip()
        ax.text(middle, 0.76 + lift * (k % 2), label, ha="center", va="bottom",
                fontsize=7.5)  # fmt: skip
        at += side + 0.035 * depth + (0.42 if len(shape) == 3 else 0.75)
    ax.set(xlim=(-0.3, at), ylim=(-0.9, 1.14 + lift), aspect="equal")
    said = "; ".join(
        f"{name.replace(chr(10), ', ')} {' x '.join(map(str, shape))}"
        + (f", {count:,} parameters" * bool(count))
        for name, shape, count in steps
    )
    figure.set_label(f"A network, from left to right: {said}.")
    return figure


def _name(layer: nn.Module) -> str:
    """What a reader calls a layer."""
    if isinstance(layer, nn.Conv2d):
        size = " × ".join(map(str, layer.kernel_size))
        return f"convolution {size}"
    names = {
        nn.Linear: "linear",
        nn.MaxPool2d: "max pooling",
        nn.AvgPool2d: "average pooling",
    }
    found = (name for kind, name in names.items() if isinstance(layer, kind))
    return next(found, "global")
