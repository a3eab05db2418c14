"""Still figures of chapter 1: contours of a quadratic, and lines as classifiers."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from helpers.figures import COLORS, drawn

REACH = 2.5  # the contours show -2.5 to 2.5 in both coordinates


@drawn
def show_gradient(A: Tensor, x: Tensor) -> Figure:
    """Contours of f(x) = x^T A x / 2, and at one point its gradient.

    Parameters
    ----------
    A : (2, 2) symmetric.
    x : (2,) the point; the contour through it is drawn dark. The arrow is the
        gradient at a fifth of its length, the dashed line is at right angles to it.
    """
    figure = Figure(figsize=(3.4, 3.2))
    ax = _contours(figure, A, [0.5 * (x @ A @ x).item()])
    gradient = A @ x
    end = x + gradient / 5
    arrow = {"arrowstyle": "-|>", "color": COLORS[1], "linewidth": 2}
    ax.annotate("", end.tolist(), x.tolist(), arrowprops=arrow)
    ax.text(*(end + 0.08).tolist(), "∇f", color=COLORS[1], fontsize=11)
    level = torch.stack([-gradient[1], gradient[0]]) / gradient.norm()
    ends = torch.stack([x - 1.2 * level, x + 1.2 * level])
    ax.plot(*ends.T.tolist(), color=COLORS[2], linestyle="--", linewidth=1.5)
    ax.plot(*x.tolist(), "o", color="#333333", markersize=5)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, 3.3))
    return figure


@drawn
def show_axes(A: Tensor) -> Figure:
    """Contours of f(x) = x^T A x / 2 with the eigenvectors of A, named by curvature.

    Parameters
    ----------
    A : (2, 2) symmetric and positive definite. Each arrow ends on the contour f = 1.
    """
    figure = Figure(figsize=(3.4, 3.2))
    ax = _contours(figure, A, [1.0])
    values, vectors = torch.linalg.eigh(A)
    for k, (curvature, v) in enumerate(zip(values, vectors.T, strict=True)):
        v = v * v[1].sign() if v[1] else v
        end = v * (2 / curvature) ** 0.5
        arrow = {"arrowstyle": "-|>", "color": COLORS[k], "linewidth": 2}
        arrow |= {"shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end.tolist(), (0, 0), arrowprops=arrow)
        ax.text(
            *(end + 0.15 * v).tolist(),
            f"curvature {curvature:.0f}",
            color=COLORS[k],
            horizontalalignment="left" if v[0] > 0 else "right",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    return figure


def _contours(figure: Figure, A: Tensor, dark: list[float]) -> Axes:
    """Draw faint contours, and a dark one for each of the given values."""
    ticks = torch.linspace(-REACH, REACH + 0.8, 100)
    x1, x2 = torch.meshgrid(ticks, ticks, indexing="xy")
    grid = torch.stack([x1, x2], -1)
    height = 0.5 * ((grid @ A) * grid).sum(-1)
    ax = figure.subplots()
    levels = [k**2 / 2 for k in range(1, 9)]
    ax.contour(x1, x2, height, levels=levels, colors="#c8c8c8", linewidths=0.9)
    ax.contour(x1, x2, height, levels=dark, colors="#333333", linewidths=1.4)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH))
    ax.grid(visible=False)
    return ax


@drawn
def show_thresholds(x: Tensor, y: Tensor, lines: dict[str, Tensor]) -> Figure:
    """Points of two classes, lines fitted to their 0 and 1, and where each crosses 1/2.

    Parameters
    ----------
    x : (n,) inputs; y : (n,) classes, 0 or 1.
    lines : name -> (2,) slope and intercept.
    """
    figure = Figure(figsize=(5.5, 2.6))
    ax = figure.subplots()
    left, right = x.min().item() - 1, x.max().item() + 1
    ax.axhline(0.5, color="#999999", linewidth=0.8)
    ax.plot(x.tolist(), y.tolist(), "o", color="#333333", markersize=3, alpha=0.4)
    for k, (name, (slope, intercept)) in enumerate(lines.items()):
        style = {"color": COLORS[k], "linestyle": ("-", "--")[k % 2]}
        ends = torch.tensor([left, right])
        ax.plot(ends.tolist(), (slope * ends + intercept).tolist(), label=name, **style)
        border = ((0.5 - intercept) / slope).item()
        ax.plot([border], [0.5], "D", color=COLORS[k], markersize=6)
    ax.set(xlabel="x", ylabel="class, and line", ylim=(-0.35, 1.7))
    ax.set_yticks([0, 0.5, 1])
    ax.legend(loc="lower right")
    return figure
