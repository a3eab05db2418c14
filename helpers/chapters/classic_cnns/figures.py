"""Drawings of chapter 6 that stand in its notebook."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from torch import Tensor

from helpers.chapters.classic_cnns.published import published_networks, small_networks
from helpers.figures import COLORS, drawn, line_style

MARKERS = ("o", "s")
# Names that stand at the left of their dot, where others are close: (group, name).
LEFT = {
    "parameters": {(0, "VGG-11, a quarter"), (1, "VGG"), (1, "AlexNet")},
    "multiplications": {
        *((0, name) for name in ("GoogLeNet", "LeNet, sigmoid", "VGG-11, a quarter")),
        (1, "LeNet"),
    },
}
BELOW = {"parameters": {(1, "AlexNet")}, "multiplications": set()}  # and below it
# Top-5 error of the best entry of each ILSVRC, classification, from 2010 on.
IMAGENET = dict(enumerate((0.282, 0.258, 0.164, 0.117, 0.067, 0.036), 2010))


@drawn
def show_feature_map(X: Tensor, y: Tensor) -> Figure:
    """Draw points in the plane, and at the squares of their coordinates.

    Parameters
    ----------
    X : (n, 2)
    y : (n,) of -1 and 1.
    """
    figure = Figure(figsize=(6.2, 2.8))
    axes = figure.subplots(1, 2)
    for ax, points, name in zip(axes, (X, X**2), ("{}", "{}²"), strict=True):
        for k, side in enumerate((-1, 1)):
            row, column = points[y == side].T
            ax.plot(row, column, MARKERS[k], color=COLORS[k], markersize=3.5)
        ax.set(xlabel=name.format("x₁"), ylabel=name.format("x₂"))
    axes[0].set_aspect("equal")
    height = _border(X, y)
    axes[1].plot([0, height], [height, 0], color="black", linewidth=1)
    axes[1].set(xlim=(-0.1, None), ylim=(-0.1, None))
    wrong = int(((X.square().sum(1) > height) != (y == y[_outermost(X)])).sum())
    figure.set_label(
        "Left, two rings of points, one around the other. Right, the same points at "
        f"the squares of their coordinates, and a line with {wrong} of {len(X)} on "
        "the wrong side."
    )
    return figure


def _outermost(X: Tensor) -> int:
    return int(X.square().sum(1).argmax())


def _border(X: Tensor, y: Tensor) -> float:
    """The squared radius with the fewest points on the wrong side."""
    square = X.square().sum(1)
    outer = y == y[_outermost(X)]
    cuts = square.sort().values
    cuts = (cuts[1:] + cuts[:-1]) / 2
    wrong = ((square > cuts[:, None]) != outer).sum(1)
    return cuts[wrong == wrong.min()].median().item()


@drawn
def show_ends(losses: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the last losses of several trainings, a row of dots for each method.

    Parameters
    ----------
    losses : name -> the loss that each start ended with.
    """
    figure = Figure(figsize=(5, 1.7))
    ax = figure.subplots()
    for row, values in enumerate(losses.values()):
        ax.plot(values, [row] * len(values), "o", color=COLORS[row], alpha=0.5)
    ax.set_yticks(range(len(losses)), list(losses))
    ax.set(xlabel="loss at the end", ylim=(len(losses) - 0.5, -0.5), xlim=(0, None))
    said = "; ".join(
        f"{name}, {len(values)} starts, {min(values):.3f} to {max(values):.3f}"
        for name, values in losses.items()
    )
    figure.set_label(f"The loss at the end of each training: {said}.")
    return figure


@drawn
def show_accuracies(accuracy: Mapping[str, float]) -> Figure:
    """Draw accuracies, 0..1, as bars with their numbers, the lowest first."""
    ordered = dict(sorted(accuracy.items(), key=lambda item: item[1]))
    figure = Figure(figsize=(5, 0.5 + 0.36 * len(ordered)))
    ax = figure.subplots()
    ax.barh(list(ordered), list(ordered.values()), color=COLORS[0], height=0.6)
    for row, value in enumerate(ordered.values()):
        ax.text(value + 0.01, row, f"{value:.3f}", va="center", fontsize=9)
    ax.set(xlabel="test accuracy", xlim=(0, 1.1))
    ax.grid(False)
    said = ", ".join(f"{name} {value:.3f}" for name, value in ordered.items())
    figure.set_label(f"Test accuracy: {said}.")
    return figure


