"""Figures of chapter 1 with tables of numbers, and with the plane."""

import math
from collections.abc import Mapping

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from helpers.figures import COLORS, drawn
from helpers.words import number

REACH = 2.5  # the contours show -2.5 to 2.5 in both coordinates
INK, FAINT = "#333333", "#888888"
CENTERED = {"ha": "center", "va": "center"}
WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1}


def _arrow(ax: Axes, start, end, color: str, **look) -> None:
    """Draw an arrow whose tip is the end itself."""
    arrow = {"arrowstyle": "-|>", "color": color, "linewidth": 2, "shrinkA": 0}
    ax.annotate("", end.tolist(), start, arrowprops=arrow | {"shrinkB": 0} | look)


def _written(x: Tensor) -> str:
    return f"({', '.join(map(number, x.tolist()))})"


# -- tensors, vectors, matrices -----------------------------------------------------


def _cells(ax: Axes, left: float, top: float, rows: Tensor, shades) -> None:
    """Write a matrix into squares of side 1; ``shades(i, j)`` is a colour, or None."""
    for i, row in enumerate(rows.tolist()):
        for j, value in enumerate(row):
            at, shade = (left + j, top - i - 1), shades(i, j)
            look = {"facecolor": shade or "white", "edgecolor": FAINT}
            ax.add_patch(Rectangle(at, 1, 1, linewidth=0.8, **look))
            ax.text(at[0] + 0.5, at[1] + 0.5, number(value), color=INK, **CENTERED)


@drawn
def show_broadcast(a: Tensor, b: Tensor) -> Figure:
    """Draw a + b, with the copies that broadcasting makes in gray.

    Parameters
    ----------
    a, b : matrices whose shapes go together.
    """
    shape = torch.broadcast_shapes(a.shape, b.shape)
    (m, n), figure = shape, Figure(figsize=(5.4, 1.7))
    ax = figure.subplots()

    def shades(given, color):
        return lambda i, j: color if i < given[0] and j < given[1] else "#ececec"

    parts = [(a, shades(a.shape, "#cfe3f2")), (b, shades(b.shape, "#f7dcc9"))]
    parts += [(a + b, lambda i, j: "white")]
    for k, ((part, shade), sign) in enumerate(zip(parts, "+= ", strict=True)):
        left = k * (n + 1.4)
        _cells(ax, left, m, part.expand(shape), shade)
        name = str(tuple(part.shape))
        ax.text(left + n / 2, -0.2, name, ha="center", va="top", color=FAINT)
        ax.text(left + n + 0.7, m / 2, sign, fontsize=13, **CENTERED)
    ax.set(xlim=(-0.1, 3 * n + 2.9), ylim=(-0.9, m + 0.1), aspect="equal")
    ax.set_axis_off()
    said = (str(p.tolist()) for p, _ in parts)
    figure.set_label("{} plus {} is {}; the numbers on gray are copies.".format(*said))
    return figure


@drawn
def show_product(A: Tensor, B: Tensor, i: int, j: int) -> Figure:
    """Draw A, B above, and A B where the rows of A meet the columns of B.

    Parameters
    ----------
    A : (m, k); B : (k, n).
    i, j : the entry of the product whose row and column are coloured.
    """
    (m, k), n = A.shape, B.shape[1]
    figure = Figure(figsize=(4.6, 2.5))
    ax = figure.subplots()
    gap, blue, orange = 0.5, "#9cc6e4", "#f2b48c"
    _cells(ax, 0, m, A, lambda r, c: blue if r == i else None)
    _cells(ax, k + gap, m + gap + k, B, lambda r, c: orange if c == j else None)
    _cells(ax, k + gap, m, A @ B, lambda r, c: "#a8dcc9" if (r, c) == (i, j) else None)
    for x, y, name in ((-0.25, m / 2, "A"), (k + gap - 0.25, m + gap + k / 2, "B")):
        ax.text(x, y, name, ha="right", va="center", fontsize=11, fontstyle="italic")
    terms = " + ".join(
        f"{number(a)}·{number(b)}" for a, b in zip(A[i], B[:, j], strict=True)
    )
    says = f"row {i + 1} · column {j + 1}:\n{terms} = {number((A[i] @ B[:, j]).item())}"
    ax.text(k + gap + n + 0.4, m / 2, says, ha="left", va="center", fontsize=9)
    ax.set(xlim=(-0.7, k + n + 4.6), ylim=(-0.1, m + k + gap + 0.1), aspect="equal")
    ax.set_axis_off()
    figure.set_label(
        f"A = {A.tolist()} at the left, B = {B.tolist()} above, and A B = "
        f"{(A @ B).tolist()} where they meet; {says.replace(chr(10), ' ')}."
    )
    return figure


