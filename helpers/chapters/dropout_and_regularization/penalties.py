"""The explorer `penalties` of chapter 4: what L1 and L2 make of the same loss."""

from pathlib import Path

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse, Polygon

from helpers.figures import COLORS
from helpers.widgets.controls import Slider
from helpers.widgets.explorer import ClientExplorer

REACH = 2.0  # both weights lie in -2 to 2
LEVELS = (0.1, 0.4, 0.9, 1.6, 2.5)  # of the loss, where contours are drawn
SWEEPS = 200  # of coordinate descent; the error shrinks by correlation^2 each time


class _PenaltiesView(anywidget.AnyWidget):
    """The two planes that penalties.js draws."""

    _esm = Path(__file__).with_name("penalties.js")
    optimum_w1 = traitlets.Float(1.2).tag(sync=True)
    optimum_w2 = traitlets.Float(0.4).tag(sync=True)
    strength = traitlets.Float(0.5).tag(sync=True)
    correlation = traitlets.Float(0.0).tag(sync=True)


def penalties() -> ClientExplorer:
    """L1 and L2 on one quadratic loss; its minimum and the strength are dragged."""
    return ClientExplorer(
        _PenaltiesView(),
        _draw,
        _read,
        figsize=(6.4, 3.5),
        optimum_w1=Slider(-REACH, REACH, start=1.2),
        optimum_w2=Slider(-REACH, REACH, start=0.4),
        strength=Slider(0, 2, start=0.5),
        correlation=Slider(-0.8, 0.8, start=0.0),
    )


def loss_at(w, optimum, correlation: float) -> float:
    """Return 1/2 (w - w*)^T H (w - w*) with H = [[1, r], [r, 1]], r the correlation."""
    a, b = np.subtract(w, optimum)
    return float(a * a + b * b + 2 * correlation * a * b) / 2


def lasso(optimum, strength: float, correlation: float) -> tuple[float, float]:
    """Minimize loss + strength (|w1| + |w2|), by coordinate descent.

    Each step solves for one weight exactly, which is a soft threshold; so a weight
    that belongs at zero is exactly zero.
    """
    w = [0.0, 0.0]
    for _ in range(SWEEPS):
        for k in (0, 1):
            other = w[1 - k] - optimum[1 - k]
            alone = optimum[k] - correlation * other  # best without the penalty
            w[k] = float(np.sign(alone)) * max(abs(alone) - strength, 0.0)
    return w[0], w[1]


def ridge(optimum, strength: float, correlation: float) -> tuple[float, float]:
    """Minimize loss + strength / 2 (w1^2 + w2^2): solve (H + strength I) w = H w*."""
    H = np.array([[1, correlation], [correlation, 1]])
    w = np.linalg.solve(H + strength * np.eye(2), H @ optimum)
    return float(w[0]), float(w[1])


def _pair(w) -> str:
    return f"({', '.join('0' if abs(v) < 1e-12 else f'{v:.3f}' for v in w)})"


def _zeros(w) -> str:
    zero = [f"w{k + 1}" for k in (0, 1) if abs(w[k]) < 1e-12]
    if not zero:
        return "no weight is zero"
    return (
        "both weights are exactly zero"
        if len(zero) == 2
        else (f"{zero[0]} is exactly zero")
    )


def _read(optimum_w1, optimum_w2, strength, correlation) -> str:
    optimum = (optimum_w1, optimum_w2)
    w1, w2 = (f(optimum, strength, correlation) for f in (lasso, ridge))
    return (
        f"The loss alone is lowest at {_pair(optimum)}. With strength {strength:.2f}, "
        f"L1 puts the minimum at {_pair(w1)}, where {_zeros(w1)}; L2 puts it at "
        f"{_pair(w2)}, where {_zeros(w2)}."
    ).replace("-", "−")


def _draw(figure: Figure, optimum_w1, optimum_w2, strength, correlation) -> None:
    optimum = (optimum_w1, optimum_w2)
    sides = (
        (lasso, r"L1: loss $+\ \lambda\,(|w_1| + |w_2|)$", COLORS[1]),
        (ridge, r"L2: loss $+\ \frac{\lambda}{2}\,(w_1^2 + w_2^2)$", COLORS[2]),
    )
    for ax, (solve, title, color) in zip(figure.subplots(1, 2), sides, strict=True):
        w = solve(optimum, strength, correlation)
        ax.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), xlabel="$w_1$", ylabel="$w_2$")
        ax.set_aspect("equal")
        ax.set_title(title)
        ax.grid(visible=False)
        ax.axhline(0, color="#bbbbbb", linewidth=0.8)
        ax.axvline(0, color="#bbbbbb", linewidth=0.8)
        if solve is lasso:
            r = abs(w[0]) + abs(w[1])
            ball = Polygon([(r, 0), (0, r), (-r, 0), (0, -r)])
        else:
            ball = Circle((0, 0), float(np.hypot(*w)))
        ball.set(facecolor=color, alpha=0.3, edgecolor=color)
        ax.add_patch(ball)
        here = loss_at(w, optimum, correlation)
        for level in (*LEVELS, here):
            width, height = (
                2 * np.sqrt(2 * level / (1 + sign * correlation)) for sign in (1, -1)
            )
            strong = level == here
            ax.add_patch(
                Ellipse(
                    optimum,
                    width,
                    height,
                    angle=45,
                    fill=False,
                    edgecolor=COLORS[0],
                    linewidth=1.6 if strong else 0.8,
                    alpha=1.0 if strong else 0.35,
                )  # fmt: skip
            )
        ax.plot(*optimum, "o", color=COLORS[0], markersize=6)
        ax.plot(*w, "s", color=color, markeredgecolor="black", markersize=7)
