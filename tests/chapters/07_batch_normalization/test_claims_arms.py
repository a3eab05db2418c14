"""Claims of chapter 7: what their networks differ in, and what each row tells."""

import copy
import math
from functools import partial

import pytest
import torch
from torch import nn

from helpers.chapters.batch_normalization.claims import batches, bias, rates, training
from helpers.claims.fair import accuracy_on, fresh, mislabeled
from helpers.models import MLP
from helpers.seeds import seeded
from tests.nets import equal_weights, kinds, linear, noted, weights
from tests.verdicts import of_chapter

pytestmark = pytest.mark.usefixtures("on_the_cpu")
CLAIMS = of_chapter("07")


# -- internal covariate shift --------------------------------------------------------


def test_the_shift_is_drawn_anew_at_every_step_for_every_unit():
    X, layer = torch.randn(4, 5_000), rates.Shifting()
    assert layer.eval()(X) is X
    layer.train()
    with seeded(0):
        moves = [layer(torch.zeros_like(X)) for _ in range(2)]
        scaled = layer(torch.stack([torch.zeros(5_000), torch.ones(5_000)]))
    for b in moves:
        assert torch.equal(b, b[:1].expand(4, -1)), "the same for all of a batch"
        assert b[0].std().item() == pytest.approx(0.5, rel=0.05)
        assert b[0].mean().item() == pytest.approx(0, abs=0.03)
    assert not torch.equal(*moves)
    a = scaled[1] - scaled[0] - 1
    assert a.std().item() == pytest.approx(0.5, rel=0.05)
    assert torch.corrcoef(torch.stack([a, scaled[0]]))[0, 1].abs() < 0.1


def test_the_shift_is_put_back_behind_the_norm():
    assert kinds(rates.shifting_norm(8)) == ["BatchNorm", "Shifting"]


def test_a_shift_is_how_far_means_move_in_standard_deviations():
    layer = rates.Watched(nn.ReLU())
    X = torch.tensor([[-2.0, -10.0], [2.0, 10.0]])
    for move in (100.0, 100.0, -1.0, 1.0):  # the first half does not count
        given = X + move
        assert torch.equal(layer(given), given.relu())
    means = torch.tensor([-1.0, 1.0]).std().item()
    spread = (X[:, 0].std() + X[:, 1].std()).item() / 2
    assert layer.shift() == pytest.approx(means / spread)
    layer.eval()(X)
    assert len(layer.means) == 4, "only what comes in training"


def test_sigmoid_units_start_centered_with_fitting_weights(shrunk):
    with seeded(0):
        net = rates.fit_to_sigmoid(MLP((400,) * 3, 256, 10, activation=nn.Sigmoid))
    first, *others = (m for m in net if isinstance(m, nn.Linear))
    expected = 4 * math.sqrt(2 / (400 + 400))
    assert others[0].weight.std().item() == pytest.approx(expected, rel=0.05)
    assert not first.bias.any()
    for layer in others:
        halves = torch.full((1, 400), 0.5)
        torch.testing.assert_close(layer(halves), torch.zeros(1, layer.out_features),
                                   atol=1e-4, rtol=0)  # fmt: skip


def test_the_networks_of_the_shift_are_watched_and_start_alike(shrunk, monkeypatch):
    net = rates.watched_mlp(nn.ReLU, None, rates.as_drawn, 256, 10)
    for k in range(4):
        net(shrunk.train.X[64 * k : 64 * (k + 1)])
    calls = noted(monkeypatch, rates, "trained", net)
    results = CLAIMS["covariate-shift"].experiment(shrunk, 50, 2, 0)
    nets = {
        name: fresh(of[0], shrunk, 0)
        for name, (of, _) in zip(results, calls, strict=True)
    }
    for kind, activation in (("sigmoid", nn.Sigmoid), ("ReLU", nn.ReLU)):
        own = {name.partition(", ")[2]: n for name, n in nets.items() if kind in name}
        norms = {
            name: {type(m).__name__ for m in made.modules()} & {"BatchNorm", "Shifting"}
            for name, made in own.items()
        }
        assert norms == {
            "none": set(),
            "none, fitting weights": set(),
            rates.SHIFTED_TOO: {"Shifting"},
            "batch norm": {"BatchNorm"},
            rates.PUT_BACK: {"BatchNorm", "Shifting"},
        }
        for made in own.values():
            watched = [m for m in made if isinstance(m, rates.Watched)]
            assert [type(m.activation) for m in watched] == [activation] * 5
        assert equal_weights(own["none"], own["batch norm"])
        assert equal_weights(own["none"], own[rates.PUT_BACK])
        fitting = own["none, fitting weights"]
        assert equal_weights(fitting, own[rates.SHIFTED_TOO])
        assert not equal_weights(fitting, own["none"])
    w = weights(nets["ReLU, none, fitting weights"])[1]
    assert w.std().item() == pytest.approx(math.sqrt(2 / 64), rel=0.1), "Kaiming's"
    shifts = [m.shift() for m in net if isinstance(m, rates.Watched)]
    assert results["ReLU, none"]["shift"] == pytest.approx(sum(shifts) / 5)


