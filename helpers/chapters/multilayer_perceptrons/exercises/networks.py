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


def reloaded(answer, net, path):
    """Save a network like ``net``, let the answer load it, and compare what both do.

    Returns
    -------
    The outputs of what the answer returned, and whether its mode is training.
    """
    net, saved = copy.deepcopy(net), copy.deepcopy(net)
    torch.manual_seed(1)  # other weights than those of net
    for module in saved:
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path
        torch.save(saved.state_dict(), file)
        value = answer(net, file)
    if isinstance(value, dict):
        return {name: tuple(part.shape) for name, part in value.items()}
    if not isinstance(value, nn.Module):
        return value
    with torch.no_grad():
        return value(torch.randn(4, net[0].in_features)), value.training


@exercise(
    "Reload a network",
    stars=2,
    cases=[
        (network([2, 3], nn.ReLU), "net.pt"),
        (network([4, 8, 2], nn.Dropout), "net.pt"),
        (network([3, 5, 5, 1], nn.Tanh), "net.pt"),
    ],
    call=reloaded,
    hint="What does `torch.load` give back, and which method of a network takes that? "
    "In which mode does dropout let everything through?",
    then="The file holds tensors only, so reading it can run no foreign code.",
    usual="""
        net.eval() => net
            The weights are right, but the network is still in training mode. Some
            layers, such as dropout, then answer at random: call eval().
        net.load_state_dict(torch.load(path)) => torch.load(path)
            You read the file, and the network keeps its own weights: give what you read
            to `net.load_state_dict`.
        return torch.load(path)
            What is in the file is the state, a dict of tensors. The network is the
            object that you load it into.
        return net.load_state_dict(torch.load(path))
            `load_state_dict` works in place and returns a report on the names. Return
            the network, in evaluation mode.
        return net.load_state_dict(torch.load(path)).eval()
            `load_state_dict` returns a report, not the network: call `net.eval()` in a
            line of its own.
        net.load_state_dict(torch.load(path)) => net = torch.load(path)
            What is in the file is a dict of tensors, which has no eval(): load it into
            `net`.
        return net.eval() => net.eval()
            The network is right; only the `return` is missing.
        torch.load(path) => path
            `load_state_dict` wants the dict, not the name of the file: read it with
            `torch.load` first.
    """,
)
def reload(net, path):
    net.load_state_dict(torch.load(path))
    return net.eval()
