"""Explorers of chapter 1, linear algebra and gradients."""

import math

import numpy as np

from helpers.chapters.linear_algebra_and_gradients.descent import descent
from helpers.chapters.linear_algebra_and_gradients.plane_map import plane_map
from helpers.data import make_regression
from helpers.figures import COLORS
from helpers.tuning.ranges import IntSlider, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, INK, PAPER, Pane, joined, ring, segments
from helpers.words import many, number

__all__ = ["descent", "norm_balls", "plane_map", "regression", "taylor"]

# -- norms and their unit balls -----------------------------------------------------

WINDOW = 3.0  # the picture shows -3 to 3 in both coordinates


@explorer(width=400, height=400)
def norm_balls(
    p=Slider(0.5, 10.5, start=2.0),  # steps of 0.1, so that 1 and 2 are met
    x1=Slider(-2.5, 2.5, start=1.5),
    x2=Slider(-2.5, 2.5, start=-2.0),
):
    """The unit ball of the p-norm, and the norm of a point: drag p and the point."""
    norm = p_norm(x1, x2, p)
    ends = (-WINDOW, WINDOW)
    pane = Pane(x=ends, y=ends, labels=("x₁", "x₂"), equal=True)
    for axis in ([(-WINDOW, 0), (WINDOW, 0)], [(0, -WINDOW), (0, WINDOW)]):
        pane.line(axis, color=FAINT, width=1)
    pane.area(
        ball(p), color=COLORS[0], width=1.2, alpha=0.25, name="unit ball",
        label="norm at most 1",
    )  # fmt: skip
    pane.line(
        norm * ball(p), color=COLORS[1], dash=(6, 3), name="same",
        label="same norm as x",
    )  # fmt: skip
    pane.line([(0, 0), (x1, x2)], width=1.3)
    pane.dots([(x1, x2)], size=4.5, name="x", label="x")
    pane.handle((x1, x2), "x1", "x2")
    largest = max(abs(x1), abs(x2))
    text = (
        f"For p = {p:.1f}, x = ({x1:.2f}, {x2:.2f}) has length {norm:.3f}; "
        f"its largest |coordinate|, the limit for large p, is {largest:.3f}. "
    ).replace("-", "−")
    if p > 1 - 1e-9:
        return text + "The ball is convex, and the length is a norm.", pane
    return text + (
        "The ball is not convex, and the length is no norm: (1, 0) and (0, 1) have "
        f"length 1, their sum {2 ** (1 / p):.3f}, which is more than 2."
    ), pane


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


# -- Taylor's expansion along a line ------------------------------------------------

FARTHEST = 2.1  # along the line, on both sides of the point
ORDERS = ("f", "first order", "second order")


def _contours(sign: int) -> np.ndarray:
    """Where e^x sin y is 0 or of a sign: y = n pi, else x = log(value / |sin y|)."""
    lines = [[(-4, n * math.pi), (4, n * math.pi)] for n in (-1, 0, 1) if sign > 0]
    for value in (0.5, 1, 2, 4, 8, 12):
        for n in (-2, 0) if sign > 0 else (-1, 1):
            y = (n + np.linspace(0.005, 0.995, 60)) * math.pi
            lines.append(np.c_[np.log(value / np.abs(np.sin(y))), y])
    return joined(lines)


CONTOURS = (("contours", _contours(1), ()), ("contours below 0", _contours(-1), (4, 2)))


@explorer(width=620, height=300)
def taylor(
    x=Slider(-1, 1, start=0.0),
    y=Slider(-2, 2, start=0.8),
    direction=IntSlider(0, 360, start=30),
    distance=Slider(0.1, FARTHEST, start=1.0),
):
    """Expand e^x sin y to first and second order; drag point, direction, distance."""
    u = np.array([math.cos(math.radians(direction)), math.sin(math.radians(direction))])
    point, t = np.array([x, y]), np.linspace(-FARTHEST, FARTHEST, 121)
    plane = Pane(
        "eˣ sin y, dashed below 0", (-3.2, 3.2), (-4.2, 4.2), grid=False,
        labels=("x", "y"), equal=True, share=0.7,
    )  # fmt: skip
    for name, xy, dash in CONTOURS:
        plane.line(xy, width=0.9, dash=dash, alpha=0.5, name=name)
    plane.line(point + np.outer([-FARTHEST, FARTHEST], u), width=1.6, name="path")
    plane.dots([point], size=4)
    plane.dots([point + distance * u], color=COLORS[0], shape="s", size=4, name="end")
    plane.handle(point, "x", "y")
    along = Pane(
        "along the line", (-FARTHEST, FARTHEST), (-6, 6),
        labels=("distance along the line", ""), name="along",
    )  # fmt: skip
    looks = zip(ORDERS, COLORS, ((), (7, 4), (2, 3)), strict=False)
    curves, here = (orders(x, y, direction, at) for at in (t, distance))
    for k, (name, color, dash) in enumerate(looks):
        look = {"color": color, "name": name, "label": name}
        along.line(np.c_[t, curves[k]], dash=dash, **look)
        along.dots([(distance, here[k])], color=color, shape="s", size=4)
    along.dots([(0, surface(x, y))], size=4)
    one, two = errors(x, y, direction, distance)
    text = (
        f"At distance {distance:.2f} f is {here[0]:.3f}. First order says "
        f"{here[1]:.3f}, an error of {one:.4f}; second order {here[2]:.3f}, "
        f"an error of {two:.4f}. "
    ).replace("-", "−")
    half = errors(x, y, direction, distance / 2)
    if min(one, two, *half) < 1e-9:  # rounding, not an error of the expansion
        return text.strip(), plane, along
    says = text + (
        "At half the distance the errors are divided by "
        f"{one / half[0]:.2f} and {two / half[1]:.2f}."
    )
    return says, plane, along


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


