"""An exercise of chapter 3 on whole networks: a state from a file."""

import copy
import tempfile
from pathlib import Path

import torch
from torch import nn

from helpers.exercises import exercise
from helpers.seeds import seeded


def network(widths, extra):
    """Linear layers, each followed by a module that ``extra`` makes."""
    layers = []
    with seeded(0):
        for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Linear(n_in, n_out), extra()]
    return nn.Sequential(*layers)


def loaded(answer, net, saved, path):
    """Save another network, let the answer load it into ``net``, and look at both.

    Returns
    -------
    What was returned, and which of the parameters of ``net`` are those of the file.
    """
    net, saved = copy.deepcopy(net), copy.deepcopy(saved)
    torch.manual_seed(1)  # other weights than those of net
    for module in saved.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path
        torch.save(saved.state_dict(), file)
        value = answer(net, file)
    if value is ...:
        return ...
    if isinstance(value, nn.Module):
        value = "a network"
    state = saved.state_dict()
    taken = [
        name
        for name, own in net.state_dict().items()
        if name in state and torch.equal(own, state[name])
    ]
    return {"returned": value, "parameters from the file": taken}


@exercise(
    "Load what fits",
    stars=2,
    cases=[
        (network([2, 3, 4], nn.ReLU), network([2, 3, 5], nn.ReLU), "net.pt"),
        (network([4, 8], nn.Tanh), network([4, 8, 8, 2], nn.Tanh), "net.pt"),
        (network([3, 5, 2], nn.ReLU), network([3, 5, 2], nn.ReLU), "net.pt"),
        (network([6, 4, 4, 2], nn.ReLU), network([3, 4, 4], nn.ReLU), "net.pt"),
    ],
    call=loaded,
    hint="Which names and shapes has `net` itself, and which are in the file? What "
    "does `load_state_dict` do about names that are missing in what it is given?",
    then="This is how a network that was trained for one task starts another one "
    "(chapter 9): all but the last layer fits.",
    usual="""
        ` and v.shape == own[k].shape` =>
            A name that fits is not enough: `load_state_dict` raises where the shapes
            differ, also with `strict=False`. Compare the shapes, too.
        `k in own and ` =>
            The file holds names that `net` does not have: ask for the name before you
            look at its shape.
        `, strict=False` =>
            Some parameters of `net` are not in what you load. That raises an error,
            unless you say `strict=False`.
        net.load_state_dict(fits, strict=False) => net
            The names are right, but `net` keeps its own weights: nothing was loaded.
        if k not in fits => if k in fits
            These are the names that were loaded; those that were left out are asked
            for.
        for k in state if k not in fits => for k in own if k not in fits
            These are the parameters of `net` that got nothing. Asked for are the names
            in the file that were left out.
        return [k for k in state if k not in fits] => return net
            The network is changed in place. Return the names that were left out.
        torch.load(path) => path
            `path` is the name of the file; `torch.load` reads the dict from it.
    """,
)
def load_fitting(net, path):
    own, state = net.state_dict(), torch.load(path)
    fits = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}
    net.load_state_dict(fits, strict=False)
    return [k for k in state if k not in fits]
