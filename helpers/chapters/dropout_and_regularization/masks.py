"""The explorer `dropout_masks` of chapter 4: a network whose units are dropped."""

from pathlib import Path

import anywidget
import torch
import traitlets
from matplotlib.figure import Figure
from torch import Tensor

from helpers.figures import COLORS
from helpers.widgets.controls import IntSlider, Slider
from helpers.widgets.explorer import ClientExplorer

NUM_MASKS, NUM_INPUTS = 200, 4
# Activations of the hidden layer for one input, and the weights to the one output.
H = torch.tensor([0.9, 0.5, 1.2, 0.3, 0.8, 1.0, 0.6, 0.7], dtype=torch.float64)
V = torch.tensor([0.2, 0.1, 0.15, 0.3, 0.25, 0.1, 0.2, 0.1], dtype=torch.float64)
REACH = 2.6  # length of the bars' axis; what is longer is cut there


def random_numbers() -> Tensor:
    """Return (200, 8) numbers in 0..1: mask m keeps unit j where number m, j is >= p.

    All p share them, so that a larger p only drops more units of the same mask.
    """
    generator = torch.Generator().manual_seed(5)
    # four decimals, so that Python and the browser compare the same numbers
    u = torch.rand(NUM_MASKS, len(H), generator=generator, dtype=torch.float64)
    return u.mul(1e4).floor() / 1e4


class _MasksView(anywidget.AnyWidget):
    """The network and the bars that masks.js draws."""

    _esm = Path(__file__).with_name("masks.js")
    dropout = traitlets.Float(0.5).tag(sync=True)
    mask = traitlets.Int(1).tag(sync=True)
    numbers = traitlets.List().tag(sync=True)
    activations = traitlets.List().tag(sync=True)
    weights = traitlets.List().tag(sync=True)


def dropout_masks() -> ClientExplorer:
    """Drop units of a drawn network; probability and mask are dragged."""
    view = _MasksView(
        numbers=random_numbers().tolist(), activations=H.tolist(), weights=V.tolist()
    )
    return ClientExplorer(
        view,
        _draw,
        _read,
        figsize=(6.6, 3.6),
        dropout=Slider(0, 1, start=0.5),
        mask=IntSlider(1, NUM_MASKS, start=1),
    )


def dropped(p: float, num_masks: int) -> tuple[Tensor, Tensor]:
    """Return keep (m, 8), bool, and scaled activations (m, 8) of the first masks."""
    keep = random_numbers()[:num_masks] >= round(p, 4)
    if p >= 1:  # nothing is kept, and 1 / (1 - p) has no value
        keep = torch.zeros_like(keep)
    factor = 1 / (1 - p) if p < 1 else 0.0
    return keep, keep * H * factor


def _read(dropout: float, mask: int) -> str:
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


def _draw(figure: Figure, dropout: float, mask: int) -> None:
    keep, scaled = dropped(dropout, mask)
    net, bars = figure.subplots(1, 2, width_ratios=(1, 1.15), sharey=True)
    rows = torch.arange(len(H))
    net.set_axis_off()
    net.set(xlim=(-0.15, 2.15), ylim=(len(H) - 0.4, -1.0))
    inputs = torch.linspace(1.0, len(H) - 2.0, NUM_INPUTS)
    middle = (len(H) - 1) / 2
    for j, kept in enumerate(keep[-1].tolist()):
        look = {"color": "#888888", "linewidth": 0.7, "alpha": 1.0 if kept else 0.15}
        for at in inputs.tolist():
            net.plot((0, 1), (at, j), **look, zorder=1)
        net.plot((1, 2), (j, middle), **look, zorder=1)
        color = COLORS[0] if kept else "#aaaaaa"
        net.plot(1, j, "o", markersize=13, color=color, zorder=2,
                 markerfacecolor=color if kept else "white")  # fmt: skip
        if not kept:
            net.plot(1, j, "x", markersize=7, color="#888888", zorder=3)
    net.plot([0] * NUM_INPUTS, inputs, "o", markersize=13, color="#888888")
    net.plot(2, middle, "o", markersize=13, color="#888888")
    net.text(2, middle + 0.8, f"{(scaled[-1] @ V).item():.3f}", ha="center")
    for at, name in enumerate(("inputs", "hidden units", "output")):
        net.text(at, -0.9, name, ha="center", fontsize=8)
    shown = (
        (-0.17, scaled[-1], COLORS[0], "this mask"),
        (0.17, scaled.mean(0), COLORS[1], "mean so far"),
    )
    for offset, values, color, name in shown:
        lengths = values.clamp(max=REACH).tolist()
        bars.barh((rows + offset).tolist(), lengths, 0.28, color=color, label=name)
    bars.plot(H, rows, "|", color="black", markersize=17, label="without dropout",
              linestyle="none")  # fmt: skip
    bars.set(xlim=(0, REACH), xlabel="activation that goes on to the output")
    bars.tick_params(left=False, labelleft=False)
    bars.grid(visible=False)
    bars.legend(ncols=3, fontsize=7, loc="lower left", bbox_to_anchor=(-0.05, 0.98),
                handlelength=1, columnspacing=1, markerscale=0.5)  # fmt: skip
