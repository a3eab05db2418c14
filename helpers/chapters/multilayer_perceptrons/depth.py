"""The explorer of initial weights: what becomes of a signal in a deep network."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.figures import COLORS
from helpers.figures.histograms import Bins
from helpers.tuning.ranges import Choice, IntSlider, LogSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.histograms import histogram_pane
from helpers.widgets.scene import FAINT, Pane
from helpers.words import number

MOST = 30  # hidden layers
WIDTH = 128  # units of every layer, and inputs
NUM_EXAMPLES = 64
NUM_CLASSES = 10
REACH = 3.0  # activations are drawn from -3 to 3
BINS = Bins(-REACH, REACH, 61)
DECADES = 12  # norms are drawn from 1e-12 to 1e12

ACTIVATIONS = {"tanh": torch.tanh, "ReLU": torch.relu, "sigmoid": torch.sigmoid}
# standard deviation of the initial weights of a layer of WIDTH units on WIDTH inputs
INITS = {
    "0.01": 0.01,
    "Xavier": math.sqrt(2 / (WIDTH + WIDTH)),
    "Kaiming": math.sqrt(2 / WIDTH),
    "1": 1.0,
}
# The gradient of the first layer counts as vanished below, as exploded above these.
VANISHED, EXPLODED = 1e-4, 1e2


@explorer(width=640, height=280)
def depth(
    activation=Choice(*ACTIVATIONS, start="tanh"),
    weight_sd=Choice(*INITS, start="1"),
    factor=LogSlider(0.1, 10, start=1.0),
    layers=IntSlider(1, MOST, start=20),
):
    """Activations and gradients, layer by layer, of a network before its first step.

    The standard deviation of its weights is 0.01, 1 or that of Xavier or Kaiming,
    times a factor.
    """
    found = signal(activation, factor * INITS[weight_sd], layers)
    ends = (-0.5, MOST + 0.5)
    counts = torch.zeros(MOST + 1, BINS.num)
    counts[: layers + 1] = BINS.counts(found.activations)
    left = histogram_pane(
        "activations, −3 to 3", BINS, counts, first=0, labels=("layer (0: input)", ""),
        color=COLORS[0], name="activations",
    )  # fmt: skip
    right = Pane(
        "size", ends, (10.0**-DECADES, 10.0**DECADES), labels=("layer", ""), log="y"
    )
    corners = [(-9, VANISHED), (99, VANISHED), (99, EXPLODED), (-9, EXPLODED)]
    right.area(corners, color=FAINT, alpha=0.13, name="neither vanished nor exploded")
    spread = np.c_[np.arange(layers + 1), found.deviations]
    norms = np.c_[np.arange(1, layers + 1), found.gradients]
    for xy, color, dash, shape, name in (
        (spread, COLORS[0], (), "o", "activations, standard deviation"),
        (norms, COLORS[1], (6, 3), "s", "gradient of the weights, norm"),
    ):
        right.line(xy, color=color, dash=dash, name=name, label=name)
        right.dots(xy, color=color, shape=shape)
    return judge(activation, found), left, right


@dataclass(frozen=True)
class Signal:
    """What passes through a network, forward and backward.

    Parameters
    ----------
    activations : the input and each hidden layer, (layers + 1, n, WIDTH).
    gradients : norm of the gradient of each hidden layer's weights, (layers,).
    """

    activations: Tensor
    gradients: Tensor

    @cached_property
    def deviations(self) -> Tensor:
        """Standard deviation of each layer's activations, (layers + 1,)."""
        # float64: the square of a large float32 would overflow before its time
        return self.activations.double().flatten(1).std(1)


@lru_cache
def drawn() -> tuple[Tensor, ...]:
    """Inputs, labels, and all weights with standard deviation 1, drawn once."""
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(NUM_EXAMPLES, WIDTH, generator=generator)
    y = torch.randint(NUM_CLASSES, (NUM_EXAMPLES,), generator=generator)
    W = torch.randn(MOST, WIDTH, WIDTH, generator=generator)
    W_out = torch.randn(WIDTH, NUM_CLASSES, generator=generator) / math.sqrt(WIDTH)
    return X, y, W, W_out


def signal(activation: str, sd: float, layers: int) -> Signal:
    """Send 64 random inputs through a random network, and the gradient back.

    Parameters
    ----------
    activation : a name in ACTIVATIONS.
    sd : standard deviation of the weights; there are no biases.
    layers : number of hidden layers, 1 to MOST; ten logits and a cross-entropy with
        random labels follow.
    """
    X, y, W, W_out = drawn()
    weights = [(sd * W[k]).requires_grad_() for k in range(layers)]
    H = [X]
    for W_k in weights:
        H.append(ACTIVATIONS[activation](H[-1] @ W_k))
    loss = F.cross_entropy(H[-1] @ W_out, y)
    gradients = torch.autograd.grad(loss, weights)
    norms = torch.stack([g.double().norm() for g in gradients])
    return Signal(torch.stack(H).detach(), norms)


def judge(activation: str, found: Signal) -> str:
    """Say what the activations of the last layer are, and what became of gradients."""
    last, spread = found.activations[-1], found.deviations[-1].item()
    if activation == "ReLU":
        share, what = (last == 0).double().mean().item(), "are 0"
    else:
        low = -0.99 if activation == "tanh" else 0.01
        share = ((last < low) | (last > 0.99)).double().mean().item()
        what = "lie within 0.01 of an end of the range"
    first, final = found.gradients[0].item(), found.gradients[-1].item()
    layers = len(found.gradients)
    if not (math.isfinite(first) and math.isfinite(spread)):
        word = "The numbers have left the range of float32"
    elif first < VANISHED:
        word = "The gradient has vanished"
    elif first > EXPLODED:
        word = "The gradient has exploded"
    else:
        word = "The gradient arrives"
    if layers == 1:
        norms = f"its norm is {number(first)} in the only hidden layer"
    else:
        norms = (
            f"its norm is {number(final)} in layer {layers} and {number(first)} "
            "in layer 1"
        )
    return (
        f"Layer {layers}: activations with standard deviation {number(spread)}, "
        f"{100 * share:.0f} % of them {what}. {word}: {norms}."
    )
