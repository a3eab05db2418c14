"""The explorer `inception_branches`: four branches side by side, and what they cost."""

from collections.abc import Sequence

import numpy as np

from helpers.figures import COLORS
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, INK, Pane, segments

C_IN, SIDE = 192, 28  # the input of GoogLeNet's first block is 192 x 28 x 28
WITH = {"with": True, "without": False}
FIRST = {"c1": 64, "c2_reduced": 96, "c2": 128, "c3_reduced": 16, "c3": 32, "c4": 32}
PRESETS = {
    "GoogLeNet's first block": FIRST | {"reductions": True},
    "the same, not reduced": FIRST | {"reductions": False},
    "equal widths": dict.fromkeys(FIRST, 64) | {"reductions": True},
}
TOP, ROWS = 0.08, (0.37, 0.64, 0.92)  # where the input, both layers and the output are
HALF, LABEL = 0.06, 0.06  # half the height of a box, and the text above it
WIDEST = 256  # channels of a box that fills its column

Layers = list[tuple[int, int, int]]  # kernel size, input channels, output channels


def branches_of(
    c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int, reductions: bool = True
) -> list[Layers]:
    """The convolutions of each branch of a block, as of `helpers.Inception`.

    Without ``reductions`` the 3x3 and the 5x5 convolution read the input itself.
    """

    def wide(kernel_size: int, reduced: int, out: int) -> Layers:
        if not reductions:
            return [(kernel_size, C_IN, out)]
        return [(1, C_IN, reduced), (kernel_size, reduced, out)]

    return [[(1, C_IN, c1)], wide(3, *c2), wide(5, *c3), [(1, C_IN, c4)]]


def weights_of(layers: Layers) -> int:
    """Weights of convolutions, without their biases."""
    return sum(k * k * c_in * c_out for k, c_in, c_out in layers)


@explorer(width=690, height=330, presets=PRESETS, columns=2)
def inception_branches(
    c1=IntSlider(1, WIDEST, start=64),
    c2_reduced=IntSlider(1, C_IN, start=96),
    c2=IntSlider(1, WIDEST, start=128),
    c3_reduced=IntSlider(1, C_IN, start=16),
    c3=IntSlider(1, WIDEST, start=32),
    c4=IntSlider(1, WIDEST, start=32),
    reductions=Choice(WITH),
):
    """An Inception block for 192 x 28 x 28: its branches, their channels and cost."""
    widths = c1, (c2_reduced, c2), (c3_reduced, c3), c4
    branches = branches_of(*widths, reductions)
    outs = [layers[-1][2] for layers in branches]
    weights = [weights_of(layers) for layers in branches]
    one = weights_of([(3, C_IN, sum(outs))])
    left = _block_pane(branches, outs)
    right = _weights_pane([*weights, sum(weights), one])
    other = sum(map(weights_of, branches_of(*widths, not reductions)))
    return _in_words(outs, sum(weights), other, one, reductions), left, right


def _block_pane(branches: Sequence[Layers], outs: Sequence[int]) -> Pane:
    pane = Pane(
        f"{C_IN} × {SIDE} × {SIDE} → {sum(outs)} × {SIDE} × {SIDE}", (0, 4), (1, 0),
        xticks={}, yticks={}, grid=False, framed=False, share=1.35, name="block",
    )  # fmt: skip
    _box(pane, (2, TOP), 3.96, f"input, {C_IN} channels", "", FAINT, "input")
    edges = 0.02 + 3.96 * np.cumsum([0, *outs]) / sum(outs)
    for k, layers in enumerate(branches):
        color, x = COLORS[k], k + 0.5
        texts = [(f"{size} × {size} conv", out) for size, _, out in layers]
        if k == 3:
            texts.insert(0, ("3 × 3 max pool", C_IN))
        rows = ROWS[:2] if len(texts) == 2 else ROWS[1:2]
        ends = [TOP, *rows, ROWS[2]]
        starts = [(x, y + HALF) for y in ends[:-1]]
        tips = [(x, y - HALF - LABEL) for y in ends[1:]]
        tips[-1] = ((edges[k] + edges[k + 1]) / 2, ROWS[2] - HALF)
        pane.line(segments(starts, tips), color=color, width=1.5, name=f"path {k + 1}")
        for n, ((text, channels), y) in enumerate(zip(texts, rows, strict=True), 1):
            wide = 0.94 * min(channels / WIDEST, 1)
            name = f"branch {k + 1} layer {n}"
            _box(pane, (x, y), wide, text, f"{channels}", color, name)
        wide = edges[k + 1] - edges[k]
        middle = ((edges[k] + edges[k + 1]) / 2, ROWS[2])
        said = str(outs[k]) if wide > 0.2 else ""
        _box(pane, middle, wide, said, "", color, f"output {k + 1}")
    return pane


def _box(pane: Pane, at, wide: float, text: str, more: str, color, name: str) -> None:
    """A box with a text in it, or one above it and ``more`` in it."""
    (x, y), half = at, wide / 2
    ends = (x - half, x + half), (y - HALF, y + HALF)
    corners = [(a, b) for b in ends[1] for a in ends[0][:: 1 if b < y else -1]]
    pane.area(corners, color=color, alpha=0.3, width=1.2, name=name)
    look = {"align": "center", "halo": bool(more)}
    if more:
        pane.text((x, y - HALF), text, shift=(0, -6), size=11, **look)
    pane.text(at, more or text, shift=(0, 4), name=f"{name} channels", **look)


def _weights_pane(weights: Sequence[int]) -> Pane:
    rows = [*(f"branch {k}" for k in (1, 2, 3, 4)), "the block", "one 3 × 3 conv"]
    colors = [*COLORS[:4], INK, FAINT]
    pane = Pane(
        "weights · multiplications", (0, 1.3 * max(weights)),
        (5.6, -0.75), xticks={}, yticks={}, grid=False, framed=False, name="weights",
    )  # fmt: skip
    places = np.arange(6)
    pane.bars(places, weights, color=colors, width=0.34, across=True, name="bars")
    for k, (row, count) in enumerate(zip(rows, weights, strict=True)):
        text = f"{row}: {count:,} · {count * SIDE**2 / 1e6:,.1f} million"
        pane.text((0, k), text, shift=(0, -12), size=11, name=row)
    return pane


def _in_words(
    outs: Sequence[int], weights: int, other: int, one: int, reductions: bool
) -> str:
    channels = " + ".join(map(str, outs))
    would = "Without" if reductions else "With"
    idle = "" if reductions else " The reduced channels of c2 and c3 do nothing now."
    return (
        f"{channels} = {sum(outs)} output channels; {weights:,} weights without biases "
        f"and {weights * SIDE**2:,} multiplications for one image. {would} the 1 × 1 "
        f"reductions there would be {other:,} weights, {other / weights:.2f} times as "
        f"many; one 3 × 3 convolution to {sum(outs)} channels has {one:,}, "
        f"{one / weights:.2f} times as many.{idle}"
    )
