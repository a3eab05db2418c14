"""Claims of chapter 3: their verdicts, and the training behind them."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from helpers import Examples, ImageData, train
from helpers.chapters.multilayer_perceptrons import claims
from helpers.claims import Size
from helpers.models import MLP
from tests.verdicts import of_chapter, shown, verdict

CLAIMS = of_chapter("03")
# Live, on the embedded data, as nbval finds them again in their notebook.
EXPECTED = {
    "explosion-window": ("not supported", "it ends less accurate"),
}
FULL = {  # without a look: as stored at full size
    "relu-best": (
        "not supported",
        "undecided between “ReLU is behind” and “less than a percentage point apart”",
    ),
    "more-depth": (
        "undecided",
        "undecided between “less than a percentage point apart” and “four layers are "
        "better”",
    ),
}


def starts_mixed_up(depths=claims.DEPTHS):
    return depths | {"4 of 64": depths["4 of 64, tiny start"]}


BUGS = {  # attribute, what takes its place, the verdict then
    "relu-best": (
        "ACTIVATIONS",
        claims.ACTIVATIONS | {"tanh": claims.ACTIVATIONS["sigmoid"]},
        "supported",
    ),
    "more-depth": ("DEPTHS", starts_mixed_up(), "not supported"),
    "explosion-window": (
        "LARGE_AND_XAVIER",
        dict.fromkeys(("normal, sd 1", "Xavier"), nn.init.xavier_normal_),
        "supported",
    ),
}


# Where the effect of a bug is large, little training shows it.
SMALL = Size(1_000, 5, 3)
SIZES = {
    "relu-best": SMALL,
    "more-depth": SMALL,
}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


def test_all_are_here():
    assert {*EXPECTED, *FULL} == set(BUGS) == set(CLAIMS)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_notebook_shows_the_verdict(name):
    assert shown("03", CLAIMS[name]) == EXPECTED[name][1]


@pytest.mark.parametrize("name", FULL)
def test_the_full_size_has_the_verdict(name):
    claim = CLAIMS[name]
    assert claim.live is None
    assert claim.judge(claim.stored()["digits"].found) == FULL[name]


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_flips_the_verdict(name, monkeypatch):
    attribute, bug, expected = BUGS[name]
    monkeypatch.setattr(claims, attribute, bug)
    assert (EXPECTED | FULL)[name][0] != expected
    assert verdict(CLAIMS[name], size=SIZES.get(name))[0] == expected


# -- the training behind the claims -------------------------------------------------


def dots(n, seed):
    """Two clouds in the plane as images of two pixels."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    return Examples(
        torch.randn(n, 1, 1, 2, generator=generator) + y.view(n, 1, 1, 1), y
    )


@pytest.mark.parametrize("num_hiddens", [(), (5,), (6, 3)], ids=str)
def test_side_by_side_is_one_after_the_other(num_hiddens):
    """The same weights as SGD with torch's cosine, though another rate diverges."""
    images, rates = dots(150, 0), (0.1, 1.0, 1e6)
    data = ImageData("dots", ("left", "right"), images, images, images)
    nets = [claims.new_net(data, k, num_hiddens, nn.Tanh) for k in range(3)]
    alone = [copy.deepcopy(net) for net in nets]
    claims.train_side_by_side(nets, rates, images, num_epochs=2, seed=4)
    for net, lr in zip(alone[:2], rates, strict=False):
        train(
            net,
            images,
            lr=lr,
            num_epochs=2,
            batch_size=claims.BATCH_SIZE,
            seed=4,
            schedule=lambda optimizer: CosineAnnealingLR(optimizer, T_max=6),
            schedule_every="step",
        )
    for net, other in zip(nets[:2], alone, strict=False):
        for p, q in zip(net.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-5)


def test_the_rate_is_chosen_on_val_and_reported_on_test():
    images = dots(300, 0)
    wrong = Examples(images.X, 1 - images.y)
    data = ImageData("dots", ("left", "right"), images, images, wrong)
    row = claims.at_best_rate(
        lambda: claims.new_net(data, 0, (8,)), data, 300, 5, 0, (1e-9, 0.3, 1e9)
    )
    assert row["test accuracy"].mean() < 0.3, "right on val is wrong on test here"


@pytest.mark.parametrize(("num_epochs", "early"), [(4, 1), (5, 1), (15, 3)])
def test_early_is_a_fifth_of_the_epochs(num_epochs, early, monkeypatch):
    """As the second quantity of the claim about ReLU says."""

    def noting(make_net, data, n_train, num_epochs, seed, rates):
        return num_epochs

    monkeypatch.setattr(claims, "at_best_rate", noting)
    trained = CLAIMS["relu-best"].experiment(None, 100, num_epochs, 0)
    assert "a fifth" in CLAIMS["relu-best"].questions["b"].quantity
    for name in claims.ACTIVATIONS:
        assert trained[f"{name}, early"] == early
        assert trained[f"{name}, late"] == num_epochs


def test_the_shapes_have_as_many_parameters_as_is_said():
    def count(num_hiddens):
        net = MLP(num_hiddens)
        return sum(p.numel() for p in net.parameters())

    # as the text says of the choices that it searches
    assert count((64, 16)) == 51_450 and count((60, 60)) == 51_370
    assert 0.25 < count((16, 64)) / count((64, 16)) < 0.29
    assert count(claims.DEPTHS["128"][0]) == 101_770
    assert count(claims.DEPTHS["112, 112"][0]) == 101_706


def test_the_starts_have_the_variances_they_are_named_after():
    weight = torch.empty(400, 400)
    for init, std in ((claims.kaiming, math.sqrt(2 / 400)), (claims.tiny, 0.01)):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            init(weight)
        assert weight.std().item() == pytest.approx(std, rel=0.02)
    for name, (_, init) in claims.DEPTHS.items():
        assert (init is claims.tiny) == name.endswith("tiny start")


def test_usable_rates_are_counted_in_decades():
    right = torch.tensor([0.1, 0.5, 0.8, 1.0, 0.9, 0.1])
    assert claims.usable(right) == 1.5
