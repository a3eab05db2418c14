"""Drawings of chapter 2 that stand in its notebook."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from helpers.figures import COLORS, drawn, line_style, plot_network, show_images
from helpers.figures.described import described
from helpers.words import number

FAINT, PALE = "#888888", "#e4e4e4"
FEW = 10  # images: the share of so few says little


@drawn
def show_named(images: Tensor, titles: Sequence[str], what: str, **look) -> Figure:
    """Draw images as ``show_images`` does; the alternative text says what they show.

    Parameters
    ----------
    images : (n, h, w) or (n, 1, h, w).
    titles : n strings.
    what : what is seen, to stand first in the alternative text.
    look : what else ``show_images`` takes; 256 colors are enough.
    """
    figure = show_images(images, titles, palette=True, **look)
    figure.set_label(f"{what}. {described(figure)}")
    return figure


@drawn
def show_forward(x: Tensor, W: Tensor, b: Tensor) -> Figure:
    """Draw softmax regression as a network, with the numbers of one example.

    The bias is drawn as the weights of one more input that is always 1, in gray.

    Parameters
    ----------
    x : (1, d), W : (d, K), b : (K,).
    """
    o = (x @ W + b)[0]
    inputs = [number(v) for v in x[0].tolist()]
    logits = [number(v) for v in o.tolist()]
    y_hat = [f"{p:.2f}" for p in F.softmax(o, 0).tolist()]
    weights = torch.cat([W, b[None]])
    titles = ["inputs x", "logits o", "probabilities ŷ"]
    figure = plot_network([[*inputs, "1"], logits, y_hat], [weights, None], titles)
    (ax,) = figure.axes
    circle = ax.patches[len(inputs)]
    circle.set_facecolor(PALE)
    left = circle.center[0] - circle.radius - 0.1
    ax.text(left, circle.center[1], "bias", ha="right", va="center", fontsize=8)
    names = [f"input {i + 1}" for i in range(len(inputs))] + ["the gray 1"]
    lines = ", ".join(
        f"{number(weights[i, k].item())} from {names[i]} to logit {k + 1}"
        for i, k in weights.nonzero().tolist()
    )
    figure.set_label(
        f"A network from left to right. Inputs x: {', '.join(inputs)}, and a gray 1 "
        f"for the bias; logits o: {', '.join(logits)}; probabilities ŷ: "
        f"{', '.join(y_hat)}, each joined with all logits. Weights: {lines}."
    )
    return figure


@drawn
def show_log_loss(marked: Sequence[float]) -> Figure:
    """Draw -ln p over p, with a dot and its loss at some probabilities."""
    figure = Figure(figsize=(4.2, 2.3))
    ax = figure.subplots()
    p = np.linspace(0.005, 1, 400)
    ax.plot(p, np.log(1 / p), color=COLORS[0], label="−ln p")  # 0 at 1, not -0
    dots = -np.log(marked)
    ax.plot(marked, dots, "o", color=COLORS[1], markersize=6, label="examples")
    for at, loss in zip(marked, dots, strict=True):
        ax.annotate(f"{at:g} costs {loss:.2f}", (at, loss), (8, 4),
                    textcoords="offset points", fontsize=8)  # fmt: skip
    ax.set(xlabel="p, probability given to the true class", ylabel="loss",
           xlim=(0, 1.02), ylim=(0, 5))  # fmt: skip
    return figure


@drawn
def show_difference(y_hat: Tensor, y: int) -> Figure:
    """Draw a prediction, its one-hot label and their difference as rows of bars.

    One unit is equally high in each row, so that the bars can be compared.

    Parameters
    ----------
    y_hat : (K,) probabilities.
    y : index of the true class.
    """
    label = F.one_hot(torch.tensor(y), len(y_hat))
    rows = {"prediction ŷ": y_hat, "label y": label}
    rows["difference ŷ − y"] = y_hat - label
    spans = [(min(0, v.min().item()), max(0, v.max().item())) for v in rows.values()]
    room = 0.25  # above and below the bars, for their numbers
    heights = [top - bottom + 2 * room for bottom, top in spans]
    figure = Figure(figsize=(4.2, 3.0))
    axes = figure.subplots(len(rows), sharex=True, height_ratios=heights)
    said = []
    for ax, (name, row), (bottom, top) in zip(axes, rows.items(), spans, strict=True):
        words = [_height(value, signed=bottom < 0) for value in row.tolist()]
        _bars(ax, row.tolist(), words)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.set_ylim(bottom - room, top + room)
        said.append(f"{name}: {', '.join(words)}")
    ticks = range(len(y_hat))
    axes[-1].set_xticks(ticks, [f"class {k}{' (true)' * (k == y)}" for k in ticks])
    figure.set_label(
        f"Three rows of bars, one bar for each class; the true class is {y}. "
        f"{'; '.join(said)}."
    )
    return figure


def _bars(ax: Axes, values: Sequence[float], words: Sequence[str]) -> None:
    """Draw bars with their numbers on a line at 0, and nothing else around them."""
    colors = [COLORS[value < 0] for value in values]
    bars = ax.bar(range(len(values)), values, width=0.6, color=colors)
    ax.bar_label(bars, words, padding=2, fontsize=8)
    ax.axhline(0, color=FAINT, linewidth=0.8)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    ax.set_yticks([])
    ax.grid(False)


def _height(value: float, signed: bool) -> str:
    """The height of a bar: a whole number as it is, another with two digits."""
    digits = 0 if value == round(value) else 2
    return f"{value:{'+' if signed and value else ''}.{digits}f}".replace("-", "−")


@drawn
def show_gradients(losses: Mapping[str, Callable[[Tensor], Tensor]]) -> Figure:
    """Draw losses of a logit z, target 0, and beside them their gradients.

    Parameters
    ----------
    losses : name -> function of logits (n,) -> (n,) that autograd can follow.
    """
    figure = Figure(figsize=(5.5, 2.1))
    left, right = figure.subplots(1, 2)
    z = torch.linspace(-8, 8, 321, requires_grad=True)
    start, ends, said = 5, [], []
    for k, (name, loss) in enumerate(losses.items()):
        values = loss(z)
        (gradient,) = torch.autograd.grad(values.sum(), z)
        at = z.detach()
        left.plot(at, values.detach(), label=name, **line_style(k))
        right.plot(at, gradient, label=name, **line_style(k))
        top = gradient.argmax()
        words = f"{name} rises to {gradient[top]:.2g}"
        if top < len(z) - 1:
            here = gradient[(at - start).abs().argmin()]
            words += f" at z = {at[top]:.1f} and falls back to {here:.2g}"
            words += f" at the start, {start}"
        said.append(words)
        ends.append(f"{name} rises to {values[-1].item():.2g}")
    figure.set_label(
        f"Loss against z: {'; '.join(ends)}. Gradient against z: {'; '.join(said)}."
    )
    left.set(ylabel="loss", xlabel="z")
    right.set(ylabel="gradient", xlabel="z")
    for ax in (left, right):
        ax.axvline(start, color=FAINT, linewidth=0.8, linestyle=":")
    left.legend(loc="upper left")
    return figure


@drawn
def show_confusion(counts: Tensor, classes: Sequence[str]) -> Figure:
    """Draw a confusion matrix: a row for each true class, a column for each guess.

    The color is the share of the row; the number is the count.

    Parameters
    ----------
    counts : (K, K) int, how many examples of class i were called class j.
    """
    figure = Figure(figsize=(3.7, 3.4))
    ax = figure.subplots()
    shares = counts / counts.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(counts.tolist()):
        for j, count in enumerate(row):
            color = "white" if shares[i, j] > 0.5 else "#333333"
            ax.text(j, i, count, ha="center", va="center", fontsize=7.5, color=color)
    ticks = range(len(classes))
    turned = max(map(len, classes)) > 2
    ax.set_xticks(ticks, classes, rotation=90 if turned else 0)
    ax.set_yticks(ticks, classes)
    ax.set(xlabel="guess", ylabel="true class")
    ax.grid(False)
    rows = zip(classes, counts.diagonal().tolist(), counts.sum(1).tolist(), strict=True)
    right = ", ".join(f"{name} {hits} of {n}" for name, hits, n in rows)
    wrong = counts - counts.diagonal().diag()
    order = wrong.flatten().argsort(descending=True, stable=True)[:3].tolist()
    often = (divmod(k, len(classes)) for k in order)
    mistakes = ", ".join(
        f"{classes[i]} called {classes[j]} {wrong[i, j]} times" for i, j in often
    )
    figure.set_label(
        f"A confusion matrix; named correctly: {right}; most often wrong: {mistakes}."
    )
    return figure


@drawn
def show_reliability(confidence: Tensor, right: Tensor, num_bins: int = 10) -> Figure:
    """Draw how often answers of a confidence are right, bin by bin.

    Parameters
    ----------
    confidence : (n,), the probability that each answer was given, in 0..1.
    right : (n,) bool, whether it was right.
    num_bins : bins of equal width; an empty one has no dot, and one with fewer than
        ``FEW`` images a hollow one, off the line.
    """
    figure = Figure(figsize=(4.2, 2.9))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    edges = torch.linspace(0, 1, num_bins + 1)
    index = torch.bucketize(confidence.contiguous(), edges[1:-1])
    counts = torch.bincount(index, minlength=num_bins)
    filled = counts > 0
    hits = torch.bincount(index, right.double(), num_bins)[filled] / counts[filled]
    sure = torch.bincount(index, confidence.double(), num_bins)[filled] / counts[filled]
    few = counts[filled] < FEW
    above.plot([0, 1], [0, 1], color=FAINT, linestyle=":", label="calibrated")
    look = {"color": COLORS[0], "marker": "o"}
    above.plot(sure[~few].numpy(), hits[~few].numpy(), label="measured", **look)
    if few.any():
        hollow = {"markerfacecolor": "white", "linestyle": "none", "clip_on": False}
        above.plot(sure[few].numpy(), hits[few].numpy(), zorder=3,
                   label=f"fewer than {FEW} images", **look, **hollow)  # fmt: skip
    above.set(ylabel="share right", ylim=(0, 1.03))
    above.legend(loc="upper left")
    middles = (edges[:-1] + edges[1:]) / 2
    below.bar(middles.numpy(), counts.numpy(), width=0.9 / num_bins, color=COLORS[0])
    dots = zip(sure.tolist(), hits.tolist(), counts[filled].tolist(), strict=True)
    said = ", ".join(
        f"{s:.2f}: {h:.2f} of {n}{' (hollow)' if n < FEW else ''}" for s, h, n in dots
    )
    figure.set_label(f"Shares right against mean confidence, bin by bin: {said}.")
    below.set(xlabel="confidence", ylabel="images", xlim=(0, 1), axisbelow=True)
    return figure


@drawn
def show_many_intervals(means: Tensor, reach: Tensor, truth: float) -> Figure:
    """Draw the intervals of many experiments beside each other, and the truth.

    Parameters
    ----------
    means, reach : (n,), the middle and half the width of each interval.
    """
    figure = Figure(figsize=(5.2, 2.0))
    ax = figure.subplots()
    at = np.arange(1, len(means) + 1)
    holds = ((means - truth).abs() <= reach).numpy()
    for kept, color, name in (
        (holds, COLORS[0], "holds the true mean"),
        (~holds, COLORS[1], "misses it"),
    ):
        ax.errorbar(at[kept], means.numpy()[kept], reach.numpy()[kept], fmt="o",
                    color=color, markersize=3, label=name)  # fmt: skip
    ax.axhline(truth, color=FAINT, linewidth=1, linestyle=":")
    ax.set(xlabel="experiment", ylabel="accuracy")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=2)
    numbers = ", ".join(str(k) for k in at[~holds])
    figure.set_label(f"{len(at)} intervals around {truth:g}: {holds.sum()} hold it, "
                     f"experiments {numbers} miss it.")  # fmt: skip
    return figure
