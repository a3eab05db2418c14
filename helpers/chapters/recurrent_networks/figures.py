"""Drawings of chapter 10 that stand in its notebook."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import Tensor

from helpers.figures import COLORS, SIGNED, drawn, show_images, show_lines

__all__ = ["show_heat", "show_lines", "show_shapes", "show_spelled", "show_unrolled"]

STATE, FAINT = "#cfe3f2", "#888888"
# name -> steps with an input, steps with an output
SHAPES = {
    "one to one": ((0,), (0,)),
    "one to many": ((0,), (0, 1, 2)),
    "many to one": ((0, 1, 2), (2,)),
    "many to many,\nas long": ((0, 1, 2), (0, 1, 2)),
    "many to many,\nshorter": ((0, 1, 2, 3), (1, 3)),
}


@drawn
def show_heat(
    values: Tensor,
    columns: Sequence[str],
    xlabel: str = "",
    ylabel: str = "",
    rows: Sequence[str] = (),
) -> Figure:
    """Draw a matrix, negative in orange, 0 in white, positive in blue.

    Parameters
    ----------
    values : (r, c).
    columns, rows : names of the c columns, and of the r rows or none.
    """
    values = np.asarray(values, dtype=float)
    r, c = values.shape
    figure = Figure(figsize=(min(5, 1.2 + 0.33 * c), min(4.2, 0.9 + 0.22 * r)))
    ax, most = figure.subplots(), np.abs(values).max()
    shown = ax.imshow(values, cmap=SIGNED, vmin=-most, vmax=most, aspect="auto")
    turned = {"rotation": 60, "ha": "right"} if max(map(len, columns)) > 2 else {}
    ax.set_xticks(range(c), columns, fontsize=7.5, **turned)
    if rows:
        ax.set_yticks(range(r), rows, fontsize=7.5)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    figure.colorbar(shown, ax=ax, fraction=0.05)
    what = f"Matrix of {r} rows and {c} columns, {', '.join(columns)}"
    largest = [int(k) for k in values.argmax(0)]
    figure.set_label(f"{what}. Largest value of each column in row {largest}.")
    return figure


def _box(ax, x: float, y: float, text: str) -> None:
    """A rounded box around a text, its middle at (x, y)."""
    ax.add_patch(
        FancyBboxPatch((x - 0.26, y - 0.17), 0.52, 0.34, facecolor=STATE,
                       edgecolor=FAINT, boxstyle="round,pad=0.04")
    )  # fmt: skip
    ax.text(x, y, text, ha="center", va="center", fontsize=8.5)


def _arrow(ax, start: tuple, end: tuple, label: str = "") -> None:
    """An arrow between two points, its label beside its middle."""
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": COLORS[0]})
    if label:
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        upright = start[0] == end[0]
        ax.text(x + 0.05 * upright, y + 0.1 * (not upright), label, fontsize=8,
                ha="left" if upright else "center", va="center")  # fmt: skip


@drawn
def show_unrolled(tokens: Sequence[str]) -> Figure:
    """Draw a recurrent network, folded at the left and unrolled over tokens."""
    figure = Figure(figsize=(6.6, 2.3))
    ax = figure.subplots()
    ax.set_axis_off()
    _box(ax, 0, 1, "$h$")
    _arrow(ax, (0, 0.2), (0, 0.77), "$W_{xh}$")
    _arrow(ax, (0, 1.22), (0, 1.8), "$W_{hy}$")
    loop = {"arrowstyle": "->", "color": COLORS[0], "connectionstyle": "arc3,rad=-1.9"}
    ax.annotate("", (0.3, 0.9), (0.3, 1.1), arrowprops=loop)
    ax.text(0.78, 1, "$W_{hh}$", fontsize=8, va="center")
    ax.text(0, 0.05, "$x$", ha="center", fontsize=9)
    ax.text(0, 1.86, "$y$", ha="center", fontsize=9)
    ax.text(1.45, 1, "=", ha="center", va="center", fontsize=14)
    first = 2.05
    ax.text(first, 1, "$h_0 = 0$", ha="center", va="center", fontsize=8.5)
    for t, token in enumerate(tokens, 1):
        x = first + 1.15 * t
        _box(ax, x, 1, f"$h_{t}$")
        _arrow(ax, (x - 0.84 + 0.02 * (t == 1), 1), (x - 0.31, 1), "$W_{hh}$")
        _arrow(ax, (x, 0.2), (x, 0.77), "$W_{xh}$")
        _arrow(ax, (x, 1.22), (x, 1.8), "$W_{hy}$")
        ax.text(x, 0.05, f"$x_{t}$ = {token}", ha="center", fontsize=9)
        ax.text(x, 1.86, f"$y_{t}$", ha="center", fontsize=9)
    ax.set(xlim=(-0.5, first + 1.15 * len(tokens) + 0.5), ylim=(-0.1, 2.1))
    figure.set_label(
        "A recurrent network, folded with a loop and unrolled over the inputs "
        f"{', '.join(tokens)}: each state is made of the one before by W_hh and of its "
        "input by W_xh, and gives an output by W_hy."
    )
    return figure


@drawn
def show_shapes() -> Figure:
    """Draw the shapes of task: which steps take an input, and which give an output."""
    figure = Figure(figsize=(6.8, 2.2))
    ax = figure.subplots()
    ax.set_axis_off()
    at, said = 0.0, []
    for name, (inputs, outputs) in SHAPES.items():
        steps = 1 + max(inputs + outputs)
        for t in range(steps):
            x = at + 0.52 * t
            ax.add_patch(FancyBboxPatch((x - 0.12, 0.86), 0.24, 0.28, facecolor=STATE,
                         edgecolor=FAINT, boxstyle="round,pad=0.02"))  # fmt: skip
            if t:
                _arrow(ax, (x - 0.4, 1), (x - 0.13, 1))
            if t in inputs:
                ax.plot(x, 0.3, "s", color=COLORS[1], markersize=9)
                _arrow(ax, (x, 0.4), (x, 0.84))
            if t in outputs:
                ax.plot(x, 1.72, "o", color=COLORS[2], markersize=9)
                _arrow(ax, (x, 1.16), (x, 1.62))
        middle = at + 0.26 * (steps - 1)
        ax.text(middle, -0.05, name, ha="center", va="top", fontsize=7.5)
        said.append(
            f"{name.replace(chr(10), ' ')}: {len(inputs)} in, {len(outputs)} out"
        )
        at += 0.52 * steps + 0.62
    ax.set(xlim=(-0.45, at - 0.75), ylim=(-0.5, 1.9))
    figure.set_label(f"Shapes of task. {'; '.join(said)}.")
    return figure


def show_spelled(X: Tensor, letters: Tensor) -> Figure:
    """Show images with the words that were written for them.

    Parameters
    ----------
    X : (n, 1, h, w).
    letters : (n, T), 1 to 26 for a to z, 0 for none.
    """
    words = ["".join(" abcdefghijklmnopqrstuvwxyz"[k] for k in row) for row in letters]
    return show_images(X, [word.strip() for word in words], num_cols=8, palette=True)