def orders(x: float, y: float, direction: float, t):
    """The function at distance t along a direction, its first and second order."""
    f, slope, curvature = expansion(x, y, direction)
    radians = math.radians(direction)
    true = surface(x + t * math.cos(radians), y + t * math.sin(radians))
    return true, f + slope * t, f + slope * t + curvature * t**2 / 2


def errors(x: float, y: float, direction: float, t: float) -> tuple[float, float]:
    """Absolute errors of the first and the second order at distance t."""
    true, first, second = orders(x, y, direction, t)
    return abs(true - first), abs(true - second)


# -- the loss of a line ---------------------------------------------------------------

FEW = make_regression(w=(2.0,), b=1.0, n_train=25, noise=0.8).train
FEW_X, FEW_Y = (t.squeeze(1).double().numpy() for t in (FEW.X, FEW.y))
ONES = np.c_[FEW_X, np.ones(25)]
HESSIAN, PULL = ONES.T @ ONES / 25, ONES.T @ FEW_Y / 25  # the gradient: H x - pull
EXACT = np.linalg.solve(HESSIAN, PULL)
HEIGHTS = (0.05, 0.2, 0.8, 1.8, 3.2, 6.0)  # of the contours, above the least loss


def _rings() -> np.ndarray:
    """Where the loss of a line is higher than the least by each of the heights."""
    curvatures, axes = np.linalg.eigh(HESSIAN)
    turned = math.degrees(math.atan2(axes[1, 0], axes[0, 0]))
    return joined([ring(EXACT, np.sqrt(2 * h / curvatures), turned) for h in HEIGHTS])


def half_mse(w: float, b: float) -> float:
    """The loss of the line y = w x + b."""
    return 0.5 * np.mean((w * FEW_X + b - FEW_Y) ** 2)


@explorer(width=720, height=300)
def regression(
    learning_rate=Slider(0.05, 2.25, start=0.3), steps=IntSlider(0, 30, start=3)
):
    """Descent on the loss of a line from (0, 0): each point is a line beside it."""
    path = [np.zeros(2)]
    for _ in range(steps):
        path.append(path[-1] - learning_rate * (HESSIAN @ path[-1] - PULL))
    w, b = path[-1]
    left = Pane("the line", (-3, 2.5), (-6, 6), labels=("x", "y"))
    examples, line = np.c_[FEW_X, FEW_Y], np.c_[FEW_X, w * FEW_X + b]
    left.line(segments(examples, line), color=COLORS[1], width=1.4, name="residuals")
    left.line([(x, w * x + b) for x in (-3, 2.5)], color=COLORS[0], name="line")
    left.dots(examples, size=3.5, name="examples")
    bowl = Pane(
        "loss of each line", (-1, 4.5), (-1.5, 3), labels=("w", "b"), grid=False
    )
    bowl.line(_rings(), width=1, alpha=0.5, name="contours")
    bowl.dots([(2, 1)], shape="x", size=5, name="rule")
    bowl.text((2, 1), "(2, 1)", shift=(8, -4))
    # not before the learner has seen where descent ends
    bowl.dots([EXACT][: steps // 20], color=PAPER, edge=INK, size=6, name="bottom")
    bowl.line(path, color=COLORS[0], name="path")
    bowl.dots(path, color=COLORS[0], name="points")
    says = (
        f"After {many(steps, 'step')} w = {number(w, 2)} and b = {number(b, 2)}: the "
        f"loss is {number(half_mse(w, b))}. The least that a line can have is "
        f"{number(half_mse(*EXACT))}{', at the ring' if steps >= 20 else ''}."
    )
    return says, left, bowl
