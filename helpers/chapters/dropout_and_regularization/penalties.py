"""The explorer `penalties` of chapter 4: what L1 and L2 make of the same loss."""

import numpy as np

from helpers.figures import COLORS
from helpers.tuning.ranges import Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, INK, Pane, joined, ring
from helpers.words import number

REACH = 2.0  # both weights lie in -2 to 2
SHOWN = 2.2
LEVELS = (0.1, 0.6, 1.5, 2.8)  # of the loss, where contours are drawn
SWEEPS = 200  # of coordinate descent; the error shrinks by correlation^2 each time


@explorer(width=600, height=320, twin="penalties.js")
def penalties(
    optimum_w1=Slider(-REACH, REACH, start=1.2),
    optimum_w2=Slider(-REACH, REACH, start=0.4),
    strength=Slider(0, 2, start=0.5),
    correlation=Slider(-0.8, 0.8, start=0.0),
):
    """L1 and L2 on one quadratic loss; its minimum and the strength are dragged."""
    optimum = (optimum_w1, optimum_w2)
    w1, w2 = (f(optimum, strength, correlation) for f in (lasso, ridge))
    r, length = abs(w1[0]) + abs(w1[1]), float(np.hypot(*w2))
    diamond = [(r, 0), (0, r), (-r, 0), (0, -r), (r, 0)]
    circle, panes = ring(radii=(length, length)), []
    for title, name, w, ball, color in (
        ("L1: loss + λ (|w₁| + |w₂|)", "L1", w1, diamond, COLORS[1]),
        (
            "L2: loss + (λ / 2) (w₁² + w₂²)",
            "L2",
            w2,
            circle,
            COLORS[2],
        ),
    ):
        ends = (-SHOWN, SHOWN)
        pane = Pane(title, ends, ends, labels=("w₁", "w₂"), equal=True, grid=False)
        for axis in ([(-9, 0), (9, 0)], [(0, -9), (0, 9)]):
            pane.line(axis, color=FAINT, width=1, alpha=0.6)
        pane.area(ball, color=color, width=1.5, alpha=0.3, name=f"{name} ball")
        rings = [contour(optimum, level, correlation) for level in LEVELS]
        look = {"color": COLORS[0], "name": f"{name} contours"}
        pane.line(joined(rings), width=1, alpha=0.55, **look)
        here = contour(optimum, loss_at(w, optimum, correlation), correlation)
        pane.line(here, color=COLORS[0], name=f"{name} contour")
        look = {"color": COLORS[0], "size": 5.5, "name": f"{name} optimum"}
        pane.dots([optimum], **look, label=f"loss alone: lowest at {pair(optimum)}")
        look = {"color": color, "shape": "s", "edge": INK, "size": 6, "name": name}
        pane.dots([w], **look, label=f"with the penalty: lowest at {pair(w)}")
        pane.handle(optimum, "optimum_w1", "optimum_w2", name=f"{name} handle")
        panes.append(pane)
    says = (
        f"The loss alone is lowest at {pair(optimum)}. With strength {strength:.2f}, "
        f"L1 puts the minimum at {pair(w1)}, where {_zeros(w1)}; L2 puts it at "
        f"{pair(w2)}, where {_zeros(w2)}."
    )
    return says, *panes


def contour(optimum, level: float, correlation: float) -> np.ndarray:
    """Points (73, 2) where the loss is the level: an ellipse along w1 = w2."""
    radii = [(2 * max(level, 0) / (1 + s * correlation)) ** 0.5 for s in (1, -1)]
    return ring(optimum, radii, turned=45)


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


def pair(w) -> str:
    """Two numbers to three decimals; what is zero but for rounding is called 0."""
    return f"({', '.join('0' if abs(v) < 1e-12 else number(v, 3) for v in w)})"


def _zeros(w) -> str:
    zero = [f"w{k + 1}" for k in (0, 1) if abs(w[k]) < 1e-12]
    if not zero:
        return "no weight is zero"
    return (
        "both weights are exactly zero"
        if len(zero) == 2
        else (f"{zero[0]} is exactly zero")
    )
