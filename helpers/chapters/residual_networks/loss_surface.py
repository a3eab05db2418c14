"""The explorer `loss_surface`: the loss around trained weights, in a random plane."""

import copy
import math
from functools import cache

import numpy as np
import torch
from contourpy import contour_generator
from torch import Tensor
from torch.nn import functional as F

from helpers.chapters.residual_networks.networks import images, trained
from helpers.figures import COLORS
from helpers.models import ResNet
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, INK, Pane
from helpers.words import number

NUM_IMAGES = 64  # as many as a batch of the training has
SIDE = 5  # 2 SIDE + 1 points along each direction
PLACES = np.arange(-SIDE, SIDE + 1) / SIDE
GUESSING = math.log(10)  # the loss of equal probabilities for ten classes
LOW, HIGH = 0.05, 20.0  # of the colors and of the axis
NETWORKS = {"plain": "without skips", "residual": "with skips"}
STATISTICS = {"of the images": True, "running": False}  # -> training mode


def directions(net: ResNet, seed: int = 0) -> tuple[dict[str, Tensor], ...]:
    """Two random directions in the space of the weights, each as name -> tensor.

    Each filter of a convolution, and each row of the linear layer, is drawn from a
    normal distribution and scaled to the norm of the filter that it moves; biases and
    the parameters of normalizations stay where they are. The draws are the same for
    networks of the same layers: those for shortcuts, which only one has, come last.

    Source: Li et al. 2018, Visualizing the loss landscape of neural nets.
    """
    rng, found = torch.Generator().manual_seed(seed), ({}, {})
    weights = [(name, p) for name, p in net.named_parameters() if p.ndim > 1]
    for name, W in sorted(weights, key=lambda named: "shortcut" in named[0]):
        norms = W.detach().cpu().flatten(1).norm(dim=1)
        for direction in found:
            drawn = torch.randn(W.shape, generator=rng)
            scale = norms / drawn.flatten(1).norm(dim=1)
            direction[name] = scale.view(-1, *[1] * (W.ndim - 1)) * drawn
    return found


@cache
def surface(kind: str, depth: int, statistics: str) -> np.ndarray:
    """Loss of 64 training images at 11 x 11 points of the plane, (second, first).

    Batch normalization uses the statistics of these images at each point, as in
    training, or the running ones of the trained weights at all points.
    """
    center = trained(kind, depth)
    net = copy.deepcopy(center).train(STATISTICS[statistics])
    device = next(net.parameters()).device
    batch = images().train.take(NUM_IMAGES).to(device)
    first, second = (
        {name: step.to(device) for name, step in direction.items()}
        for direction in directions(center)
    )
    start, moved = dict(center.named_parameters()), dict(net.named_parameters())
    found = np.empty((len(PLACES), len(PLACES)))
    with torch.no_grad():
        for row, b in enumerate(PLACES):
            for column, a in enumerate(PLACES):
                for name in first:
                    step = a * first[name] + b * second[name]
                    moved[name].copy_(start[name] + step)
                found[row, column] = F.cross_entropy(net(batch.X), batch.y)
    return found


@explorer(width=780, height=320)
def loss_surface(
    cut=IntSlider(-SIDE, SIDE, start=0),
    depth=Choice(8, 20, start=20),
    statistics=Choice(*STATISTICS),
):
    """The loss in a plane through the trained weights, without skips and with them.

    Both networks are trained alike, and moved along the same two random directions;
    at 1 a direction has changed each filter by as much as its own norm. A stronger
    color is a higher loss, and the contours are at 0.3, 1, 2.3 (dashed, that of
    guessing) and 5. The cut runs along the first direction, at as many fifths of the
    second as the slider says.

    Batch normalization takes the statistics of the 64 images at every point: this is
    the loss that training lowers. With the running statistics, which belong to the
    trained weights, the moved layers are no longer normalized.
    """
    right = Pane(
        f"cut at {number(cut / SIDE)}", (-1, 1), (LOW, HIGH), log="y",
        yticks={v: number(v) for v in (0.1, 1.0, 10.0)},
        labels=("first direction", ""), share=1.1,
    )  # fmt: skip
    right.line([(-1, GUESSING), (1, GUESSING)], color=FAINT, dash=(4, 3),
               name="guessing", label="guessing")  # fmt: skip
    panes, told, lowest = [], [], []
    for k, (kind, word) in enumerate(NETWORKS.items()):
        found, color = surface(kind, depth, statistics), COLORS[1 - k]
        panes.append(_map(found, word, color, cut))
        row = found[cut + SIDE]
        right.line(np.c_[PLACES, row.clip(LOW, HIGH)], color=color, width=1.5,
                   dash=((6, 3), ())[k], name=f"cut {word}",
                   label=word.split()[0])  # fmt: skip
        right.dots(np.c_[PLACES, row.clip(LOW, HIGH)], color=color, size=2.5)
        below = 100 * (found < GUESSING).mean()
        told.append(
            f"{word} the loss is {number(found[SIDE, SIDE], 2)} at the trained weights "
            f"and below guessing's {number(GUESSING, 2)} at {below:.0f} % of the points"
        )
        lowest.append(f"{number(row.min(), 2)} {word}")
    says = (
        f"At {depth} layers, {'; '.join(told)}. "
        f"The least on the cut: {', '.join(lowest)}."
    )
    return says, *panes, right


def _map(found: np.ndarray, word: str, color: str, cut: int) -> Pane:
    """The surface from above: strength of a color, contours, and where the cut is."""
    edge = 1 + 0.5 / SIDE  # a cell reaches around its point
    ends = (-edge, edge)
    pane = Pane(word, ends, ends, labels=("first direction", "second"), equal=True,
                grid=False, color=color)  # fmt: skip
    logs = np.log(found.clip(LOW, HIGH) / LOW) / math.log(HIGH / LOW)
    pane.image(logs[::-1], ends, ends, color=color, smooth=True, name=f"map {word}")
    lines = contour_generator(PLACES, PLACES, found)
    for level, dash in ((0.3, ()), (1.0, ()), (GUESSING, (4, 3)), (5.0, ())):
        for xy in lines.lines(level):
            pane.line(xy, color=INK, width=1, dash=dash, name=f"{word} {level:.1f}")
    pane.line([(-edge, cut / SIDE), (edge, cut / SIDE)], color=INK, width=3,
              alpha=0.4)  # fmt: skip
    pane.dots([(0, 0)], color=INK, shape="x", size=4)
    return pane
