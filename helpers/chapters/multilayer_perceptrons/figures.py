"""Drawings of chapter 3: points, units and layers; networks have their own module."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from torch import Tensor

from helpers.chapters.multilayer_perceptrons.creases import show_creases
from helpers.chapters.multilayer_perceptrons.networks import (
    FAINT,
    INK,
    show_chain,
    show_pass,
)
from helpers.figures import COLORS, drawn, line_style, show_images
from helpers.figures.style import plain
from helpers.words import number

__all__ = [  # here, in creases and in networks
    "show_arrivals", "show_chain", "show_creases", "show_folds", "show_hinges",
    "show_histograms", "show_pass", "show_planes", "show_search", "show_slopes",
    "show_spread", "show_units",
]  # fmt: skip


@drawn
def show_planes(X: Tensor, H: Tensor, y: Tensor) -> Figure:
    """The XOR points before and after the hidden layer, and the line that parts them.

    Parameters
    ----------
    X : (4, 2) inputs.
    H : (4, 2) hidden units, where the line h1 - 2 h2 = 1/2 is drawn.
    y : (4, 1) labels, 0 or 1.
    """
    figure = plain(5.4, 2.2)
    left, right = figure.subplots(1, 2)
    stands = []
    for ax, points, name in ((left, X, "x"), (right, H, "h")):
        for label, marker, color in ((0, "o", COLORS[0]), (1, "s", COLORS[1])):
            chosen = points[y[:, 0] == label]
            ax.plot(*chosen.T, marker, color=color, markersize=9, label=f"y = {label}")
        seen: dict[tuple, list[str]] = {}
        beside: set[tuple] = set()  # names that would lie on the line above the point
        for before, after, label in zip(X.int().tolist(), points.tolist(), y,
                                        strict=True):  # fmt: skip
            seen.setdefault(tuple(after), []).append(f"{before[0]}{before[1]}")
            if label == 1:
                beside.add(tuple(after))
        for place, names in seen.items():
            offset, ha = ((8, -3), "left") if place in beside else ((0, 7), "center")
            ax.annotate(", ".join(names), place, offset, textcoords="offset points",
                        ha=ha)  # fmt: skip
            if ax is right:
                h1, h2 = (number(value) for value in place)
                stands.append(f"{' and '.join(names)} at ({h1}, {h2})")
        ax.set(xlabel=f"${name}_1$", ylabel=f"${name}_2$", aspect="equal")
        ax.set(xlim=(-0.5, 2.6), ylim=(-0.5, 1.6))
    left.set_title("inputs")
    right.set_title("hidden units")
    right.plot([-0.5, 2.6], [-0.5, 1.05], color="#666666", linestyle="--",
               label="$h_1 - 2h_2 = 1/2$")  # fmt: skip
    right.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    above = H[:, 0] - 2 * H[:, 1] > 0.5
    ones = "only" if torch.equal(above, y[:, 0] == 1) else "not only"
    figure.set_label(
        f"Left, the inputs: {_of_class(X, y, 0)}; {_of_class(X, y, 1)}. Right, the "
        f"hidden units: {'; '.join(stands)}. Below the dashed line h1 − 2h2 = 1/2 "
        f"stand {ones} points with y = 1."
    )
    return figure


def _of_class(X: Tensor, y: Tensor, label: int) -> str:
    chosen = X[y[:, 0] == label].int().tolist()
    return f"y = {label} at " + " and ".join(f"{a}{b}" for a, b in chosen)


# Lines of whole pixels, without shades: a fifth of a picture less to store.
CRISP = {"antialiased": False, "linewidth": 1.44}
NAME_HEIGHT = 0.14  # of a small axis: what a name beside it needs


# -- units -----------------------------------------------------------------------------


@drawn
def show_folds(folded: Sequence[Tensor]) -> Figure:
    """Draw the line from 0 to 1, folded once, twice, and so on, side by side.

    Parameters
    ----------
    folded : (n,) each, the heights after one more fold, at n equal steps from 0 to 1.
    """
    figure = plain(1.1 * len(folded), 1.1)
    axes = figure.subplots(1, len(folded), sharey=True, squeeze=False)[0]
    counts = []
    for ax, heights in zip(axes, folded, strict=True):
        ax.plot(torch.linspace(0, 1, len(heights)), heights, color=COLORS[0])
        ax.grid(visible=False)
        counts.append(int((heights.diff().sign().diff() != 0).sum()) + 1)
        ax.set(title=f"{counts[-1]} pieces", xticks=(0, 1), yticks=(0, 1))
    figure.set_label(
        f"A line from 0 to 1 after {len(folded)} folds, one more from left to right: "
        f"{', '.join(map(str, counts))} straight pieces, each from 0 to 1 or back."
    )
    return figure


@drawn
def show_hinges(
    f: Callable[[Tensor], Tensor], knots: Tensor, weights: Tensor
) -> Figure:
    """Draw weighted ReLU units one by one, and their sum beside a function.

    Parameters
    ----------
    f : the function that the sum follows.
    knots : (m,), where each unit begins to rise.
    weights : (m,), what each unit is multiplied by.
    """
    figure = Figure(figsize=(4.2, 2.0))
    left, right = figure.subplots(1, 2)
    x = torch.linspace(-1, 1, 201)
    units = torch.relu(x[:, None] - knots) * weights  # (n, m)
    for k, (knot, unit) in enumerate(zip(knots.tolist(), units.T, strict=True)):
        begun = torch.where(x < knot - 1e-6, torch.nan, unit)  # before it all are 0
        left.plot(x, begun, label=f"unit {k + 1}", clip_on=False, **line_style(k),
                  **CRISP)  # fmt: skip
        color = COLORS[k % len(COLORS)]
        left.plot([knot], [0], "o", color=color, markersize=4, label=f"knot {k + 1}")
    numbers = {f"unit {k + 1}": str(k + 1) for k in range(len(knots))}
    _name_ends(left, dict(zip(numbers, units[-1].tolist(), strict=True)), numbers)
    total = f(knots[:1]) + units.sum(1)
    right.plot(x, f(x), color=FAINT, linestyle="--", label="function", **CRISP)
    right.plot(x, total, color=COLORS[0], label="sum + output bias", **CRISP)
    at = torch.cat([knots, torch.ones(1)])
    right.plot(at, f(at), "o", color=COLORS[0], markersize=4, label="knots")
    left.set(title="weighted units", xlabel="x", ylabel="value")
    right.set(title="their sum", xlabel="x")
    names = right.get_legend_handles_labels()
    figure.legend(*names, loc="outside lower center", ncols=3, fontsize=8)
    begin = ", ".join(number(round(knot, 3) + 0.0) for knot in knots.tolist())
    figure.set_label(
        f"Left, {len(knots)} weighted hinges, which begin at {begin}. Right, their sum "
        f"with the output bias: it meets the function at all {len(at)} knots."
    )
    return figure


@drawn
def show_units(weights: Tensor, reach: float = 0.2, shades: int = 5) -> Figure:
    """Draw weights of hidden units as images, all on one scale.

    Parameters
    ----------
    weights : (n, h, w), of each unit those of all pixels.
    reach : magnitude from which on a weight has the full color.
    shades : how many shades of a color there are; so few take half of the space.
    """
    levels = (weights / reach * shades).round().clamp(-shades, shades)
    figure = show_images(reach / shades * levels, num_cols=8, scale=0.75, framed=True,
                         palette=True)  # fmt: skip
    largest = ", ".join(f"{w.abs().max():.2f}" for w in weights)
    figure.set_label(
        f"The weights of {len(weights)} units as images, on one scale: orange is "
        f"negative, white 0, blue positive. Largest magnitude in each: {largest}."
    )
    return figure


@drawn
def show_slopes(functions: Mapping[str, Callable[[Tensor], Tensor]]) -> Figure:
    """Draw activation functions from -3 to 2, and their slopes beside them.

    Parameters
    ----------
    functions : name -> function of a tensor (n,) -> (n,) that autograd can follow.
    """
    figure = Figure(figsize=(5.2, 2.0))
    left, right = figure.subplots(1, 2)
    for k, (name, f) in enumerate(functions.items()):
        z = torch.linspace(-3, 2, 201, requires_grad=True)
        value = f(z)
        (slope,) = torch.autograd.grad(value.sum(), z)
        look = {"label": name, **line_style(k), **CRISP}
        left.plot(z.detach(), value.detach(), **look)
        right.plot(z.detach(), slope, **look)
    left.set(title="value", xlabel="z", ylabel="$f(z)$")
    right.set(title="slope", xlabel="z", ylabel="$f'(z)$")
    right.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    return figure


def _name_ends(
    ax: Axes, ends: Mapping[str, float], names: Mapping[str, str] | None = None
) -> None:
    """Name lines at their right ends, in their colors, and no name on another.

    Parameters
    ----------
    ends : label of a line -> where it ends.
    names : label -> what is written; the label itself by default.
    """
    lines = {line.get_label(): line for line in ax.lines}
    scale = ax.yaxis.get_transform()  # of a logarithmic axis, too
    low, high = scale.transform(ax.get_ylim())
    apart = NAME_HEIGHT * (high - low)
    crowds: list[tuple[list[str], float]] = []  # labels from the top, their middle
    for label in sorted(ends, key=ends.__getitem__, reverse=True):
        crowd, middle = [label], float(scale.transform(ends[label]))
        while crowds:  # who would overlap those above joins them, all around the mean
            above, other = crowds[-1]
            if other - middle >= apart * (len(above) + len(crowd)) / 2:
                break
            total = len(above) * other + len(crowd) * middle
            crowd = above + crowd
            middle = total / len(crowd)
            crowds.pop()
        crowds.append((crowd, middle))
    for crowd, middle in crowds:
        for k, label in enumerate(crowd):
            height = middle + apart * ((len(crowd) - 1) / 2 - k)
            color = lines[label].get_color()
            end = (lines[label].get_xdata()[-1], ends[label])
            at = (1.06, float(scale.inverted().transform(height)))
            ax.annotate((names or {}).get(label, label), end, at, color=color,
                        textcoords=ax.get_yaxis_transform(), va="center", fontsize=8,
                        annotation_clip=False, gid=label,
                        arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6,
                                    "shrinkA": 0, "shrinkB": 3})  # fmt: skip


# -- layer by layer --------------------------------------------------------------------

LOWEST = -12.0  # smaller magnitudes, in powers of ten, are drawn there


@drawn
def show_histograms(
    starts: Mapping[str, tuple[Sequence[Tensor], Sequence[Tensor]]],
) -> Figure:
    """Draw how large activations and error signals are, layer by layer.

    A ridge is the histogram of one layer, of the logarithm of the magnitudes of all of
    its numbers but those that are 0.

    Parameters
    ----------
    starts : name -> activations of each layer, and error signals of each layer.
    """
    figure = Figure(figsize=(4.8, 2.1))
    axes = figure.subplots(1, 2, sharey=True)
    said = []
    for k, (name, both) in enumerate(starts.items()):
        for ax, layers, what in zip(
            axes, both, ("activations", "error signals"), strict=True
        ):
            middles = []
            for level, layer in enumerate(layers, 1):
                size = layer.double().abs().flatten()
                logs = size[size > 0].log10().clamp(min=LOWEST)
                counts, edges = np.histogram(logs, bins=np.arange(-12.25, 8.5, 0.5))
                held = np.flatnonzero(counts)  # no outline where there is nothing
                if len(held):
                    counts = counts[held[0] : held[-1] + 1]
                    edges = edges[held[0] : held[-1] + 2]
                height = 0.85 * counts / max(counts.max(), 1)
                ax.stairs(level + height, edges, baseline=level, fill=True,
                          facecolor=to_rgba(COLORS[k], 0.45), edgecolor=INK,
                          linestyle=("-", "--", ":")[k % 3], linewidth=0.7,
                          antialiased=False,  # a third less to store
                          label=name if level == 1 else None,
                          gid=f"{name} {level}")  # fmt: skip
                middles.append(logs.median().item() if len(logs) else LOWEST)
            first, last = (number(10**m) for m in (middles[0], middles[-1]))
            said.append(
                f"{name}, {what}: {first} in the first layer, {last} in the last"
            )
    axes[0].set(title="activations", ylabel="layer")
    axes[1].set(title="error signals")
    for ax in axes:
        ax.set(xlabel="magnitude", xlim=(-12.5, 6.5), ylim=(0.9, len(both[0]) + 2.4))
        ax.set_xticks(range(-12, 7, 6), [f"$10^{{{p}}}$" for p in range(-12, 7, 6)])
        ax.set_yticks(range(1, 1 + len(both[0])))
    axes[1].legend(loc="upper left", ncols=3, fontsize=7.5, columnspacing=1,
                   handlelength=1.2)  # fmt: skip
    figure.set_label(
        f"Histograms of magnitudes, layer by layer; medians: {'; '.join(said)}."
    )
    return figure


@drawn
def show_spread(spreads: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw the standard deviation after each layer, for several starts.

    Parameters
    ----------
    spreads : activation -> start -> one number for each layer, the input first.
    """
    figure = Figure(figsize=(4.7, 1.6))
    axes = figure.subplots(1, len(spreads))
    for ax, (activation, starts) in zip(axes, spreads.items(), strict=True):
        # bounded activations never leave the range of their inputs: show it larger
        low, high = (1e-10, 1e10) if max(map(max, starts.values())) > 2 else (1e-3, 3)
        for k, (name, values) in enumerate(starts.items()):
            ax.plot(np.arange(len(values)), values, label=name, **line_style(k),
                    **CRISP)  # fmt: skip
        ax.set(title=activation, xlabel="layer", yscale="log", ylim=(low, high))
        ax.minorticks_off()
    axes[0].set_ylabel("standard deviation")
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    return figure


