"""Exercises of chapter 3 on initial weights."""

import copy
import math

import torch
from torch import nn

from helpers.chapters.multilayer_perceptrons import solutions
from helpers.chapters.multilayer_perceptrons.exercises_reload import network
from helpers.exercises import Exercise, Mistake

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
