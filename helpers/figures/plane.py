"""What a network answers all over the plane: its output and its hidden units."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from helpers.data import PointData
from helpers.training.modes import evaluating

SIDE = 60  # cells of the output along each axis
EVERY = 2  # of a hidden unit's picture only each second cell is kept
MOST_UNITS, MOST_LAYERS = 16, 3  # that are kept
# Modules without parameters that are no non-linearity of a hidden layer.
_NOT_HIDDEN = (
    *(nn.Flatten, nn.Unflatten, nn.Identity, nn.Softmax, nn.LogSoftmax),
    *(nn.Dropout, nn.AlphaDropout, nn.BatchNorm1d, nn.LayerNorm),
)


@dataclass(frozen=True)
class Plane:
    """The square that holds all points, and the middles of its cells.

    ``limits`` are its ends (x1 low, x1 high, x2 low, x2 high); ``grid`` is
    (SIDE * SIDE, 2), row by row, from the top left. ``span`` is None for classes and
    the least and greatest training target of a regression.
    """

    limits: tuple[float, float, float, float]
    grid: Tensor
    span: tuple[float, float] | None


@dataclass(frozen=True)
class Layer:
    """Hidden units over the plane.

    ``name`` is the class of the non-linearity, ``units`` how many there are;
    ``cells`` (at most MOST_UNITS, SIDE / EVERY, SIDE / EVERY) uint8: 128 is 0, and a
    unit's largest absolute value is at 1 or 255.
    """

    name: str
    units: int
    cells: np.ndarray


@dataclass(frozen=True)
class Regions:
    """A network's output over the plane, (SIDE, SIDE) uint8 from the top left.

    With two classes ``level`` is the probability of class 1, and with targets the
    place between the least and the greatest one, both 0..255; ``label`` is None. With
    more classes ``label`` is the likeliest one and ``level`` how sure it is: 0 for
    1 / K, 255 for certainty. What is not a number has the middle level.
    """

    level: np.ndarray
    label: np.ndarray | None
    layers: tuple[Layer, ...]
    more_layers: int  # that were left out
    finite: bool  # whether all outputs were numbers

    def shares(self, num_classes: int) -> list[float]:
        """The share of the plane that each class has, 0..1."""
        label = self.level > 127 if self.label is None else self.label
        counts = np.bincount(label.ravel().astype(int), minlength=num_classes)
        return (counts / label.size).tolist()


def plane_of(data: PointData) -> Plane:
    """The square around all points of a set.

    Raises
    ------
    ValueError : the points do not have two coordinates.
    """
    shape = tuple(data.train.X.shape[1:])
    if shape != (2,):
        raise ValueError(
            f"{data.name} has inputs of shape {shape}: decision regions are drawn for "
            "points in the plane, X (n, 2)"
        )
    X = torch.cat([data.train.X.cpu(), data.val.X.cpu()])
    low, high = X.amin(0), X.amax(0)
    middle = (low + high) / 2
    # Rounded up to a quarter, so that the picture seldom moves when the points do.
    half = float(torch.ceil(4.1 * (high - low).max() / 2) / 4) or 1.0
    middle = (torch.round(4 * middle) / 4).tolist()
    limits = tuple(m + side * half for m in middle for side in (-1, 1))
    at = ((torch.arange(SIDE) + 0.5) / SIDE * 2 - 1) * half
    x, y = torch.meshgrid(middle[0] + at, middle[1] - at, indexing="xy")
    grid = torch.stack([x, y], 2).reshape(-1, 2)
    span = None
    if data.train.y.is_floating_point():
        span = float(data.train.y.min()), float(data.train.y.max())
    return Plane(limits, grid, span)


@torch.no_grad()
def regions_of(net: Callable[[Tensor], Tensor], plane: Plane) -> Regions:
    """Ask a network about every cell of the plane, in evaluation mode.

    The modes of its modules and the global random state are as before afterwards.

    Parameters
    ----------
    net : a module or function from X (n, 2) to logits or probabilities (n, K), or to
        a prediction (n, 1).
    """
    outputs: list[tuple[str, Tensor]] = []
    with _evaluated(net), _watched(net, outputs):
        weight = next(net.parameters(), None) if isinstance(net, nn.Module) else None
        grid = plane.grid if weight is None else plane.grid.to(weight)
        y_hat = net(grid).reshape(len(grid), -1).float().cpu()
    # What leaves the network is no hidden layer, even if a non-linearity made it.
    outputs = [(name, h) for name, h in outputs if h.ndim == 2 and len(h) == len(grid)]
    if outputs and outputs[-1][1].shape[1] == y_hat.shape[1]:
        if outputs[-1][1].float().cpu().reshape(y_hat.shape).equal(y_hat):
            outputs.pop()
    level, label = _answers(y_hat, plane.span)
    return Regions(
        _bytes(level),
        None if label is None else label.view(SIDE, SIDE).byte().numpy(),
        tuple(_layer(name, h) for name, h in outputs[:MOST_LAYERS]),
        max(0, len(outputs) - MOST_LAYERS),
        bool(y_hat.isfinite().all()),
    )


def _answers(y_hat: Tensor, span) -> tuple[Tensor, Tensor | None]:
    """Levels 0..1 and labels of (n, K) outputs; see `Regions`."""
    if span is not None:
        low, high = span
        return (y_hat[:, 0] - low) / ((high - low) or 1.0), None
    K = y_hat.shape[1]
    if K == 1:
        return y_hat[:, 0].sigmoid(), None
    are_probabilities = bool((y_hat >= 0).all()) and torch.allclose(
        y_hat.sum(1), torch.ones(1), atol=1e-4
    )
    p = y_hat if are_probabilities else y_hat.softmax(1)
    if K == 2:
        return p[:, 1], None
    sure, label = p.max(1)
    return (sure - 1 / K) / (1 - 1 / K), label


def _bytes(level: Tensor) -> np.ndarray:
    level = level.nan_to_num(0.5).clamp(0, 1)
    return (255 * level).round().byte().view(SIDE, SIDE).numpy()


def _layer(name: str, h: Tensor) -> Layer:
    units = h.shape[1]
    cells = h[:, :MOST_UNITS].T.reshape(-1, SIDE, SIDE)[:, ::EVERY, ::EVERY]
    cells = cells.float().cpu().nan_to_num(0.0)
    most = cells.abs().amax((1, 2), keepdim=True).clamp(min=1e-12)
    return Layer(name, units, (128 + 127 * cells / most).round().byte().numpy())


@contextlib.contextmanager
def _evaluated(net) -> Iterator[None]:
    """Evaluation mode, each module's own mode put back, no random number drawn."""
    state = torch.get_rng_state()
    try:
        with evaluating(net):
            yield
    finally:
        torch.set_rng_state(state)


@contextlib.contextmanager
def _watched(net, outputs: list[tuple[str, Tensor]]) -> Iterator[None]:
    """Collect what each hidden layer's non-linearity returns, in the order of calls."""
    hooks = []
    if isinstance(net, nn.Module):
        leaves = [m for m in net.modules() if not any(m.children())]
        plain = [m for m in leaves if not any(True for _ in m.parameters())]
        watched = [m for m in plain if not isinstance(m, _NOT_HIDDEN)]
        watched += [m for m in leaves if isinstance(m, nn.PReLU)]
        if not watched:  # the non-linearity is a function: look in front of it
            watched = [m for m in leaves if isinstance(m, nn.Linear)]
        hooks = [
            module.register_forward_hook(
                lambda m, _, y: outputs.append((type(m).__name__, y))
            )
            for module in watched
        ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
