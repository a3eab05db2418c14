"""A network as a table: what each layer puts out, and what it costs."""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LayerRow:
    """One layer of a `LayerTable`.

    Attributes
    ----------
    name : where it stands in the network, as in `net.get_submodule(name)`.
    kind : the name of its class.
    shape : of its output for one example, without the batch axis.
    parameters : weights and biases, of all layers in it, without those that a row
        above has already.
    multiplications : of weights with values, for one example; pooling, activations and
        normalization count as none.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiplications: int

    @property
    def values(self) -> int:
        """How many numbers it puts out for one example."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class LayerTable:
    """The layers of a network in the order in which they are run.

    `input_shape` is the shape of one example, without the batch axis.
    """

    input_shape: tuple[int, ...]
    rows: tuple[LayerRow, ...]

    @property
    def parameters(self) -> int:
        """Weights and biases of all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiplications(self) -> int:
        """Multiplications for one example, in all layers."""
        return sum(row.multiplications for row in self.rows)

    def __iter__(self) -> Iterator[LayerRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        lines = [
            ("", "layer", "output", "parameters", "multiplications"),
            ("", "input", _times(self.input_shape), "", ""),
            *(
                (row.name, row.kind, _times(row.shape), _many(row.parameters),
                 _many(row.multiplications))
                for row in self.rows
            ),
            ("", "all", "", f"{self.parameters:,}", f"{self.multiplications:,}"),
        ]  # fmt: skip
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                f"{cell:<{width}}" if k < 3 else f"{cell:>{width}}"
                for k, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )


def layer_table(net: nn.Module, *shape: int, depth: int | None = 1) -> LayerTable:
    """List the layers of a network with output shape, parameters and multiplications.

    Nothing is computed: a copy of the network runs on the meta device, where tensors
    have shapes and no values. The package torchinfo prints a longer table.

    Parameters
    ----------
    net : any network that takes one float tensor; it stays as it is.
    shape : of one example, without the batch axis, such as 1, 28, 28.
    depth : how far to look into modules made of modules: 1 lists what the network is
        directly made of, None the layers that hold no others.

    Raises
    ------
    RuntimeError : the input does not fit, with torch's words.

    Taught in chapter 6.
    """
    net = copy.deepcopy(net).to("meta").eval()
    shown = [
        (name, layer)
        for name, layer in net.named_modules()
        if name and _is_row(name, layer, depth)
    ] or [("", net)]
    rows: list[LayerRow] = []
    counted: set[nn.Parameter] = set()  # a layer that runs twice has its weights once
    done, begun = [0], dict.fromkeys(net.modules(), 0)  # multiplications

    def begin(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        begun[layer] = done[0]

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        done[0] += _multiplications(layer, output)

    def note(name: str, layer: nn.Module, output: Tensor) -> None:
        new = set(layer.parameters()) - counted
        counted.update(new)
        rows.append(
            LayerRow(
                name,
                type(layer).__name__,
                tuple(output.shape[1:]),
                sum(p.numel() for p in new),
                done[0] - begun[layer],
            )
        )

    for layer in net.modules():
        layer.register_forward_hook(count)
    for name, layer in shown:
        layer.register_forward_pre_hook(begin)
        layer.register_forward_hook(
            lambda layer, inputs, output, name=name: note(name, layer, output)
        )
    with torch.no_grad():
        net(torch.empty(1, *shape, device="meta"))
    return LayerTable(shape, tuple(rows))


def _is_row(name: str, layer: nn.Module, depth: int | None) -> bool:
    """Whether a module is listed itself, and not its parts or what it is part of."""
    level, is_leaf = name.count(".") + 1, not list(layer.children())
    return is_leaf if depth is None else level == depth or (is_leaf and level < depth)


def _multiplications(layer: nn.Module, output: Tensor) -> int:
    """Products of weights and values in one layer, for one example."""
    if isinstance(layer, nn.Conv1d | nn.Conv2d):
        per_value = layer.in_channels // layer.groups * math.prod(layer.kernel_size)
    elif isinstance(layer, nn.Linear):
        per_value = layer.in_features
    else:
        return 0
    return output[0].numel() * per_value


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _many(count: int) -> str:
    return f"{count:,}" if count else ""
