"""The two still pictures of chapter 3: moved points, and slopes of activations."""

from collections.abc import Callable, Mapping

import torch
from matplotlib.figure import Figure
from torch import Tensor

from helpers.figures import COLORS, drawn


@drawn
def show_planes(X: Tensor, H: Tensor, y: Tensor) -> Figure:
    """The XOR points before and after the hidden layer, and the line that parts them.

    Parameters
    ----------
    X : (4, 2) inputs.
    H : (4, 2) hidden units, where the line h1 - 2 h2 = 1/2 is drawn.
    y : (4, 1) labels, 0 or 1.
    """
    figure = Figure(figsize=(6, 2.8))
    left, right = figure.subplots(1, 2)
    for ax, points, name in ((left, X, "x"), (right, H, "h")):
        for label, marker, color in ((0, "o", COLORS[0]), (1, "s", COLORS[1])):
            chosen = points[y[:, 0] == label]
            ax.plot(*chosen.T, marker, color=color, markersize=9, label=f"y = {label}")
        seen: dict[tuple, list[str]] = {}
        for before, after in zip(X.int().tolist(), points.tolist(), strict=True):
            seen.setdefault(tuple(after), []).append(f"{before[0]}{before[1]}")
        for place, names in seen.items():
            ax.annotate(", ".join(names), place, (7, 7), textcoords="offset points")
        ax.set(xlabel=f"${name}_1$", ylabel=f"${name}_2$", aspect="equal")
        ax.set(xlim=(-0.5, 2.6), ylim=(-0.5, 1.6))
    left.set_title("inputs")
    right.set_title("hidden units")
    right.plot([-0.5, 2.6], [-0.5, 1.05], color="#666666", linestyle="--")
    left.legend(loc="upper right")
    return figure


@drawn
def show_slopes(functions: Mapping[str, Callable[[Tensor], Tensor]]) -> Figure:
    """Activation functions side by side, each with its slope, from -5 to 5.

    Parameters
    ----------
    functions : name -> function of a tensor (n,) -> (n,) that autograd can follow.
    """
    figure = Figure(figsize=(7, 2.6))
    axes = figure.subplots(1, len(functions))
    for ax, (name, f) in zip(axes, functions.items(), strict=True):
        z = torch.linspace(-5, 5, 401, requires_grad=True)
        value = f(z)
        (slope,) = torch.autograd.grad(value.sum(), z)
        x = z.detach()
        ax.axhline(0, color="#999999", linewidth=0.8)
        ax.plot(x, value.detach(), color=COLORS[0], label="value")
        ax.plot(x, slope, color=COLORS[1], linestyle="--", label="slope")
        ax.set(ylim=(-1.25, 2.25), xlabel="z", title=name)
    axes[0].legend(loc="upper left")
    return figure
