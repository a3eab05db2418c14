"""Drawings of chapter 7 that stand in its notebook."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from helpers.figures import COLORS, drawn, line_style

PERCENTS = (15, 50, 85)  # Ioffe and Szegedy's figure 1
FAINT = "#888888"


@drawn
def show_losses(losses: Mapping[str, Sequence[float]]) -> Figure:
    """Draw losses against the step, counted from 1, on two logarithmic axes."""
    figure = Figure(figsize=(5, 2.9))
    ax = figure.subplots()
    for k, (name, values) in enumerate(losses.items()):
        ax.loglog(range(1, len(values) + 1), values, label=name, **line_style(k))
    ax.set(xlabel="step", ylabel="loss above the lowest")
    ax.legend()
    said = "; ".join(
        f"{name}, {values[-1]:.1g} after {len(values):,} steps"
        for name, values in losses.items()
    )
    figure.set_label(f"How far the loss is above the lowest one, by step: {said}.")
    return figure


@drawn
def show_input_bands(bands: Mapping[str, Tensor]) -> Figure:
    """Draw what one unit receives while its network trains, a panel for each network.

    Parameters
    ----------
    bands : name -> (epochs + 1, n) the unit's input for n examples, before training and
        after each epoch. Lines show the 15th, 50th and 85th percentile.
    """
    figure = Figure(figsize=(6.2, 2.6))
    axes = figure.subplots(1, len(bands), sharey=True)
    said = []
    for ax, (name, values) in zip(axes, bands.items(), strict=True):
        low, middle, high = np.percentile(values.numpy(), PERCENTS, axis=1)
        epochs = range(len(values))
        ax.fill_between(epochs, low, high, color=COLORS[0], alpha=0.2, linewidth=0)
        for line in (low, middle, high):
            ax.plot(epochs, line, color=COLORS[0])
        ax.set(title=name, xlabel="epoch")
        said.append(
            f"{name}, the middle 70 % from {low[0]:.1f} to {high[0]:.1f} before and "
            f"from {low[-1]:.1f} to {high[-1]:.1f} after the training"
        )
    axes[0].set(ylabel="input of one unit")
    figure.set_label("What one unit receives: " + "; ".join(said) + ".")
    return figure


@drawn
def show_averaged(names: Sequence[str], num_groups: int = 2) -> Figure:
    """Draw which values of a batch (4, 6, h, w) share a mean with the marked ones.

    Parameters
    ----------
    names : of "batch", "layer", "instance" and "group", a panel for each. A row is an
        image, a column a channel, and a square stands for all pixels of one map.
    num_groups : into which "group" divides the six channels.
    """
    figure = Figure(figsize=(1.75 * len(names) + 0.3, 1.75))
    axes = np.atleast_1d(figure.subplots(1, len(names)))
    said = []
    for ax, name in zip(axes, names, strict=True):
        shared = shares_mean(name, num_groups)
        for n, c in np.ndindex(shared.shape):
            face = to_rgba(COLORS[0], 0.85) if shared[n, c] else "white"
            square = Rectangle((c, n), 1, 1, facecolor=face, edgecolor=FAINT)
            ax.add_patch(square)
        ax.set(xlim=(-0.05, 6.05), ylim=(4.05, -0.05), xticks=[], yticks=[],
               title=name, xlabel="channels", aspect="equal")  # fmt: skip
        ax.grid(False)
        for spine in ax.spines.values():
            spine.set_visible(False)
        rows, columns = shared.sum(0).max(), shared.sum(1).max()
        said.append(f"{name}, {rows} of 4 images and {columns} of 6 channels")
    axes[0].set(ylabel="images")
    figure.set_label("Which maps share one mean: " + "; ".join(said) + ".")
    return figure


def shares_mean(name: str, num_groups: int = 2) -> np.ndarray:
    """Which of the maps (4, 6) share their mean with the first channel of the second.

    Raises
    ------
    KeyError : no such normalization.
    """
    images, channels = np.arange(4)[:, None], np.arange(6)[None]
    same_image, size = images == 1, 6 // num_groups
    return {
        "batch": (channels == 0) & (images >= 0),
        "layer": same_image & (channels >= 0),
        "instance": same_image & (channels == 0),
        "group": same_image & (channels // size == 0),
    }[name]


@drawn
def show_distributions(
    stages: Mapping[str, Tensor], channels: Sequence[str], bins: int = 40
) -> Figure:
    """Draw histograms of several channels, a panel for each stage.

    Parameters
    ----------
    stages : name -> (n, c) values, the same c channels in each.
    channels : their names.
    """
    figure = Figure(figsize=(6.6, 2.3))
    axes = figure.subplots(1, len(stages))
    said = []
    for ax, (name, values) in zip(axes, stages.items(), strict=True):
        edges = np.linspace(values.min().item(), values.max().item(), bins + 1)
        for k, channel in enumerate(values.T):
            ax.hist(channel.numpy(), edges, histtype="step", color=COLORS[k],
                    label=channels[k])  # fmt: skip
        ax.set(title=name, yticks=[])
        moments = " and ".join(
            f"{mean:.1f} ± {std:.1f}"
            for mean, std in zip(
                values.mean(0), values.std(0, unbiased=False), strict=True
            )
        )
        said.append(f"{name}, mean ± standard deviation {moments}")
    axes[-1].legend(handlelength=1)
    figure.set_label("Histograms of the channels: " + "; ".join(said) + ".")
    return figure


@drawn
def show_by_layer(sizes: Mapping[str, Sequence[float]], ylabel: str) -> Figure:
    """Draw one size per layer, on a logarithmic axis, a line for each network.

    Parameters
    ----------
    sizes : name -> size at each layer, from the first on; a 0 ends its line.
    """
    figure = Figure(figsize=(5, 2.9))
    ax = figure.subplots()
    said = []
    for k, (name, values) in enumerate(sizes.items()):
        shown = [value if value > 0 else np.nan for value in values]
        depth = np.linspace(0, 1, len(values))
        ax.semilogy(depth, shown, label=name, **line_style(k))
        said.append(f"{name}, {values[0]:.1g} at the first and {values[-1]:.1g}")
    ax.set(xlabel="layer", ylabel=ylabel, xticks=(0, 1))
    ax.set_xticklabels(("first", "last"))
    ax.legend()
    figure.set_label(f"{ylabel}: " + "; ".join(said) + " at the last layer.")
    return figure


@drawn
def show_along_steps(found: Mapping[str, Tensor], every: int) -> Figure:
    """Draw the range of losses and of changes of the gradient along single steps.

    Parameters
    ----------
    found : name -> (looks, sizes, 2): at several steps of a training, for several sizes
        of a step from there, the loss and the change of the gradient as a multiple of
        the gradient. A band goes from the lowest to the highest of the sizes.
    every : steps from one look to the next.

    Source: Santurkar et al. 2018, How does batch normalization help optimization?,
    figure 4.
    """
    figure = Figure(figsize=(5.4, 2.2))
    axes = figure.subplots(1, 2)
    said = []
    for k, (name, rows) in enumerate(found.items()):
        low, high = rows.amin(1), rows.amax(1)
        steps = range(0, every * len(rows), every)
        for ax, *ends in zip(axes, low.T, high.T, strict=True):
            ax.fill_between(steps, *ends, color=COLORS[k], alpha=0.2, linewidth=0)
            ax.plot(steps, ends[0], label=name, **line_style(k))
            ax.plot(steps, ends[1], **line_style(k))
        (a, c), (b, d) = (ends.median(0).values for ends in (low, high))
        said.append(f"{name}, the loss from {a:.1f} to {b:.1f}, the change from {c:.1f}"
                    f" to {d:.1f}")  # fmt: skip
    for ax, title in zip(axes, ("loss", "change of the gradient"), strict=True):
        ax.set(title=title, xlabel="step", yscale="log")
        ax.yaxis.set_major_formatter("{x:g}")
    axes[0].legend()
    figure.set_label("Along single steps, in the median: " + "; ".join(said) + ".")
    return figure


@drawn
def show_pairs(
    pairs: Mapping[str, tuple[float, float]], names: Sequence[str]
) -> Figure:
    """Draw two accuracies for each row, joined by a line.

    Parameters
    ----------
    pairs : row -> the two accuracies, 0..1.
    names : of the two.
    """
    figure = Figure(figsize=(5, 0.9 + 0.3 * len(pairs)))
    ax = figure.subplots()
    for row, both in enumerate(pairs.values()):
        ax.plot(both, [row, row], color=FAINT, linewidth=1)
        for k, marker in enumerate("os"):
            label = names[k] if row == 0 else None
            ax.plot(both[k], row, marker, color=COLORS[k], label=label)
    ax.set_yticks(range(len(pairs)), list(pairs))
    ax.set(xlabel="validation accuracy", ylim=(len(pairs) - 0.5, -0.5))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.3), ncols=2, frameon=False)
    said = "; ".join(f"{row}, {a:.3f} and {b:.3f}" for row, (a, b) in pairs.items())
    figure.set_label(f"Validation accuracy, {names[0]} and {names[1]}: {said}.")
    return figure