@drawn
def show_arrivals(arrivals: Mapping[str, Mapping[int, float]]) -> Figure:
    """Draw which share of the error signal arrives in layer 1, against the depth.

    Parameters
    ----------
    arrivals : activation -> depth -> norm of the first layer's error signal over that
        of the last one.
    """
    figure = Figure(figsize=(4.0, 1.9))
    ax = figure.subplots()
    colors, ends = (*COLORS, INK), {}
    for k, (name, by_depth) in enumerate(arrivals.items()):
        depths, shares = list(by_depth), list(by_depth.values())
        look = line_style(k) | {"color": colors[k], "marker": "os^DvPX"[k]}
        ax.plot(depths, shares, label=name, markersize=4.5, **look, **CRISP)
        ends[name] = shares[-1]
    ax.set(xlabel="hidden layers", ylabel="share that arrives", yscale="log",
           xticks=depths)  # fmt: skip
    _name_ends(ax, ends)
    said = (f"{name} {number(by[max(by)])}" for name, by in arrivals.items())
    figure.set_label(
        "Norm of the first layer's error signal over that of the last one's, with "
        f"{max(depths)} hidden layers: {', '.join(said)}."
    )
    return figure


@drawn
def show_search(
    rates: Mapping[float, float], widths: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw validation accuracies: against the learning rate, and net by net.

    Parameters
    ----------
    rates : learning rate -> accuracy.
    widths : the hidden layers in words -> accuracies, one for each seed.
    """
    figure = plain(5.4, 1.95)
    left, right = figure.subplots(1, 2, width_ratios=(2, 3))
    left.plot(list(rates), list(rates.values()), marker="o", markersize=4,
              color=COLORS[0], label="accuracy")  # fmt: skip
    left.set(xscale="log", xlabel="learning rate", ylim=(0, 1))
    left.set_ylabel("validation accuracy")
    left.minorticks_off()
    for k, scores in enumerate(widths.values()):
        right.plot([k] * len(scores), scores, "o", markersize=4, color=COLORS[0])
    means = [sum(s) / len(s) for s in widths.values()]
    right.plot(range(len(means)), means, "_", color=COLORS[1], markersize=14,
               label="mean")  # fmt: skip
    left.set_title("rate")
    right.set_title("hidden layers")
    right.set_xticks(range(len(widths)), widths, rotation=45, ha="right", fontsize=8)
    by_rate = ", ".join(f"{lr:g}: {right:.2f}" for lr, right in rates.items())
    by_width = ", ".join(
        f"{name}: {mean:.2f}" for name, mean in zip(widths, means, strict=True)
    )
    figure.set_label(
        f"Validation accuracy by learning rate, {by_rate}; its mean by hidden layers, "
        f"{by_width}."
    )
    return figure
