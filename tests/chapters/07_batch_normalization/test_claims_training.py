"""Claims of chapter 7: how their networks train, and the grid of rates."""

import math
from functools import partial

import pytest
import torch
from torch import nn

from helpers.chapters.batch_normalization.claims import rates, training
from helpers.claims.fair import accuracy_on, fresh, right_on
from helpers.models import LeNet
from helpers.seeds import seeded
from tests.nets import equal_weights, kinds, linear, noted
from tests.verdicts import of_chapter

pytestmark = pytest.mark.usefixtures("on_the_cpu")
CLAIMS = of_chapter("07")


# -- how the networks train ----------------------------------------------------------


def test_training_is_plain_descent_whose_rate_falls_to_nothing(shrunk, monkeypatch):
    calls = noted(monkeypatch, training, "train", None)
    images = shrunk.train.take(100)
    net = linear(256, 10)
    assert training.train_net(net, images, 3, 0.2, 5, batch_size=8) is net
    ((of, named),) = calls
    assert of == (net, images)
    assert (named["lr"], named["batch_size"], named["num_epochs"], named["seed"]) == (
        *(0.2, 8, 3, 5),
    )
    assert not {"momentum", "optimizer", "weight_decay"} & set(named)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
    schedule, lrs = named["schedule"](optimizer), []
    for _ in range(3 * 13):  # steps of 100 images in batches of 8
        lrs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert named["schedule_every"] == "step"
    assert lrs == sorted(lrs, reverse=True) and lrs[0] == 0.2
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0, abs=1e-9)


def test_the_rate_is_that_of_the_best_network_on_val(shrunk, monkeypatch):
    made = []

    def noting(make, data, seed):
        made.append(fresh(make, data, seed))
        return made[-1]

    monkeypatch.setattr(training, "fresh", noting)
    settings = (linear, shrunk.train.take(300), shrunk, 2, 0, (1e-4, 0.01, 1.0))
    best = training.trained(*settings)
    scores = {net: accuracy_on(net, shrunk.val) for net in made}
    assert len(made) >= 3 and len({*scores.values()}) >= 3
    assert best is max(scores, key=scores.get) and best is not made[0]
    row = training.at_best_rate(*settings)
    assert torch.equal(row["test accuracy"], right_on(best, shrunk.test))


@pytest.mark.parametrize("first", [True, False])
def test_the_small_network(first):
    make = partial(training.conv_net, nn.BatchNorm2d, 256, 10, norm_first=first)
    between = ["BatchNorm2d", "ReLU"] if first else ["ReLU", "BatchNorm2d"]
    block = ["Conv2d", *between, "MaxPool2d"]
    assert kinds(make()) == [*block, *block, "Flatten", "Linear"]
    assert kinds(make(dropout=0.5))[-3:] == ["Flatten", "Dropout", "Linear"]
    assert make(dropout=0.5)[-2].p == 0.5
    assert make()(torch.rand(3, 1, 16, 16)).shape == (3, 10)


def test_all_norms_start_from_the_same_weights():
    norms = (training.no_norm, nn.BatchNorm2d, training.group_norm)
    nets = []
    for norm in norms:
        with seeded(3):
            nets.append(training.conv_net(norm, 256, 10))
    assert equal_weights(*nets[:2]) and equal_weights(*nets[1:])
    X = torch.rand(5, 8, 4, 4)
    assert torch.equal(training.no_norm(8)(X), X)
    normed = training.group_norm(8)(X).unflatten(1, (4, 2))
    torch.testing.assert_close(normed.mean((2, 3, 4)), torch.zeros(5, 4), atol=1e-5,
                               rtol=0)  # fmt: skip


# -- larger rates --------------------------------------------------------------------


@pytest.mark.parametrize(
    "accuracies, expected",
    [
        ((0.1, 0.80, 0.84, 0.85, 0.81, 0.1), (0.01, 10.0)),
        ((0.84, 0.1, 0.84, 0.1, 0.85, 0.1), (10.0, 10.0)),  # no bridge to the others
        ((0.85, 0.85, 0.85, 0.85, 0.85, 0.85), (0.001, 100.0)),
        ((0.1, 0.799, 0.85, 0.1, 0.1, 0.1), (0.1, 0.1)),  # more than 5 points below
    ],
)
def test_a_window_is_the_unbroken_run_of_rates_around_the_best(accuracies, expected):
    grid = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
    assert rates.window(dict(zip(grid, accuracies, strict=True))) == expected


def test_the_grid_is_told_in_powers_of_two(shrunk, monkeypatch):
    """Accuracies by rate are made up: good from 1/32 to 1/4, best at 1/8."""
    good, by_net = {-5: 0.78, -4: 0.79, -3: 0.8, -2: 0.76}, {}

    def planned(net, images, num_epochs, lr, seed):
        by_net[net] = math.log2(lr)
        return net

    monkeypatch.setattr(rates, "train_net", planned)

    def accuracy(net, images):
        assert images is shrunk.val
        return good.get(by_net[net], 0.1)

    monkeypatch.setattr(rates, "accuracy_on", accuracy)
    row = rates.over_the_grid(lambda: linear(256, 10), shrunk, 50, 1, 0)
    assert sorted(by_net.values()) == [*range(-8, 4)]
    assert (row[rates.BEST], row[rates.LARGEST], row[rates.WIDTH]) == (-3, -2, 3)


def test_the_networks_differ_in_the_norm_and_the_initial_weights(data, monkeypatch):
    """As they are made for the grid: none trains, and each is looked at."""
    made = []

    def noting(make_net, *_):
        made.append(make_net())
        return {}

    monkeypatch.setattr(rates, "over_the_grid", noting)
    calls = noted(monkeypatch, rates, "at_best_rate", {})
    results = CLAIMS["larger-rates"].experiment(data, 50, 1, 0)
    nets = dict(zip([*results][1:], made, strict=True))
    ((of, _),) = calls
    plain = fresh(of[0], of[2], 0)
    layers = {name: kinds(net) for name, net in nets.items()}
    assert kinds(plain) == layers["MLP, Kaiming"]
    assert layers["MLP, Kaiming"].count("Linear") == 11
    assert layers["MLP, batch norm"][1:4] == ["Linear", "BatchNorm", "ReLU"]
    assert layers["MLP, batch norm"].count("BatchNorm") == 10
    assert layers["LeNet, Kaiming"] == kinds(LeNet())
    assert layers["LeNet, batch norm"].count("BatchNorm") == 4
    assert equal_weights(plain, nets["MLP, batch norm"]), "both are torch's"
    w = nets["MLP, Kaiming"][3].weight
    assert w.std().item() == pytest.approx(math.sqrt(2 / 64), rel=0.1)
    assert not any(m.bias.any() for m in nets["LeNet, Kaiming"] if hasattr(m, "bias"))
    with seeded(0):
        default = LeNet()
    assert equal_weights(default, nets["LeNet, batch norm"])
    assert of[5] == rates.GRID[1::3] and min(of[5]) < 0.01 and max(of[5]) > 2
