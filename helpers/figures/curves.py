"""Learning curves: loss and accuracy against the epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.figures.scale import loss_scale, span_of, spread
from helpers.figures.style import drawn, line_style
from helpers.training import History

LABEL_GAP = 0.085  # of the axis' height between two names


@drawn
def plot_curves(
    histories: History | Mapping[str, History], scale: float = 1.0
) -> Figure:
    """Loss and accuracy of one or several runs against the epoch.

    Thin lines are training, strong lines with dots are validation. Where no run has an
    accuracy, as in a regression, the loss stands alone. ``scale`` multiplies width and
    height, but not the letters.
    """
    if isinstance(histories, History):
        histories = {"": histories}
    begun = [h for h in histories.values() if h.num_epochs]
    num_axes = 1 if begun and not any(h.train_accuracy for h in begun) else 2
    size = scale * (0.5 + 3.25 * num_axes), scale * 2.8
    figure = Figure(figsize=size)
    draw_curves(figure.subplots(1, num_axes, squeeze=False)[0], histories)
    return figure


def draw_curves(
    axes: Sequence[Axes],
    histories: Mapping[str, History],
    indices: Sequence[int] | None = None,
    seeds: Mapping[str, Sequence[History]] | None = None,
) -> None:
    """Draw loss on the first and accuracy on the second of two axes, if there are two.

    Parameters
    ----------
    axes : one for the loss, and a second for the accuracy if it is wanted.
    histories : name -> what is drawn.
    indices : the `line_style` of each history; 0, 1, 2, ... by default.
    seeds : name -> histories whose mean that name shows; a band goes from the lowest to
        the highest of them.

    The axis of losses is that of `loss_scale`; a run that leaves it has a triangle at
    that place.
    """
    indices = range(len(histories)) if indices is None else indices
    for ax, metric in zip(axes, ("loss", "accuracy"), strict=False):
        ends, drawn = [], {}
        for k, (name, history) in zip(indices, histories.items(), strict=True):
            epochs = np.arange(1, history.num_epochs + 1)
            style = line_style(k)
            on_train = getattr(history, f"train_{metric}")
            on_val = getattr(history, f"val_{metric}")
            of = f"{name}, " if name else ""  # said where the figure is not seen
            if on_train:
                faint = {"color": style["color"], "linewidth": 1, "alpha": 0.6}
                if not on_val:  # nothing else of this run would have its dashes
                    faint["linestyle"] = style["linestyle"]
                ax.plot(epochs, on_train, **faint, label=f"{of}training")
            if on_val:
                style |= {"marker": "o", "markersize": 3.5}
                ax.plot(epochs, on_val, **style, label=f"{of}validation")
            several = [getattr(h, f"val_{metric}") for h in (seeds or {}).get(name, ())]
            if len(several) > 1 and all(several):
                low, high = np.min(several, axis=0), np.max(several, axis=0)
                on_band = np.arange(1, len(low) + 1)
                ax.fill_between(on_band, low, high, color=style["color"], alpha=0.2)
            drawn[name] = (on_train, on_val, *several), style["color"]
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
        if metric == "loss":
            _scale_losses(ax, drawn, regression=len(axes) == 1)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        _label_ends(ax, ends)


def _scale_losses(
    ax: Axes, drawn: Mapping[str, tuple[Sequence, str]], regression: bool
) -> None:
    """Set the axis, and say which runs leave it, each with its series and color."""
    spans = {name: span_of(np.concatenate(s)) for name, (s, _) in drawn.items()}
    scale = loss_scale(spans, regression)
    if scale.log:
        ax.set_yscale("log")
    ax.set_ylim(scale.low, scale.high)
    for name in scale.leaving:
        series, color = drawn[name]
        first = min(
            k for values in series for k, v in enumerate(values, 1) if v > scale.high
        )
        at_top = {"transform": ax.get_xaxis_transform(), "clip_on": False}
        ax.plot(first, 1, marker="^", color=color, markersize=5, **at_top)
    if scale.says:
        ax.text(
            *(0.98, 0.97, f"▲ {scale.says}"),
            transform=ax.transAxes,
            ha="right",
            va="top",
            fontsize=8,
            color="#666666",
            parse_math=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )


def _label_ends(ax: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write each line's name at its right end, set apart where they would touch."""
    on_axis = np.log if ax.get_yscale() == "log" else np.asarray
    low, high = on_axis(ax.get_ylim())
    ends = [end for end in ends if np.isfinite(end[0])]
    wanted = [(on_axis(value) - low) / (high - low) for value, *_ in ends]
    inside = [float(np.clip(at, 0, 1)) for at in wanted]
    for at, (_, name, color) in zip(spread(inside, LABEL_GAP, 0, 1), ends, strict=True):
        ax.annotate(
            name,
            (1.01, at),
            xycoords="axes fraction",
            color=color,
            fontsize=8,
            va="center",
            parse_math=False,
        )
