"""The arguments of the reference networks."""

import pytest
import torch
from torch import nn

from helpers import MLP, seeded


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
