"""Explorers of chapter 1, linear algebra and gradients."""

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from helpers.chapters.linear_algebra_and_gradients.descent import descent
from helpers.chapters.linear_algebra_and_gradients.plane_map import plane_map
from helpers.figures import COLORS
from helpers.widgets.controls import IntSlider, Slider
from helpers.widgets.explorer import Explorer

__all__ = ["descent", "norm_balls", "plane_map", "taylor"]

# -- norms and their unit balls -----------------------------------------------------

WINDOW = 3.0  # the picture shows -3 to 3 in both coordinates


def norm_balls() -> Explorer:
    """The unit ball of the p-norm, and the norm of a point: drag p and the point."""
    return Explorer(
        _make_norm_balls,
        figsize=(4.4, 4.2),
        p=Slider(0.5, 10.5, start=2.0),  # steps of 0.1, so that 1 and 2 are met
        x1=Slider(-2.5, 2.5, start=1.5),
        x2=Slider(-2.5, 2.5, start=-2.0),
    )


def p_norm(x1: float, x2: float, p: float) -> float:
    """The sum of |x_i| to the power p, to the power 1/p; no norm for p below 1."""
    largest = max(abs(x1), abs(x2))
    if largest == 0:
        return 0.0
    # divided by the largest, so that no power underflows
    return largest * sum((abs(x) / largest) ** p for x in (x1, x2)) ** (1 / p)


def ball(p: float) -> np.ndarray:
    """Points (361, 2) around the unit ball of the p-norm."""
    turn = np.radians(np.arange(361))
    xy = np.stack([np.cos(turn), np.sin(turn)], 1)
    xy[np.abs(xy) < 1e-12] = 0
    return np.sign(xy) * np.abs(xy) ** (2 / p)


def _make_norm_balls(figure: Figure):
    ax = figure.subplots()
    ax.set(xlim=(-WINDOW, WINDOW), ylim=(-WINDOW, WINDOW), aspect="equal")
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    for line in (ax.axhline, ax.axvline):
        line(0, color="#999999", linewidth=0.8)
    unit = Polygon(
        ball(2), facecolor=COLORS[0], alpha=0.25, edgecolor=COLORS[0], animated=True
    )
    ax.add_patch(unit)
    ax.plot([], [], color=COLORS[0], linewidth=6, alpha=0.3, label="norm at most 1")
    (same,) = ax.plot(
        [], [], color=COLORS[1], linestyle="--", label="norm as at x", animated=True
    )
    (stem,) = ax.plot([], [], color="#333333", linewidth=1.2, animated=True)
    (mark,) = ax.plot([], [], "o", color="#333333", label="x", animated=True)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)

    def update(p: float, x1: float, x2: float) -> str:
        norm = p_norm(x1, x2, p)
        unit.set_xy(ball(p))
        same.set_data(*(norm * ball(p)).T)
        stem.set_data([0, x1], [0, x2])
        mark.set_data([x1], [x2])
        largest = max(abs(x1), abs(x2))
        text = (
            f"For p = {p:.1f}, x = ({x1:.2f}, {x2:.2f}) has length {norm:.3f}; "
            f"its largest |coordinate|, the limit for large p, is {largest:.3f}. "
        ).replace("-", "−")
        if p > 1 - 1e-9:
            return text + "The ball is convex, and the length is a norm."
        return text + (
            "The ball is not convex, and the length is no norm: (1, 0) and (0, 1) have "
            f"length 1, their sum {2 ** (1 / p):.3f}, which is more than 2."
        )

    return update


# -- Taylor's expansion along a line ------------------------------------------------

FARTHEST = 2.1  # along the line, on both sides of the point


def taylor() -> Explorer:
    """Expand e^x sin y to first and second order; drag point, direction, distance."""
    return Explorer(
        _make_taylor,
        figsize=(6.6, 3.1),
        x=Slider(-1, 1, start=0.0),
        y=Slider(-2, 2, start=0.8),
        direction=IntSlider(0, 360, start=30),
        distance=Slider(0.1, FARTHEST, start=1.0),
    )