# -- the bias before a norm ----------------------------------------------------------


@pytest.fixture
def batch_net(shrunk):
    """A network whose running statistics come from some training."""
    net = fresh(partial(training.conv_net, nn.BatchNorm2d), shrunk, 0)
    return training.train_net(net, shrunk.train.take(300), 2, 0.1, 0)


def test_only_the_biases_of_the_convolutions_are_missing(shrunk):
    make = partial(fresh, partial(training.conv_net, nn.BatchNorm2d), shrunk, 0)
    bare = bias.without_bias(make())
    assert equal_weights(bare, make())
    assert [conv.bias for conv in bias.convolutions(bare)] == [None, None]
    assert bare[-1].bias is not None


def test_the_gradient_of_the_biases_is_nothing_with_the_batchs_statistics(shrunk):
    """And something with frozen ones, or before a norm of groups of channels."""
    images = shrunk.train.take(100)
    makes = {n: partial(fresh, partial(training.conv_net, n), shrunk, 0)
             for n in (nn.BatchNorm2d, training.group_norm)}  # fmt: skip
    net = makes[nn.BatchNorm2d]()
    before = copy.deepcopy(net.state_dict())
    assert bias.gradient_of_biases(net, images, training=True) < -10
    assert bias.gradient_of_biases(net, images, training=False) > -2
    group = makes[training.group_norm]()
    assert bias.gradient_of_biases(group, images, training=True) > -2
    after = net.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_the_power_of_ten_of_the_gradients(shrunk):
    images = shrunk.train.take(100)
    net = fresh(partial(training.conv_net, training.group_norm), shrunk, 0)
    found = bias.gradient_of_biases(net, images, training=True)
    nn.functional.cross_entropy(net(images.X), images.y).backward()
    convs = bias.convolutions(net)
    of_bias, of_weight = (
        sum(getattr(c, name).grad.square().sum() for c in convs).sqrt()
        for name in ("bias", "weight")
    )
    assert found == pytest.approx(math.log10(of_bias / of_weight), abs=1e-3)


def test_a_raised_bias_changes_nothing_but_with_old_statistics(batch_net, shrunk):
    images = shrunk.train.take(300)
    other = bias.raised(batch_net)
    for old, new in zip(*map(bias.convolutions, (batch_net, other)), strict=True):
        change = new.bias - old.bias
        assert torch.equal(change[1::2], torch.zeros_like(change[1::2]))
        torch.testing.assert_close(change[::2], torch.ones_like(change[::2]))
    X = images.X
    with torch.no_grad():
        torch.testing.assert_close(
            copy.deepcopy(other).train()(X), copy.deepcopy(batch_net).train()(X),
            atol=1e-3, rtol=1e-3,
        )  # fmt: skip
        far = (other.eval()(X) - batch_net.eval()(X)).abs().max()
        assert far > 1
        steps = other[1].num_batches_tracked.clone()
        again = bias.with_new_statistics(other.train(), images).eval()(X)
        assert other[1].num_batches_tracked == steps, "nothing is averaged in"
        expected = copy.deepcopy(batch_net).train()(X)
        torch.testing.assert_close(again, expected, atol=0.01, rtol=0.01)


def test_what_each_row_of_the_biases_tells(shrunk, monkeypatch):
    """Of which network an accuracy is told, and in which mode a gradient."""
    told = []  # biases and running means of the first block

    def noting(net, _):
        first, norm = net[0], net[1]
        means = getattr(norm, "running_mean", torch.zeros(1)).clone()
        told.append((first.bias, means))
        return 0.5

    monkeypatch.setattr(bias, "right_on", noting)
    monkeypatch.setattr(
        bias, "gradient_of_biases", lambda net, images, training: training
    )
    results = CLAIMS["bias-before"].experiment(shrunk, 40, 1, 0)
    names = ("bias", "no bias", "bias raised", "bias raised, new statistics")
    assert [*results] == [
        *(f"batch norm, {name}" for name in names),
        *(f"group norm, {name}" for name in names[:3]),
    ]
    assert [b is None for b, _ in told] == [k in (1, 5) for k in range(7)]
    for whole, other in ((0, 2), (0, 3), (4, 6)):
        change = told[other][0] - told[whole][0]
        assert change[0].item() == pytest.approx(1)
    assert torch.equal(told[0][1], told[2][1])
    assert not torch.equal(told[2][1], told[3][1])
    assert results["batch norm, bias"][bias.GRADIENT] is True
    assert results["batch norm, bias"][bias.FROZEN] is False
    assert results["group norm, bias"][bias.GRADIENT] is True


# -- batch sizes, places, noise ------------------------------------------------------


def test_the_grid_of_rates_is_in_proportion_to_the_batch_size():
    assert batches.rates_for(32) == training.RATES
    assert batches.rates_for(8) == pytest.approx([lr / 4 for lr in training.RATES])


