"""What tests ask of networks, and of the calls that build and train them."""

import torch
from torch import nn


def linear(num_inputs, num_outputs, blind=False):
    """A linear network, or one that gets images without content."""
    seen = [nn.Threshold(1e9, 0.0)] if blind else []
    return nn.Sequential(*seen, nn.Flatten(), nn.Linear(num_inputs, num_outputs))


def kinds(net):
    return [type(layer).__name__ for layer in net]


def noted(monkeypatch, module, name, result):
    """Note the arguments of the calls of a function, which answers with a result."""
    calls = []

    def noting(*arguments, **named):
        calls.append((arguments, named))
        return result

    monkeypatch.setattr(module, name, noting)
    return calls


def weights(net):
    return [m.weight for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d)]


def equal_weights(*nets):
    pairs = zip(*map(weights, nets), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)
