"""The explorer `kernel_machine`: kernel ridge regression on two circles."""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from helpers.data import PointData, make_points
from helpers.figures import COLORS
from helpers.figures.plane import SIDE, Plane, plane_of
from helpers.tuning.ranges import LogSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, INK, Pane, segments
from helpers.words import number

NUM_POINTS, NOISE = 200, 0.2  # so noisy that the circles overlap a little
PRESETS = {
    "too smooth": {"gamma": 0.1, "lambda_": 10.0},
    "about right": {"gamma": 0.1, "lambda_": 0.1},
    "too wiggly": {"gamma": 10.0, "lambda_": 0.001},
}


@cache
def circles() -> PointData:
    """200 training and 200 validation points of two circles."""
    return make_points("circles", NUM_POINTS, NUM_POINTS, noise=NOISE)


@cache
def _plane() -> Plane:
    return plane_of(circles())


def rbf(X: np.ndarray, Z: np.ndarray, gamma: float) -> np.ndarray:
    """Kernel matrix (n, m) of points (n, d) and (m, d): exp(-gamma |x - z|^2)."""
    return np.exp(-gamma * ((X[:, None] - Z) ** 2).sum(2))


class Kernels(NamedTuple):
    """All that depends on gamma alone.

    Parameters
    ----------
    train, val, grid : kernel matrices of these points with the 200 training points.
    eigenvalues : (200,) of ``train``, the largest last.
    vectors : (200, 200), the eigenvectors as columns.
    """

    train: np.ndarray
    val: np.ndarray
    grid: np.ndarray
    eigenvalues: np.ndarray
    vectors: np.ndarray


@lru_cache(maxsize=8)  # 7 MB each; a slider stays at one while the other moves
def kernels(gamma: float) -> Kernels:
    """Kernel matrices at this gamma."""
    X = circles().train.X.double().numpy()
    V, grid = circles().val.X.double().numpy(), _plane().grid.double().numpy()
    train, val, cells = (rbf(Z, X, gamma) for Z in (X, V, grid))
    values, vectors = np.linalg.eigh(train)
    return Kernels(train, val, cells, values.clip(0), vectors)  # -1e-16 is rounding


@explorer(width=600, height=280, presets=PRESETS)
def kernel_machine(
    gamma=LogSlider(0.01, 100, start=0.1),
    lambda_=LogSlider(1e-4, 100, start=0.1),
):
    """Kernel ridge regression on two circles: where it says orange, and how freely."""
    k = kernels(gamma)
    y = 2.0 * circles().train.y.numpy() - 1
    # alpha = (K + lambda I)^-1 y and tr(K (K + lambda I)^-1), by K's eigenvalues
    alpha = k.vectors @ ((k.vectors.T @ y) / (k.eigenvalues + lambda_))
    kept = (k.eigenvalues / (k.eigenvalues + lambda_))[::-1]
    scores = (k.grid @ alpha).reshape(SIDE, SIDE)
    left = _plane_pane(scores)
    right = Pane(
        "share kept of each eigenvector", (0, NUM_POINTS), (0, 1.02),
        labels=("eigenvectors of K, largest first", ""), share=0.75, name="kept",
    )  # fmt: skip
    xy = np.c_[np.arange(NUM_POINTS) + 0.5, kept]
    right.area(
        [(0, 0), (0, kept[0]), *xy, (NUM_POINTS, 0)], color=COLORS[2], alpha=0.25
    )
    right.line(xy, color=COLORS[2], name="shares")
    accuracies = [
        float(((K @ alpha > 0) == labels.numpy().astype(bool)).mean())
        for K, labels in ((k.train, circles().train.y), (k.val, circles().val.y))
    ]
    says = (
        f"With gamma {number(gamma)} and lambda {number(lambda_)}: training accuracy "
        f"{accuracies[0]:.3f}, validation accuracy {accuracies[1]:.3f}. Effective "
        f"degrees of freedom: {kept.sum():.1f} of {NUM_POINTS}, the area on the right."
    )
    return says, left, right


def _plane_pane(scores: np.ndarray) -> Pane:
    """Points, the regions in which each class is answered, and the border."""
    x0, x1, y0, y1 = _plane().limits
    pane = Pane("two circles", (x0, x1), (y0, y1), grid=False, equal=True, name="plane")
    for sign, color, name in ((-1, COLORS[0], "blue"), (1, COLORS[1], "orange")):
        strength = 0.5 * (sign * scores).clip(0, 1)
        pane.image(strength, (x0, x1), (y0, y1), color=color, smooth=True, name=name)
    pane.line(border(scores), color=INK, width=1.6, name="border")
    looks = {
        "val": ("validation", {"size": 2.2, "alpha": 0.55}),
        "train": ("training", {"size": 3.2, "edge": FAINT}),
    }
    for part, (word, look) in looks.items():
        examples = getattr(circles(), part)
        for label, color in enumerate(COLORS[:2]):
            xy = examples.X[examples.y == label].numpy()
            look |= {"name": f"{part} {label}", "label": "" if label else word}
            pane.dots(xy, color=color, **look)
    return pane


def border(scores: np.ndarray) -> np.ndarray:
    """Where scores (SIDE, SIDE) over the plane are 0: pieces of a line, with gaps.

    Each square of four neighboring middles of cells is cut into two triangles, and
    in a triangle the score is taken as linear.
    """
    places = _plane().grid.numpy().reshape(SIDE, SIDE, 2)
    both = np.dstack([places, scores])
    a, b, c, d = both[:-1, :-1], both[:-1, 1:], both[1:, :-1], both[1:, 1:]
    corners = np.concatenate([np.stack(t, 2).reshape(-1, 3, 3)
                              for t in ((a, b, c), (b, c, d))])  # fmt: skip
    ends = np.roll(corners, -1, axis=1)  # of the three sides that begin in a corner
    here, there = corners[..., 2], ends[..., 2]
    crossed = (here > 0) != (there > 0)  # none or two sides of a triangle
    share = here[crossed] / (here[crossed] - there[crossed])
    xy = corners[crossed] + share[:, None] * (ends[crossed] - corners[crossed])
    starts, stops = xy[:, :2].reshape(-1, 2, 2).swapaxes(0, 1)
    return segments(starts, stops)
