"""Drawings of chapter 3: a network and a chain of steps, with their numbers."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from helpers.figures import COLORS, drawn
from helpers.figures.style import plain

INK, FAINT = "#333333", "#888888"
WIDE = 2.0  # between two layers of a network, in units of the distance of two units


@drawn
def show_pass(
    activations: Sequence[Tensor],
    weights: Sequence[Tensor],
    sums: Sequence[Tensor],
    bias: float,
) -> Figure:
    """Draw a network with its values, its weights and the sums in its units.

    Parameters
    ----------
    activations : x, a1, ..., one (units,) for each layer.
    weights : W1, W2, ..., (units at the right, units at the left), as nn.Linear has it.
    sums : z1, z2, ..., what each unit gets, its bias included.
    bias : that of every unit.
    """
    numbers = [[f"{v:.4g}" for v in a.tolist()] for a in activations]
    width = (len(activations) - 1) * WIDE
    most = max(map(len, numbers))
    figure = plain(5.4, 0.75 * most + 0.5)
    ax = figure.subplots()
    ax.set(xlim=(-0.8, width + 0.8), ylim=(-most / 2 - 0.35, most / 2 - 0.2))
    ax.set_axis_off()
    at = [
        [(k * WIDE, (len(a) - 1) / 2 - i) for i in range(len(a))]
        for k, a in enumerate(numbers)
    ]
    for k, W in enumerate(weights):
        for i, j in torch.cartesian_prod(*map(torch.arange, W.T.shape)).tolist():
            (x0, y0), (x1, y1) = at[k][i], at[k + 1][j]
            ax.plot([x0, x1], [y0, y1], color=FAINT, linewidth=1, zorder=0,
                    gid=f"weight {k} {i} {j}")  # fmt: skip
            share = 0.3  # before the lines cross
            place = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
            ax.text(*place, f"{W[j, i].item():.3g}".replace("-", "−"), fontsize=8,
                    ha="center", va="center", color=INK,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                    gid=f"on {k} {i} {j}")  # fmt: skip
    names = ["x", *(f"a_{k}" for k in range(1, len(activations)))]
    said = []
    for k, (places, layer) in enumerate(zip(at, numbers, strict=True)):
        for i, ((x, y), text) in enumerate(zip(places, layer, strict=True)):
            ax.text(x, y, text, ha="center", va="center", color=COLORS[0],
                    bbox={"boxstyle": "round,pad=0.45", "facecolor": "white",
                          "edgecolor": INK}, gid=f"value {k} {i}")  # fmt: skip
            if k:
                z = f"z = {sums[k - 1][i].item():.4g}".replace("-", "−")
                ax.text(x, y - 0.3, z, ha="center", va="top", fontsize=7.5, color=INK,
                        gid=f"sum {k} {i}")  # fmt: skip
        ax.text(places[0][0], -most / 2 - 0.25, f"${names[k]}$", ha="center")
        said.append(f"{names[k].replace('_', '')}: {', '.join(layer)}")
    ax.text(width + 0.75, most / 2 - 0.3, f"all biases {bias:g}", ha="right", va="top",
            fontsize=8, color=FAINT, gid="bias")  # fmt: skip
    listed = "; ".join(
        ", ".join(f"{w:.3g}".replace("-", "−") for w in W.flatten().tolist())
        for W in weights
    )
    figure.set_label(
        f"A network from left to right. {'; '.join(said)}. On the lines its "
        f"weights: {listed}. In the units the sums, biases of {bias:g} included: "
        f"{'; '.join(', '.join(f'{v:.4g}' for v in z.tolist()) for z in sums)}."
    )
    return figure


@drawn
def show_chain(
    names: Sequence[str],
    values: Sequence[float],
    slopes: Sequence[float],
    weights: Mapping[int, str],
) -> Figure:
    """Draw a chain of steps: its values above, and the gradients that come back below.

    The input needs no gradient and gets none, so nothing comes back through step 1.

    Parameters
    ----------
    names : of the values, the input first.
    values : as many.
    slopes : the derivative of each value by the one before it, one fewer.
    weights : step -> name, where a step multiplies by a weight, which is its slope;
        above it stands its gradient, what comes back times what comes in.
    """
    arriving = [1.0]
    for slope in reversed(slopes):
        arriving.insert(0, arriving[0] * slope)
    figure = plain(6.6, 1.7)
    ax = figure.subplots()
    ax.set(xlim=(-0.5, len(names) - 0.5), ylim=(-0.85, 1.0))
    ax.set_axis_off()

    def written(value):
        return f"{value:.4g}".replace("-", "−")

    said = []
    for k, (name, value, gradient) in enumerate(
        zip(names, values, arriving, strict=True)
    ):
        said.append(f"{name} = {written(value)}")
        ax.text(k, 0.05, f"${name}$", ha="center", va="center",
                bbox={"boxstyle": "round,pad=0.4", "facecolor": "white",
                      "edgecolor": INK})  # fmt: skip
        ax.text(k, 0.55, written(value), ha="center", color=COLORS[0], fontsize=9,
                gid=f"value {k}")  # fmt: skip
        if k:
            said[-1] += f", gradient {written(gradient)}"
            ax.text(k, -0.72, written(gradient), ha="center", color=COLORS[1],
                    fontsize=9, gid=f"gradient {k}")  # fmt: skip
            ax.annotate("", (k - 0.28, 0.05), (k - 0.72, 0.05),
                        arrowprops={"arrowstyle": "->", "color": INK})  # fmt: skip
        if k > 1:
            ax.annotate("", (k - 0.68, -0.65), (k - 0.32, -0.65),
                        arrowprops={"arrowstyle": "->", "color": COLORS[1]},
                        gid=f"back {k}")  # fmt: skip
            ax.text(k - 0.5, -0.45, f"× {written(slopes[k - 1])}", ha="center",
                    fontsize=8, color=FAINT, gid=f"slope {k}")  # fmt: skip
        if k in weights:
            own, its = written(slopes[k - 1]), written(gradient * values[k - 1])
            ax.text(k - 0.5, 0.22, f"${weights[k]}$ = {own}", ha="center", fontsize=8,
                    gid=f"weight {k}")  # fmt: skip
            ax.text(k - 0.5, 0.82, its, ha="center", color=COLORS[1], fontsize=9,
                    gid=f"weight's gradient {k}")  # fmt: skip
            said.append(f"weight {weights[k]} = {own}, gradient {its}")
    told = "; ".join(said).replace("_", "")
    told = told.replace(r"\hat{y}", "ŷ").replace(r"\ell", "loss")
    figure.set_label(f"A chain from left to right: {told}.")
    return figure
