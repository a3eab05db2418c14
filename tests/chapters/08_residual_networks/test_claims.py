"""Claims of chapter 8: their verdicts, and that their experiments can fail."""

import copy
import dataclasses
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import check_band, load_images
from helpers.chapters.residual_networks.claims import blocks, depth, networks, training
from helpers.claims import Size
from helpers.claims.fair import accuracy_on, fresh, mislabeled, right_on
from helpers.models import BatchNorm, Residual
from helpers.seeds import seeded
from helpers.training import Epoch, evaluate, fit
from tests.verdicts import of_chapter, shown

CLAIMS = of_chapter("08")
# Live, at the notebook's `look`; nbval runs them there, not once more here.
EXPECTED = {
    "taylor": (
        "not supported",
        "undecided between “the last blocks are ahead” and “both at the same time”",
    ),
    "resnext": (
        "undecided",
        "undecided between “it is worse” and “it is better”",
    ),
}
FULL = {  # as stored at full size
    "degradation": ("not supported", "it fits them worse"),
    "new-block": ("not supported", "it falls"),
    "taylor": ("not supported", "both at the same time"),
    "skips-alone": ("not supported", "it is worse"),
    "resnext": (
        "undecided",
        "undecided between “it is worse” and “it is better”",
    ),
    "beats-lenet": (
        "undecided",
        "undecided between “less than a percentage point apart” and “it is better”",
    ),
}
BANDS = {"fashion_mnist": (0.887, 0.899)}  # the course's reference for ResNet-8


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture(scope="module")
def data():
    return load_images("digits", n_train=1_000, n_val=300, n_test=1_000)


@pytest.fixture(scope="module")
def shrunk(data):
    return training.shrunk(data)


# -- a planted bug changes the verdict -----------------------------------------------


def quick(is_blind):
    """Return a maker of linear networks, of which some get images without content."""

    def make(what, num_inputs=784, num_outputs=10, **settings):
        net = nn.Sequential(nn.Flatten(), nn.Linear(num_inputs, num_outputs))
        blind = is_blind(what, **settings)
        return net.insert(0, nn.Threshold(1e9, 0.0)) if blind else net

    return make


def in_turns(net, images, num_epochs, **course):
    """Train the first three blocks, then the last three alone."""
    half = num_epochs // 2
    for turn, epochs in enumerate((half, num_epochs - half)):
        for k, block in enumerate(net[1]):
            block.requires_grad_((k >= 3) == bool(turn))
        for record in fit(net, images, num_epochs=epochs, **course):
            if isinstance(record, Epoch):
                yield dataclasses.replace(record, epoch=record.epoch + turn * half)


SMALL = Size(300, 2, 3)
BUGS = {  # module, attribute, what takes its place, size, the verdict then
    "degradation": (
        depth,
        "resnet",
        quick(lambda layers, skip: layers == 8),
        SMALL,
        "supported",
    ),
    "skips-alone": (
        depth,
        "resnet",
        quick(lambda layers, norm=BatchNorm, init=None: norm is BatchNorm),
        SMALL,
        "supported",
    ),
    "new-block": (
        blocks,
        "Chain",
        quick(lambda count, **settings: count == 0),
        SMALL,
        "supported",
    ),
    "taylor": (blocks, "fit", in_turns, Size(200, 4, 3), "supported"),
    "resnext": (
        networks,
        "of_blocks",
        quick(lambda name: name == "groups"),
        SMALL,
        "not supported",
    ),
    "beats-lenet": (
        networks,
        "of_whole_images",
        quick(lambda network: network is networks.ResNet),
        SMALL,
        "not supported",
    ),
}


def test_all_are_here():
    assert set(FULL) == set(BUGS) == set(CLAIMS)


@pytest.mark.parametrize("name", FULL)
def test_the_full_size_has_the_verdict(name):
    claim = CLAIMS[name]
    assert (claim.live is not None) == (name in EXPECTED)
    assert claim.judge(claim.stored()["digits"].found) == FULL[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_the_notebook_shows_the_verdict(name):
    word, answer = EXPECTED[name]
    assert word == FULL[name][0], "another word than the full size"
    assert shown("08", CLAIMS[name]) == answer


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_flips_the_verdict(name, data, monkeypatch):
    module, attribute, bug, size, expected = BUGS[name]
    assert FULL[name][0] != expected
    monkeypatch.setattr(module, attribute, bug)
    assert CLAIMS[name].judge(CLAIMS[name].run(data, size)).word == expected


def test_the_stored_resnet_lies_where_it_belongs():
    found = CLAIMS["beats-lenet"].stored()["fashion_mnist"].table
    check_band(found["ResNet-8"]["test accuracy"].mean, BANDS, "fashion_mnist")


# -- how the networks train ----------------------------------------------------------


def test_training_is_descent_with_momentum_whose_rate_falls_to_nothing(
    shrunk, monkeypatch
):
    calls = []
    monkeypatch.setattr(training, "train", lambda *a, **k: calls.append((a, k)))
    images, net = shrunk.train.take(100), nn.Linear(1, 1)
    made = training.train_net(net, images, 3, 0.2, 5, batch_size=8, weight_decay=0.1)
    ((of, named),) = calls
    assert made is net and of == (net, images)
    keys = ("lr", "batch_size", "num_epochs", "seed", "momentum", "weight_decay")
    assert [named[key] for key in keys] == [0.2, 8, 3, 5, 0.9, 0.1]
    assert "optimizer" not in named and named["schedule_every"] == "step"
    optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
    schedule, lrs = named["schedule"](optimizer), []
    for _ in range(3 * 13):  # steps of 100 images in batches of 8
        lrs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert lrs == sorted(lrs, reverse=True) and lrs[0] == 0.2
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0, abs=1e-9)


