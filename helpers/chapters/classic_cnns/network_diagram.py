"""The explorer `network_diagram`: where a network has its weights and its work."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from helpers.chapters.classic_cnns.parts import POOLING, parts_of, text_of, times
from helpers.figures import COLORS
from helpers.models import VGG, AlexNet, GoogLeNet, LeNet, NiN, layer_table
from helpers.tuning.ranges import Choice, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane, segments

USUAL, MOST = COLORS[0], COLORS[1]
HALF = 15  # pixels, half the height of a box where there is room
HEIGHT = 480
FULL = ", full size"


def _vgg(width: float) -> VGG:
    blocks = ((1, 8), (1, 16), (2, 32))
    return VGG([(n, round(width * c)) for n, c in blocks], (round(64 * width),))


# name -> the network at a width, as a multiple of the one that the chapter trains; the
# one that has a single width comes last
SMALL: dict[str, Callable[[float], nn.Module]] = {
    "AlexNet": lambda width: AlexNet(round(12 * width)),
    "VGG": _vgg,
    "NiN": lambda width: NiN(round(12 * width)),
    "GoogLeNet": lambda width: GoogLeNet(16 * round(2 * width)),  # multiples of 16
    "LeNet": lambda width: LeNet(),
}
# name -> its name in torchvision, and what it is made with
TORCHVISION = {
    f"AlexNet{FULL}": ("alexnet", {}),
    f"VGG-11{FULL}": ("vgg11", {}),
    f"VGG-16{FULL}": ("vgg16", {}),
    f"GoogLeNet{FULL}": ("googlenet", {"aux_logits": False, "init_weights": False}),
}
FIXED = {"LeNet", *TORCHVISION}  # have one width


class Row(NamedTuple):
    """A layer with weights, or a block, with what follows it up to the next.

    Parameters
    ----------
    does : the row in words.
    shape : of what it hands on for one example.
    parameters : weights and biases.
    multiplications : for one example.
    memory : of the outputs of its convolutions, poolings and linear layers for one
        example, in bytes; each value takes 4, and ReLU works in place.
    """

    does: str
    shape: tuple[int, ...]
    parameters: int
    multiplications: int
    memory: int


SHOWN = {"parameters": "parameters", "multiplications": "multiplications"}
SHOWN |= {"memory of the values": "memory"}


@explorer(width=690, height=HEIGHT)
def network_diagram(
    network=Choice(*SMALL, *TORCHVISION),
    bars=Choice(SHOWN),
    width=Slider(0.5, 3.0, start=1.0),
):
    """A network layer by layer: where it has its parameters, and where its work."""
    shape, rows = rows_of(network, _kept(network, width))
    amounts = np.array([getattr(row, bars) for row in rows])
    colors = [MOST if amount == amounts.max() else USUAL for amount in amounts]
    low = len(rows) + 0.6
    left = Pane(
        f"{network}: layers and their outputs", (0, 1), (low, -0.6), xticks={},
        yticks={}, grid=False, framed=False, share=1.15, name="network",
    )  # fmt: skip
    half = min(0.38, HALF / (HEIGHT - 30) * (low + 0.6))
    at = np.arange(len(rows))
    joints = segments(
        np.c_[at * 0 + 0.5, at + half], np.c_[at * 0 + 0.5, at + 1 - half]
    )
    left.line(joints, color=FAINT, width=2, name="joints")
    boxes = [("input", shape, FAINT)]
    boxes += [
        (f"{k} {row.does}", row.shape, color)
        for k, (row, color) in enumerate(zip(rows, colors, strict=True), 1)
    ]
    for k, (does, out, color) in enumerate(boxes):
        corners = [(0.005, k - half), (0.995, k - half), (0.995, k + half),
                   (0.005, k + half)]  # fmt: skip
        left.area(corners, color=color, alpha=0.22, width=1.2, name=f"box {k}")
        left.text((0.025, k), does, shift=(0, 4), name=f"layer {k}")
        left.text((0.975, k), times(out), align="right", shift=(0, 4), name=f"out {k}")
    shown = next(text for text, name in SHOWN.items() if name == bars)
    right = Pane(
        f"{shown} (orange: the largest)", (0, 1.85 * amounts.max()), (low, -0.6),
        xticks={}, yticks={}, grid=False, framed=False, name="bars",
    )  # fmt: skip
    right.bars(at + 1, amounts, color=colors, width=2 * half, across=True, name="bar")
    for k, amount in enumerate(amounts):
        text = f"{written(amount, bars)} ({amount / amounts.sum():.1%})"
        right.text((amount, k + 1), text, shift=(6, 4), size=11, name=f"amount {k + 1}")
    return _in_words(network, width, bars, rows), left, right


def _kept(network: str, width: float) -> float:
    """One width for all that make the same network: it is built and counted once."""
    if network == "GoogLeNet":
        return round(2 * width) / 2
    return 1.0 if network in FIXED else width


@lru_cache(maxsize=256)
def rows_of(network: str, width: float) -> tuple[tuple[int, ...], tuple[Row, ...]]:
    """The input's shape and the rows of a network; no weight is computed for them."""
    with torch.device("meta"):
        if network in SMALL:
            shape, net = (1, 28, 28), SMALL[network](width)
        else:
            # takes seconds to import, and only these need it
            from torchvision import models

            name, options = TORCHVISION[network]
            shape, net = (3, 224, 224), getattr(models, name)(**options)
    leaves = layer_table(net, *shape, depth=None)
    shapes = {r.name: r.shape for r in leaves}
    if not {name for name, _ in parts_of(net)} <= set(shapes):  # it has blocks
        shapes |= {r.name: r.shape for r in layer_table(net, *shape)}
    rows: list[Row] = []
    before = shape
    for name, layer in parts_of(net):
        inside = [r for r in leaves if f"{r.name}.".startswith(f"{name}.")]
        counted = (nn.Conv2d, nn.Linear, *POOLING)
        values = sum(
            r.values for r in inside if isinstance(net.get_submodule(r.name), counted)
        )
        row = Row(
            text_of(layer), shapes[name], sum(r.parameters for r in inside),
            sum(r.multiplications for r in inside), 4 * values,
        )  # fmt: skip
        if row.parameters:
            rows.append(row)
        elif isinstance(layer, POOLING):
            last = rows[-1]
            does = last.does if row.shape == before else f"{last.does}, {row.does}"
            memory = last.memory + row.memory
            rows[-1] = last._replace(does=does, shape=row.shape, memory=memory)
        before = row.shape
    return shape, tuple(rows)


