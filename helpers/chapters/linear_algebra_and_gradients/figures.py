"""Still figures of chapter 1: each draws what its arguments say, and nothing else."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from torch import Tensor

from helpers.chapters.linear_algebra_and_gradients import plane_figures as plane
from helpers.figures import COLORS, drawn, line_style
from helpers.words import many, number

INK, FAINT, REACH, GRAY = plane.INK, plane.FAINT, plane.REACH, "#666666"
CENTERED, WHITE = plane.CENTERED, plane.WHITE
# Drawn there, and shown from here, too.
show_broadcast, show_product = plane.show_broadcast, plane.show_product
show_sum, show_moved, show_forms = plane.show_sum, plane.show_moved, plane.show_forms
show_gradient, show_axes = plane.show_gradient, plane.show_axes


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
        width, bottom, top = n + 1 - 0.75 * k, 0.15 * k, 1.1 * (n - k)
        ring = Ellipse((0, (bottom + top) / 2), width, top - bottom, color=COLORS[k])
        ring.set(alpha=0.16, linewidth=0, gid=field)
        ax.add_patch(ring)
        ax.text(0, top - 0.28, field, fontweight="bold", color=INK, **CENTERED)
        ax.text(0, top - 0.58, example, fontsize=8, color=INK, **CENTERED)
    ax.set(xlim=(-n / 2 - 0.5, n / 2 + 0.5), ylim=(0, 1.1 * n))
    ax.set_axis_off()
    said = (f"{a}, such as {b}" for a, b in zip(fields, examples, strict=True))
    figure.set_label(f"Rings, each inside the one before: {'; '.join(said)}.")
    return figure


@drawn
def show_fits(examples: Sequence, weights: Mapping, error: Callable) -> Figure:
    """Draw examples and for each weight the line y = w x, and the error over w.

    Parameters
    ----------
    examples : pairs of x and y.
    weights : what the line is called -> its weight, a float.
    error : of a weight, or of a tensor of them, entry by entry.
    """
    figure = Figure(figsize=(5.6, 1.9))
    ax, curve = figure.subplots(1, 2)
    x, y = zip(*examples, strict=True)
    right, w = 1.1 * max(x), torch.linspace(-0.4, 4.4, 97)
    curve.plot(w, error(w), color=INK, label="error")
    for k, (name, v) in enumerate(weights.items()):
        ax.plot([0, right], [0, v * right], label=name, **line_style(k))
        curve.plot([v], [error(v)], "o", color=COLORS[k], label=name)
    ax.legend(loc="upper left")  # without the examples: its dot would look like one
    ax.plot(x, y, "o", color=INK, markersize=6, label="examples")
    ax.set(xlabel="x", ylabel="y", xlim=(0, right), ylim=(-0.4, 1.6 * max(y)))
    curve.set(xlabel="w", ylabel="mean error")
    said = "; ".join(f"{name}, error {number(error(v))}" for name, v in weights.items())
    figure.set_label(f"Left, examples and lines; right, the error over w: {said}.")
    return figure


# -- derivatives --------------------------------------------------------------------


@drawn
def show_secants(f: Callable[[Tensor], Tensor], x: float, steps: Sequence[float]):
    """Draw f, its secants from x to x + h, and the tangent that they come to.

    Parameters
    ----------
    f : of a tensor, entry by entry.
    steps : the values of h, at most three.
    """
    figure = Figure(figsize=(3.8, 2.2))
    ax = figure.subplots()
    at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(f(at), at)
    at, left, right = at.detach(), x - 1.2, x + max(steps) + 0.2
    t = torch.linspace(left, right, 101, dtype=torch.float64)
    ax.plot(t, f(t), color=INK, label="f")
    ends = torch.tensor([left, right], dtype=torch.float64)
    for h, color in zip(steps, [COLORS[k] for k in (0, 5, 2)], strict=False):
        secant = (f(at + h) - f(at)) / h
        look = {"color": color, "label": f"h = {h:g}: slope {secant:.2f}"}
        ax.plot(ends, f(at) + secant * (ends - x), linewidth=1.2, **look)
        ax.plot([x + h], [f(at + h).item()], "o", color=color, markersize=5)
    name = f"tangent: slope {slope:.2f}"
    ax.plot(ends, f(at) + slope * (ends - x), label=name, **line_style(1))
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
    figure, small = Figure(figsize=(5.0, 2.0)), {"color": COLORS[1], "fontsize": 10}
    ax, small = figure.subplots(), small | CENTERED
    for (start, end), slope in slopes.items():
        look = {"arrowstyle": "-|>", "color": FAINT, "shrinkA": 24, "shrinkB": 26}
        ax.annotate("", places[end], places[start], arrowprops=look)
        (x0, y0), (x1, y1) = places[start], places[end]
        middle = 0.55 * x0 + 0.45 * x1, 0.55 * y0 + 0.45 * y1
        factor = f"×({number(slope)})" if slope < 0 else f"×{number(slope)}"
        ax.text(*middle, factor, bbox=WHITE, **small | {"color": GRAY})
    for name, (x, y) in places.items():
        box = {"boxstyle": "round,pad=0.35", "facecolor": "#e8f1f8", "edgecolor": INK}
        words = f"{name} = {number(values[name])}"
        ax.text(x, y, words, color=COLORS[0], fontsize=12, bbox=box, **CENTERED)
        ax.text(x, y - 0.5, f"slope {number(back[name])}", **small)
    low, high = min(y for _, y in places.values()), max(y for _, y in places.values())
    ax.set(xlim=(-0.9, 2.6 * max(column.values()) + 0.9), ylim=(low - 0.65, high + 0.4))
    ax.set_axis_off()
    said = (f"{n} = {number(values[n])}, slope {number(back[n])}" for n in names)
    figure.set_label(f"A computation graph from left to right: {'; '.join(said)}.")
    return figure


@drawn
def show_taylor(f: Callable[[Tensor], Tensor], x: float, reach: float, name: str = "f"):
    """Draw f, and around one point what its value, slope and curvature predict.

    Parameters
    ----------
    f : of a tensor, entry by entry, twice differentiable.
    reach : how far to both sides it is drawn.
    name : what the legend calls f.
    """
    figure = Figure(figsize=(4.0, 2.2))
    ax = figure.subplots()
    at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(f(at), at, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, at)
    value, slope = f(at).item(), slope.item()
    d = torch.linspace(-reach, reach, 101, dtype=torch.float64)
    orders = {name: f(x + d), "first order": value + slope * d}
    orders["second order"] = orders["first order"] + curvature.item() * d**2 / 2
    for k, (order, y) in enumerate(orders.items()):
        ax.plot(x + d, y, label=order, **line_style(k))
    ax.plot([x], [value], "o", color=INK, markersize=6)
    ax.set(xlabel="x", ylabel="value", xlim=(x - reach, x + reach))
    ax.legend(loc="upper left")
    said = ", ".join(f"{order} {number(y[-1].item())}" for order, y in orders.items())
    figure.set_label(
        f"The curve {name}, its tangent at {number(x)} (first order), and the parabola "
        f"with the same slope and curvature there (second order). At the right: {said}."
    )
    return figure


# -- descent and regression ---------------------------------------------------------


@drawn
def show_path(f: Callable[[Tensor], Tensor], path: Tensor, A: Tensor) -> Figure:
    """Draw a function of two variables as a colored map, and a path across it.

    Parameters
    ----------
    f : of a tensor (2, ...), which it reads by its first axis.
    path : (k, 2) the points, from the first on.
    A : (2, 2) symmetric, the Hessian of f; dashed lines through 0 lie along its
        eigenvectors.
    """
    figure = Figure(figsize=(4.2, 3.0))
    ax = figure.subplots()
    ticks = torch.linspace(-REACH, REACH, 120, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"))
    filled = ax.contourf(*grid.numpy(), f(grid).numpy(), levels=10, cmap="Blues")
    figure.colorbar(filled, ax=ax, label="f")
    V = torch.linalg.eigh(A)[1].to(path.dtype)  # the column of the flattest way first
    for name, v in zip(("flattest", "steepest"), V.T, strict=True):
        end = v / v.abs().max() * (v[1].sign() or 1) * REACH
        ax.plot(*torch.stack([-end, end]).T, "--", color=INK, linewidth=1, label=name)
        ax.text(*(-0.78 * end).tolist(), name, fontsize=8, bbox=WHITE, **CENTERED)
    ax.plot(*path.T.tolist(), "o-", color=COLORS[1], markersize=4, label="path")
    ax.annotate("start", path[0].tolist(), (6, 2), textcoords="offset points")
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    ax.grid(visible=False)
    first, second, last = path[[0, 1, -1]]
    near, far = (number((p @ V[:, 1]).abs().item()) for p in (second, first))
    figure.set_label(
        f"A map of f, pale where it is low; dashed lines where it is flattest and "
        f"steepest; a path of {len(path)} points from height {number(f(first).item())} "
        f"to {number(f(last).item())}. Its first step shortens the distance to the "
        f"flattest line from {far} to {near}."
    )
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
                fontsize=8, va="center", bbox=WHITE)  # fmt: skip
        said.append(f"{density:.2f} at x = {number(x_k)}")
    ax.legend(loc="upper left")  # without the examples: its dot would look like one
    ax.plot(x.tolist(), y.tolist(), "o", color=INK, markersize=5, label="examples")
    ax.set(xlabel="x", ylabel="y", xlim=ends.tolist())
    figure.set_label(f"A line with bell curves of noise; densities: {', '.join(said)}.")
    return figure


def _density(r: Tensor, sigma: float) -> Tensor:
    """The density of a normal distribution at distance r from its mean."""
    return (-0.5 * (r / sigma) ** 2).exp() / (sigma * math.sqrt(2 * math.pi))


# -- lines as classifiers ------------------------------------------------------------


@drawn
def show_thresholds(x: Tensor, y: Tensor, lines: dict[str, Tensor]) -> Figure:
    """Points of two classes, lines fitted to their 0 and 1, and where each crosses 1/2.

    An inset shows -2.2 to 2.2, with the points that the last line gets wrong in orange.

    Parameters
    ----------
    x : (n,) inputs; y : (n,) classes, 0 or 1.
    lines : name -> (2,) slope and intercept.
    """
    figure, said = Figure(figsize=(5.0, 2.6)), []
    ax = figure.subplots()
    near = ax.inset_axes((0.47, 0.12, 0.45, 0.38), xlim=(-2.2, 2.2), xticks=(-2, 0, 2))
    ends = torch.stack([x.min() - 1, x.max() + 1])
    for part in (ax, near):
        part.axhline(0.5, color="#999999", linewidth=0.8)
        part.plot(x.tolist(), y.tolist(), "o", color=INK, markersize=3, alpha=0.4)
        part.set(ylim=(-0.35, 1.7) if part is ax else (-0.2, 1.2), yticks=(0, 0.5, 1))
    for k, (name, (slope, intercept)) in enumerate(lines.items()):
        style = {"color": COLORS[2 * k], "linestyle": ("-", "--")[k % 2]}
        at, border = slope * ends + intercept, ((0.5 - intercept) / slope).item()
        for part in (ax, near):
            part.plot(ends.tolist(), at.tolist(), label=name, **style)
            part.plot([border], [0.5], "D", color=COLORS[2 * k], markersize=6)
        said.append(f"{name}: {number(border, 2)}")
    wrong = (slope * x + intercept > 0.5) != (y > 0.5)
    near.plot(x[wrong], y[wrong], "o", color=COLORS[1], markersize=4, label="wrong")
    ax.set(xlabel="x", ylabel="class, and line")
    ax.legend(loc="upper right")
    figure.set_label(
        f"Points of class 0 and 1, and lines that cross ½ ({'; '.join(said)}). Inset, "
        f"the middle: {many(int(wrong.sum()), 'point')} of it on the wrong side."
    )
    return figure
