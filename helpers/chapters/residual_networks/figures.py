"""Drawings of chapter 8 that stand in its notebook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Arc, FancyArrowPatch, FancyBboxPatch, Rectangle
from torch import Tensor, fx, nn

from helpers.figures import COLORS, drawn, line_style
from helpers.models import BatchNorm

FAINT = "#888888"
SKIP = COLORS[1]  # of shortcuts
RIGHT = 2.05  # where shortcuts run


# -- blocks --------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """Names of a block's layers, in the order of its signal.

    Those on the long way; on the shortcut, None where nothing is added; behind the sum.
    """

    long: list[str]
    shortcut: list[str] | None
    last: list[str]


class _Tracer(fx.Tracer):
    """Leaves a normalization whole, the course's as well as torch's."""

    def is_leaf_module(self, layer: nn.Module, name: str) -> bool:
        return isinstance(layer, BatchNorm) or super().is_leaf_module(layer, name)


def parts(block: nn.Module) -> Parts:
    """Take a block of at most one sum apart, by torch.fx: it shows what is computed."""
    modules = dict(block.named_modules())
    *nodes, output = _Tracer().trace(block).nodes

    def names_to(node: fx.Node) -> list[str]:
        names = []
        while node.all_input_nodes:
            names.append(_name(node, modules))
            node = node.all_input_nodes[0]
        return [name for name in reversed(names) if name]

    for k, node in enumerate(nodes):
        if _name(node, modules) == "+":
            short, long = sorted(map(names_to, node.all_input_nodes), key=len)
            last = [_name(n, modules) for n in nodes[k + 1 :]]
            return Parts(long, short, [name for name in last if name])
    return Parts(names_to(output.all_input_nodes[0]), None, [])


def _name(node: fx.Node, modules: Mapping[str, nn.Module]) -> str:
    """How a drawing calls the node, or nothing for what it leaves out."""
    if node.op != "call_module":
        function = getattr(node.target, "__name__", "")
        return {"relu": "ReLU", "add": "+"}.get(function, "")
    layer = modules[node.target]
    if isinstance(layer, nn.Conv2d):
        size = "{}x{}".format(*layer.kernel_size)
        stride = f" / {layer.stride[0]}" if layer.stride[0] > 1 else ""
        groups = f", {layer.groups} groups" if layer.groups > 1 else ""
        return f"{size}{stride}, {layer.out_channels}{groups}"
    return {"Identity": "", "ReLU": "ReLU"}.get(type(layer).__name__, "norm")


@drawn
def show_blocks(blocks: Mapping[str, nn.Module]) -> Figure:
    """Draw blocks side by side, the signal from top to bottom, shortcuts at the right.

    Parameters
    ----------
    blocks : title -> a block that has at most one sum. A convolution is named by its
        kernel, a stride that is not 1, its channels out, and its groups.
    """
    found = {title: parts(block) for title, block in blocks.items()}
    rows = max(len(made.long) + len(made.last) for made in found.values())
    figure = Figure(figsize=(2.1 * len(blocks), 0.36 * (rows + 3)))
    axes = np.atleast_1d(figure.subplots(1, len(blocks)))
    said = []
    for ax, (title, made) in zip(axes, found.items(), strict=True):
        _draw_block(ax, made)
        ax.set(title=title, xlim=(-1.05, 3.1), ylim=(-(rows + 2.2), 0.4))
        ax.axis("off")
        words = [f"{title}: {', '.join(made.long)}"]
        if made.shortcut is not None:
            words.append(f"plus {', '.join(made.shortcut) or 'the input'}")
        words += [f"then {name}" for name in made.last]
        said.append(", ".join(words))
    figure.set_label(f"The layers of blocks. {'; '.join(said)}.")
    return figure


def _draw_block(ax: Axes, made: Parts) -> None:
    names = [*made.long, *(["+"] if made.shortcut is not None else []), *made.last]
    ax.text(0, 0, "input", ha="center", va="center", fontsize=8)
    for k, name in enumerate(names, 1):
        _box(ax, 0, -k, name)
    for k in range(len(names) + 1):
        _arrow(ax, (0, -k - 0.25), (0, -k - 0.72), FAINT)
    if made.shortcut is not None:
        y = -1 - len(made.long)
        ax.plot([0, RIGHT, RIGHT], [-0.4, -0.4, y], color=SKIP)
        _arrow(ax, (RIGHT, y), (0.28, y), SKIP)
        middle = (y - len(made.shortcut)) / 2
        for k, name in enumerate(made.shortcut):
            _box(ax, RIGHT, middle + len(made.shortcut) - 0.5 - k, name)


def _box(ax: Axes, x: float, y: float, name: str) -> None:
    width = 0.26 if name == "+" else 0.96
    face = {"ReLU": "#fff3d6", "norm": "#e5f3ee", "+": "white"}.get(name, "#dbeaf5")
    shape = FancyBboxPatch(
        (x - width, y - 0.24), 2 * width, 0.48, boxstyle="round,pad=0.02",
        facecolor=face, edgecolor=SKIP if name == "+" or x else FAINT, zorder=3,
    )  # fmt: skip
    ax.add_patch(shape)
    ax.text(x, y, name, ha="center", va="center", fontsize=6.5, zorder=4)


def _arrow(ax: Axes, start, end, color: str) -> None:
    arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=7, color=color)
    ax.add_patch(arrow)


# -- networks and channels -----------------------------------------------------------


@drawn
def show_network(net: nn.Sequential, shape: Sequence[int]) -> Figure:
    """Draw a residual network as a row of blocks, a shortcut over each.

    Parameters
    ----------
    net : layers, and stages that are nn.Sequential of blocks; it may be on the meta
        device, since only shapes are computed.
    shape : of the input, (n, c, h, w).
    """
    figure = Figure(figsize=(6.9, 1.9))
    ax = figure.subplots()
    X = torch.empty(shape, device=next(net.parameters()).device)
    largest, at, said, stage = None, 0.0, [], 0
    for layer in net:
        if not isinstance(layer, nn.Sequential):
            X = layer(X)
            continue
        left = at
        for block in layer:
            changes = block(X).shape != X.shape
            X = block(X)
            largest = largest or X.shape[-1]
            side = 0.35 + 0.65 * X.shape[-1] / largest
            edge = (at, -side / 2)
            ax.add_patch(Rectangle(edge, 0.5, side, color=COLORS[stage], alpha=0.35))
            style = "--" if changes else "-"
            arc = Arc(
                (at + 0.25, side / 2),
                0.8,
                0.5,
                theta1=0,
                theta2=180,
                color=SKIP,
                linestyle=style,
            )
            ax.add_patch(arc)
            at += 0.9
        c, h, w = X.shape[1:]
        text = f"{len(layer)} blocks\n{c} x {h} x {w}"
        ax.text((left + at - 0.4) / 2, -0.62, text, ha="center", va="top", fontsize=8)
        said.append(f"{len(layer)} of {c} x {h} x {w}")
        stage, at = stage + 1, at + 0.25
    ax.set(xlim=(-0.3, at), ylim=(-1.15, 0.9), aspect="equal")
    ax.axis("off")
    figure.set_label(
        "Blocks of a residual network, a shortcut over each, dashed where the shape "
        f"changes: {'; '.join(said)}."
    )
    return figure


@drawn
def show_connections(convs: Mapping[str, nn.Conv2d]) -> Figure:
    """Draw which channels of the input each channel of the output is computed from."""
    figure = Figure(figsize=(1.7 * len(convs), 1.9))
    axes = np.atleast_1d(figure.subplots(1, len(convs)))
    said = []
    for ax, (title, conv) in zip(axes, convs.items(), strict=True):
        seen = connections(conv)
        ax.pcolormesh(
            seen, cmap=ListedColormap(["white", COLORS[0]]), vmin=0, vmax=1,
            edgecolors=FAINT, linewidth=0.5,
        )  # fmt: skip
        ax.set(title=title, xticks=(), yticks=(), aspect="equal", xlabel="input")
        ax.invert_yaxis()
        said.append(f"{title}, {int(seen.sum())} of {seen.numel()} pairs")
    axes[0].set(ylabel="output")
    figure.set_label("Channels that are connected: " + "; ".join(said) + ".")
    return figure


def connections(conv: nn.Conv2d) -> Tensor:
    """Whether output channel i depends on input channel j, (c_out, c_in), 0 or 1."""
    each = torch.eye(conv.in_channels)[:, :, None, None]  # image j has only channel j
    weight = torch.ones_like(conv.weight)
    y = nn.functional.conv2d(each, weight, padding=conv.kernel_size, groups=conv.groups)
    return (y.amax((2, 3)) > 0).T.float()


# -- curves --------------------------------------------------------------------------


@drawn
def show_by_depth(
    values: Mapping[str, Mapping[int, float]],
    ylabel: str,
    spread: Mapping[str, Mapping[int, float]] | None = None,
    log: bool = False,
) -> Figure:
    """Draw a value against the depth, a line for each kind of network.

    Parameters
    ----------
    values : name -> number of layers -> value; on a logarithmic axis what is 0 or not
        finite is left out.
    spread : name -> number of layers -> how far the value reaches up and down.
    """
    figure = Figure(figsize=(5, 2.9))
    ax = figure.subplots()
    said = []
    for k, (name, by_depth) in enumerate(values.items()):
        shown = {d: v for d, v in by_depth.items() if np.isfinite(v) and (v or not log)}
        reach = [spread[name][d] for d in shown] if spread else None
        ax.errorbar(list(shown), list(shown.values()), reach, capsize=3, label=name,
                    marker=".", **line_style(k))  # fmt: skip
        said.append(f"{name} " + ", ".join(f"{d}: {v:.2g}" for d, v in shown.items()))
    if log:
        ax.set_yscale("log")
    depths = sorted({d for by_depth in values.values() for d in by_depth})
    ax.set(xlabel="layers", ylabel=ylabel, xticks=depths)
    ax.legend()
    figure.set_label(f"{ylabel} by number of layers. {'; '.join(said)}.")
    return figure


@drawn
def show_shares(shares: Mapping[str, Sequence[float]], xlabel: str) -> Figure:
    """Draw shares of a whole by number, 0, 1, 2, ..., side by side as bars."""
    figure = Figure(figsize=(5, 2.7))
    ax = figure.subplots()
    width = 0.8 / len(shares)
    said = []
    for k, (name, values) in enumerate(shares.items()):
        places = np.arange(len(values)) + (k + 0.5) * width - 0.4
        heights = [100 * float(value) for value in values]
        ax.bar(places, heights, width, label=name, color=COLORS[k])
        largest = int(np.argmax(heights))
        said.append(f"{name} most, {heights[largest]:.0f} %, at {largest}")
    ax.set(xlabel=xlabel, ylabel="percent", xticks=range(len(values)))
    ax.legend()
    figure.set_label(f"Shares by {xlabel}: {'; '.join(said)}.")
    return figure
