"""The explorer `output_size`: which pixels a convolution uses, and what it costs."""

import numpy as np

from helpers.chapters.convolution.grids import (
    GRAY,
    NEGATIVE,
    POSITIVE,
    around,
    cells_pane,
    fade,
    rules,
)
from helpers.figures import COLORS
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, INK, Pane, joined

NUMBERED = 11  # padded inputs of at most this side have numbers in their cells
POOLING = {"none": 0, "2 × 2": 2}


@explorer(width=660, height=330)
def output_size(
    input_size=IntSlider(1, 32, start=7),
    kernel_size=IntSlider(1, 11, start=3),
    padding=IntSlider(0, 5, start=0),
    stride=IntSlider(1, 5, start=1),
    channels_in=IntSlider(1, 64, start=1),
    channels_out=IntSlider(1, 64, start=1),
    pooling=Choice(POOLING, start=0),
):
    """A square input, kernel, padding and stride: the output's size, and its cost."""
    size = size_of(input_size, kernel_size, padding, stride)
    counts = uses(input_size, kernel_size, padding, stride)
    left = _input_pane(counts, input_size, kernel_size, padding, stride)
    left.title = f"input {input_size} × {input_size} × {channels_in}"
    if padding:
        left.title += f", padded to {len(counts)} × {len(counts)}"
    right = _output_pane(size, len(counts), pooling)
    if size:
        right.title = f"output {size} × {size} × {channels_out}"
    if pooling and size >= pooling:
        right.title += f", pooled {size // pooling} × {size // pooling}"
    says = _size_in_words(input_size, kernel_size, padding, stride)
    if size:
        says += f" {_losses(counts, kernel_size, padding, stride)}"
        says += f" {_cost(kernel_size, channels_in, channels_out, size)}"
        if pooling:
            says += f" {_pooled_in_words(size)}"
    return says, left, right


def size_of(
    input_size: int, kernel_size: int, padding: int = 0, stride: int = 1
) -> int:
    """Side of a convolution's output, floor((W - F + 2 P) / S) + 1; 0 if it has none.

    Source: Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep
    learning", relationship 6.
    """
    room = input_size - kernel_size + 2 * padding
    return room // stride + 1 if room >= 0 else 0


def uses(input_size: int, kernel_size: int, padding: int, stride: int) -> np.ndarray:
    """Count in how many windows each value of the padded input lies.

    Returns
    -------
    (input_size + 2 padding, input_size + 2 padding)
    """
    along = np.zeros(input_size + 2 * padding, int)  # both axes are alike
    for n in range(size_of(input_size, kernel_size, padding, stride)):
        along[n * stride : n * stride + kernel_size] += 1
    return np.outer(along, along)


def _input_pane(counts, input_size, kernel_size, padding, stride) -> Pane:
    side = len(counts)
    pane = cells_pane("input", side, side, name="input")
    inside = np.zeros_like(counts, bool)
    inside[padding : side - padding, padding : side - padding] = True
    most = max(counts.max(), 1)
    fade(pane, 0.6 * counts / most, POSITIVE, "uses")
    # An orange cell would be enough for most readers, the cross is for the others.
    lost = inside & (counts == 0)
    fade(pane, 0.35 * lost, NEGATIVE, "lost cells")
    rows, columns = np.nonzero(lost)
    unit = 300 / side  # pixels of a cell, about
    look = {"color": NEGATIVE, "shape": "x", "size": max(1.5, min(7, unit / 5))}
    pane.dots(
        np.c_[columns, rows], name="lost", label="lost" if lost.any() else "", **look
    )
    fade(pane, 0.3 * (~inside & (counts == 0)), GRAY, "unused padding")
    rules(pane, side, side)
    if side <= NUMBERED:
        for (i, j), count in np.ndenumerate(counts):
            if not lost[i, j]:
                look = {"align": "center", "shift": (0, 4), "name": f"count {i} {j}"}
                pane.text((j, i), str(count), **look)
    if padding:
        edge = around(padding, padding, input_size, input_size)
        pane.line(edge, color=INK, width=2, name="edge", label="edge of the input")
    size = size_of(input_size, kernel_size, padding, stride)
    if size:
        last = (size - 1) * stride
        for name, at, dash in (("first window", 0, ()), ("last window", last, (5, 3))):
            xy = around(at, at, kernel_size, kernel_size)
            pane.line(xy, color=COLORS[3], width=3, dash=dash, name=name, label=name)
    return pane


