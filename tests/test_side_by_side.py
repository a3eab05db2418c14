"""Runs side by side are the runs that `train` makes one after the other."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import MLP, BatchNorm, Examples, LeNet, train
from helpers.training import train_side_by_side

SETTINGS = {"num_epochs": 2, "batch_size": 12, "seed": 3}  # 40 examples: the last has 4
RATES = [0.01, 0.1, 0.4]


def examples(*shape, num_classes=3, n=40):
    X = torch.randn(n, *shape, generator=torch.Generator().manual_seed(0))
    return Examples(X, torch.arange(n) % num_classes)


def made(make, k=3, equal=False):
    """Return k networks of different (or equal) initial weights."""
    nets = []
    for seed in range(k):
        torch.manual_seed(0 if equal else seed)
        nets.append(make())
    return nets


def mlp(**options):
    return lambda: MLP((6, 5), 4, 3, **options)


class Odd(nn.Module):
    """No Sequential; a layer twice in the path, and a parameter that is not one's."""

    def __init__(self):
        super().__init__()
        self.inner, self.out = nn.Linear(4, 4), nn.Linear(4, 3, bias=False)
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, X):
        return self.out(self.inner(self.inner(X).tanh()) * self.scale)


MAKES = {
    "MLP": (mlp(), (4,)),
    "images": (mlp(), (1, 2, 2)),
    "BatchNorm": (mlp(norm=BatchNorm), (4,)),
    "BatchNorm1d": (mlp(norm=lambda c: nn.BatchNorm1d(c, momentum=0.3)), (4,)),
    "cumulative": (mlp(norm=lambda c: nn.BatchNorm1d(c, momentum=None)), (4,)),
    "no statistics": (
        mlp(norm=lambda c: nn.BatchNorm1d(c, track_running_stats=False)), (4,)
    ),
    "not affine": (mlp(norm=lambda c: nn.BatchNorm1d(c, affine=False)), (4,)),
    "group": (mlp(norm=lambda c: nn.GroupNorm(1, c)), (4,)),
    "group, not affine": (mlp(norm=lambda c: nn.GroupNorm(1, c, affine=False)), (4,)),
    "sigmoid": (mlp(activation=nn.Sigmoid), (4,)),
    "not on batched matrices": (mlp(activation=nn.Softsign, norm=BatchNorm), (4,)),
    "Odd": (Odd, (4,)),
    "LeNet": (lambda: LeNet(num_outputs=3, norm=BatchNorm), (1, 28, 28)),
}  # fmt: skip


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("name", MAKES)
def test_each_run_is_that_of_train(name, momentum):
    make, shape = MAKES[name]
    # in float64 rounding stays small, also where a high rate makes it grow
    data = Examples(examples(*shape).X.double(), examples(*shape).y)
    nets = [net.double() for net in made(make)]
    alone = copy.deepcopy(nets)
    losses, trained = train_side_by_side(
        nets, data, RATES, momentum=momentum, **SETTINGS
    )
    assert losses.shape == (3, 8) and not losses.requires_grad
    assert all(a is b for a, b in zip(trained, nets, strict=True))
    for net, one, lr, run in zip(alone, nets, RATES, losses, strict=True):
        history = train(net, data, lr=lr, momentum=momentum, **SETTINGS)
        assert run.tolist() == pytest.approx(history.step_loss, rel=1e-8)
        for key, value in net.state_dict().items():
            torch.testing.assert_close(
                one.state_dict()[key], value, rtol=1e-6, atol=1e-8, msg=key
            )


def test_equal_nets_at_one_rate_make_equal_runs():
    losses, nets = train_side_by_side(made(mlp(), equal=True), examples(4), 0.1)
    assert losses.shape == (3, 10) and torch.equal(losses[0], losses[2])
    losses, _ = train_side_by_side(made(mlp(), equal=True), examples(4), RATES)
    assert torch.equal(losses[0, :1], losses[2, :1]) and losses[0, 1] != losses[2, 1]


