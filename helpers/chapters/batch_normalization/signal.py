"""The explorer `signal`: activations and gradients by layer while a net trains."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.chapters.batch_normalization.networks import (
    ACTIVATIONS,
    NORMS,
    STARTS,
    digits,
    network,
)
from helpers.data import minibatches
from helpers.figures import COLORS
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import Pane
from helpers.words import many, number

STEPS, BATCH_SIZE, LR = 60, 64, 0.1
LOW, HIGH = 1e-12, 1e6  # of the axes; what lies beyond is drawn at the edge
ROUNDING = 1e-7  # of activations near 1: a smaller spread would be float32's
VANISHED, EXPLODED = 1e-2, 1e2  # ratios of the first layer's gradient to the last's


class Signal(NamedTuple):
    """What passes through a network at each of STEPS + 1 steps, before its update.

    Parameters
    ----------
    spread : standard deviation over the batch of a layer's activations, as root mean
        square over its units, (STEPS + 1, depth).
    gradients : "weights" and "activations" -> norm of the loss's gradient with respect
        to those of each hidden layer, (STEPS + 1, depth).
    loss : of the step's batch, (STEPS + 1,).
    """

    spread: np.ndarray
    gradients: dict[str, np.ndarray]
    loss: np.ndarray


@lru_cache(maxsize=128)  # 75 kB each at depth 50
def trained(depth: int, activation: str, weights: str, norm: str) -> Signal:
    """Train by SGD on batches of 64 digits, and record each step on its own batch."""
    net = network(depth, activation, weights, norm)
    order, rows = torch.Generator().manual_seed(0), []
    with torch.enable_grad():
        while len(rows) <= STEPS:
            for X, y in minibatches(digits(), BATCH_SIZE, order):
                rows.append(recorded(net, X, y))
                with torch.no_grad():
                    for p in net.parameters():
                        p -= LR * p.grad
    spread, on_weights, on_activations, loss = (
        torch.stack(column[: STEPS + 1]).double().numpy()
        for column in zip(*rows, strict=True)
    )
    gradients = {"weights": on_weights, "activations": on_activations}
    return Signal(spread, gradients, loss)


def recorded(net: nn.Sequential, X: Tensor, y: Tensor) -> tuple[Tensor, ...]:
    """Set the gradients of one batch.

    Returns
    -------
    spread, gradient by the weights, gradient by the activations : (depth,), as in
        `Signal`; the activations are what a layer hands to the next linear one
    loss : 0-d
    """
    *hidden, last = (k for k, layer in enumerate(net) if isinstance(layer, nn.Linear))
    outputs, H = [], X
    for k, layer in enumerate(net):
        if k in hidden[1:] or k == last:
            H.retain_grad()
            outputs.append(H)
        H = layer(H)
    loss = F.cross_entropy(H, y)
    net.zero_grad()
    loss.backward()
    # float64: the squares of small float32 numbers would be 0
    spread = torch.stack([H.detach() for H in outputs]).double().var(1).mean(1).sqrt()
    by_weights = [net[k].weight.grad.double().norm() for k in hidden]
    by_activations = [H.grad.double().norm() for H in outputs]
    return spread, torch.stack(by_weights), torch.stack(by_activations), loss.detach()


@explorer(width=720, height=320)
def signal(
    depth=Choice(5, 10, 20, 50, start=20),
    activation=Choice(*ACTIVATIONS, start="sigmoid"),
    first_weights=Choice(*STARTS),
    norm=Choice(*NORMS),
    gradient_of=Choice("weights", "activations"),
    steps=IntSlider(0, STEPS, start=0),
):
    """Activations and gradients by layer after some steps of SGD, without and with.

    An MLP with 32 units in each hidden layer is trained on 512 digits of 14 x 14 pixels
    in batches of 64 at a rate of 0.1, once without normalization and once with it, from
    the same first weights; the numbers are those of the next batch.
    """
    ends = (0.5, depth + 0.5)
    left = Pane(
        "activations, standard deviation", ends, (ROUNDING, HIGH),
        labels=("layer (at the lower edge: 10⁻⁷ or less)", ""), log="y",
    )  # fmt: skip
    right = Pane(
        f"gradient of the {gradient_of}, norm", ends, (LOW, HIGH),
        labels=("layer (at the lower edge: 10⁻¹² or less)", ""), log="y",
    )  # fmt: skip
    layers, told = np.arange(1, depth + 1), []
    for k, (word, kind) in enumerate((("without", ""), ("with", norm))):
        found = trained(depth, activation, first_weights, kind)
        gradient = found.gradients[gradient_of][steps]
        for pane, values, what, low in (
            (left, found.spread[steps], "spread", ROUNDING),
            (right, gradient, "gradient", LOW),
        ):
            xy = np.c_[layers, values.clip(low * 1.3, HIGH / 1.5)]  # NaN stays NaN
            label = "" if pane is right else f"{word} norm"
            pane.line(xy, color=COLORS[k], width=1.5, dash=((), (6, 3))[k],
                      name=f"{what} {word}", label=label)  # fmt: skip
            pane.dots(xy, color=COLORS[k], shape="os"[k], size=2.5)
        told.append(_told(word, gradient, found.loss[steps]))
    return f"After {many(steps, 'step')}: {'; '.join(told)}.", left, right


def _told(word: str, gradient: np.ndarray, loss: float) -> str:
    """Say what becomes of the gradient from the last hidden layer to the first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(gradient[0] / gradient[-1])
    if not np.isfinite(loss) or not np.isfinite(gradient).all():
        return f"{word} normalization the numbers have left the range of float32"
    if not np.isfinite(ratio):
        return f"{word} normalization no gradient arrives even in the last hidden layer"
    verb = "arrives in the first layer"
    if ratio < VANISHED:
        verb = "vanishes towards the first layer"
    elif ratio > EXPLODED:
        verb = "explodes towards the first layer"
    return (
        f"{word} normalization the gradient {verb}, where it is {number(ratio)} times "
        f"that of the last hidden one (loss {number(float(loss), 2)})"
    )
