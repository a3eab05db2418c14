"""Explorer: gradient descent on a quadratic, below, at and above the stable rate."""

import math
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure

from helpers.figures import COLORS
from helpers.widgets.controls import IntSlider, Slider
from helpers.widgets.explorer import ClientExplorer

# As in descent.js, which draws the same.
STEPS = 30
START = (4.0, 1.0)
REACH = (4.6, 2.6)  # the picture shows -4.6 to 4.6 and -2.6 to 2.6
LEVELS = (1.0, 0.5, 0.2, 0.05, 0.01)  # contours, as shares of f at the start
LOWEST, HIGHEST = -4, 4  # powers of ten that the curve of f shows
TINY = 1e-9


class _DescentView(anywidget.AnyWidget):
    """The contours and the path that descent.js draws."""

    _esm = Path(__file__).with_name("descent.js")
    learning_rate = traitlets.Float(0.05).tag(sync=True)
    condition = traitlets.Int(10).tag(sync=True)


def descent() -> ClientExplorer:
    """Descent on (x^2 + k y^2) / 2: drag the learning rate and the condition number."""
    return ClientExplorer(
        _DescentView(),
        _draw,
        _read,
        figsize=(6.2, 2.9),
        learning_rate=Slider(0.01, 1.01, start=0.05),  # steps of 0.01
        condition=IntSlider(1, 20, start=10),
    )


def descent_path(learning_rate: float, condition: int):
    """Points (31, 2) and values (31,) of f before the first and after every step.

    f is (x^2 + k y^2) / 2 with k the condition number: curvatures 1 and k, gradient
    (x, k y). A step multiplies x by 1 - lr and y by 1 - lr k.
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
    """A positive number in three digits, as a power of ten where it is huge or tiny."""
    if 1e-3 <= value < 1e4:
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    if value < 1e-12:
        return "0 but for rounding" if value > 0 else "0"
    mantissa, power = f"{value:.1e}".split("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}·10{raised}"


def _read(learning_rate: float, condition: int) -> str:
    path, f = descent_path(learning_rate, condition)
    factors = [1 - learning_rate, 1 - learning_rate * condition]
    said = [f"{0.0 if abs(a) < 0.005 else a:.2f}".replace("-", "−") for a in factors]
    limit = f"Stable are rates below 2/{condition} = {2 / condition:.3f}."
    text = f"A step multiplies x by {said[0]} and y by {said[1]}"
    if max(map(abs, factors)) < TINY:
        end = ": one step reaches the minimum."
    elif abs(abs(factors[1]) - 1) < TINY:
        end = (
            ": y jumps between 1 and −1, neither nearer nor farther, and f never falls "
            f"below {_size(condition / 2)}."
        )
    elif abs(factors[1]) < 1:
        zigzag = ", changing its sign each time" if factors[1] < -TINY else ""
        end = (
            f"{zigzag}: both shrink, and in {STEPS} steps f falls from {_size(f[0])} "
            f"to {_size(f[-1])}."
        )
    else:
        rise = first_rise(f)
        fell = f"falls for {rise - 1} steps and " if rise > 2 else ""
        fell = "falls for 1 step and " if rise == 2 else fell
        last = first_outside(path)
        left = "" if last is None else f"; step {last} leaves the picture"
        end = (
            f": y grows at every step. f {fell}rises from step {rise} on{left}; after "
            f"{STEPS} steps it is {_size(f[-1])}."
        )
    return f"{text}{end} {limit}"


def _draw(figure: Figure, learning_rate: float, condition: int) -> None:
    path, f = descent_path(learning_rate, condition)
    rise = first_rise(f)
    left, right = figure.subplots(1, 2, width_ratios=(1.75, 1))
    left.set(xlim=(-REACH[0], REACH[0]), ylim=(-REACH[1], REACH[1]), aspect="equal")
    left.set(xlabel="x", ylabel="y", title="contours of f, and the path")
    turn = np.linspace(0, 2 * math.pi, 181)
    for share in LEVELS:
        radius = math.sqrt(2 * share * f[0])
        y = radius / math.sqrt(condition) * np.sin(turn)
        left.plot(radius * np.cos(turn), y, color="#aaaaaa", linewidth=0.8)
    right.set(xlim=(0, STEPS), xlabel="step", title="f after each step")
    right.set(yscale="log", ylim=(10.0**LOWEST, 10.0**HIGHEST))
    right.set_yticks(10.0 ** np.arange(LOWEST, HIGHEST + 1, 2), minor=False)
    right.minorticks_off()
    shown = np.clip(f, 1e-99, 1e99)
    last = first_outside(path)  # beyond it, a path would only cover the picture
    seen = path if last is None else path[: last + 1]
    for ax, x, y in ((left, *seen.T), (right, np.arange(STEPS + 1), shown)):
        ax.plot(x, y, "o-", color=COLORS[0], markersize=3, linewidth=1.2)
        if rise is not None:
            ends = slice(rise - 1, rise + 1)
            ax.plot(x[ends], y[ends], "o-", color=COLORS[1], markersize=4)
    left.plot(*START, "s", color="#333333")
    left.plot(0, 0, "+", color="#333333", markersize=10)
    if rise is not None:
        right.set_title(f"f rises from step {rise} on", color=COLORS[1])
