"""Pictures in rows and columns."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.figures.style import PALETTE, SIGNED, drawn

EDGE = "#888888"


def frame(ax: Axes) -> None:
    """Draw a thin edge around an image: white at its border, it would have none."""
    whole = {"xy": (0, 0), "width": 1, "height": 1, "transform": ax.transAxes}
    # Half of the line is cut off, at the axes: the other half lies in the image.
    look = {"fill": False, "edgecolor": EDGE, "linewidth": 1.6}
    ax.add_patch(Rectangle(**whole, **look))


@drawn
def show_images(
    images,
    titles: Sequence[str] | None = None,
    num_cols: int = 10,
    scale: float = 1.0,
    framed: bool = False,
    palette: bool = False,
    rows: Sequence[str] | None = None,
    each_row: bool = False,
) -> Figure:
    """A grid of images, each with its title above it.

    Parameters
    ----------
    images : (n, h, w), (n, 1, h, w) or (n, 3, h, w), colors in 0..1. Values outside
        0..1 (weights, say) are drawn from orange (negative) over white to blue.
    titles : n strings, or None.
    num_cols : images in a row.
    scale : width of an image in units of about 75 screen pixels.
    framed : whether each image has a thin edge, for those that are white at the border.
    palette : whether 256 colors are enough, which take a third of the space in a
        notebook.
    rows : the name of each row, to stand at its left; or None.
    each_row : whether each row has a range of colors of its own.

    Raises
    ------
    ValueError : no image, or fewer titles than images, or fewer names than rows.
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
    num_rows = -(-n // cols)
    if rows is not None and len(rows) != num_rows:
        raise ValueError(f"{num_rows} rows need {num_rows} names, got {len(rows)}")
    margin = 0 if rows is None else 16
    width, height = margin + cols * cell_w, num_rows * cell_h
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, layout="none")
    alike = cols if each_row else n  # images that share a range of colors
    looks = [_colors_of(images[k : k + alike]) for k in range(0, n, alike)]
    for k, image in enumerate(images):
        left = margin + (k % cols) * cell_w + 3
        top = (k // cols) * cell_h + above + 3
        box = (
            left / width,
            1 - (top + h * zoom) / height,
            w * zoom / width,
            h * zoom / height,
        )
        ax = figure.add_axes(box)
        ax.set_axis_off()
        ax.imshow(image, interpolation="nearest", **looks[k // alike])
        if framed:
            frame(ax)
        if titles is not None:
            ax.set_title(titles[k], fontsize=8, loc="center", pad=2, parse_math=False)
    for k, name in enumerate(rows or ()):
        middle = 1 - (k * cell_h + above + 3 + h * zoom / 2) / height
        figure.text(margin / 2 / width, middle, name, fontsize=8, rotation=90,
                    ha="center", va="center", parse_math=False)  # fmt: skip
    if palette:
        figure.set_gid(PALETTE)
    return figure


def _colors_of(images: np.ndarray) -> dict:
    """The colors of images: signed, if one of their values is negative."""
    if images.min() >= 0:
        return {"cmap": "gray", "vmin": 0, "vmax": 1.0}
    reach = np.abs(images).max()
    return {"cmap": SIGNED, "vmin": -reach, "vmax": reach}
