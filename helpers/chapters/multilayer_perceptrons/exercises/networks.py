"""Exercises of chapter 3 on whole networks: a state from a file, initial weights."""

import copy
import math
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
    hint="Three steps: read the file, give what is in it to the network, and switch "
    "the network to evaluation mode.",
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


@exercise(
    "Kaiming's standard deviation",
    cases=[((20, 50),), ((256, 784),), ((64, 2),)],
    hint="The variance is 2 over the number of inputs.",
    then="`nn.init.kaiming_normal_(w)` draws with it.",
    usual="""
        2 / num_inputs => 2 / num_outputs
            A weight is (outputs, inputs), and the sum of a unit runs over its inputs:
            that is the second number.
        math.sqrt(2 / num_inputs) => 2 / num_inputs
            This is the variance; the standard deviation is its square root.
        2 / num_inputs => 1 / num_inputs
            The factor 2 is missing: ReLU halves the mean square.
        2 / num_inputs => 2 / (num_inputs + num_outputs)
            This is Xavier's, for tanh.
        2 / num_inputs => 6 / num_inputs
            This is the bound of the uniform distribution; its standard deviation is
            smaller by the square root of 3.
    """,
)
def kaiming_std(shape):
    num_outputs, num_inputs = shape
    return math.sqrt(2 / num_inputs)


def initialized(answer, net):
    """Apply the answer to a network, and measure what it did.

    The standard deviation of the weights of each linear layer is a multiple of
    Kaiming's, to one decimal.
    """
    net = copy.deepcopy(net)
    linear = [m for m in net if isinstance(m, nn.Linear)]
    for m in linear:
        nn.init.uniform_(m.bias, 0.5, 1)
    others = [m for m in net if not isinstance(m, nn.Linear)]
    before = [p.clone() for m in others for p in m.parameters()]
    returned = []
    net.apply(lambda module: returned.append(answer(module)))
    if all(value is ... for value in returned):
        return ...
    sizes = [
        round((m.weight.std() * math.sqrt(m.in_features / 2)).item(), 1) for m in linear
    ]
    after = [p for m in others for p in m.parameters()]
    changed = any(not a.equal(b) for a, b in zip(before, after, strict=True))
    return {
        "weights' size over Kaiming's": sizes,
        "a weight beyond three of Kaiming's": any(
            (m.weight.abs() > 3 * math.sqrt(2 / m.in_features)).any() for m in linear
        ),
        "largest bias": round(max(m.bias.abs().max().item() for m in linear), 1),
        "other layers changed": changed,
    }


@exercise(
    "Initialize a network",
    stars=2,
    cases=[
        (network([256, 512], nn.ReLU),),
        (network([512, 256, 256], nn.ReLU),),
        (network([256, 256], lambda: nn.BatchNorm1d(256)),),
    ],
    call=initialized,
    hint="If the module is an `nn.Linear`, two calls of nn.init: one for the weight, "
    "one for the bias. Otherwise do nothing.",
    then="Use it as `net.apply(init_weights)`.",
    usual="""
        nn.init.zeros_(module.bias) => pass
            The biases keep what they were: set them to 0 as well.
        kaiming_normal_ => kaiming_uniform_
            The size is right, but these numbers are uniform; normal ones are asked for.
        kaiming_normal_ => xavier_normal_
            This is Xavier's variance; for ReLU Kaiming's is asked for.
        kaiming_normal_(module.weight => kaiming_uniform_(module.weight, a=math.sqrt(5)
            With a=sqrt(5) this is torch's own default, a sixth of Kaiming's variance.
            Leave `a` out.
        isinstance(module, nn.Linear) => True
            `apply` comes with every module, also with a ReLU and with the whole
            network, which have no weight: ask first what it is.
        isinstance(module, nn.Linear) => hasattr(module, "weight")
        kaiming_normal_(module.weight => normal_(module.weight, std=math.sqrt(2 / 256)
            Other layers have weights, too: those of a normalization begin with 1 and
            are to stay so. Ask for `nn.Linear`.
        nn.init.kaiming_normal_(module.weight) => module.weight = torch.randn(256, 256)
            A parameter cannot be replaced by a plain tensor. Change it in place: the
            functions of nn.init whose names end in an underscore do that.
        if isinstance(module, nn.Linear) => for module in module
            `apply` goes through the layers for you, and calls your function with one at
            a time.
    """,
)
def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(module.bias)
