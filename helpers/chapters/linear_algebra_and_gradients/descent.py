"""Explorer: gradient descent on a quadratic, below, at and above the stable rate."""

import math

import numpy as np

from helpers.figures import COLORS
from helpers.tuning.ranges import IntSlider, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, INK, Pane, joined, ring
from helpers.words import many, number

STEPS = 30
START = (4.0, 1.0)
REACH = (4.6, 2.6)  # the picture shows -4.6 to 4.6 and -2.6 to 2.6
LEVELS = (1.0, 0.5, 0.2, 0.05, 0.01)  # contours, as shares of f at the start
TINY = 1e-9


@explorer(width=620, height=270, twin="descent.js")
def descent(
    learning_rate=Slider(0.01, 1.01, start=0.19),  # steps of 0.01; it zigzags
    condition=IntSlider(1, 20, start=10),
):
    """Descent on (x1^2 + k x2^2) / 2: drag learning rate and condition number."""
    path, f = descent_path(learning_rate, condition)
    rise, last = first_rise(f), first_outside(path)
    seen = path if last is None else path[: last + 1]  # beyond, it would only cover
    plane = Pane(
        "contours of f, and the path", (-REACH[0], REACH[0]), (-REACH[1], REACH[1]),
        labels=("x₁", "x₂"), equal=True, share=2.3, grid=False,
    )  # fmt: skip
    plane.line([(-9, 0), (9, 0)], color=FAINT, width=0.8, alpha=0.5)
    plane.line([(0, -9), (0, 9)], color=FAINT, width=0.8, alpha=0.5)
    radii = [math.sqrt(2 * share * f[0]) for share in LEVELS]
    rings = [ring(radii=(r, r / math.sqrt(condition))) for r in radii]
    plane.line(joined(rings), width=1, alpha=0.45, name="contours")
    curve = Pane(
        "f after each step" if rise is None else f"f rises from step {rise} on",
        (0, STEPS), (1e-4, 1e4), labels=("step", ""), log="y", name="curve",
        color=INK if rise is None else COLORS[1],
    )  # fmt: skip
    for pane, xy, name in (
        (plane, seen, "path"),
        (curve, np.c_[np.arange(STEPS + 1), f], "values"),
    ):
        pane.line(xy, color=COLORS[0], name=name)
        marked = slice(0) if rise is None else slice(rise - 1, rise + 1)
        pane.line(xy[marked], color=COLORS[1], width=3.5, name=f"{name} rise")
        risen = len(xy) if rise is None else rise
        pane.dots(xy[:risen], color=COLORS[0], name=f"{name} fallen")
        pane.dots(xy[risen:], color=COLORS[1], name=f"{name} risen")
    plane.dots([START], size=5.5, shape="s")
    plane.text(START, "start", align="center", shift=(0, -10))
    return read(learning_rate, condition), plane, curve


def descent_path(learning_rate: float, condition: int):
    """Points (31, 2) and values (31,) of f before the first and after every step.

    f is (x1^2 + k x2^2) / 2 with k the condition number: curvatures 1 and k, gradient
    (x1, k x2). A step multiplies x1 by 1 - lr and x2 by 1 - lr k.
    """
    factors = 1 - learning_rate * np.array([1.0, condition])
    path = np.array(START) * factors ** np.arange(STEPS + 1)[:, None]
    return path, 0.5 * (path**2 @ np.array([1.0, condition]))


def first_rise(f: np.ndarray) -> int | None:
    """The first step after which f is larger than before it; None if there is none."""
    rises = np.flatnonzero(np.diff(f) > TINY * f[:-1])
    return int(rises[0]) + 1 if len(rises) else None


def first_outside(path: np.ndarray) -> int | None:
    """The first step that leaves the picture; None if there is none."""
    outside = np.flatnonzero((np.abs(path) > REACH).any(1))
    return int(outside[0]) if len(outside) else None


def _size(value: float) -> str:
    return "0 but for rounding" if 0 < value < 1e-12 else number(value)


def read(learning_rate: float, condition: int) -> str:
    """Say what a step does to x1 and x2, and what becomes of f."""
    path, f = descent_path(learning_rate, condition)
    factors = [1 - learning_rate, 1 - learning_rate * condition]
    said = [f"{0.0 if abs(a) < 0.005 else a:.2f}".replace("-", "−") for a in factors]
    limit = f"Stable are rates below 2/{condition} = {2 / condition:.3f}."
    text = f"A step multiplies x₁ by {said[0]} and x₂ by {said[1]}"
    if max(map(abs, factors)) < TINY:
        end = ": one step reaches the minimum."
    elif abs(abs(factors[1]) - 1) < TINY:
        end = (
            ": x₂ jumps between 1 and −1, neither nearer nor farther, and f never "
            f"falls below {_size(condition / 2)}."
        )
    elif abs(factors[1]) < 1:
        zigzag = ", changing its sign each time" if factors[1] < -TINY else ""
        end = (
            f"{zigzag}: both shrink, and in {STEPS} steps f falls from {_size(f[0])} "
            f"to {_size(f[-1])}."
        )
    else:
        rise = first_rise(f)
        fell = f"falls for {many(rise - 1, 'step')} and " if rise > 1 else ""
        last = first_outside(path)
        left = "" if last is None else f"; step {last} leaves the picture"
        end = (
            f": x₂ grows at every step. f {fell}rises from step {rise} on{left}; after "
            f"{STEPS} steps it is {_size(f[-1])}."
        )
    return f"{text}{end} {limit}"