@drawn
def show_sum(a: Tensor, b: Tensor) -> Figure:
    """Draw two vectors of the plane, each behind the other, and their sum."""
    figure = Figure(figsize=(3.6, 2.9))
    ax = figure.subplots()
    total, zero = a + b, torch.zeros(2)
    for start, end, name, color, look in (
        (zero, a, "a", COLORS[0], "-"),
        (a, total, "b", COLORS[1], "-"),
        (zero, b, "b", COLORS[1], ":"),
        (b, total, "a", COLORS[0], ":"),
        (zero, total, "a + b", COLORS[2], "-"),
    ):
        width = 2 if look == "-" else 1.2
        _arrow(ax, start.tolist(), end, color, linestyle=look, linewidth=width)
        if look == "-":
            middle = ((start + end) / 2).tolist()
            ax.text(*middle, name, color=color, bbox=WHITE, **CENTERED)
    corners = torch.stack([zero, a, b, total])
    low, high = corners.min(0).values - 0.5, corners.max(0).values + 0.5
    across, up = torch.stack([low, high], 1).tolist()
    ax.set(xlim=across, ylim=up, aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    said = map(_written, (a, b, total))
    figure.set_label(
        "Arrows: a = {}, b = {} begins where a ends, and a + b = {} leads from 0 to "
        "its end; dotted, in the other order, they end there too.".format(*said)
    )
    return figure


@drawn
def show_moved(A: Tensor) -> Figure:
    """Draw the unit square and the unit circle, and what a matrix makes of them.

    Parameters
    ----------
    A : (2, 2); its columns are drawn as arrows.
    """
    figure = Figure(figsize=(4.8, 2.4))
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    square = torch.tensor([[0.0, 1, 1, 0, 0], [0, 0, 1, 1, 0]])
    turn = torch.linspace(0, 2 * math.pi, 121)
    circle = torch.stack([turn.cos(), turn.sin()])
    for ax, M, title in zip(axes, (torch.eye(2), A), ("x", "A x"), strict=True):
        corners, ring = M @ square, M @ circle
        ax.fill(*corners.tolist(), color=COLORS[0], alpha=0.25, linewidth=0)
        ax.plot(*corners.tolist(), color=COLORS[0], linewidth=1.2, label="square")
        ax.plot(*ring.tolist(), color=COLORS[2], linestyle="--", label="circle")
        for k, column in enumerate(M.T):
            _arrow(ax, (0, 0), column, COLORS[1])
            at = {"xytext": ((4, -3), (-4, 4))[k], "ha": ("left", "right")[k]}
            at |= {"textcoords": "offset points", "fontsize": 8}
            ax.annotate(_written(column), column.tolist(), **at)
        ax.set(title=title, aspect="equal", xlabel="$x_1$")
    axes[0].set_ylabel("$x_2$")
    axes[0].legend(loc="lower left")
    figure.set_label(
        "The unit square and the unit circle, and their images: the square is a "
        "parallelogram with the sides {} and {}, the circle an ellipse.".format(
            *map(_written, A.T)
        )
    )
    return figure


# -- contours ------------------------------------------------------------------------


@drawn
def show_forms(matrices: Mapping[str, Tensor]) -> Figure:
    """Draw contours of x^T A x beside each other, with the lines of eigenvectors.

    Blue is above 0 and red below, with a thin line between them; at a dashed line's
    end stands its eigenvalue.

    Parameters
    ----------
    matrices : title -> (2, 2) symmetric.
    """
    figure = Figure(figsize=(5.6, 2.2))
    axes = figure.subplots(1, len(matrices), sharex=True, sharey=True)
    side = torch.linspace(-1.5, 1.5, 61)
    grid = torch.stack(torch.meshgrid(side, side, indexing="xy"), -1)
    levels, said = torch.arange(-14, 15, 2), []
    for ax, (title, A) in zip(axes, matrices.items(), strict=True):
        ax.contourf(side, side, form(A, grid).clamp(-14, 14), levels, cmap="RdBu")
        values, vectors = torch.linalg.eigh(A)
        if values[0] < -1e-5:  # else 0 is met in a point, or along an eigenvector
            ax.contour(side, side, form(A, grid), [0], colors=FAINT, linewidths=1)
        for value, v in zip(values.tolist(), vectors.T, strict=True):
            end = 1.25 * v * v[v.abs().argmax()].sign()
            ax.plot(*torch.stack([-end, end]).T.tolist(), "--", color=INK)
            said.append(number(round(value, 3) + 0.0))
            ax.text(*end.tolist(), f"λ = {said[-1]}", bbox=WHITE, **CENTERED)
        ax.set(title=title, aspect="equal", xlabel="$x_1$", xticks=(-1, 0, 1))
    axes[0].set(ylabel="$x_2$", yticks=(-1, 0, 1))
    figure.set_label(
        f"Contours of {', '.join(matrices)}. Dashed lines lie along the eigenvectors; "
        f"the eigenvalues at their ends: {', '.join(said)}."
    )
    return figure


def form(A: Tensor, points: Tensor) -> Tensor:
    """x^T A x at each of the points (..., 2)."""
    return ((points @ A) * points).sum(-1)


@drawn
def show_gradient(A: Tensor, x: Tensor) -> Figure:
    """Contours of f(x) = x^T A x / 2, and at one point its gradient.

    Parameters
    ----------
    A : (2, 2) symmetric.
    x : (2,) the point; the contour through it is drawn dark. The arrow is the
        gradient at a fifth of its length, the dashed line is at right angles to it.
    """
    figure = Figure(figsize=(3.0, 2.8))
    ax = _contours(figure, A, [0.5 * (x @ A @ x).item()])
    gradient = A @ x
    end = x + gradient / 5
    _arrow(ax, x.tolist(), end, COLORS[1])
    ax.text(end[0] - 0.7, end[1], "∇f", color=COLORS[1], fontsize=11, va="center")
    level = torch.stack([-gradient[1], gradient[0]]) / gradient.norm()
    ends = torch.stack([x - 1.2 * level, x + 1.2 * level])
    ax.plot(*ends.T.tolist(), color=COLORS[2], linestyle="--", linewidth=1.5)
    ax.plot(*x.tolist(), "o", color=INK, markersize=5)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, 3.3))
    figure.set_label(
        f"Contours around 0. At {_written(x)} the gradient points outward, at right "
        "angles to the contour; a dashed line runs along it."
    )
    return figure