def test_images_are_halved_once(data, shrunk):
    assert shrunk.train.X.shape[1:] == shrunk.test.X.shape[1:] == (1, 14, 14)
    assert torch.equal(shrunk.val.X, 3 * F.avg_pool2d(data.val.X, 2))
    assert training.shrunk(shrunk) is shrunk


def test_the_rate_is_that_of_the_best_network_on_val(shrunk):
    make = quick(lambda what: False)
    best, nets = training.over_rates(
        partial(make, None), shrunk.train.take(300), shrunk, 2, 0, (1e-4, 0.01, 1.0)
    )
    scores = {lr: accuracy_on(net, shrunk.val) for lr, net in nets.items()}
    assert len({*scores.values()}) >= 3
    assert scores[best] == max(scores.values())
    assert min(nets) < best < max(nets), "the grid went on"


def test_a_network_is_judged_on_both_sets_in_evaluation_mode(shrunk):
    net = nn.Sequential(nn.Flatten(), nn.Linear(196, 10), nn.Dropout(0.9)).train()
    row, images = training.judged(net, shrunk.train, shrunk), shrunk.train
    assert torch.equal(row["test accuracy"], right_on(net, shrunk.test))
    on_train = evaluate(net.eval(), images)
    assert row["training accuracy"] == on_train.accuracy
    assert row["training loss"] == on_train.loss


# -- depth ---------------------------------------------------------------------------


def convolutions(net, shortcuts=False):
    return [
        m
        for name, m in net.named_modules()
        if isinstance(m, nn.Conv2d) and ("shortcut" in name) == shortcuts
    ]


@pytest.mark.parametrize("layers", [8, 20, 44])
def test_the_layers_are_counted_in_the_way_of_the_signal(layers):
    nets = [depth.resnet(layers, 196, 10, skip=skip) for skip in (1.0, 0.0)]
    assert [len(convolutions(net)) + 1 for net in nets] == [layers, layers]
    assert [len(convolutions(net, shortcuts=True)) for net in nets] == [2, 0]
    for kind in ("plain", "residual"):
        assert (kind, layers) in depth.RATES


def test_each_network_trains_as_its_name_says(shrunk, monkeypatch):
    trained = []

    def noting(net, images, num_epochs, lr, seed):
        trained.append((net, lr, len(images), num_epochs, seed))
        return net

    monkeypatch.setattr(depth, "train_net", noting)
    results = CLAIMS["degradation"].experiment(shrunk, 50, 2, 7)
    for (name, row), ((kind, layers), rate), (net, *settings) in zip(
        results.items(), depth.RATES.items(), trained, strict=True
    ):
        assert name == f"{kind}, {layers} layers"
        assert len(convolutions(net)) == layers - 1
        skips = {m.skip for m in net.modules() if isinstance(m, Residual)}
        assert skips == {1.0 if kind == "residual" else 0.0}
        assert settings == [rate, 50, 2, 7]
        expected = evaluate(net, shrunk.train.take(50))
        assert row["training loss"] == pytest.approx(expected.loss, rel=1e-5)


def test_without_norm_blocks_from_zero_hand_on_their_input():
    with seeded(0):
        net = depth.resnet(20, 196, 10, norm=None, init=depth.kaiming_from_zero)
    X = torch.randn(2, 8, 5, 5)
    block = net.stages[0][1]
    assert torch.equal(block(X), X.relu())
    w = block.conv1.weight
    assert w.std().item() == pytest.approx((2 / 72) ** 0.5, rel=0.1), "Kaiming's"
    assert not any(isinstance(m, BatchNorm) for m in net.modules())


