"""The explorer `receptive_field`: how much of a photograph one output value sees."""

from typing import NamedTuple

import numpy as np

from helpers.chapters.convolution.grids import gray_photograph
from helpers.data.photographs import PHOTOGRAPHS
from helpers.figures import COLORS
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import number

SIZE = 64  # pixels of the photograph
MOST = 8  # convolutions
# name -> after how many convolutions a pooling layer follows
POOLING = {"none": 0, "after each": 1, "after every second": 2}


class Field(NamedTuple):
    """The receptive field after a layer.

    Parameters
    ----------
    layer : "input", "conv 1", "pool 1", ...
    k, s : kernel size and stride of that layer; 1 and 1 for the input.
    r : side of the square of input pixels that one of its values depends on.
    j : pixels of the input between two neighboring values, the jump.
    """

    layer: str
    k: int
    s: int
    r: int
    j: int


def fields(layers: int, kernel_size: int, stride: int, pooling: int) -> list[Field]:
    """Receptive fields of the input and of each layer after it.

    A layer with kernel size k and stride s makes r + (k - 1) j of r, and j s of j.
    Pooling windows are 2 x 2 with stride 2; ``pooling`` says after how many
    convolutions one follows, 0 for never.

    Source: Araujo, Norris and Sim 2019, "Computing receptive fields of convolutional
    neural networks", Distill.
    """
    found = [Field("input", 1, 1, 1, 1)]

    def add(layer, k, s):
        r, j = found[-1].r, found[-1].j
        found.append(Field(layer, k, s, r + (k - 1) * j, j * s))

    for n in range(1, layers + 1):
        add(f"conv {n}", kernel_size, stride)
        if pooling and n % pooling == 0:
            add(f"pool {n // pooling}", 2, 2)
    return found


@explorer(width=680, height=330)
def receptive_field(
    photograph=Choice(*PHOTOGRAPHS, start="portrait"),
    layers=IntSlider(1, MOST, start=3),
    kernel_size=IntSlider(1, 7, start=3),
    stride=IntSlider(1, 3, start=1),
    pooling=Choice(POOLING, start=0),
):
    """Convolution layers are added one by one: the square that one value sees grows."""
    found = fields(layers, kernel_size, stride, pooling)
    left = Pane(
        f"photograph, {SIZE} × {SIZE}", (0, SIZE), (SIZE, 0), xticks={}, yticks={},
        grid=False, equal=True, name="photograph",
    )  # fmt: skip
    gray = gray_photograph(photograph, SIZE)[..., None].repeat(3, 2)
    left.image(gray, (0, SIZE), (SIZE, 0), name="image")
    for field in found[1:-1]:
        name = f"square of {field.layer}"
        left.line(square(field.r), color="#ffffff", width=1.2, name=name)
    # white below the color, so that it is seen on every photograph
    last = square(found[-1].r)
    left.line(last, color="#ffffff", width=5, name="border of the last square")
    left.line(last, color=COLORS[1], width=2.5, name="last square")
    sides = np.array([field.r for field in found])
    n = len(found)
    right = Pane(
        "side of the square, in pixels",
        (-0.6, n - 0.4),
        (0, 1.12 * max(12, sides[-1])),
        xticks=_few([field.layer.replace("input", "in") for field in found]),
        name="sides",
    )  # fmt: skip
    if sides[-1] > SIZE:
        edge = [(-1, SIZE), (n, SIZE)]
        right.line(edge, color=FAINT, dash=(5, 3), name="whole", label="photograph")
    right.line(np.c_[range(n), sides], color=COLORS[0], name="growth")
    for kind, shape, color in (("conv", "o", COLORS[0]), ("pool", "s", COLORS[2])):
        where = [m for m, field in enumerate(found) if field.layer.startswith(kind)]
        if where:
            xy = np.c_[where, sides[where]]
            label = {"conv": "convolution", "pool": "pooling"}[kind]
            look = {"color": color, "shape": shape, "size": 4.5, "label": label}
            right.dots(xy, name=kind, **look)
    return read(found), left, right


def read(found: list[Field]) -> str:
    """Say how the last layer got its receptive field, with the numbers put in."""
    before, last = found[-2:]
    where = last.layer.replace("conv", "convolution").replace("pool", "pooling")
    seen = f"{number(last.r)} × {number(last.r)} pixels"
    says = (
        f"After {where}: r = {before.r} + ({last.k} − 1)·{before.j} = {last.r} and "
        f"j = {before.j}·{last.s} = {last.j}. One value sees {seen}"
    )
    if last.r > SIZE:
        return f"{says}, more than the photograph has."
    return f"{says}, {last.r**2 / SIZE**2:.1%} of the photograph."


def square(r: int) -> np.ndarray:
    """The closed line (5, 2) around r x r pixels in the middle of the photograph."""
    low = (SIZE - r) // 2
    x0, x1 = low, low + r
    return np.array([(x0, x0), (x1, x0), (x1, x1), (x0, x1), (x0, x0)])


def _few(names: list[str]) -> dict[float, str]:
    """Ticks with names, so few that they do not touch."""
    step = 1 + (len(names) - 1) // 6
    return {k: names[k] for k in range(0, len(names), step)}
