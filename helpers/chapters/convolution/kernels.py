"""The explorer `kernels_on_a_photograph`: what classic 3 x 3 kernels do to an image."""

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

SIZE = 64  # pixels of the photograph; without padding the result has two less
FULL = 2  # a signed value of this size has the full colour
IDENTITY = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])


class Kernel(NamedTuple):
    """A kernel ``rest + strength * detail``.

    Parameters
    ----------
    does : what it does, as the end of a sentence.
    rest : (3, 3), what is left at strength 0.
    detail : (3, 3).
    """

    does: str
    rest: np.ndarray
    detail: np.ndarray


def _changed(does: str, kernel) -> Kernel:
    """A kernel that at strength 0 leaves the image as it is."""
    return Kernel(does, IDENTITY, np.array(kernel) - IDENTITY)


KERNELS = {
    "identity": Kernel("copies each pixel", 0 * IDENTITY, IDENTITY),
    "blur": _changed(
        "replaces each pixel by a mean of its surroundings", np.full((3, 3), 1 / 9)
    ),
    "sharpen": _changed(
        "enlarges the difference between a pixel and its four neighbours",
        [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    ),
    "emboss": _changed(
        "brightens edges that are brighter at their lower right and darkens the "
        "opposite ones, like a relief",
        [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    ),
    "vertical edges": Kernel(
        "answers where it is brighter on the right (blue) or on the left (orange)",
        0 * IDENTITY,
        np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    ),
    "horizontal edges": Kernel(
        "answers where it is brighter below (blue) or above (orange)",
        0 * IDENTITY,
        np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    ),
    "Laplacian": Kernel(
        "answers where a pixel is darker (blue) or brighter (orange) than the mean of "
        "its four neighbours",
        0 * IDENTITY,
        np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    ),
}


def kernel_of(name: str, strength: float) -> np.ndarray:
    """The weights (3, 3) of a kernel at a strength; 1 gives the usual ones."""
    kernel = KERNELS[name]
    return kernel.rest + strength * kernel.detail


@explorer(width=720, height=290)
def kernels_on_a_photograph(
    photograph=Choice(*PHOTOGRAPHS, start="temple"),
    kernel=Choice(*KERNELS, start="vertical edges"),
    strength=Slider(0, 2, start=1.0),
):
    """A classic kernel slides over a gray photograph; its strength is dragged."""
    image, weights = gray_photograph(photograph, SIZE), kernel_of(kernel, strength)
    result, total = correlate(image, weights), weights.sum()
    left = _picture(f"photograph, {SIZE} × {SIZE}", image, "photograph")
    middle = cells_pane("kernel", 3, 3, name="kernel", share=0.6)
    shade(middle, weights, max(1.0, np.abs(weights).max()), "weights")
    rules(middle, 3, 3)
    for (i, j), weight in np.ndenumerate(weights):
        # what the slider's steps leave of 0 is no weight
        text = number(round(float(weight), 6) + 0.0)
        text = number(float(weight), 3) if kernel == "blur" else text
        look = {"align": "center", "shift": (0, 4), "name": f"weight {i} {j}"}
        middle.text((j, i), text, **look)
    low, high = number(float(result.min())), number(float(result.max()))
    if KERNELS[kernel].rest.any() or kernel == "identity":
        right = _picture("result, gray", result.clip(0, 1), "result")
        shown = f"Values from {low} to {high}, drawn black below 0 and white above 1."
    else:
        right = _signed(result)
        shown = f"Values from {low} to {high}; ±{FULL} and beyond have the full colour."
    says = (
        f"It {KERNELS[kernel].does}. The weights sum to {number(round(total, 6))}: "
        f"{_even(round(total, 6))} {shown}"
    )
    return says, left, middle, right


def _even(total: float) -> str:
    if total == 0:
        return "even areas become 0."
    if total == 1:
        return "even areas keep their gray."
    return f"even areas become {number(total)} times as bright."


def _picture(title: str, image: np.ndarray, name: str) -> Pane:
    h, w = image.shape
    pane = cells_pane(title, h, w, name=name)
    gray = image[..., None].repeat(3, 2)
    pane.image(gray, (-0.5, w - 0.5), (h - 0.5, -0.5), name=f"{name} image")
    return pane


def _signed(result: np.ndarray) -> Pane:
    """Positive values blue, negative ones orange, on a scale that never changes."""
    h, w = result.shape
    pane = cells_pane("result: blue above 0, orange below", h, w, name="result")
    for sign, color, name in ((1, POSITIVE, "positive"), (-1, NEGATIVE, "negative")):
        part = (sign * result / FULL).clip(0, 1)
        ends = (-0.5, w - 0.5), (h - 0.5, -0.5)
        pane.image(part, *ends, color=color, name=name)
    return pane