def test_each_way_has_what_it_says(shrunk, monkeypatch):
    made = {}

    def noting(make, images, data, num_epochs, seed, rates):
        return 0, {0: fresh(make, data, seed)}

    monkeypatch.setattr(depth, "over_rates", noting)
    monkeypatch.setattr(depth, "train_net", lambda net, *_: net)
    monkeypatch.setattr(depth, "judged", lambda net, *_: made.setdefault(net, {}))
    results = CLAIMS["skips-alone"].experiment(shrunk, 50, 1, 0)
    for name, net in zip(results, made, strict=True):
        normed = any(isinstance(m, BatchNorm) for m in net.modules())
        assert normed == name.startswith("batch norm")
        assert net.stages[0][0].conv2.weight.any() == ("begin" not in name)
        assert f"{len(convolutions(net)) + 1} layers" in name
        assert {m.skip for m in net.modules() if isinstance(m, Residual)} == {1.0}


# -- one block more ------------------------------------------------------------------


@pytest.mark.parametrize("norm", [BatchNorm, None])
def test_blocks_that_begin_at_zero_change_nothing(norm):
    X, nets = torch.rand(3, 1, 14, 14), []
    for count in (0, 4):
        with seeded(0):
            net = blocks.Chain(count, 196, 10, cells=7, norm=norm, at_zero=True)
        nets.append(net)
    nets[1][2] = nets[0][2]  # the linear layer is drawn behind the blocks
    assert torch.equal(nets[0](X), nets[1](X))
    with seeded(0):
        free = blocks.Chain(4, 196, 10, cells=7, norm=norm)
    free[2] = nets[0][2]
    assert not torch.allclose(nets[0](X), free(X))


def test_a_share_of_the_labels_is_wrong(shrunk):
    images = mislabeled(shrunk.train, 1_000, blocks.WRONG, 3, 10)
    with seeded(3):
        own = torch.randperm(1_000)
    assert torch.equal(images.X, shrunk.train.X[own])
    wrong = (images.y != shrunk.train.y[own]).double().mean().item()
    assert wrong == pytest.approx(0.2, abs=0.04)
    assert {*images.y.tolist()} == {*range(10)}


# -- which block learns when ---------------------------------------------------------


def test_a_share_of_the_way():
    start, end = torch.zeros(4), torch.tensor([3.0, 0.0, 4.0, 0.0])
    assert blocks.way_done(start, start, end) == 0
    assert blocks.way_done(start, end, end) == 1
    assert blocks.way_done(start, end / 4, end) == pytest.approx(0.25)


def chain():
    with seeded(0):
        return blocks.Chain(blocks.NUM_BLOCKS, 196, 10)


def test_each_block_is_timed_by_itself(shrunk):
    """Block 0 is done at half time, the others have not begun."""
    start, images = chain(), shrunk.val.take(50)
    with seeded(1):
        end = blocks.Chain(blocks.NUM_BLOCKS, 196, 10)
    half = copy.deepcopy(start)
    half[1][0] = copy.deepcopy(end[1][0])
    rows = blocks.timed([start, half, copy.deepcopy(end)], images)
    for k, expected in ((0, 1.0), (1, 0.0), (5, 0.0)):
        assert rows[k][blocks.DONE] == pytest.approx(expected, abs=1e-6)
        assert rows[k][blocks.WEIGHTS_DONE] == pytest.approx(expected, abs=1e-6)
    h = end[0].train()(images.X)
    g = end[1][0].train().residual(h)
    assert rows[0][blocks.SIZE] == pytest.approx((g.norm() / h.norm()).item())
    h = start[1][0].train()(start[0].train()(images.X))
    g = start[1][1].train().residual(h)
    assert rows[1][blocks.FIRST_SIZE] == pytest.approx((g.norm() / h.norm()).item())


def test_what_removing_a_block_costs(shrunk):
    row = CLAIMS["taylor"].experiment(shrunk, 100, 2, 0)
    assert len(row) == 2 + 2 * blocks.NUM_BLOCKS
    net, X = chain().eval(), shrunk.test.X[:20]
    less = blocks.without(net, 2)
    h = net[1][1](net[1][0](net[0](X)))
    for k in (3, 4, 5):
        h = net[1][k](h)
    assert torch.equal(less(X), net[2](h))
    assert isinstance(net[1][2], Residual), "the network itself is whole"
    for kind in ("residual", "plain"):
        cost = row[f"{kind}, block 1"][blocks.COST]
        assert set(cost.tolist()) <= {-1.0, 0.0, 1.0}


# -- groups --------------------------------------------------------------------------


def test_with_groups_there_are_as_many_parameters():
    counts, groups = [], []
    for name in networks.BLOCKS:
        net = networks.of_blocks(name, 196, 10)
        counts.append(sum(p.numel() for p in net.parameters()))
        groups.append({m.groups for m in net.modules() if isinstance(m, nn.Conv2d)})
        assert net(torch.rand(2, 1, 14, 14)).shape == (2, 10)
    assert groups == [{1}, {1, 4}]
    assert abs(counts[1] / counts[0] - 1) < 0.02


def test_the_networks_of_whole_images():
    counts = [
        sum(p.numel() for p in networks.of_whole_images(n, 784, 10).parameters())
        for n in (networks.ResNet, networks.LeNet)
    ]
    assert counts == [77_754, 61_706]
