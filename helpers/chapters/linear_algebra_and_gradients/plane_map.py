"""Explorer: what a 2 x 2 matrix does to the plane, and which lines it keeps."""

import math
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure

from helpers.experiments import number
from helpers.figures import COLORS
from helpers.widgets.controls import IntSlider, Slider
from helpers.widgets.explorer import ClientExplorer

REACH = 4.0  # the picture shows -4 to 4 in both coordinates
TINY = 1e-9  # sliders move in steps of 0.05: what is smaller is rounding
INK = "#333333"


class _PlaneMapView(anywidget.AnyWidget):
    """The grids and arrows that plane_map.js draws."""

    _esm = Path(__file__).with_name("plane_map.js")
    a11 = traitlets.Float(2.0).tag(sync=True)
    a12 = traitlets.Float(1.0).tag(sync=True)
    a21 = traitlets.Float(1.0).tag(sync=True)
    a22 = traitlets.Float(2.0).tag(sync=True)
    angle = traitlets.Int(15).tag(sync=True)


def plane_map() -> ClientExplorer:
    """Four entries of a matrix and the direction of a vector: drag them."""
    entries = {"a11": 2.0, "a12": 1.0, "a21": 1.0, "a22": 2.0}
    return ClientExplorer(
        _PlaneMapView(),
        _draw,
        _read,
        figsize=(4.6, 4.6),
        **{name: Slider(-2.5, 2.5, start=a) for name, a in entries.items()},
        angle=IntSlider(0, 360, start=15),
    )


def eigenlines(A: np.ndarray) -> list[tuple[float, float]]:
    """Real eigenvalues of A (2, 2), largest first, with the angle of their line.

    Angles are in degrees, 0 or more and below 180. A multiple of the identity, which
    keeps every line, gives none; nor does a matrix that turns all of them.
    """
    (a, b), (c, d) = A.tolist()
    middle, spread = (a + d) / 2, ((a - d) / 2) ** 2 + b * c
    if spread < -TINY or max(abs(a - d), abs(b), abs(c)) < TINY:
        return []
    root = math.sqrt(max(spread, 0.0))
    lines = []
    for value in (middle + root, middle - root)[: 2 if root > TINY else 1]:
        # (A - value) v = 0: v is at right angles to each row; take the longer row
        rows = ((a - value, b), (c, d - value))
        p, q = max(rows, key=lambda row: math.hypot(*row))
        angle = math.degrees(math.atan2(p, -q)) % 180
        lines.append((value, 0.0 if 180 - angle < TINY else angle))
    return lines


def _vectors(angle: int, entries: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    A = np.array(list(entries.values())).reshape(2, 2)
    x = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    return A, x, A @ x


def _read_vector(x: np.ndarray, y: np.ndarray, angle: int) -> str:
    length = math.hypot(*y)
    if length < TINY:
        return f"x at {angle}° becomes the zero vector."
    dot, cross = float(x @ y), float(x[0] * y[1] - x[1] * y[0])
    if abs(cross) < TINY:
        turned = "keeps its direction" if dot > 0 else "is reversed"
    else:
        degrees = math.degrees(math.atan2(cross, dot))
        way = "counterclockwise" if degrees > 0 else "clockwise"
        turned = f"is turned {abs(degrees):.1f}° {way}"
    return f"x at {angle}° {turned} and becomes {length:.2f} times as long."


def _read(angle: int, **entries: float) -> str:
    A, x, y = _vectors(angle, entries)
    determinant = float(A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0])
    if abs(determinant) < TINY:
        area = "Areas become 0, det A = 0: A has no inverse."
    else:
        mirrored = " and mirrored" if determinant < 0 else ""
        area = (
            f"Areas are multiplied by {abs(determinant):.2f}{mirrored}, "
            f"det A = {number(determinant)}."
        )
    lines = eigenlines(A)
    named = " and ".join(
        f"λ = {number(value)} at {degrees:.1f}°"
        + (" (sent to the origin)" if abs(value) < TINY else "")
        for value, degrees in lines
    )
    if len(lines) == 2:
        kept = f"Two lines are kept: {named}."
    elif lines:
        kept = f"One line is kept: {named}."
    elif np.abs(A - A[0, 0] * np.eye(2)).max() < TINY:
        kept = f"Every line is kept: λ = {number(A[0, 0])} for all vectors."
    else:
        kept = "No line is kept: A has no real eigenvalue."
    return f"{_read_vector(x, y, angle)} {area} {kept}"


def _draw(figure: Figure, angle: int, **entries: float) -> None:
    A, x, y = _vectors(angle, entries)
    ax = figure.subplots()
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
    along = np.array([-REACH, REACH])
    for k in range(-4, 5):
        for line in (np.array([along, [k, k]]), np.array([[k, k], along])):
            ax.plot(*(A @ line), color=COLORS[0], linewidth=0.7, alpha=0.5)
    turn = np.linspace(0, 2 * np.pi, 181)
    circle = np.array([np.cos(turn), np.sin(turn)])
    ax.plot(*circle, color="#777777", linewidth=1, linestyle=":")
    ax.fill(*(A @ circle), color=COLORS[0], alpha=0.2)
    for value, degrees in eigenlines(A):
        tip = np.array(
            [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]
        )
        ax.plot(*np.outer(tip, (-9, 9)), color=INK, linewidth=1.2, linestyle="--")
        card = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        name = f"λ = {number(value)}"
        ax.text(*(3.3 * tip), name, color=INK, fontsize=9, ha="center", bbox=card)
    for tip, name, color in (
        (A[:, 0], "$a_1$", COLORS[2]),
        (A[:, 1], "$a_2$", COLORS[3]),
        (x, "x", INK),
        (y, "Ax", COLORS[1]),
    ):
        arrow = {"arrowstyle": "-|>", "color": color, "linewidth": 2}
        ax.annotate("", tip, (0, 0), arrowprops=arrow | {"shrinkA": 0, "shrinkB": 0})
        ax.text(*(1.1 * tip), name, color=color, fontsize=9, clip_on=True)
