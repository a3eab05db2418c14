"""The explorer `kernels_on_a_photograph`: what classic kernels do to an image."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from helpers.chapters.convolution.grids import (
    NEGATIVE,
    POSITIVE,
    cells_pane,
    gray_photograph,
    rules,
    shade,
)
from helpers.chapters.convolution.sliding_window import correlate
from helpers.data.photographs import PHOTOGRAPHS
from helpers.tuning.ranges import Choice, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import Pane
from helpers.words import number

SIZE = 64  # pixels of the photograph; without padding the result has k - 1 less
FULL = 2  # a signed value of this size has the full color
SIZES = (3, 5, 7)


class Kernel(NamedTuple):
    """A kernel ``rest + strength * detail``, of any odd size k.

    Parameters
    ----------
    does : what it does, as the end of a sentence; {far} says how far k // 2 pixels are.
    detail : k -> (k, k).
    kept : whether the rest, which is left at strength 0, is the image; else nothing is.
    """

    does: str
    detail: Callable[[int], np.ndarray]
    kept: bool = False


def identity(k: int) -> np.ndarray:
    """A single 1 in the middle, (k, k)."""
    kernel = np.zeros((k, k))
    kernel[k // 2, k // 2] = 1
    return kernel


def binomial(k: int) -> np.ndarray:
    """Row of Pascal's triangle with k numbers that sum to 1: nearly a Gaussian."""
    return (np.poly1d([0.5, 0.5]) ** (k - 1)).coeffs


def _as_strong(kernel: np.ndarray) -> np.ndarray:
    """Scale a kernel so that its positive weights sum to 4, as Sobel's do."""
    return 4 * kernel / kernel[kernel > 0].sum()


def _edges(k: int) -> np.ndarray:
    """Sobel's kernel for vertical edges: smooth along them, differ across them."""
    across = np.convolve(binomial(k - 2), [-1, 0, 1])
    return _as_strong(np.outer(binomial(k), across))


def _cross(k: int) -> np.ndarray:
    """Four pixels k // 2 away, less four times the one in the middle."""
    kernel = -4 * identity(k)
    kernel[[0, -1, k // 2, k // 2], [k // 2, k // 2, 0, -1]] = 1
    return kernel


def _slope(k: int) -> np.ndarray:
    """Weights that grow from the upper left to the lower right."""
    along = np.arange(k) - k // 2
    return _as_strong(np.add.outer(along, along))


KERNELS = {
    "identity": Kernel("copies each pixel", identity),
    "blur": Kernel(
        "replaces each pixel by the mean of its window",
        lambda k: np.full((k, k), 1 / k**2) - identity(k),
        kept=True,
    ),
    "Gaussian": Kernel(
        "replaces each pixel by a mean in which near pixels count more",
        lambda k: np.outer(binomial(k), binomial(k)) - identity(k),
        kept=True,
    ),
    "sharpen": Kernel(
        "enlarges the difference between a pixel and the four that lie {far}",
        lambda k: -_cross(k),
        kept=True,
    ),
    "emboss": Kernel(
        "brightens edges that are brighter at their lower right and darkens the "
        "opposite ones, like a relief",
        _slope,
        kept=True,
    ),
    "vertical edges": Kernel(
        "answers where it is brighter on the right (blue) or on the left (orange)",
        _edges,
    ),
    "horizontal edges": Kernel(
        "answers where it is brighter below (blue) or above (orange)",
        lambda k: _edges(k).T,
    ),
    "Laplacian": Kernel(
        "answers where a pixel is darker (blue) or brighter (orange) than the mean of "
        "the four that lie {far}",
        _cross,
    ),
}


def kernel_of(name: str, strength: float, size: int = 3) -> np.ndarray:
    """The weights (size, size) of a kernel at a strength; 1 gives the usual ones."""
    kernel = KERNELS[name]
    return kernel.kept * identity(size) + strength * kernel.detail(size)


@explorer(width=720, height=258)
def kernels_on_a_photograph(
    photograph=Choice(*PHOTOGRAPHS, start="temple"),
    kernel=Choice(*KERNELS, start="vertical edges"),
    kernel_size=Choice(*SIZES),
    strength=Slider(0, 2, start=1.0),
):
    """A classic kernel slides over a gray photograph; its strength is dragged."""
    image, k = gray_photograph(photograph, SIZE), kernel_size
    weights = kernel_of(kernel, strength, k)
    result, total = correlate(image, weights), weights.sum().round(6) + 0.0  # no -0
    left = _picture(image, "photograph")
    low, high = number(float(result.min())), number(float(result.max()))
    if KERNELS[kernel].kept or kernel == "identity":
        right = _picture(result.clip(0, 1), "result")
        shown = f"Values from {low} to {high}, drawn black below 0 and white above 1."
    else:
        right = _signed(result)
        shown = f"Values from {low} to {high}; ±{FULL} and beyond have the full color."
    far = "beside it" if k == 3 else f"{k // 2} pixels away"
    says = (
        f"It {KERNELS[kernel].does.format(far=far)}. The weights sum to "
        f"{number(total)}: {_even(total)} {shown}"
    )
    return says, left, _kernel_pane(kernel, weights), right


def _kernel_pane(name: str, weights: np.ndarray) -> Pane:
    """The weights as numbers, the largest ones of the usual strength in full color."""
    k = len(weights)
    pane = cells_pane(f"kernel, {k} × {k}", k, k, name="kernel")
    usual = kernel_of(name, 1, k)
    shade(pane, weights, max(np.abs(weights).max(), np.abs(usual).max()), "weights")
    rules(pane, k, k)
    places, size = {3: (None, 12), 5: (2, 9), 7: (2, 8)}[k]
    for (i, j), weight in np.ndenumerate(weights.round(6)):
        look = {"align": "center", "shift": (0, 4), "size": size}
        # what the slider's steps leave of 0 is no weight
        text = number(float(weight), places) if weight else "0"
        pane.text((j, i), text, name=f"weight {i} {j}", **look)
    return pane


def _even(total: float) -> str:
    if total == 0:
        return "even areas become 0."
    if total == 1:
        return "even areas keep their gray."
    return f"even areas become {number(total)} times as bright."


def _picture(image: np.ndarray, name: str) -> Pane:
    h, w = image.shape
    pane = cells_pane(f"{name}, {h} × {w}", h, w, name=name)
    gray = image[..., None].repeat(3, 2)
    pane.image(gray, (-0.5, w - 0.5), (h - 0.5, -0.5), name=f"{name} image")
    return pane


def _signed(result: np.ndarray) -> Pane:
    """Positive values blue, negative ones orange, on a scale that never changes."""
    h, w = result.shape
    pane = cells_pane(f"result, {h} × {w}", h, w, name="result")
    for sign, color, name in ((1, POSITIVE, "positive"), (-1, NEGATIVE, "negative")):
        part = (sign * result / FULL).clip(0, 1)
        ends = (-0.5, w - 0.5), (h - 0.5, -0.5)
        pane.image(part, *ends, color=color, name=name)
    return pane