def _output_pane(size: int, side: int, pooling: int) -> Pane:
    """The output at the scale of the input, whose padded side is ``side``."""
    if not size:
        pane = cells_pane("no output", side, side, framed=False, name="output")
        at = ((side - 1) / 2, (side - 1) / 2)
        pane.text(at, "the kernel does not fit", align="center", name="nothing")
        return pane
    kept = size // pooling if pooling else 0
    pane = cells_pane("output", side, side, framed=False, name="output")
    values = np.zeros((side, side))
    values[:size, :size] = 1
    fade(pane, 0.45 * values, POSITIVE, "values")
    lines = [[(a - 0.5, -0.5), (a - 0.5, size - 0.5)] for a in range(size + 1)]
    both = joined([np.array(xy) for line in lines for xy in (line, np.flip(line, 1))])
    pane.line(both, color=FAINT, width=0.7, name="cells")
    if kept:
        n = pooling
        windows = [around(n * i, n * j, n, n) for i, j in np.ndindex(kept, kept)]
        pane.line(
            joined(windows), color=INK, width=2, name="pooled", label="pooling windows"
        )
    return pane


def _size_in_words(W: int, F: int, P: int, S: int) -> str:
    side = W + 2 * P
    if F > side:
        padded = f"the padded input, which is {side} × {side}" if P else "the input"
        return (
            f"The kernel, {F} × {F}, is larger than {padded}: there is no output, "
            "and torch raises an error."
        )
    size = size_of(W, F, P, S)
    share = (W - F + 2 * P) / S
    floored = "" if share == int(share) else f"⌊{share:.2f}⌋ + 1 = "
    return (
        f"⌊({W} − {F} + 2·{P})/{S}⌋ + 1 = {floored}{size}: the output is {size} × "
        f"{size}."
    )


def _losses(counts: np.ndarray, F: int, P: int, S: int) -> str:
    """Say how many pixels of the input no window covers, and why."""
    side = len(counts)
    along = np.diag(counts)[P : side - P] > 0  # both axes are alike
    used, n = int(along.sum()), len(along)
    if used == n:
        return "Every pixel of the input is used."
    last = int(np.flatnonzero(np.diag(counts))[-1]) - P  # of the last window
    beyond, between = n - 1 - last, int((~along[: last + 1]).sum())
    reasons = []
    if beyond > 0:
        lines = "row and column" if beyond == 1 else f"{beyond} rows and columns"
        reasons.append(f"the last {lines}, because of the rounding")
    if between > 0:
        reasons.append("those between windows, because the stride is so large")
    return (
        f"{used * used} of {n * n} pixels are used, {n * n - used * used} are lost: "
        f"{', and '.join(reasons)}."
    )


def _cost(F: int, c_in: int, c_out: int, size: int) -> str:
    parameters = (F * F * c_in + 1) * c_out
    multiplications = F * F * c_in * c_out * size * size
    return (
        f"Parameters: ({F}·{F}·{c_in} + 1)·{c_out} = {parameters:,}; multiplications: "
        f"{F}·{F}·{c_in}·{c_out}·{size}·{size} = {multiplications:,}."
    )


def _pooled_in_words(size: int) -> str:
    kept = size // 2
    if not kept:
        return "Pooling 2 × 2 finds no whole window in an output of 1 × 1."
    rest = "" if size % 2 == 0 else ", the last row and column are left out"
    return f"Pooling 2 × 2 leaves {kept} × {kept}{rest}, and has no parameters."
