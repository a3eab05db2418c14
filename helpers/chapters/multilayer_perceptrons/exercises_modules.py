"""Exercises of chapter 3 on modules: initial weights, and a state from a file."""

import copy
import math
import tempfile
from pathlib import Path

import torch
from torch import nn

from helpers.chapters.multilayer_perceptrons import solutions
from helpers.devices import seeded
from helpers.exercises import Exercise, Mistake


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


KAIMING_STD = Exercise(
    name="kaiming-std",
    chapter="03",
    title="Kaiming's standard deviation",
    cases=[
        ((20, 50),),
        ((256, 784),),
        ((64, 2),),
    ],
    solution=solutions.kaiming_std,
    mistakes=[
        Mistake(
            lambda shape: math.sqrt(2 / shape[0]),
            "A weight is (outputs, inputs), and the sum of a unit runs over its "
            "inputs: that is the second number.",
        ),
        Mistake(
            lambda shape: 2 / shape[1],
            "This is the variance; the standard deviation is its square root.",
        ),
        Mistake(
            lambda shape: math.sqrt(1 / shape[1]),
            "The factor 2 is missing: ReLU halves the mean square.",
        ),
        Mistake(
            lambda shape: math.sqrt(2 / sum(shape)),
            "This is Xavier's, for tanh.",
        ),
        Mistake(
            lambda shape: math.sqrt(6 / shape[1]),
            "This is the bound of the uniform distribution; its standard deviation is "
            "smaller by the square root of 3.",
        ),
    ],
    hint="The variance is 2 over the number of inputs.",
    then="`nn.init.kaiming_normal_(w)` draws with it.",
)


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


def _norm():
    return nn.BatchNorm1d(256)


def _forgets_the_bias(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight)


def _xavier(module):
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        nn.init.zeros_(module.bias)


def _default_gain(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5))
        nn.init.zeros_(module.bias)


def _uniform(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def _every_module(module):
    nn.init.kaiming_normal_(module.weight)
    nn.init.zeros_(module.bias)


def _whatever_has_a_weight(module):
    if hasattr(module, "weight"):
        nn.init.normal_(module.weight, std=solutions.kaiming_std((256, 256)))
        nn.init.zeros_(module.bias)


def _a_new_tensor(module):
    if isinstance(module, nn.Linear):
        std = solutions.kaiming_std(module.weight.shape)
        module.weight = std * torch.randn(module.weight.shape)
        module.bias = torch.zeros(module.bias.shape)


def _the_whole_network(module):
    for layer in module:
        _every_module(layer)


INIT_WEIGHTS = Exercise(
    name="init-weights",
    chapter="03",
    title="Initialize a network",
    cases=[
        (network([256, 512], nn.ReLU),),
        (network([512, 256, 256], nn.ReLU),),
        (network([256, 256], _norm),),
    ],
    solution=solutions.init_weights,
    call=initialized,
    mistakes=[
        Mistake(
            _forgets_the_bias,
            "The biases keep what they were: set them to 0 as well.",
        ),
        Mistake(
            _uniform,
            "The size is right, but these numbers are uniform; normal ones are asked "
            "for.",
        ),
        Mistake(_xavier, "This is Xavier's variance; for ReLU Kaiming's is asked for."),
        Mistake(
            _default_gain,
            "With a=sqrt(5) this is torch's own default, a sixth of Kaiming's "
            "variance. Leave `a` out.",
        ),
        Mistake(
            _every_module,
            "`apply` comes with every module, also with a ReLU and with the whole "
            "network, which have no weight: ask first what it is.",
        ),
        Mistake(
            _whatever_has_a_weight,
            "Other layers have weights, too: those of a normalization begin with 1 and "
            "are to stay so. Ask for `nn.Linear`.",
        ),
        Mistake(
            _a_new_tensor,
            "A parameter cannot be replaced by a plain tensor. Change it in place: the "
            "functions of nn.init whose names end in an underscore do that.",
        ),
        Mistake(
            _the_whole_network,
            "`apply` goes through the layers for you, and calls your function with one "
            "at a time.",
        ),
    ],
    hint="If the module is an `nn.Linear`, two calls of nn.init: one for the weight, "
    "one for the bias. Otherwise do nothing.",
    then="Use it as `net.apply(init_weights)`.",
)