@drawn
def show_imagenet() -> Figure:
    """Draw the best top-5 error of each year of the ImageNet contest.

    Source: results of the ILSVRC, Russakovsky et al. 2015, and He et al. 2016.
    """
    names = ("", "", "AlexNet", "", "GoogLeNet", "ResNet")
    figure = Figure(figsize=(5, 2.6))
    ax = figure.subplots()
    for k, (year, error) in enumerate(IMAGENET.items()):
        said = {0: "features made by hand", 2: "convolutional network"}.get(k)
        ax.bar(year, 100 * error, color=COLORS[k >= 2], width=0.7, label=said)
        label = f"{100 * error:.1f}" + f"\n{names[k]}" * bool(names[k])
        ax.text(year, 100 * error + 0.6, label, ha="center", va="bottom", fontsize=8.5)
    ax.set(ylabel="top-5 error (%)", ylim=(0, 34))
    ax.set_xticks(list(IMAGENET))
    ax.legend(loc="upper right", title="the winner")
    ax.grid(False)
    said = ", ".join(f"{year} {100 * e:.1f} %" for year, e in IMAGENET.items())
    figure.set_label(f"The best top-5 error on ImageNet: {said}.")
    return figure


@drawn
def show_ratios(depths: Sequence[int], ratios: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the first layer's gradient, divided by the last one's, against the depth.

    Parameters
    ----------
    depths : numbers of hidden layers.
    ratios : name -> a ratio for each depth.
    """
    figure = _on_log_scale(depths, ratios, "hidden layers", "first / last gradient")
    said = "; ".join(
        f"{name} {values[0]:.2g} with {depths[0]}, {values[-1]:.2g} with {depths[-1]}"
        for name, values in ratios.items()
    )
    figure.set_label(f"First over last gradient by hidden layers: {said}.")
    return figure


@drawn
def show_spread(spreads: Mapping[str, Sequence[float]]) -> Figure:
    """Draw by how much images differ after each layer, for several initial weights.

    Parameters
    ----------
    spreads : name -> standard deviation over images after each layer, from first to
        last.
    """
    depth = len(next(iter(spreads.values())))
    layers = range(1, depth + 1)
    figure = _on_log_scale(layers, spreads, "convolution", "sd over images")
    said = "; ".join(
        f"{name} from {values[0]:.2g} to {values[-1]:.2g}"
        for name, values in spreads.items()
    )
    figure.set_label(f"How much images differ after each convolution: {said}.")
    return figure


@drawn
def _on_log_scale(
    x: Sequence[int], curves: Mapping[str, Sequence[float]], xlabel: str, ylabel: str
) -> Figure:
    """Draw named curves over whole numbers, on a scale of powers of ten."""
    figure = Figure(figsize=(5, 2.7))
    ax = figure.subplots()
    for k, (name, values) in enumerate(curves.items()):
        ax.semilogy(x, values, marker="o", label=name, **line_style(k))
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_xticks(list(x))
    ax.legend(loc="lower left")
    return figure


@drawn
def show_costs() -> Figure:
    """Draw accuracy on Fashion-MNIST against parameters and multiplications.

    The course's small networks are from data/claims.csv (the claim `families`), d2l's
    from `published`.
    """
    groups = {
        "d2l, 60,000 images": published_networks(),
        "here, 4,000 images": small_networks(),
    }
    figure = Figure(figsize=(7, 3.1))
    axes = figure.subplots(1, 2, sharey=True)
    said = []
    for k, (group, networks) in enumerate(groups.items()):
        for ax, cost in zip(axes, ("parameters", "multiplications"), strict=True):
            for n, net in enumerate(networks):
                size = 7 if k == 0 else 4
                ax.plot(getattr(net, cost), net.accuracy, "o", markersize=size,
                        fillstyle="none" if k == 0 else "full", color=COLORS[k],
                        label=group if n == 0 else None)  # fmt: skip
                left = (k, net.name) in LEFT[cost]
                below = (k, net.name) in BELOW[cost]
                ax.annotate(net.name, (getattr(net, cost), net.accuracy),
                            xytext=(-4 if left else 5, -7 if below else 2), fontsize=7,
                            ha="right" if left else "left",
                            textcoords="offset points")  # fmt: skip
        said += [
            f"{net.name} ({group}) {net.accuracy:.3f} with {net.parameters:,} "
            f"parameters and {net.multiplications:,} multiplications"
            for net in networks
        ]
    for ax, cost in zip(axes, ("parameters", "multiplications"), strict=True):
        ax.set(xscale="log", xlabel=cost)
        low, high = ax.get_xlim()
        room = (high / low) ** 0.25  # for the names
        ax.set_xlim(low / room, high * room)
    axes[0].set_ylabel("test accuracy")
    axes[0].legend(loc="upper left", fontsize=8)
    figure.set_label("Accuracy on Fashion-MNIST: " + "; ".join(said) + ".")
    return figure
