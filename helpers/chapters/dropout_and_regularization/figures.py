"""Drawings of chapter 4 that stand in its notebook."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from torch import Tensor

from helpers.claims.claim import Stored
from helpers.figures import COLORS, drawn, line_style
from helpers.figures.style import plain
from helpers.training import History
from helpers.words import many

INK, FAINT, PALE = "#333333", "#888888", "#a6cde6"
LEGEND_LINE = 2.8  # its length: shows a dash beside the dot
BELOW = 0.36  # of a row: where a diamond covers no dot


@drawn
def show_fits(x: Tensor, y: Tensor, fits: Mapping[str, Tensor]) -> Figure:
    """Draw the same points with one fitted polynomial in each panel.

    Parameters
    ----------
    x, y : (n,), the points; x in -1..1.
    fits : title -> weights (degree + 1,), the constant first.
    """
    figure = plain(2.0 * len(fits), 1.75)
    grid = np.linspace(-1, 1, 400)
    axes = figure.subplots(1, len(fits), sharey=True, squeeze=False)[0]
    polyval, said = np.polynomial.polynomial.polyval, []
    for ax, (title, w) in zip(axes, fits.items(), strict=True):
        curve = polyval(grid, w.numpy())
        ax.plot(grid, np.sin(3 * grid), color="0.6", linestyle=":", label="sin 3x")
        ax.plot(grid, curve, color=COLORS[1], label="fit")
        ax.plot(x, y, "o", color=COLORS[0], markersize=3.5)
        # a fit that leaves the picture is cut, else it would press the points flat
        ax.set(xlim=(-1.05, 1.05), ylim=(-2, 2), title=title, xlabel="x")
        missed = np.abs(polyval(x.numpy(), w.numpy()) - y.numpy()).mean()
        ends = ("left", curve[0]), ("right", curve[-1])
        left = " and ".join(f"at the {end}" for end, v in ends if abs(v) > 2)
        said.append(
            f"With {title} it misses the points by {missed:.2f} on average"
            + (f" and leaves the picture {left}" if left else "")
        )
    axes[0].set_ylabel("y")
    axes[-1].legend(loc="lower right")
    figure.set_label(f"{many(len(x), 'point')}, sin 3x and a fit. {'. '.join(said)}.")
    return figure


@drawn
def show_errors(degrees: Sequence[int], errors: Mapping[str, Tensor]) -> Figure:
    """Draw errors, name -> one value for each degree, on a logarithmic axis."""
    curves = {name: [float(v) for v in values] for name, values in errors.items()}
    return _curves(degrees, curves, "y", xlabel="degree", ylabel="mean squared error")


@drawn
def _curves(
    x: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    log: str = "",
    level: tuple[str, float] | None = None,
    **axes,
) -> Figure:
    """Draw values over x, a line with dots for each name, and say all of them.

    ``log`` names the logarithmic axis, "x" or "y"; ``level`` is a name and the height
    of a dotted line; ``axes`` are settings of the axes.
    """
    figure = Figure(figsize=(4.4, 2.4))
    ax = figure.subplots()
    for k, (name, values) in enumerate(curves.items()):
        ax.plot(x, values, marker="o", markersize=3.5, label=name, **line_style(k))
    if level:
        ax.axhline(level[1], color=FAINT, linewidth=1.2, linestyle=":", label=level[0])
    ax.set(**{f"{log}scale": "log"} if log else {}, **axes)
    ax.set_xticks(x, [f"{v:g}" for v in x])
    ax.xaxis.minorticks_off()
    if log == "y":
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:g}")
        ax.yaxis.minorticks_off()
    if level or len(curves) > 1:
        ax.legend(handlelength=LEGEND_LINE)
    said = (f"{name} {_told(x, y)}" for name, y in curves.items())
    head = f"{ax.get_ylabel()} against {ax.get_xlabel()}"
    head += f"; {level[0]} {level[1]:.3g}" if level else ""
    figure.set_label(f"{head[0].upper()}{head[1:]}. {'; '.join(said)}.")
    return figure


def _told(x: Sequence[float], y: Sequence[float]) -> str:
    return ", ".join(f"{a:g}: {v:.3g}" for a, v in zip(x, y, strict=True))


# -- what is learned ------------------------------------------------------------------


@drawn
def show_memory(histories: Mapping[str, History], chance: float) -> Figure:
    """Draw accuracies by epoch: on the training labels, and on validation images.

    Parameters
    ----------
    histories : name of the labels -> a training with them, one panel each.
    chance : the share that guessing names rightly, a dotted line.
    """
    figure = plain(4.2, 1.7)
    axes = figure.subplots(1, len(histories), sharey=True, squeeze=False)[0]
    for ax, (name, history) in zip(axes, histories.items(), strict=True):
        for k, (part, values) in enumerate(
            {
                "training": history.train_accuracy,
                "validation": history.val_accuracy,
            }.items()
        ):
            epochs = np.arange(1, len(values) + 1)
            ax.plot(epochs, values, label=part, **line_style(k))
        ax.axhline(chance, color=FAINT, linewidth=1, linestyle=":")
        ax.set(title=name, xlabel="epoch", ylim=(0, 1.03))
    axes[0].set_ylabel("accuracy")
    axes[-1].legend(loc="center right", handlelength=LEGEND_LINE)
    return figure


@drawn
def show_bundles(x: Tensor, truth: Tensor, bundles: Mapping[int, Tensor]) -> Figure:
    """Draw many fits of each degree, pale, their mean, and the true curve.

    Parameters
    ----------
    x, truth : (points,), the true curve; x in -1..1.
    bundles : degree -> (fits, points), one panel each.
    """
    figure = plain(5.4, 1.75)
    axes = figure.subplots(1, len(bundles), sharey=True, squeeze=False)[0]
    said = []
    for ax, (degree, curves) in zip(axes, bundles.items(), strict=True):
        mean = curves.mean(0)
        ax.grid(False)
        # in one shade: the mixed shades of many thin lines take much space
        ax.plot(x, curves.T, color=PALE, linewidth=0.7, antialiased=False, gid="fit")
        ax.plot(x, mean, color=COLORS[1], linewidth=2.4, label="their mean")
        ax.plot(x, truth, color=INK, linestyle="--", linewidth=1.4, label="sin 3x")
        ax.set(xlim=(-1, 1), ylim=(-2, 2), title=f"degree {degree}", xlabel="x",
               xticks=(-1, 0, 1))  # fmt: skip
        off = (mean - truth).square().mean().sqrt()
        scatter = (curves - mean).square().mean().sqrt()
        said.append(
            f"Degree {degree}: the mean is off the curve by {off:.2f}, the fits scatter"
            f" about their mean by {scatter:.2f}"
        )
    axes[0].set_ylabel("y")
    axes[0].legend(loc="upper left", borderaxespad=0)
    head = f"{many(len(curves), 'fit')} in each panel, their mean and sin 3x"
    figure.set_label(f"{head}. {'. '.join(said)}.")
    return figure


@drawn
def show_bias_variance(
    degrees: Sequence[int], bias2: Tensor, variance: Tensor, noise: float
) -> Figure:
    """Draw the mean error on new points over the degree: a bar, stacked of its parts.

    Parameters
    ----------
    bias2, variance : (degrees,), means over x.
    noise : variance of the noise in a new y.
    """
    parts = {"bias squared": bias2, "variance": variance}
    parts |= {"noise": torch.full_like(bias2, noise)}
    figure = Figure(figsize=(4.4, 2.2))
    ax, below = figure.subplots(), torch.zeros_like(bias2)
    for (name, part), color in zip(parts.items(), (*COLORS[:2], "0.8"), strict=True):
        ax.bar(degrees, part, 0.6, below, color=color, label=name, zorder=2)
        below = below + part
    ax.set(xlabel="degree", ylabel="mean squared error", xticks=degrees)
    ax.grid(False, axis="x")
    ax.legend(loc="upper right")
    parts |= {"sum of the three": below}
    said = "; ".join(f"{name} {_told(degrees, v)}" for name, v in parts.items())
    figure.set_label(f"Mean squared error against degree. {said}.")
    return figure


@drawn
def show_sizes(gaps: Mapping[int, tuple[float, float]]) -> Figure:
    """Draw losses over the number of images: n -> (on training, on validation)."""
    on_train, on_val = zip(*gaps.values(), strict=True)
    curves = {"training images": on_train, "validation images": on_val}
    return _curves([*gaps], curves, "x", xlabel="training images", ylabel="loss")


@drawn
def show_rates(
    found: Mapping[float, tuple[float, float]], stopped: float | None = None
) -> Figure:
    """Draw accuracies over dropout's p.

    Parameters
    ----------
    found : p -> (on training labels, on validation).
    stopped : the validation accuracy of the best epoch without dropout, a dotted line.
    """
    on_train, on_val = zip(*found.values(), strict=True)
    curves = {"training": on_train, "validation": on_val}
    level = stopped and ("early stopping, no dropout", stopped)
    return _curves([*found], curves, level=level, xlabel="dropout p", ylabel="accuracy")


@drawn
def show_remedies(
    found: Mapping[str, Sequence[tuple[float, float]]], right: float
) -> Figure:
    """Draw accuracies of some remedies, a row for each: dots and a diamond.

    Parameters
    ----------
    found : remedy -> (on its training labels, on validation) of single networks, and
        last of the mean of their probabilities, the diamond a little below them.
    right : share of the training labels that are right, a dotted line.
    """
    figure = Figure(figsize=(4.5, 0.3 * len(found) + 0.6))
    ax, parts = figure.subplots(), ("training labels", "validation images")
    ax.axvline(right, color=FAINT, linewidth=1, linestyle=":")
    said = []
    for row, (name, scores) in enumerate(found.items()):
        told = []
        for k, part in enumerate(parts):
            *single, mean = (score[k] for score in scores)
            ax.plot(single, [row] * len(single), "o", color=COLORS[k], markersize=4,
                    label="" if row else part, gid=f"{name}, {part}")  # fmt: skip
            ax.plot(mean, row + BELOW, "D", markeredgecolor=COLORS[k],
                    markerfacecolor="none", markersize=5,
                    gid=f"{name}, {part}, mean")  # fmt: skip
            numbers = ", ".join(f"{v:.3f}" for v in single)
            told.append(f"{part} {numbers}, mean {mean:.3f}")
        said.append(f"{name}: {'; '.join(told)}")
    ax.set_yticks(range(len(found)), found)
    ax.invert_yaxis()
    ax.set(xlabel="accuracy")
    ax.plot([], [], "D", markeredgecolor=INK, markerfacecolor="none",
            label="networks averaged")  # fmt: skip
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3)
    head = "Accuracy by remedy, of single networks and of their mean"
    head += f"; {right:g} of the training labels are right"
    figure.set_label(f"{head}. {'. '.join(said)}.")
    return figure


# -- networks -------------------------------------------------------------------------


@drawn
def show_dropout(masks: Sequence[Sequence[int]]) -> Figure:
    """Draw a network, whole and then thinned by each mask of its hidden units.

    Parameters
    ----------
    masks : for each step a 1 for a hidden unit that is kept, and a 0 for one that is
        dropped: it is crossed out, and its lines are gone.
    """
    num_inputs, num_hiddens, num_outputs, step = 3, len(masks[0]), 2, 3.4
    figure = plain(4.8, 1.75)
    ax = figure.subplots()
    ax.set(aspect="equal", xlim=(-0.5, step * (len(masks) + 1) - 0.9))
    ax.set_axis_off()
    panels = [("in use", [1] * num_hiddens)]
    panels += [(f"step {k}", mask) for k, mask in enumerate(masks, 1)]
    for panel, (title, mask) in enumerate(panels):
        layers = [
            [(step * panel + column, 0.8 * ((n - 1) / 2 - i)) for i in range(n)]
            for column, n in enumerate((num_inputs, num_hiddens, num_outputs))
        ]
        inputs, hidden, outputs = layers
        for unit, kept in zip(hidden, mask, strict=True):
            for other in (*inputs, *outputs) if kept else ():
                ax.plot(*zip(unit, other, strict=True), color=FAINT, linewidth=0.7,
                        zorder=0, gid=f"line {panel}")  # fmt: skip
            if not kept:
                ax.plot(*unit, "x", color=COLORS[1], markersize=11,
                        gid=f"cross {panel}")  # fmt: skip
        for x, y in (*inputs, *hidden, *outputs):
            ax.add_patch(Circle((x, y), 0.25, facecolor="white", edgecolor=INK))
        ax.text(step * panel + 1, 0.4 * num_hiddens + 0.25, title, ha="center",
                color=INK)  # fmt: skip
    ax.set_ylim(-0.4 * num_hiddens - 0.1, 0.4 * num_hiddens + 0.7)
    said = []
    for k, mask in enumerate(masks, 1):
        gone = (str(i) for i, kept in enumerate(mask, 1) if not kept)
        said.append(f"in step {k} the units {', '.join(gone)}")
    figure.set_label(
        f"A network of {num_inputs} inputs, {num_hiddens} hidden units and "
        f"{num_outputs} outputs, whole in use; crossed out are {'; '.join(said)}."
    )
    return figure


@drawn
def show_ensembles(errors: Sequence[float], alone: Sequence[float]) -> Figure:
    """Draw the share of wrong answers against how many networks are averaged.

    Parameters
    ----------
    errors : of one network, of two, and so on.
    alone : of each single network, dots at 1.
    """
    figure = _curves(
        range(1, len(errors) + 1),
        {"mean of the probabilities": errors},
        xlabel="networks averaged",
        ylabel="share wrong",
    )
    (ax,), alone = figure.axes, [float(v) for v in alone]
    ax.plot([1] * len(alone), alone, "o", color=COLORS[1], markersize=3.5,
            alpha=0.7, zorder=3, gid="alone")  # fmt: skip
    over = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # the grid
    beside = (max(alone) + float(errors[0])) / 2
    ax.text(1.15, beside, "each network alone", va="center", color=COLORS[1],
            bbox=over)  # fmt: skip
    k = len(errors) // 2  # in the middle, above the line
    ax.annotate("mean of the probabilities", (k + 1, errors[k]), (0, 8),
                textcoords="offset points", color=COLORS[0], bbox=over)  # fmt: skip
    reach = f"{min(alone):.3g} to {max(alone):.3g}"
    head, told = figure.get_label().split(". ", 1)
    figure.set_label(f"{head}; each network alone {reach}. {told}")
    return figure


@drawn
def show_widths(stored: Mapping[str, Stored]) -> Figure:
    """Draw test accuracies over the width, as `make claims` found them.

    Parameters
    ----------
    stored : data set -> what was found, with the configurations "64, no dose" and
        "64, best dose" for each width; one panel each, with standard deviations.
    """
    widths = (8, 64, 256, 1024)
    figure = plain(4.6, 1.9)
    axes = figure.subplots(1, len(stored), sharey=True, squeeze=False)[0]
    said = []
    for ax, (name, found) in zip(axes, stored.items(), strict=True):
        title = name.replace("fashion_mnist", "Fashion-MNIST")
        for k, (dose, label) in enumerate(
            {"best dose": "its best dose", "no dose": "early stopping alone"}.items()
        ):
            here = [found.table[f"{w}, {dose}"]["test accuracy"] for w in widths]
            apart = [w * 1.1**k for w in widths]  # their bars would overlap
            ax.errorbar(apart, [r.mean for r in here], [r.sd for r in here],
                        marker="o", markersize=3.5, capsize=2, label=label,
                        **line_style(k))  # fmt: skip
            numbers = (f"{w}: {r.mean:.3f}" for w, r in zip(widths, here, strict=True))
            said.append(f"{title}, {label} {', '.join(numbers)}")
        ax.set(title=title, xscale="log", xlabel="hidden units")
        ax.set_xticks(widths, [f"{w:,}" for w in widths])
        ax.xaxis.minorticks_off()
    axes[0].set_ylabel("test accuracy")
    axes[-1].legend(loc="lower right", handlelength=LEGEND_LINE)
    figure.set_label(f"Test accuracy against hidden units. {'; '.join(said)}.")
    return figure


@drawn
def show_double_descent(widths: Sequence[int], wrong: Tensor, n: int) -> Figure:
    """Draw the share of wrong answers over the width: mean and range over the seeds.

    Parameters
    ----------
    wrong : (widths, 3, seeds), on the training images, on new ones, and there with
        a penalty.
    n : number of training images, a dotted line: from this width on all can be fitted.
    """
    figure = Figure(figsize=(4.3, 2.0))
    ax = figure.subplots()
    said = []
    for k, name in enumerate(("training images", "new images", "new, λ = 0.01")):
        here = wrong[:, k]
        means = here.mean(1)
        reach = torch.stack([means - here.amin(1), here.amax(1) - means])
        ax.errorbar(widths, means, reach, marker="o", markersize=3.5, capsize=0,
                    label=name, **line_style(k))  # fmt: skip
        numbers = (f"{w}: {m:.2f}" for w, m in zip(widths, means.tolist(), strict=True))
        said.append(f"{name} {', '.join(numbers)}")
    ax.axvline(n, color=FAINT, linewidth=1, linestyle=":")
    ax.text(n * 1.06, 0.2, "units = images", va="center", fontsize="small", color=INK)
    ax.set(xscale="log", xlabel="hidden units", ylabel="share wrong",
           ylim=(-0.03, 1.05))  # fmt: skip
    ticks = [w for w in widths if w in (10, 50, n, 800, 3200)]
    ax.set_xticks(ticks, [f"{w:,}" for w in ticks])
    ax.xaxis.minorticks_off()
    ax.legend(loc="upper right", handlelength=LEGEND_LINE)
    figure.set_label(f"Share wrong against hidden units. {'; '.join(said)}.")
    return figure
