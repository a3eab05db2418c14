"""Explorer: what a 2 x 2 matrix does to the plane, and which lines it keeps."""

import math

import numpy as np

from helpers.figures import COLORS
from helpers.tuning.ranges import IntSlider, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import INK, Pane, ring, segments
from helpers.words import number

REACH = 4.0  # the picture shows -4 to 4 in both coordinates
BESIDE = 0.65  # from a line to the middle of its label
TINY = 1e-9  # sliders move in steps of 0.05: what is smaller is rounding


@explorer(width=420, height=400, twin="plane_map.js")
def plane_map(
    a11=Slider(-2.5, 2.5, start=2.0),
    a12=Slider(-2.5, 2.5, start=1.0),
    a21=Slider(-2.5, 2.5, start=1.0),
    a22=Slider(-2.5, 2.5, start=2.0),
    angle=IntSlider(0, 360, start=15),
):
    """Four entries of a matrix and the direction of a vector: drag them."""
    A = np.array([[a11, a12], [a21, a22]])
    x = unit(angle)
    ends, ticks = (-REACH, REACH), {k: str(k).replace("-", "−") for k in range(-4, 5)}
    pane = Pane(x=ends, y=ends, xticks=ticks, yticks=ticks, equal=True)
    k = np.repeat(np.arange(-REACH, REACH + 1), 2)
    starts, ends = np.c_[k, k], np.c_[k, k]  # a line of each direction by turns
    starts[::2, 0] = starts[1::2, 1] = -REACH
    ends[::2, 0] = ends[1::2, 1] = REACH
    look = {"color": COLORS[0], "alpha": 0.6}
    pane.line(segments(starts @ A.T, ends @ A.T), width=1, name="grid", **look)
    pane.area(ring() @ A.T, color=COLORS[0], width=2, alpha=0.22, name="image")
    pane.line(ring(), width=1.2, dash=(2, 4))
    lines = eigenlines(A)
    for k in (0, 1):
        tip = unit(lines[k][1]) if k < len(lines) else np.array([np.nan, np.nan])
        ends = np.outer((-9, 9), tip)[: 2 if k < len(lines) else 0]
        pane.line(ends, width=1.5, dash=(8, 5), name=f"line {k + 1}")
        text = f"λ = {number(lines[k][0], 3)}" if k < len(lines) else ""
        at = 3.3 * tip + BESIDE * np.array([-tip[1], tip[0]])
        pane.text(at, text, align="center", halo=True, name=f"value {k + 1}")
    for name, tip, color in (
        ("a₁", A[:, 0], COLORS[2]),
        ("a₂", A[:, 1], COLORS[3]),
        ("x", x, INK),
        ("Ax", A @ x, COLORS[1]),
    ):
        pane.arrow((0, 0), tip, color=color, text=name, name=name)
    pane.handle(A[:, 0], "a11", "a21", name="handle a₁")
    pane.handle(A[:, 1], "a12", "a22", name="handle a₂")
    return read(A, x, angle), pane


def unit(degrees: float) -> np.ndarray:
    """The vector (2,) of length 1 in this direction."""
    return np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


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


def read(A: np.ndarray, x: np.ndarray, angle: int) -> str:
    """Say what A (2, 2) does to x (2,), to areas, and which lines it keeps."""
    determinant = float(A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0])
    if abs(determinant) < TINY:
        area = "Areas become 0, det A = 0: A has no inverse."
    else:
        mirrored = " and mirrored" if determinant < 0 else ""
        area = (
            f"Areas are multiplied by {abs(determinant):.2f}{mirrored}, "
            f"det A = {number(determinant, 3)}."
        )
    lines = eigenlines(A)
    named = " and ".join(
        f"λ = {number(value, 3)} at {degrees:.1f}°"
        + (" (sent to the origin)" if abs(value) < TINY else "")
        for value, degrees in lines
    )
    if len(lines) == 2:
        kept = f"Two lines are kept: {named}."
    elif lines:
        kept = f"One line is kept: {named}."
    elif np.abs(A - A[0, 0] * np.eye(2)).max() < TINY:
        kept = f"Every line is kept: λ = {number(A[0, 0], 3)} for all vectors."
    else:
        kept = "No line is kept: A has no real eigenvalue."
    return f"{_read_vector(x, A @ x, angle)} {area} {kept}"
