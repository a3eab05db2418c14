"""Still figures of chapter 1: each draws what its arguments say, and nothing else."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle
from torch import Tensor

from helpers.figures import COLORS, DASHES, drawn, line_style
from helpers.words import number

REACH = 2.5  # the contours show -2.5 to 2.5 in both coordinates
INK, FAINT = "#333333", "#888888"


# -- learning -----------------------------------------------------------------------


@drawn
def show_rings(fields: Sequence[str], examples: Sequence[str]) -> Figure:
    """Draw fields as rings, each inside the one before, with an example in each.

    Parameters
    ----------
    fields : names, from the widest to the narrowest.
    examples : for each field, what lies in it and not in the next.
    """
    figure = Figure(figsize=(4.8, 2.2))
    ax = figure.subplots()
    n = len(fields)
    for k, (field, example) in enumerate(zip(fields, examples, strict=True)):
        width, height = n + 1 - 0.62 * k, 1.1 * (n - k)
        ring = Ellipse((0, height / 2), width, height, facecolor=COLORS[k])
        ring.set(alpha=0.16, edgecolor="none", gid=field)
        ax.add_patch(ring)
        look = {"ha": "center", "va": "center", "color": INK}
        ax.text(0, height - 0.3, field, fontweight="bold", fontsize=9, **look)
        ax.text(0, height - 0.62, example, fontsize=8, **look)
    ax.set(xlim=(-n / 2 - 0.5, n / 2 + 0.5), ylim=(0, 1.1 * n))
    ax.set_axis_off()
    said = (f"{a}, such as {b}" for a, b in zip(fields, examples, strict=True))
    figure.set_label(f"Rings, each inside the one before: {'; '.join(said)}.")
    return figure


@drawn
def show_fits(
    examples: Sequence[tuple[float, float]], weights: Mapping[str, float]
) -> Figure:
    """Draw examples, and for each weight the line y = w x.

    Parameters
    ----------
    examples : pairs of x and y.
    weights : what the line is called -> its weight.
    """
    figure = Figure(figsize=(4.0, 2.1))
    ax = figure.subplots()
    x, y = zip(*examples, strict=True)
    right = 1.1 * max(x)
    for k, (name, w) in enumerate(weights.items()):
        ax.plot([0, right], [0, w * right], label=name, **line_style(k))
    ax.plot(x, y, "o", color=INK, markersize=6, label="examples")
    ax.set(xlabel="x", ylabel="y", xlim=(0, right))
    ax.legend(loc="upper left")
    return figure


# -- tensors, vectors, matrices -----------------------------------------------------


def _cells(ax: Axes, left: float, top: float, rows: Tensor, shades) -> None:
    """Write a matrix into squares of side 1; ``shades(i, j)`` is a colour, or None."""
    for i, row in enumerate(rows.tolist()):
        for j, value in enumerate(row):
            at, shade = (left + j, top - i - 1), shades(i, j)
            ax.add_patch(Rectangle(at, 1, 1, facecolor=shade or "white",
                                   edgecolor=FAINT, linewidth=0.8))  # fmt: skip
            ax.text(at[0] + 0.5, at[1] + 0.5, number(value), ha="center", va="center",
                    fontsize=9, color=INK)  # fmt: skip


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
        ax.text(left + n + 0.7, m / 2, sign, ha="center", va="center", fontsize=13)
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
        arrow = {"arrowstyle": "-|>", "color": color, "linestyle": look}
        arrow |= {"linewidth": 2 if look == "-" else 1.2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end.tolist(), start.tolist(), arrowprops=arrow)
        if look == "-":
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            ax.text(*((start + end) / 2).tolist(), name, color=color, ha="center",
                    va="center", bbox=box)  # fmt: skip
    corners = torch.stack([zero, a, b, total])
    low, high = corners.min(0).values - 0.5, corners.max(0).values + 0.5
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    said = (f"({', '.join(number(v) for v in x.tolist())})" for x in (a, b, total))
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
            arrow = {"arrowstyle": "-|>", "color": COLORS[1], "linewidth": 2}
            arrow |= {"shrinkA": 0, "shrinkB": 0}
            ax.annotate("", column.tolist(), (0, 0), arrowprops=arrow)
            name = f"({', '.join(number(v) for v in column.tolist())})"
            at = (4, -3) if column[0] > column[1] else (-4, 4)
            ax.annotate(name, column.tolist(), at, textcoords="offset points",
                        ha="left" if k == 0 else "right", fontsize=8)  # fmt: skip
        ax.set(title=title, aspect="equal", xlabel="$x_1$")
    axes[0].set_ylabel("$x_2$")
    axes[0].legend(loc="lower left")
    first, second = (tuple(map(number, c)) for c in A.T.tolist())
    figure.set_label(
        "The unit square and the unit circle, and their images: the square is a "
        f"parallelogram with the sides ({', '.join(first)}) and ({', '.join(second)}), "
        "the circle an ellipse."
    )
    return figure


# -- derivatives --------------------------------------------------------------------


@drawn
def show_secants(f: Callable[[Tensor], Tensor], x: float, steps: Sequence[float]):
    """Draw f, its secants from x to x + h, and the tangent that they come to.

    Parameters
    ----------
    f : of a tensor, entry by entry.
    steps : the values of h.
    """
    figure = Figure(figsize=(4.2, 2.5))
    ax = figure.subplots()
    at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(f(at), at)
    at, left, right = at.detach(), x - 1.2, x + max(steps) + 0.2
    t = torch.linspace(left, right, 101, dtype=torch.float64)
    ax.plot(t, f(t), color=INK, label="f")
    ends = torch.tensor([left, right], dtype=torch.float64)
    for k, h in enumerate(steps):
        secant = (f(at + h) - f(at)) / h
        color = COLORS[(0, 5, 2)[k % 3]]
        line = f(at) + secant * (ends - x)
        name = f"h = {h:g}: slope {secant:.2f}"
        ax.plot(ends, line, color=color, linewidth=1.2, label=name)
        ax.plot([x + h], [f(at + h).item()], "o", color=color, markersize=5)
    name = f"tangent: slope {slope:.2f}"
    ax.plot(ends, f(at) + slope * (ends - x), color=COLORS[1], linestyle=(0, DASHES[1]),
            label=name)  # fmt: skip
    ax.plot([x], [f(at).item()], "o", color=INK, markersize=6)
    ax.set(xlabel="x", ylabel="value", xlim=(left, right))
    ax.set_ylim(min(f(t).min().item(), 0) - 1, f(t).max().item())
    ax.legend(loc="upper left")
    return figure


@drawn
def show_graph(
    values: Mapping[str, float], slopes: Mapping[tuple[str, str], float]
) -> Figure:
    """Draw a computation graph: values forward, and the slopes of the result back.

    Parameters
    ----------
    values : name -> value of each number, in the order in which they are computed;
        the last one is the result.
    slopes : (from, to) -> derivative of the second with respect to the first, for each
        arrow of the graph.
    """
    names = list(values)
    back = dict.fromkeys(names, 0.0) | {names[-1]: 1.0}
    for name in reversed(names):  # complete before it is passed on
        for (start, end), slope in slopes.items():
            if end == name:
                back[start] += slope * back[end]
    column: dict[str, int] = {}
    for name in names:
        before = [column[start] for start, end in slopes if end == name]
        column[name] = max(before, default=-1) + 1
    leaves = [name for name in names if column[name] == 0]
    row = {name: (len(leaves) - 1) / 2 - k for k, name in enumerate(leaves)}
    for name in names:
        before = [row[start] for start, end in slopes if end == name]
        row[name] = sum(before) / len(before) if before else row[name]
    places = {name: (2.6 * column[name], 1.5 * row[name]) for name in names}
    figure = Figure(figsize=(5.6, 2.4))
    ax = figure.subplots()
    for (start, end), slope in slopes.items():
        look = {"arrowstyle": "-|>", "color": FAINT, "shrinkA": 20, "shrinkB": 22}
        ax.annotate("", places[end], places[start], arrowprops=look)
        (x0, y0), (x1, y1) = places[start], places[end]
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        look = {"color": COLORS[1], "fontsize": 8, "ha": "center", "va": "center"}
        middle = 0.55 * x0 + 0.45 * x1, 0.55 * y0 + 0.45 * y1
        ax.text(*middle, f"×{number(slope)}", bbox=box, **look)
    for name, (x, y) in places.items():
        box = {"boxstyle": "round,pad=0.35", "facecolor": "#e8f1f8", "edgecolor": INK}
        ax.text(x, y, f"{name} = {number(values[name])}", ha="center", va="center",
                color=COLORS[0], bbox=box)  # fmt: skip
        ax.text(x, y - 0.42, f"slope {number(back[name])}", ha="center", va="center",
                color=COLORS[1], fontsize=8)  # fmt: skip
    low, high = min(y for _, y in places.values()), max(y for _, y in places.values())
    ax.set(xlim=(-0.9, 2.6 * max(column.values()) + 0.9), ylim=(low - 0.65, high + 0.4))
    ax.set_axis_off()
    said = (f"{n} = {number(values[n])}, slope {number(back[n])}" for n in names)
    figure.set_label(f"A computation graph from left to right: {'; '.join(said)}.")
    return figure


@drawn
def show_taylor(f: Callable[[Tensor], Tensor], x: float, reach: float) -> Figure:
    """Draw f, and around one point what its value, slope and curvature predict.

    Parameters
    ----------
    f : of a tensor, entry by entry, twice differentiable.
    reach : how far to both sides it is drawn.
    """
    figure = Figure(figsize=(4.2, 2.3))
    ax = figure.subplots()
    at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(f(at), at, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, at)
    value, slope = f(at).item(), slope.item()
    d = torch.linspace(-reach, reach, 101, dtype=torch.float64)
    orders = {
        "f": f(x + d),
        "first order": value + slope * d,
        "second order": value + slope * d + curvature.item() * d**2 / 2,
    }
    for k, (name, y) in enumerate(orders.items()):
        ax.plot(x + d, y, label=name, **line_style(k))
    ax.plot([x], [value], "o", color=INK, markersize=6)
    ax.set(xlabel="x", xlim=(x - reach, x + reach))
    ax.legend(loc="upper left")
    return figure


@drawn
def show_forms(matrices: Mapping[str, Tensor]) -> Figure:
    """Draw the surfaces of x^T A x / 2 beside each other, in three dimensions.

    Parameters
    ----------
    matrices : title -> (2, 2) symmetric.
    """
    figure = Figure(figsize=(6.0, 2.0))
    turn, radius = torch.linspace(0, 2 * math.pi, 41), torch.linspace(0, 1, 16)
    x1, x2 = radius[:, None] * turn.cos(), radius[:, None] * turn.sin()
    grid, said = torch.stack([x1, x2], -1), []
    for k, (title, A) in enumerate(matrices.items()):
        ax = figure.add_subplot(1, len(matrices), k + 1, projection="3d")
        height = 0.5 * ((grid @ A) * grid).sum(-1)
        look = {"cmap": colormaps["Blues_r"].resampled(7), "shade": False}
        look |= {"edgecolor": "none", "antialiased": False, "rstride": 1, "cstride": 1}
        ax.plot_surface(*(v.numpy() for v in (x1, x2, height)), **look)
        ax.set_title(title, loc="center")
        ax.set_axis_off()
        ax.view_init(elev=28, azim=110)
        ax.set_box_aspect((1, 1, 0.8), zoom=1.3)
        said.append(f"{title}, {number(height.min())} to {number(height.max())}")
    figure.set_label(f"Three surfaces with their heights: {'; '.join(said)}.")
    return figure


# -- descent and regression ---------------------------------------------------------


@drawn
def show_path(f: Callable[[Tensor], Tensor], path: Tensor) -> Figure:
    """Draw a function of two variables as a coloured map, and a path across it.

    Parameters
    ----------
    f : of a tensor (2, ...), which it reads by its first axis.
    path : (k, 2) the points, from the first on.
    """
    figure = Figure(figsize=(4.4, 3.2))
    ax = figure.subplots()
    ticks = torch.linspace(-REACH, REACH, 120, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"))
    filled = ax.contourf(*grid.numpy(), f(grid).numpy(), levels=10, cmap="Blues_r")
    figure.colorbar(filled, ax=ax, label="f")
    ax.plot(*path.T.tolist(), "o-", color=COLORS[1], markersize=4, linewidth=1.5,
            label="path")  # fmt: skip
    ax.annotate("start", path[0].tolist(), (6, 2), textcoords="offset points",
                color="white")  # fmt: skip
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    ax.grid(visible=False)
    heights = [number(f(point).item()) for point in path]
    figure.set_label(
        f"A map of f, dark where it is low, and a path of {len(path)} points from "
        f"height {heights[0]} to {heights[-1]}."
    )
    return figure


@drawn
def show_residuals(x: Tensor, y: Tensor, w: float, b: float) -> Figure:
    """Draw points, a line, and from each point to the line what is left over.

    Parameters
    ----------
    x, y : (n,) the examples; w, b : slope and intercept of the line.
    """
    figure = Figure(figsize=(4.2, 2.4))
    ax = figure.subplots()
    line = w * x + b
    left = ax.vlines(x.tolist(), line.tolist(), y.tolist(), color=COLORS[1],
                     linewidth=1.2, label="residuals")  # fmt: skip
    left.set_gid("residuals")
    ends = torch.stack([x.min() - 0.2, x.max() + 0.2])
    ax.plot(ends.tolist(), (w * ends + b).tolist(), color=COLORS[0], label="line")
    ax.plot(x.tolist(), y.tolist(), "o", color=INK, markersize=4, label="examples")
    loss = 0.5 * ((line - y) ** 2).mean().item()
    ax.set(xlabel="x", ylabel="y", title=f"loss {loss:.3f}")
    ax.legend(loc="upper left")
    return figure


@drawn
def show_noise(x: Tensor, y: Tensor, w: float, b: float, sigma: float) -> Figure:
    """Draw a line, and at some x the density that Gaussian noise gives to each y.

    Parameters
    ----------
    x, y : (n,) a few examples; the bar at each is as long as its density.
    sigma : standard deviation of the noise around the line.
    """
    figure = Figure(figsize=(4.3, 2.4))
    ax = figure.subplots()
    ends = torch.stack([x.min() - 0.5, x.max() + 1.2])
    ax.plot(ends.tolist(), (w * ends + b).tolist(), color=COLORS[0], label="line")
    around, said = torch.linspace(-3.5, 3.5, 81) * sigma, []
    peak = _density(torch.zeros(1), sigma).item()
    for k, (x_k, y_k) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        middle = w * x_k + b
        ax.plot(x_k + _density(around, sigma) / peak, middle + around, color=FAINT,
                linewidth=1, label=f"_density {k}" if k else "density")  # fmt: skip
        density = _density(torch.tensor(y_k - middle), sigma).item()
        ax.plot([x_k, x_k + density / peak], [y_k, y_k], color=COLORS[1],
                label=f"_bar {k}")  # fmt: skip
        ax.text(x_k + density / peak + 0.06, y_k, f"{density:.2f}", color=COLORS[1],
                fontsize=8, va="center")  # fmt: skip
        said.append(f"{density:.2f} at x = {number(x_k)}")
    ax.plot(x.tolist(), y.tolist(), "o", color=INK, markersize=5, label="examples")
    ax.set(xlabel="x", ylabel="y", xlim=(ends[0], ends[1]))
    ax.legend(loc="upper left")
    figure.set_label(
        f"A line, and around it bell curves of the noise; densities of the examples: "
        f"{', '.join(said)}."
    )
    return figure


def _density(r: Tensor, sigma: float) -> Tensor:
    """The density of a normal distribution at distance r from its mean."""
    return (-0.5 * (r / sigma) ** 2).exp() / (sigma * math.sqrt(2 * math.pi))


# -- contours, and lines as classifiers ---------------------------------------------


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
    figure = Figure(figsize=(3.0, 2.8))
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
    levels = [k**2 / 2 for k in range(1, 9, 2)]
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