def written(amount: int, bars: str) -> str:
    """A count, or memory in the unit that fits it: "40 bytes", "4.7 KB"."""
    if bars != "memory":
        return f"{amount:,}"
    for size, unit in ((1e6, "MB"), (1e3, "KB")):
        if amount >= size:
            return f"{amount / size:,.1f} {unit}"
    return f"{amount} bytes"


def _in_words(network: str, width: float, bars: str, rows: tuple[Row, ...]) -> str:
    parameters = sum(row.parameters for row in rows)
    work = sum(row.multiplications for row in rows)
    amounts = [getattr(row, bars) for row in rows]
    total = sum(amounts)
    most = max(range(len(rows)), key=amounts.__getitem__)
    row, amount = rows[most], amounts[most]
    says = (
        f"{network}: {parameters:,} parameters, {work:,} multiplications for one image"
    )
    says += f", {written(total, bars)} of values." if bars == "memory" else "."
    says += (
        f" The largest share of the {bars}, {amount / total:.1%}, is in layer "
        f"{most + 1}, {row.does} with output {times(row.shape)}: "
        f"{written(amount, bars)}."
    )
    if alike := [str(k) for k, a in enumerate(amounts, 1) if a == amount][1:]:
        layers = f"layer{'s' * (len(alike) > 1)} {', '.join(alike)}"
        says += f" As much is in {layers}."
    linear = [a for r, a in zip(rows, amounts, strict=True) if r.does == "linear"]
    if not linear:
        says += " There is no linear layer."
    elif len(linear) == 1:
        says += f" The only linear layer has {linear[0] / total:.1%}."
    else:
        says += f" The {len(linear)} linear layers together: {sum(linear) / total:.1%}."
    if width != 1 and network in FIXED:
        says += f" {network} has one width: the slider does not move it."
    return says