@drawn
def show_axes(A: Tensor) -> Figure:
    """Contours of f(x) = x^T A x / 2 with the eigenvectors of A, named by curvature.

    Parameters
    ----------
    A : (2, 2) symmetric and positive definite. Each arrow ends on the contour f = 1.
    """
    figure, said = Figure(figsize=(3.0, 2.8)), []
    ax = _contours(figure, A, [1.0])
    values, vectors = torch.linalg.eigh(A)
    for k, (curvature, v) in enumerate(zip(values, vectors.T, strict=True)):
        v = v * v[1].sign() if v[1] else v
        end = v * (2 / curvature) ** 0.5
        _arrow(ax, (0, 0), end, COLORS[k])
        look = {"color": COLORS[k], "ha": "center", "va": "bottom", "bbox": WHITE}
        ax.text(*(end + 0.6 * v).tolist(), f"curvature {curvature:.0f}", **look)
        said.append(f"{number(curvature.item())} along {_written(v / v.abs().max())}")
    figure.set_label(f"Ellipses, and arrows with curvatures: {' and '.join(said)}.")
    return figure


def _contours(figure: Figure, A: Tensor, dark: list[float]) -> Axes:
    """Draw faint contours, and a dark one for each of the given values."""
    ticks = torch.linspace(-REACH, REACH + 0.8, 100)
    x1, x2 = torch.meshgrid(ticks, ticks, indexing="xy")
    height = form(A, torch.stack([x1, x2], -1)) / 2
    ax = figure.subplots()
    levels = [k**2 / 2 for k in range(1, 9, 2)]
    ax.contour(x1, x2, height, levels=levels, colors="#c8c8c8", linewidths=0.9)
    ax.contour(x1, x2, height, levels=dark, colors="#333333", linewidths=1.4)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH))
    ax.grid(visible=False)
    return ax