def surface(x, y):
    """The function that is expanded."""
    return np.exp(x) * np.sin(y)


def expansion(x: float, y: float, direction: float) -> tuple[float, float, float]:
    """Value, slope and curvature of e^x sin y at a point, along a direction in degrees.

    The slope is the gradient times the unit vector u of the direction, the curvature
    u^T H u with the Hessian H = [[f, g], [g, -f]], where g is e^x cos y.
    """
    u1, u2 = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    f, g = math.exp(x) * math.sin(y), math.exp(x) * math.cos(y)
    return f, f * u1 + g * u2, f * (u1**2 - u2**2) + 2 * g * u1 * u2


def errors(x: float, y: float, direction: float, t: float) -> tuple[float, float]:
    """Absolute errors of the first and the second order at distance t."""
    f, slope, curvature = expansion(x, y, direction)
    radians = math.radians(direction)
    true = float(surface(x + t * math.cos(radians), y + t * math.sin(radians)))
    first = f + slope * t
    return abs(true - first), abs(true - first - curvature * t**2 / 2)


def _make_taylor(figure: Figure):
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.35))
    X, Y = np.meshgrid(np.linspace(-3.2, 3.2, 121), np.linspace(-4.2, 4.2, 121))
    levels = [-12, -8, -4, -2, -1, -0.5, 0, 0.5, 1, 2, 4, 8, 12]
    left.contour(X, Y, surface(X, Y), levels, colors="#888888", linewidths=0.9)
    left.set(
        xlabel="x", ylabel="y", title="contours of $e^x\\,\\sin y$", aspect="equal"
    )
    left.grid(visible=False)
    right.set(
        xlim=(-FARTHEST, FARTHEST), ylim=(-6, 6), xlabel="distance along the line"
    )
    right.set_title("along the line")
    (path,) = left.plot([], [], color="#333333", linewidth=1.5, animated=True)
    (start,) = left.plot([], [], "o", color="#333333", animated=True)
    (end,) = left.plot([], [], "s", color=COLORS[0], markersize=5, animated=True)
    t = np.linspace(-FARTHEST, FARTHEST, 121)
    look = ((COLORS[0], "-"), (COLORS[1], "--"), (COLORS[2], ":"))
    names = ("f", "first order", "second order")
    curves = [
        right.plot([], [], style, color=color, label=name, animated=True)[0]
        for (color, style), name in zip(look, names, strict=True)
    ]
    marks = [right.plot([], [], "s", color=c, ms=5, animated=True)[0] for c, _ in look]
    (touch,) = right.plot([0], [0], "o", color="#333333", animated=True)
    right.legend(loc="upper left")

    def update(x: float, y: float, direction: int, distance: float) -> str:
        u1, u2 = math.cos(math.radians(direction)), math.sin(math.radians(direction))
        f, slope, curvature = expansion(x, y, direction)

        def orders(t):
            first = f + slope * t
            true = surface(x + t * u1, y + t * u2)
            return true, first, first + curvature * t**2 / 2

        reach = np.array([-FARTHEST, FARTHEST])
        path.set_data(x + reach * u1, y + reach * u2)
        start.set_data([x], [y])
        end.set_data([x + distance * u1], [y + distance * u2])
        touch.set_data([0], [f])
        here = orders(distance)
        for curve, values in zip(curves, orders(t), strict=True):
            curve.set_data(t, values)
        for mark, value in zip(marks, here, strict=True):
            mark.set_data([distance], [value])
        one, two = errors(x, y, direction, distance)
        text = (
            f"At distance {distance:.2f} f is {here[0]:.3f}. First order says "
            f"{here[1]:.3f}, an error of {one:.4f}; second order {here[2]:.3f}, "
            f"an error of {two:.4f}. "
        ).replace("-", "−")
        half = errors(x, y, direction, distance / 2)
        if min(one, two, *half) < 1e-9:  # rounding, not an error of the expansion
            return text.strip()
        return text + (
            "At half the distance the errors are divided by "
            f"{one / half[0]:.2f} and {two / half[1]:.2f}."
        )

    return update
