"""The course's look, and the drawings that several chapters share.

Every function returns a matplotlib Figure made without pyplot, so that nothing is
drawn twice and no global figure is left over; as a cell's last value it shows as PNG.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from helpers.data import PointData
from helpers.records import History
from helpers.regions import Plane, Regions, plane_of, regions_of

# Okabe and Ito's palette without yellow and black, which vanish on one of the themes.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# On-off lengths in points; four patterns and six colours give twelve distinct pairs.
DASHES = ((), (6, 3), (2, 2), (8, 3, 2, 3))
# Highest to lowest loss of a regression; beyond it the axis is logarithmic.
WIDE = 100


def use_course_style() -> None:
    """Apply the style file, and show figures as small PNGs from the first one on."""
    matplotlib.style.use(Path(__file__).with_name("course.mplstyle"))
    try:
        from IPython import get_ipython
    except ImportError:  # helpers used outside Jupyter
        return
    if (shell := get_ipython()) is not None:
        shell.display_formatter.formatters["image/png"].for_type(Figure, to_png)


def to_png(figure: Figure) -> bytes:
    """The figure as PNG with a palette, where 256 colours are enough for it.

    That is so for everything but photographs, and takes a third of the space; stored
    notebooks stay small.
    """
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight", metadata={"Software": None})
    image = Image.open(file).convert("RGB")
    palette = image.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    error = np.abs(np.asarray(image, int) - np.asarray(palette.convert("RGB"), int))
    file = io.BytesIO()
    (palette if error.mean() < 1 else image).save(file, "png", optimize=True)
    return file.getvalue()


def line_style(index: int) -> dict:
    """Colour and dash pattern of the line with this number, as plot arguments."""
    dashes = DASHES[index % len(DASHES)]
    return {
        "color": COLORS[index % len(COLORS)],
        "linestyle": (0, dashes) if dashes else "-",
    }


def show_images(
    images, titles: Sequence[str] | None = None, num_cols: int = 10, scale: float = 1.0
) -> Figure:
    """A grid of images, each with its title above it.

    Parameters
    ----------
    images : (n, h, w), (n, 1, h, w) or (n, 3, h, w), colours in 0..1. Values outside
        0..1 (weights, say) are drawn from blue (negative) over white to red.
    titles : n strings, or None.
    num_cols : images in a row.
    scale : width of an image in units of about 75 screen pixels.

    Raises
    ------
    ValueError : no image, or fewer titles than images.
    """
    images = np.asarray(images, dtype=float)
    if images.ndim == 4:
        images = images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, -1)
    n = len(images)
    if n == 0:
        raise ValueError("there is no image to show")
    if titles is not None and len(titles) != n:
        raise ValueError(f"{n} images need {n} titles, got {len(titles)}")
    # Every pixel of an image becomes the same whole number of screen pixels.
    h, w = images.shape[1:3]
    zoom = max(1, round(75 * scale / w))
    above = 0 if titles is None else 4 + 13 * max(t.count("\n") + 1 for t in titles)
    cell_w, cell_h = w * zoom + 6, h * zoom + 6 + above
    cols = min(num_cols, n)
    width, height = cols * cell_w, -(-n // cols) * cell_h
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, layout="none")
    signed = images.min() < 0
    reach = np.abs(images).max() if signed else 1.0
    look = {"cmap": "RdBu_r", "vmin": -reach} if signed else {"cmap": "gray", "vmin": 0}
    for k, image in enumerate(images):
        left = (k % cols) * cell_w + 3
        top = (k // cols) * cell_h + above + 3
        box = (
            left / width,
            1 - (top + h * zoom) / height,
            w * zoom / width,
            h * zoom / height,
        )
        ax = figure.add_axes(box)
        ax.set_axis_off()
        ax.imshow(image, vmax=reach, interpolation="nearest", **look)
        if titles is not None:
            ax.set_title(titles[k], fontsize=8, loc="center", pad=2)
    return figure


def plot_regions(net, data: PointData) -> Figure:
    """The plane as a network divides it, with training and validation points.

    Parameters
    ----------
    net : a module or function from X (n, 2) to logits or probabilities (n, K), or to
        a prediction (n, 1).
    data : the points; training points are drawn filled, validation points hollow.
    """
    figure = Figure(figsize=(3.4, 3.2))
    plane = plane_of(data)
    draw_regions(figure.subplots(), data, plane, regions_of(net, plane))
    return figure


def draw_regions(
    ax: Axes, data: PointData, plane: Plane, regions: Regions | None
) -> None:
    """Draw points, and behind them what a network answers, if there is one.

    Two classes, and the targets of a regression, go from blue over white to orange.
    """
    palette = np.array([to_rgb(color) for color in COLORS])
    if regions is not None:
        level = regions.level / 255
        if regions.label is None:
            label, strength = (level > 0.5).astype(int), np.abs(2 * level - 1)
        else:
            label, strength = regions.label, level
        image = np.dstack([palette[label % len(palette)], 0.55 * strength])
        ax.imshow(image, extent=plane.limits, interpolation="bilinear")
        if regions.label is None and data.classes:
            x, y = plane.grid[: len(level), 0], plane.grid[:: len(level), 1]
            ax.contour(x, y, level, [0.5], colors="#333333", linewidths=1)
    for part, filled in (("val", False), ("train", True)):
        examples = getattr(data, part)
        X, y = examples.X.cpu().numpy(), examples.y.cpu().numpy()
        if data.classes:
            color = palette[y % len(palette)]
        else:
            low, high = plane.span
            t = ((y.reshape(len(y), -1)[:, :1] - low) / ((high - low) or 1)).clip(0, 1)
            color = (1 - t) * palette[0] + t * palette[1]
        ax.scatter(
            *X.T,
            s=14,
            facecolors=color if filled else "none",
            edgecolors="white" if filled else color,
            linewidths=0.5 if filled else 0.9,
        )
    ax.set(xlim=plane.limits[:2], ylim=plane.limits[2:], aspect="equal")
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    ax.grid(False)


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
            if on_train:
                ax.plot(epochs, on_train, color=style["color"], linewidth=1, alpha=0.6)
            if on_val:
                ax.plot(epochs, on_val, **style, marker="o", markersize=3.5)
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
