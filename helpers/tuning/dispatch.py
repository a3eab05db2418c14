"""From a panel's settings to a training: which setting goes where."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import nn

from helpers.data import Examples, ImageData, PointData
from helpers.seeds import seeded
from helpers.training import fit

_OWN = {"net", "train", "val", "loss", "parameters", "seed", "optimizer_options"}
_FIT = set(inspect.signature(fit).parameters) - _OWN
Data = ImageData | PointData


@dataclass
class Division:
    """A run's settings, by the function that gets them."""

    to_build: dict[str, object] = field(default_factory=dict)
    to_data: dict[str, object] = field(default_factory=dict)
    to_loss: dict[str, object] = field(default_factory=dict)
    to_fit: dict[str, object] = field(default_factory=dict)


def divide(
    settings: Mapping[str, object],
    build: Callable,
    data: Data | Callable | None = None,
    loss: Callable | None = None,
) -> Division:
    """Part a run's settings by who takes them.

    A name that `fit` knows goes to `fit` alone. Any other goes to each of ``build``,
    ``data`` and ``loss`` that has an argument of this name, and the rest to `fit`,
    which hands on to the optimizer what it does not know. The loss is given its first
    two arguments by position, so they are none of its names.
    """
    parts = Division()
    takers = (
        (arguments_of(build), parts.to_build),
        (arguments_of(data), parts.to_data),
        (arguments_of(loss)[2:], parts.to_loss),
    )
    for name, value in settings.items():
        taken = [part for names, part in takers if name in names and name not in _FIT]
        if not taken and name != "seed":  # each training is given its own
            taken = [parts.to_fit]
        for part in taken:
            part[name] = value
    return parts


def arguments_of(function: object) -> list[str]:
    """The names that a function's arguments may be given by; none if it hides them."""
    if not callable(function):
        return []
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return []
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [p.name for p in parameters if p.kind in named]


def made_data(data: Data | Callable, settings: Mapping[str, object]) -> Data:
    """The data of a run: as it is given, or made by a function from its settings.

    The function draws what it takes from torch's global generator from the run's
    ``seed``; afterwards that generator is where it was.

    Raises
    ------
    TypeError : the function returns something without training examples.
    """
    if not callable(data):
        return data
    known = arguments_of(data)
    seed = settings["seed"]
    with seeded(seed):
        made = data(**{name: v for name, v in settings.items() if name in known})
    parts = [getattr(made, part, None) for part in ("train", "val")]
    if not isinstance(parts[0], Examples) or not isinstance(parts[1], Examples):
        name = getattr(data, "__name__", "data")
        raise TypeError(
            f"{name} returned a {type(made).__name__}: expected an ImageData or a "
            "PointData, with training and validation examples"
        )
    return made


def loss_with(loss: Callable, options: Mapping[str, object]) -> Callable:
    """The loss with its options filled in."""
    return functools.partial(loss, **options) if options else loss


def train_with(
    build: Callable,
    data: Data,
    loss: Callable,
    settings: Mapping[str, object],
    source: Callable | None = None,
):
    """Build a network and the generator of its training.

    Parameters
    ----------
    build : makes the network, or a pair (function, parameters).
    data : what to train on.
    settings : with a ``seed``, which fixes the initial weights and the training.
    source : the function that made the data, if one did; it has had its settings.

    The settings are parted by `divide`.

    Returns
    -------
    The network (or function), and the generator that `fit` returns.
    """
    parts = divide(settings, build, source, loss)
    with seeded(settings["seed"]):
        net = build(**parts.to_build)
    parameters = None
    if isinstance(net, tuple) and not isinstance(net, nn.Module):
        net, parameters = net
    records = fit(
        net,
        data.train,
        data.val,
        loss=loss_with(loss, parts.to_loss),
        parameters=parameters,
        seed=settings["seed"],
        **parts.to_fit,
    )
    return net, records
