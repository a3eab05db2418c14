"""An exercise of chapter 3 on modules: a state from a file."""

import copy
import tempfile
from pathlib import Path

import torch
from torch import nn

from helpers.chapters.multilayer_perceptrons import solutions
from helpers.exercises import Exercise, Mistake
from helpers.seeds import seeded


def network(widths, extra):
    """Linear layers, each followed by a module of the class ``extra``."""
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


def _forgets_eval(net, path):
    net.load_state_dict(torch.load(path))
    return net


def _loads_nothing(net, path):
    torch.load(path)
    return net.eval()


def _returns_the_dict(net, path):
    return torch.load(path)


def _returns_the_report(net, path):
    return net.load_state_dict(torch.load(path))


def _eval_of_the_report(net, path):
    return net.load_state_dict(torch.load(path)).eval()


def _eval_of_the_dict(net, path):
    net = torch.load(path)
    return net.eval()


def _returns_nothing(net, path):
    net.load_state_dict(torch.load(path))
    net.eval()


def _passes_the_path(net, path):
    net.load_state_dict(path)
    return net.eval()


RELOAD = Exercise(
    name="reload",
    chapter="03",
    title="Reload a network",
    cases=[
        (network([2, 3], nn.ReLU), "net.pt"),
        (network([4, 8, 2], nn.Dropout), "net.pt"),
        (network([3, 5, 5, 1], nn.Tanh), "net.pt"),
    ],
    solution=solutions.reload,
    call=reloaded,
    mistakes=[
        Mistake(
            _forgets_eval,
            "The weights are right, but the network is still in training mode. Some "
            "layers, such as dropout, then answer at random: call eval().",
        ),
        Mistake(
            _loads_nothing,
            "You read the file, and the network keeps its own weights: give what you "
            "read to `net.load_state_dict`.",
        ),
        Mistake(
            _returns_the_dict,
            "What is in the file is the state, a dict of tensors. The network is the "
            "object that you load it into.",
        ),
        Mistake(
            _returns_the_report,
            "`load_state_dict` works in place and returns a report on the names. "
            "Return the network, in evaluation mode.",
        ),
        Mistake(
            _eval_of_the_report,
            "`load_state_dict` returns a report, not the network: call `net.eval()` in "
            "a line of its own.",
        ),
        Mistake(
            _eval_of_the_dict,
            "What is in the file is a dict of tensors, which has no eval(): load it "
            "into `net`.",
        ),
        Mistake(
            _returns_nothing,
            "The network is right; only the `return` is missing.",
        ),
        Mistake(
            _passes_the_path,
            "`load_state_dict` wants the dict, not the name of the file: read it with "
            "`torch.load` first.",
        ),
    ],
    hint="Three steps: read the file, give what is in it to the network, and switch "
    "the network to evaluation mode.",
    then="The file holds tensors only, so reading it can run no foreign code.",
)