@pytest.mark.parametrize("name", ["BatchNorm", "Odd", "LeNet"])
def test_a_run_that_is_no_number_leaves_the_others_alone(name):
    make, shape = MAKES[name]
    data, nets = examples(*shape), made(make)
    with torch.no_grad():
        for p in nets[1].parameters():
            p.fill_(math.nan)
    fine = copy.deepcopy([nets[0], nets[2]])
    losses, _ = train_side_by_side(nets, data, RATES, **SETTINGS)
    expected, _ = train_side_by_side(fine, data, [RATES[0], RATES[2]], **SETTINGS)
    assert losses[1].isnan().all()
    torch.testing.assert_close(losses[[0, 2]], expected, rtol=1e-4, atol=1e-5)
    for net, other in zip([nets[0], nets[2]], fine, strict=True):
        for key, value in other.state_dict().items():
            torch.testing.assert_close(
                net.state_dict()[key], value, rtol=1e-3, atol=1e-4
            )


def test_what_is_frozen_stays():
    nets = made(mlp(norm=BatchNorm))
    for net in nets:
        net[1].weight.requires_grad_(False)
        net[2].eval()  # normalizes by its running statistics, which stay
    alone = copy.deepcopy(nets)
    losses, _ = train_side_by_side(nets, examples(4), 0.1, **SETTINGS)
    for net, one, run in zip(alone, nets, losses, strict=True):
        first = net[1].weight.clone()
        history = train(net, examples(4), lr=0.1, **SETTINGS)
        assert run.tolist() == pytest.approx(history.step_loss, rel=1e-4)
        assert torch.equal(one[1].weight, first) and not one[2].running_mean.any()
        assert one[5].running_mean.any() and not one[2].training


def test_nets_in_evaluation_mode_are_trained_in_training_mode():
    nets = [net.eval() for net in made(mlp(norm=BatchNorm))]
    alone = copy.deepcopy(nets)
    losses, _ = train_side_by_side(nets, examples(4), 0.1, **SETTINGS)
    for net, one, run in zip(alone, nets, losses, strict=True):
        history = train(net, examples(4), lr=0.1, **SETTINGS)
        assert run.tolist() == pytest.approx(history.step_loss, rel=1e-4)
        assert one.training and one[2].running_mean.any()


def test_it_trains_where_no_gradients_are_wanted_and_draws_nothing():
    before, nets = torch.get_rng_state(), made(mlp())
    torch.set_rng_state(before)
    with torch.no_grad():
        losses, _ = train_side_by_side(nets, examples(4), 0.5, num_epochs=20)
    assert (losses[:, -1] < losses[:, 0]).all()
    assert torch.get_rng_state().equal(before)


class Masks(nn.Module):
    """Dropout by a function: no layer tells of it."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4, 3)

    def forward(self, X):
        return self.out(F.dropout(X, 0.5, self.training))


def twice():
    return made(mlp(), 1) * 2


@pytest.mark.parametrize(
    "nets, options, error, words",
    [
        (made(mlp(dropout=0.2)), {}, ValueError, r"Dropout\(p=0.2, .*draws at random"),
        (made(Masks), {}, ValueError, "Masks draws at random, as dropout does"),
        ([], {}, ValueError, "nets is empty"),
        (twice(), {}, ValueError, "given twice"),
        ([MLP((6,), 4, 3), MLP((5,), 4, 3)], {}, ValueError, "layers or shapes"),
        ([MLP((6,), 4, 3), mlp()()], {}, ValueError, "layers or shapes"),
        (made(nn.Flatten), {}, ValueError, "no parameters"),
        (made(mlp()), {"lrs": [0.1, 0.2]}, ValueError, "2 rates for 3 networks"),
        (made(mlp()), {"lrs": [0.1, 0.2, -1]}, ValueError, "at least 0, got -1"),
        (made(mlp()), {"num_epochs": 0}, ValueError, "num_epochs must be a whole"),
        (made(mlp()), {"batch_size": 0.5}, ValueError, "batch_size must be a whole"),
        (made(mlp()), {"momentum": -0.1}, ValueError, "momentum must be at least 0"),
        (made(lambda: MLP((6,), 4, 2)), {}, ValueError, "label 2 needs 3 outputs"),
    ],
)
def test_errors_say_what_is_wrong(nets, options, error, words):
    with pytest.raises(error, match=words):
        train_side_by_side(nets, examples(4), **{"lrs": 0.1} | options)


def test_a_regression_is_told():
    data = Examples(torch.randn(4, 4), torch.randn(4, 1))
    with pytest.raises(TypeError, match="must have class labels"):
        train_side_by_side(made(mlp()), data, 0.1)
