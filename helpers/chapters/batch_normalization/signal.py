"""The explorer `signal`: activations and gradients by layer while a net trains."""

from functools import lru_cache

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
from helpers.figures.histograms import Bins
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.histograms import histogram_pane
from helpers.widgets.scene import Pane
from helpers.words import many, number

STEPS, BATCH_SIZE, LR = 60, 64, 0.1
LOW, HIGH = 1e-12, 1e6  # of the axes; what lies beyond is drawn at the edge
ROUNDING = 1e-7  # of activations near 1: a smaller spread would be float32's
VANISHED, EXPLODED = 1e-2, 1e2  # ratios of the first layer's gradient to the last's
INPUTS = Bins(-4.0, 4.0, 41)
SIZES = Bins(-12, 4, 48, log=True)  # of a gradient's numbers
WORDS = ("without", "with")


@lru_cache(maxsize=128)  # 1 MB each at depth 50
def trained(depth: int, activation: str, weights: str, norm: str) -> list[dict]:
    """Train by SGD on batches of 64 digits.

    Returns
    -------
    For each of STEPS + 1 steps what `recorded` finds in its batch, before its update.
    """
    net = network(depth, activation, weights, norm)
    order, rows = torch.Generator().manual_seed(0), []
    with torch.enable_grad():
        while len(rows) <= STEPS:
            for X, y in minibatches(digits(), BATCH_SIZE, order):
                rows.append(recorded(net, X, y))
                with torch.no_grad():
                    for p in net.parameters():
                        p -= LR * p.grad
    return rows[: STEPS + 1]


def recorded(net: nn.Sequential, X: Tensor, y: Tensor) -> dict[str, np.ndarray]:
    """Set the gradients of one batch, and say what passed through the network.

    Returns
    -------
    "loss" : 0-d.
    "spread of inputs", "spread of activations" : (depth,), standard deviation over the
        batch, as root mean square over a layer's units: of what its activation is
        given, and of what the layer hands to the next linear one.
    "norm of weights", "norm of activations" : (depth,), of the loss's gradient with
        respect to those of each hidden layer.
    "inputs", "weights", "activations" : (depth, bins), histograms by INPUTS of what the
        activations are given, each value less its unit's mean over the batch, and by
        SIZES of the numbers of both gradients.
    """
    *hidden, last = (k for k, layer in enumerate(net) if isinstance(layer, nn.Linear))
    inputs, outputs, H = [], [], X
    for k, layer in enumerate(net):
        if k in hidden[1:] or k == last:
            H.retain_grad()
            outputs.append(H)
        if isinstance(layer, tuple(ACTIVATIONS.values())):
            inputs.append(H.detach())
        H = layer(H)
    loss = F.cross_entropy(H, y)
    net.zero_grad()
    loss.backward()
    row = {"loss": loss.detach().double()}
    for of, layers in (("inputs", inputs), ("activations", outputs)):
        # float64: the squares of small float32 numbers would be 0
        values = torch.stack(layers).detach().double()
        row[f"spread of {of}"] = values.var(1).mean(1).sqrt()
    row["inputs"] = INPUTS.counts(H - H.mean(0) for H in inputs).short()
    weights = [net[k].weight for k in hidden]
    for of, layers in (("weights", weights), ("activations", outputs)):
        gradients = [T.grad for T in layers]
        row[f"norm of {of}"] = torch.stack([g.double().norm() for g in gradients])
        row[of] = SIZES.counts(gradients).short()
    return {what: values.numpy() for what, values in row.items()}


@explorer(width=720, height=320)
def signal(
    depth=Choice(5, 10, 20, 50, start=20),
    activation=Choice(*ACTIVATIONS, start="sigmoid"),
    initial_weights=Choice(*STARTS),
    norm=Choice(*NORMS),
    gradient_of=Choice("weights", "activations"),
    view=Choice("spread", "histograms"),
    steps=IntSlider(0, STEPS, start=0),
):
    """Activations and gradients by layer after some steps of SGD, without and with.

    An MLP with 32 units in each hidden layer is trained on 512 digits of 14 x 14 pixels
    in batches of 64 at a rate of 0.1, once without normalization and once with it, from
    the same initial weights; the numbers are those of the next batch. The histograms
    count all that a layer's units hand to their activation, each less the mean of its
    unit over the batch, and the sizes of a gradient's numbers.
    """
    arms = [trained(depth, activation, initial_weights, n)[steps] for n in ("", norm)]
    gradients = [arm[f"norm of {gradient_of}"] for arm in arms]
    told = (
        _told(word, gradient, arm["loss"])
        for word, gradient, arm in zip(WORDS, gradients, arms, strict=True)
    )
    says = f"After {many(steps, 'step')}: {'; '.join(told)}."
    if view == "histograms":
        sds = (float(arm["spread of inputs"][-1]) for arm in arms)
        without, with_ = (number(s) if s > ROUNDING else "10⁻⁷ or less" for s in sds)
        says += (
            " Over the images, what a unit of the last hidden layer gives to its "
            f"activation has a standard deviation of {without} without normalization "
            f"and of {with_} with it."
        )
        return says, *(
            histogram_pane(
                f"{word} norm", bins, torch.from_numpy(arm[of]), color=COLORS[k],
                title_color=COLORS[k], labels=("layer", "" if k else label),
                name=f"{of} {word}",
            )
            for of, bins, label in (
                ("inputs", INPUTS, "input, less its unit's mean"),
                (gradient_of, SIZES, f"gradient of the {gradient_of}"),
            )
            for k, (word, arm) in enumerate(zip(WORDS, arms, strict=True))
        )  # fmt: skip
    ends = (0.5, depth + 0.5)
    left = Pane(
        "activations, standard deviation", ends, (ROUNDING, HIGH),
        labels=("layer (at the lower edge: 10⁻⁷ or less)", ""), log="y",
    )  # fmt: skip
    right = Pane(
        f"gradient of the {gradient_of}, norm", ends, (LOW, HIGH),
        labels=("layer (at the lower edge: 10⁻¹² or less)", ""), log="y",
    )  # fmt: skip
    spreads = [arm["spread of activations"] for arm in arms]
    for pane, both, what, low in (
        (left, spreads, "spread", ROUNDING),
        (right, gradients, "gradient", LOW),
    ):
        for k, (word, values) in enumerate(zip(WORDS, both, strict=True)):
            # NaN stays NaN
            xy = np.c_[np.arange(1, depth + 1), values.clip(low * 1.3, HIGH / 1.5)]
            label = "" if pane is right else f"{word} norm"
            pane.line(xy, color=COLORS[k], width=1.5, dash=((), (6, 3))[k],
                      name=f"{what} {word}", label=label)  # fmt: skip
            pane.dots(xy, color=COLORS[k], shape="os"[k], size=2.5)
    return says, left, right


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
