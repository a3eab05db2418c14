"""From a panel's settings to a training: which setting goes where."""

import inspect
from collections.abc import Callable, Mapping

from torch import nn

from helpers.data import ImageData
from helpers.devices import seeded
from helpers.training import fit

_OWN = {"net", "train", "val", "loss", "parameters", "seed", "optimizer_options"}
_FIT = set(inspect.signature(fit).parameters) - _OWN


def train_with(
    build: Callable, data: ImageData, loss: Callable, settings: Mapping[str, object]
):
    """Build a network and the generator of its training.

    Parameters
    ----------
    build : makes the network, or a pair (function, parameters). It gets the settings
        that are among its arguments; `fit` gets those it knows, the optimizer the rest.
    settings : with a ``seed``, which fixes the initial weights and the training.

    Returns
    -------
    The network (or function), and the generator that `fit` returns.
    """
    to_build, to_fit = divide(build, settings)
    with seeded(settings["seed"]):
        net = build(**to_build)
    parameters = None
    if isinstance(net, tuple) and not isinstance(net, nn.Module):
        net, parameters = net
    records = fit(
        net,
        data.train,
        data.val,
        loss=loss,
        parameters=parameters,
        seed=settings["seed"],
        **to_fit,
    )
    return net, records


def divide(build: Callable, settings: Mapping[str, object]) -> tuple[dict, dict]:
    """Part the settings into those of ``build`` and those of `fit`."""
    to_build, to_fit = {}, {}
    build_names = set(inspect.signature(build).parameters)
    for name, value in settings.items():
        if name in build_names and name not in _FIT:
            to_build[name] = value
        elif name != "seed":  # each training is given its own
            to_fit[name] = value  # fit hands on to the optimizer what it does not know
    return to_build, to_fit
