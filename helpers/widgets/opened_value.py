"""One value of a feature map, opened: the window that it came from, the products.

At one place every layer is a weighted sum of a window of its input: a convolution with
its kernel as weights, max pooling with 1 for the largest, ReLU with 1 or 0. The weights
are the gradient of the value.
"""

import copy
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.colors import to_rgb
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.figures import COLORS
from helpers.training.modes import evaluating
from helpers.widgets.feature_maps import maps_pane
from helpers.widgets.scene import FAINT, Pane
from helpers.words import number

MOST_MAPS = 64  # that are drawn
MOST_CELLS = 25  # of the products that have their numbers in them
FEW = 3  # columns of products, above which both factors have no room
POSITIVE, NEGATIVE, HERE, DARK = COLORS[0], COLORS[1], COLORS[1], "#222222"
STRONGEST = 0.6  # so that a number is readable in every cell


class Step(NamedTuple):
    """A layer, with what goes in and what comes out for one image, (c, h, w) each.

    ``inputs`` are where the layer is, ``maps`` on the CPU.
    """

    layer: nn.Module
    inputs: Tensor
    maps: Tensor


class Opened(NamedTuple):
    """A value as a weighted sum of the window that it came from.

    Parameters
    ----------
    value : the number itself, the sum of all products plus ``rest``, such as a bias.
    corner : first channel, row and column of the window.
    window, weights : (c, k, l) each; the weights of a maximum are 1 and 0.
    """

    value: float
    corner: tuple[int, int, int]
    window: Tensor
    weights: Tensor

    @property
    def products(self) -> Tensor:
        """What is added up, (c, k, l)."""
        return self.window * self.weights

    @property
    def rest(self) -> float:
        """What is left without the products: a bias, up to rounding."""
        return self.value - self.products.sum().item()


def opened(step: Step, channel: int, row: int, column: int) -> Opened:
    """Open the value of a map at a place; all three count from 0."""

    def slopes(layer: nn.Module, X: Tensor) -> tuple[float, Tensor]:
        X = X[None].clone().requires_grad_()
        with torch.enable_grad(), evaluating(layer):
            value = layer(1 * X)[0, channel, row, column]  # a ReLU may work in place
        return value.item(), torch.autograd.grad(value, X)[0][0]

    value, weights = slopes(step.layer, step.inputs)
    reached = slopes(_positive(step.layer), torch.ones_like(step.inputs))[1] > 0
    ends = [(k.min().item(), k.max().item() + 1) for k in reached.nonzero().T]
    at = tuple(slice(*pair) for pair in ends)
    return Opened(
        value, tuple(a for a, _ in ends), step.inputs[at].cpu(), weights[at].cpu()
    )


def _positive(layer: nn.Module) -> nn.Module:
    """A copy in which every input that a value can depend on has a slope above 0."""
    layer = copy.deepcopy(layer).requires_grad_(False)
    for parameter in layer.parameters():
        parameter.fill_(1.0)
    for part in layer.modules():
        if isinstance(part, nn.MaxPool2d):
            part.forward = lambda X, p=part: F.avg_pool2d(
                X, p.kernel_size, p.stride, p.padding
            )
    return layer


def value_panes(
    name: str,
    step: Step,
    at: tuple[int, int, int],
    value: Opened,
    width: float,
    height: float,
) -> list[Pane]:
    """What goes in with the window in it, the products, and the map with the value.

    Parameters
    ----------
    name : of the layer; the map's image is found by it and its channel.
    at : channel, row and column of the value, from 0. A handle on the map sets the
        controls "row" and "column", which count from 1.
    width, height : pixels that there are for all three.
    """
    (first, top, left), (count, high, wide) = value.corner, value.window.shape
    size = width / 3, height
    channels = range(first, first + count)[:MOST_MAPS]
    before = maps_pane("in", step.inputs.cpu(), *size, channels)
    shape = " × ".join(map(str, step.inputs.shape))
    before.title = f"goes in: {shape}"
    for mark in list(before.marks):
        x, y = _edges(mark)
        box = _ring(x[left], x[left + wide], y[top], y[top + high])
        before.line(box, color=HERE, name=f"window {mark['name']}")
    products = value.products.nan_to_num()
    middle = maps_pane("product", products, *size, range(len(channels)))
    middle.title = f"products, sum {number(value.products.sum().item())}"
    strongest = products.abs().max().item() or 1.0
    for mark, one in zip(list(middle.marks), products, strict=False):
        share = one[..., None].numpy() / strongest
        color = np.where(share > 0, to_rgb(POSITIVE), to_rgb(NEGATIVE))
        mark["values"] = 1 - STRONGEST * np.abs(share) * (1 - color)
        edge = _ring(*mark["x"], *mark["y"])
        middle.line(edge, color=FAINT, width=1, name=f"edge {mark['name']}")
    if products.numel() <= MOST_CELLS:
        x, y = map(_middles, _edges(middle.marks[0]))
        _write_products(middle, x, y, value)
    channel, row, column = at
    count, h, w = step.maps.shape
    which = f"channel {channel + 1} of {count}" if count > 1 else "its one channel"
    after = Pane(
        f"{which}, {h} × {w}", (0.5, w + 0.5), (h + 0.5, 0.5), xticks={}, yticks={},
        grid=False, equal=True, name="map",
    )  # fmt: skip
    maps = step.maps.nan_to_num()
    low, most = min(0.0, maps.min().item()), maps.max().item()
    gray = (maps[channel, ..., None] - low) / (most - low or 1.0)
    ends = (0.5, w + 0.5), (h + 0.5, 0.5)
    after.image(gray.expand(-1, -1, 3), *ends, name=f"{name} {channel}")
    box = _ring(column + 0.5, column + 1.5, row + 0.5, row + 1.5)
    after.line(box, color=HERE, name="value")
    after.handle((column + 1, row + 1), "column", "row", name="place")
    return [before, middle, after]


def _write_products(pane: Pane, x: np.ndarray, y: np.ndarray, value: Opened) -> None:
    """Write each product of one map into its cell, and what is multiplied above it."""
    look = {"color": DARK, "align": "center"}
    for (i, j), product in np.ndenumerate(value.products[0].numpy()):
        place, text = (x[j], y[i]), number(product, 2)
        factors = [number(v[0, i, j].item(), 2) for v in value[2:]]
        few = len(x) <= FEW
        if few:
            pane.text(place, " · ".join(factors), size=9, shift=(0, -8), **look)
        shift = (0, 12 if few else 4)
        name = f"product {i} {j}"
        pane.text(place, text, size=13 if few else 10, shift=shift, name=name, **look)


def _edges(mark: dict) -> tuple[np.ndarray, np.ndarray]:
    """Where the columns and the rows of cells of an image begin and end."""
    (x0, x1), (y1, y0), (rows, columns, _) = mark["x"], mark["y"], mark["values"].shape
    return np.linspace(x0, x1, columns + 1), np.linspace(y0, y1, rows + 1)


def _middles(edges: np.ndarray) -> np.ndarray:
    return (edges[1:] + edges[:-1]) / 2


def _ring(x0: float, x1: float, y0: float, y1: float) -> list[tuple[float, float]]:
    """The closed line around a rectangle."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
