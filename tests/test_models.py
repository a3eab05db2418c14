"""The arguments of the reference networks, and what their docstrings say."""

import re

import pytest
import torch
from torch import nn

from helpers import MLP, models, seeded


def kinds(net):
    return [type(layer).__name__ for layer in net]


def test_an_mlp_without_options_is_what_it_was():
    with seeded(0):
        net = MLP((8, 4), 3, 2)
    with seeded(0):
        expected = nn.Sequential(
            nn.Flatten(),
            nn.Linear(3, 8),
            nn.ReLU(),
            nn.Linear(8, 4),
            nn.ReLU(),
            nn.Linear(4, 2),
        )
    assert kinds(net) == kinds(expected)
    assert list(net.state_dict()) == list(expected.state_dict())
    X = torch.rand(5, 3)
    assert net(X).equal(expected(X))
    assert sum(p.numel() for p in MLP().parameters()) == 203_530


def test_the_activation_stands_behind_every_hidden_layer():
    net = MLP((8, 4), 3, 2, activation=nn.Tanh)
    assert kinds(net) == ["Flatten", "Linear", "Tanh", "Linear", "Tanh", "Linear"]
    leaky = MLP((8, 4), 3, 2, activation=lambda: nn.LeakyReLU(0.3))
    assert leaky[2].negative_slope == 0.3 and leaky[2] is not leaky[4]


def test_dropout_stands_behind_the_activation():
    net = MLP((8, 4), 3, 2, dropout=0.4)
    block = ["Linear", "ReLU", "Dropout"]
    assert kinds(net) == ["Flatten", *block, *block, "Linear"]
    assert net[3].p == net[6].p == 0.4
    X = torch.rand(50, 3)
    assert not net(X).equal(net(X))
    net.eval()
    assert net(X).equal(net(X))


def test_init_is_applied_to_every_layer_after_torchs_own():
    seen = []

    def ones(module):
        seen.append(module)
        if isinstance(module, nn.Linear):
            nn.init.ones_(module.weight)

    net = MLP((8,), 3, 2, init=ones)
    assert seen == [*net, net]
    assert all((m.weight == 1).all() for m in net if isinstance(m, nn.Linear))
    with seeded(0):
        plain = MLP((8,), 3, 2)
    with seeded(0):
        assert MLP((8,), 3, 2, init=lambda m: None)[1].weight.equal(plain[1].weight)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_dropout_that_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match="dropout=.*allowed are 0 to 1"):
        MLP(dropout=p)


NETS = [
    net
    for net in vars(models).values()
    if isinstance(net, type) and issubclass(net, nn.Module)
]


@pytest.mark.parametrize("make", NETS)
def test_a_docstring_counts_parameters_and_outputs_rightly(make):
    net, said = make(), make.__doc__
    for count in re.findall(r"([\d,]+) parameters", said):
        found = sum(p.numel() for p in net.parameters())
        assert found == int(count.replace(",", ""))
    shapes = r"Input \(n, ([\d, ]+)\), output \(n, (\d+)\)"
    for sizes, outputs in re.findall(shapes, said):
        y_hat = net(torch.rand(3, *map(int, sizes.split(", "))))
        assert y_hat.shape == (3, int(outputs))
    for kind in re.findall(r"(average|max) pooling", said):
        pools = [type(m) for m in net.modules() if "Pool" in type(m).__name__]
        assert set(pools) == {{"average": nn.AvgPool2d, "max": nn.MaxPool2d}[kind]}
