"""Learning curves: loss and accuracy against the epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.figures.style import line_style
from helpers.training import History

# Highest to lowest loss of a regression; beyond it the axis is logarithmic.
WIDE = 100


def plot_curves(histories: History | Mapping[str, History]) -> Figure:
    """Loss and accuracy of one or several runs against the epoch.

    Thin lines are training, strong lines with dots are validation. Where no run has an
    accuracy, as in a regression, the loss stands alone.
    """
    if isinstance(histories, History):
        histories = {"": histories}
    begun = [h for h in histories.values() if h.num_epochs]
    num_axes = 1 if begun and not any(h.train_accuracy for h in begun) else 2
    figure = Figure(figsize=(0.5 + 3.25 * num_axes, 2.8))
    draw_curves(figure.subplots(1, num_axes, squeeze=False)[0], histories)
    return figure


def draw_curves(
    axes: Sequence[Axes],
    histories: Mapping[str, History],
    indices: Sequence[int] | None = None,
) -> None:
    """Draw loss on the first and accuracy on the second of two axes, if there are two.

    ``indices`` chooses the `line_style` of each history; 0, 1, 2, ... by default. The
    losses of a regression, which fall by powers of ten, get a logarithmic axis.
    """
    indices = range(len(histories)) if indices is None else indices
    for ax, metric in zip(axes, ("loss", "accuracy"), strict=False):
        ends = []
        for k, (name, history) in zip(indices, histories.items(), strict=True):
            epochs = np.arange(1, history.num_epochs + 1)
            style = line_style(k)
            on_train = getattr(history, f"train_{metric}")
            on_val = getattr(history, f"val_{metric}")
            of = f"{name}, " if name else ""  # said where the figure is not seen
            if on_train:
                faint = {"color": style["color"], "linewidth": 1, "alpha": 0.6}
                ax.plot(epochs, on_train, **faint, label=f"{of}training")
            if on_val:
                style |= {"marker": "o", "markersize": 3.5}
                ax.plot(epochs, on_val, **style, label=f"{of}validation")
            if name:
                shown = on_val or on_train
                ends += [(shown[-1], name, style["color"])] if shown else []
            else:
                ends += [
                    (v[-1], word, style["color"])
                    for v, word in ((on_train, "training"), (on_val, "validation"))
                    if v
                ]
        ax.set_title(metric)
        ax.set_xlabel("epoch")
        drawn = [y for line in ax.lines for y in line.get_ydata() if np.isfinite(y)]
        if len(axes) == 1 and drawn and max(drawn) > WIDE * min(drawn) > 0:
            ax.set_yscale("log")
        ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        _label_ends(ax, ends)


def _label_ends(ax: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write each line's name at its right end, pushed apart where they would touch."""
    on_axis = np.log if ax.get_yscale() == "log" else np.asarray
    low, high = on_axis(ax.get_ylim())
    at = -np.inf
    for value, name, color in sorted(e for e in ends if np.isfinite(e[0])):
        at = max((on_axis(value) - low) / (high - low), at + 0.085)
        ax.annotate(
            name,
            (1.01, at),
            xycoords="axes fraction",
            color=color,
            fontsize=8,
            va="center",
        )
