"""Panes of cells: images and feature maps as squares with numbers in them.

Cell (i, j) has its middle at x = j, y = i; rows run downward.
"""

from functools import lru_cache

import numpy as np

from helpers.data.photographs import load_photograph
from helpers.figures import COLORS
from helpers.widgets.scene import FAINT, INK, Pane, segments
from helpers.words import number

POSITIVE, NEGATIVE, GRAY = COLORS[0], COLORS[1], "#888888"
STRONGEST = 0.6  # so that a number is readable in every cell of both themes


def cells_pane(title: str, height: int, width: int, **look) -> Pane:
    """An empty pane of height x width square cells."""
    look = {"xticks": {}, "yticks": {}, "grid": False, "equal": True} | look
    ends = (-0.5, width - 0.5), (height - 0.5, -0.5)
    return Pane(title, *ends, **look)


def rules(pane: Pane, height: int, width: int) -> None:
    """Draw thin lines between the cells."""
    rows, columns = np.arange(height - 1) + 0.5, np.arange(width - 1) + 0.5
    across = segments(
        np.c_[np.full_like(rows, -0.5), rows],
        np.c_[np.full_like(rows, width - 0.5), rows],
    )
    down = segments(
        np.c_[columns, np.full_like(columns, -0.5)],
        np.c_[columns, np.full_like(columns, height - 0.5)],
    )
    xy = np.concatenate([across, down])
    pane.line(xy, color=FAINT, width=0.7, alpha=0.5, name=f"{pane.name} rules")


def around(top: float, left: float, height: float, width: float) -> np.ndarray:
    """The closed line (5, 2) around a block of cells, given its first cell."""
    x0, y0 = left - 0.5, top - 0.5
    x1, y1 = x0 + width, y0 + height
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])


def fade(pane: Pane, values: np.ndarray, color: str, name: str) -> None:
    """Color cells (h, w): 0 leaves the background, 1 is the full color."""
    h, w = values.shape
    pane.image(values, (-0.5, w - 0.5), (h - 0.5, -0.5), color=color, name=name)


def shade(pane: Pane, values: np.ndarray, most: float, name: str) -> None:
    """Color cells (h, w) by their values: blue above 0, orange below.

    A cell with the value ``most`` has the strongest color, one with 0 has none.
    """
    strength = STRONGEST * values / most if most else np.zeros_like(values)
    for sign, color in ((1, POSITIVE), (-1, NEGATIVE)):
        which = "positive" if sign > 0 else "negative"
        fade(pane, (sign * strength).clip(0, 1), color, f"{name} {which}")


def write(pane: Pane, values: np.ndarray, name: str, size: int = 12) -> None:
    """Write each value (h, w) into its cell, as the mark "name i j"."""
    for (i, j), value in np.ndenumerate(values):
        look = {"align": "center", "size": size, "shift": (0, 4), "color": INK}
        pane.text((j, i), number(float(value)), name=f"{name} {i} {j}", **look)


@lru_cache
def gray_photograph(name: str, size: int) -> np.ndarray:
    """A photograph (size, size) as gray values 0..1.

    The weights of red, green and blue are those of television, ITU-R BT.601.
    """
    gray = np.tensordot([0.299, 0.587, 0.114], load_photograph(name, size).numpy(), 1)
    gray.setflags(write=False)  # all who call get the same array
    return gray
