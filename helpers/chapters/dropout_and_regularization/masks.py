"""The explorer `dropout_masks` of chapter 4: a network whose units are dropped."""

import torch
from torch import Tensor

from helpers.figures import COLORS
from helpers.tuning.ranges import IntSlider, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, PAPER, Pane, segments

NUM_MASKS, NUM_INPUTS = 200, 4
# Activations of the hidden layer for one input, and the weights to the one output.
H = torch.tensor([0.9, 0.5, 1.2, 0.3, 0.8, 1.0, 0.6, 0.7], dtype=torch.float64)
V = torch.tensor([0.2, 0.1, 0.15, 0.3, 0.25, 0.1, 0.2, 0.1], dtype=torch.float64)
LAYERS = ("inputs", "hidden units", "output")
REACH = 2.6  # length of the bars' axis; what is longer is cut there


def random_numbers() -> Tensor:
    """Return (200, 8) numbers in 0..1: mask m keeps unit j where number m, j is >= p.

    All p share them, so that a larger p only drops more units of the same mask.
    """
    generator = torch.Generator().manual_seed(5)
    return torch.rand(NUM_MASKS, len(H), generator=generator, dtype=torch.float64)


@explorer(width=640, height=330)
def dropout_masks(
    dropout=Slider(0, 1, start=0.5), mask=IntSlider(1, NUM_MASKS, start=3)
):
    """Drop units of a drawn network; probability and mask are dragged."""
    keep, scaled = dropped(dropout, mask)
    return read(dropout, mask), _network(keep[-1], scaled[-1]), _bars(scaled)


def _network(keep: Tensor, scaled: Tensor) -> Pane:
    """Four inputs, the hidden units that are kept and struck out, one output."""
    n = len(H)
    pane = Pane(
        x=(-0.3, 2.6), y=(n - 0.4, -0.6), xticks=dict(enumerate(LAYERS)), yticks={},
        grid=False, framed=False,
    )  # fmt: skip
    rows, middle = torch.arange(n), (n - 1) / 2
    inputs = torch.zeros(NUM_INPUTS, 2)
    inputs[:, 1] = torch.linspace(1, n - 2, NUM_INPUTS)
    units = torch.stack([torch.ones(n), rows], 1)
    output = torch.tensor([[2, middle]])
    ends = units[keep]  # what is dropped has no lines
    to = ends.repeat_interleave(NUM_INPUTS, 0)
    edges = segments(inputs.repeat(len(ends), 1), to)
    pane.line(edges, width=0.8, color=FAINT, name="kept edges")
    pane.line(segments(ends, output), width=1.2, color=FAINT)
    hollow = {"color": PAPER, "edge": FAINT, "size": 9}
    pane.dots(torch.cat([inputs, output]), **hollow)
    pane.dots(units[keep], color=COLORS[0], size=9, name="kept")
    pane.dots(units[~keep], **hollow, name="dropped")
    pane.dots(units[~keep], color=FAINT, size=6, shape="x")
    text = f"{(scaled @ V).item():.3f}"
    pane.text((2, middle), text, shift=(14, 5), bold=True, name="output")
    plain = f"without {(H @ V).item():.3f}"
    pane.text((2, middle), plain, size=11, shift=(-22, 30), name="without dropout")
    return pane


def _bars(scaled: Tensor) -> Pane:
    """What each unit passes on, now and on average, beside its activation."""
    n = len(H)
    pane = Pane(
        "passed on to the output", (0, 4), (n - 0.4, -0.6), yticks={}, grid=False,
        xticks={0: "0", 1: "1", 2: "2"}, share=1.15,
    )  # fmt: skip
    rows, now, mean = torch.arange(n), scaled[-1], scaled.mean(0)
    for offset, values, color, name in (
        (-0.17, now, COLORS[0], "this mask"),
        (0.17, mean, COLORS[1], "mean so far"),
    ):
        look = {"color": color, "width": 0.28, "across": True, "name": name}
        pane.bars(rows + offset, values.clamp(max=REACH), **look, label=name)
    points = torch.stack([H, rows], 1)
    pane.dots(points, size=13, shape="|", name="without", label="without dropout")
    for j in range(n):
        text = f"{now[j]:.2f}, mean {mean[j]:.2f}"
        pane.text((REACH + 0.1, j), text, size=11, shift=(0, 4))
    return pane


def dropped(p: float, num_masks: int) -> tuple[Tensor, Tensor]:
    """Return keep (m, 8), bool, and scaled activations (m, 8) of the first masks."""
    keep = random_numbers()[:num_masks] >= round(p, 4)
    if p >= 1:  # nothing is kept, and 1 / (1 - p) has no value
        keep = torch.zeros_like(keep)
    factor = 1 / (1 - p) if p < 1 else 0.0
    return keep, keep * H * factor


def read(dropout: float, mask: int) -> str:
    """Say what this mask keeps, and the output now and on average."""
    keep, scaled = dropped(dropout, mask)
    outputs = scaled @ V
    plain = (H @ V).item()
    if dropout >= 1:
        return (
            "With dropout 1 every mask drops all units: the output is 0, "
            f"and {plain:.3f} without dropout."
        )
    factor = 1 / (1 - dropout)
    average = (
        "This is the first mask"
        if mask == 1
        else f"Over masks 1 to {mask} it is {outputs.mean():.3f} on average"
    )
    return (
        f"Mask {mask} keeps {int(keep[-1].sum())} of {len(H)} units and multiplies "
        f"their activations by {factor:.3g}: the output is {outputs[-1]:.3f}. "
        f"{average}; without dropout it is {plain:.3f}."
    )
