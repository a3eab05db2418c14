"""What `fit` accepts, and in words what it does not."""

import difflib
import inspect
import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from helpers.data import Examples


def check_whole(name: str, value: object, least: int) -> int:
    """Return a whole number of any kind (also NumPy's) as an int.

    Raises
    ------
    ValueError : no whole number, or a smaller one than ``least``.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        value = None if value is None else repr(value)
    elif value.__index__() >= least:
        return value.__index__()
    raise ValueError(f"{name} must be a whole number of at least {least}, got {value}")


def check_rate(lr: float) -> None:
    """Raise ValueError unless lr is a finite number of at least 0."""
    try:
        fine = math.isfinite(lr) and lr >= 0
    except OverflowError:  # a whole number beyond all floats
        raise ValueError("lr is too large for a floating point number") from None
    if not fine:
        raise ValueError(f"lr must be a finite number of at least 0, got {lr}")


def as_examples(name: str, value: object) -> Examples:
    """Return Examples; also of a pair (X, y) and of a TensorDataset of two tensors.

    Raises
    ------
    TypeError : anything else; the text says what to pass.
    """
    if isinstance(value, Examples):
        return value
    if isinstance(value, TensorDataset):
        value = value.tensors
    if (
        isinstance(value, Sequence)
        and len(value) == 2
        and all(isinstance(part, Tensor) for part in value)
    ):
        return Examples(*value)
    if isinstance(value, DataLoader):
        does = "pass Examples(X, y); minibatches are made here, by batch_size"
    elif isinstance(getattr(value, "train", None), Examples):
        does = "pass data.train and data.val"
    else:
        does = "pass Examples(X, y)"
    kind = type(value).__name__
    raise TypeError(f"{name} must be Examples, got {kind}: {does}")


def check_options(optimizer: Callable, options: Iterable[str], own: Iterable[str]):
    """Raise TypeError for an option that neither fit nor the optimizer has.

    Parameters
    ----------
    own : the names of fit's own arguments.
    """
    try:
        known = inspect.signature(optimizer).parameters
    except (TypeError, ValueError):  # it does not say what it takes
        return
    if any(p.kind is p.VAR_KEYWORD for p in known.values()):
        return
    for option in options:
        if option not in known:
            near = difflib.get_close_matches(option, [*own, *known], 1)
            asked = f"; did you mean {near[0]}?" if near else ""
            name = getattr(optimizer, "__name__", "the optimizer")
            raise TypeError(f"neither fit nor {name} has an option {option}{asked}")


def check_moves(optimizer: object, parameters: Sequence[Tensor]) -> None:
    """Raise ValueError if an optimizer moves none of the tensors that are trained."""
    groups = getattr(optimizer, "param_groups", None)
    if not isinstance(groups, list):
        return  # one written in a chapter
    moved = {id(p) for group in groups for p in group["params"]}
    if not moved & {id(p) for p in parameters}:
        raise ValueError(
            "the optimizer moves other tensors than this network's: make it with "
            "net.parameters()"
        )


def check_labels(y_hat: Tensor, y: Tensor) -> None:
    """Raise ValueError for labels beyond the network's outputs."""
    if y_hat.ndim != y.ndim + 1 or y.is_floating_point():
        return
    largest, outputs = int(y.max()), y_hat.shape[1]
    if largest >= outputs:
        raise ValueError(
            f"label {largest} needs {largest + 1} outputs, and the network has "
            f"{outputs}: labels are counted from 0"
        )


def check_gradients() -> None:
    """Raise ValueError where torch records nothing."""
    if torch.is_inference_mode_enabled():
        raise ValueError(
            "nothing can be trained inside torch.inference_mode(): leave the block"
        )