def test_every_batch_size_trains_every_network(shrunk, monkeypatch):
    calls = noted(monkeypatch, batches, "at_best_rate", {"test accuracy": 0.5})
    results = CLAIMS["small-batches"].experiment(shrunk, 50, 2, 0)
    found = [(named["batch_size"], of[5]) for of, named in calls]
    assert found == [(s, batches.rates_for(s)) for s in batches.SIZES] * 6
    assert [int(name.rpartition(", ")[2]) for name in results] == [*batches.SIZES] * 6
    nets = {
        name: fresh(of[0], shrunk, 0)
        for name, (of, _) in zip(results, calls, strict=True)
    }
    names = {name.rpartition(", ")[0]: kinds(net) for name, net in nets.items()}
    norms = {
        name: {*layers} & {"Identity", "BatchNorm2d", "BatchNorm", "GroupNorm"}
        for name, layers in names.items()
    }
    assert norms == {
        "conv, no norm": {"Identity"},
        "conv, batch norm": {"BatchNorm2d"},
        "conv, group norm": {"GroupNorm"},
        "MLP, no norm": set(),
        "MLP, batch norm": {"BatchNorm"},
        "MLP, group norm": {"GroupNorm"},
    }
    assert equal_weights(nets["MLP, no norm, 2"], nets["MLP, batch norm, 128"])
    w = weights(nets["MLP, batch norm, 2"])[1]
    assert w.std().item() == pytest.approx(math.sqrt(2 / 64), rel=0.1), "Kaiming's"


@pytest.mark.parametrize("net", ["convolutions", "MLP"])
def test_the_norm_stands_before_or_behind_every_relu(net):
    """From the same initial weights, and nothing else differs."""
    orders, made = {}, {}
    for place in ("before", "behind"):
        with seeded(0):
            make = batches.PLACES[f"{net}, {place}"]
            made[place] = make(num_inputs=256, num_outputs=10)
        leaves = [m for m in made[place].modules() if not [*m.children()]]
        orders[place] = [k.replace("Norm2d", "Norm") for k in kinds(leaves)]
    assert equal_weights(*made.values())
    swapped = {"BatchNorm": "ReLU", "ReLU": "BatchNorm"}
    assert [swapped.get(k, k) for k in orders["before"]] == orders["behind"]
    blocks = {"convolutions": 2, "MLP": 5}[net]
    only = [k for k in orders["before"] if k in swapped]
    assert only == ["BatchNorm", "ReLU"] * blocks


def test_the_places_are_those_that_are_named(shrunk, monkeypatch):
    calls = noted(monkeypatch, batches, "at_best_rate", {"test accuracy": 0.5})
    results = CLAIMS["before-or-after"].experiment(shrunk, 50, 2, 0)
    assert [*results] == [*batches.PLACES]
    w = weights(fresh(calls[2][0][0], shrunk, 0))[1]
    assert w.std().item() == pytest.approx(math.sqrt(2 / 64), rel=0.1), "Kaiming's"
    assert all(len(of[1]) == 50 for of, _ in calls)


def test_wrong_labels_are_never_the_right_ones(shrunk):
    images = mislabeled(shrunk.train, 2_000, batches.WRONG, 0, 10)
    again = mislabeled(shrunk.train, 2_000, batches.WRONG, 0, 10)
    other = mislabeled(shrunk.train, 2_000, batches.WRONG, 1, 10)
    assert torch.equal(images.X, again.X) and torch.equal(images.y, again.y)
    assert not torch.equal(images.X, other.X)
    X = shrunk.train.X.flatten(1)
    own = torch.cdist(images.X.flatten(1), X).argmin(1)
    changed = images.y != shrunk.train.y[own]
    assert changed.double().mean().item() == pytest.approx(0.3, abs=0.015)
    shifts = (images.y - shrunk.train.y[own])[changed] % 10
    assert {*shifts.tolist()} == set(range(1, 10))
    assert len(own.unique()) == 2_000


def test_the_gap_is_that_to_the_training_images_with_their_labels(shrunk, monkeypatch):
    net = fresh(linear, shrunk, 0)
    calls = noted(monkeypatch, batches, "trained", net)
    results = CLAIMS["regularizes"].experiment(shrunk, 100, 2, 0)
    assert list(results) == [
        *("no norm, 8", "no norm, 32", "no norm, 200"),
        *("batch norm, 8", "batch norm, 32", "batch norm, 200"),
        "dropout, 32",
    ]
    images = mislabeled(shrunk.train, 100, 0.3, 0, 10)
    for row in results.values():
        gap = accuracy_on(net, images) - accuracy_on(net, shrunk.test)
        assert row["gap"].mean().item() == pytest.approx(gap, abs=1e-6)
    assert all(torch.equal(of[1].y, images.y) for of, _ in calls)
    made = [kinds(fresh(of[0], shrunk, 0)) for of, _ in calls]
    assert [layers.count("Dropout") for layers in made] == [0] * 6 + [1]
    assert [layers.count("BatchNorm2d") for layers in made] == [0, 0, 0, 2, 2, 2, 0]
    assert [named["batch_size"] for _, named in calls] == [8, 32, 200] * 2 + [32]
    assert all(of[5] == batches.rates_for(n["batch_size"]) for of, n in calls)
