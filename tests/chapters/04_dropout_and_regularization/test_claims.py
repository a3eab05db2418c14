"""Claims of chapter 4: their experiments measure what they say, and can fail."""

from functools import partial

import pytest
import torch

from helpers import load_images
from helpers.chapters.dropout_and_regularization import claims
from helpers.chapters.dropout_and_regularization.claims import networks
from helpers.claims import Size
from helpers.claims.fair import accuracy_on, fresh, logits_of
from helpers.models import MLP
from tests.verdicts import of_chapter, shown

CLAIMS = of_chapter("04")
# Live, on the embedded data; nbval runs them in their notebook, not once more here.
EXPECTED = {
    "double-width": (
        "undecided",
        "undecided between “it loses” and “it gains”",
    ),
    "dropout-symmetry": ("not supported", "constant weights end lower"),
    "label-smoothing": (
        "undecided",
        "undecided between “no difference of a percentage point” and “it gains”",
    ),
}
FULL = {  # without a look: as stored at full size
    "wide-and-regularized": ("supported", "it gains"),
}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture(scope="module")
def data():
    return load_images("digits")


# -- a planted bug changes the verdict -----------------------------------------------


def random_after_all(make_net, value):
    return make_net()


SMALL = Size(100, 5, 3)
BUGS = {
    "double-width": (
        networks,
        "WIDTHS",
        networks.WIDTHS | {"128, dropout": (64, 0.0)},
        "not supported",
    ),
    "dropout-symmetry": (networks, "constant", random_after_all, "supported"),
    "wide-and-regularized": (
        networks,
        "UNITS",
        dict.fromkeys(networks.UNITS, 8),
        "not supported",
    ),
}


def test_all_are_here():
    assert {*EXPECTED, *FULL} == {*BUGS, "label-smoothing"} == set(CLAIMS)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_notebook_shows_the_verdict(name):
    assert shown("04", CLAIMS[name]) == EXPECTED[name][1]


@pytest.mark.parametrize("name", FULL)
def test_the_full_size_has_the_verdict(name):
    claim = CLAIMS[name]
    assert claim.live is None
    assert claim.judge(claim.stored()["digits"].found) == FULL[name]


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_flips_the_verdict(name, data, monkeypatch):
    module, attribute, bug, expected = BUGS[name]
    assert (EXPECTED | FULL)[name][0] != expected
    monkeypatch.setattr(module, attribute, bug)
    assert CLAIMS[name].judge(CLAIMS[name].run(data, SMALL)).word == expected


def test_label_smoothing_smooths(data, monkeypatch):
    """Without the smoothing both configurations are the same network."""
    different = claims.label_smoothing.run(data, SMALL)
    losses = (
        different[f"smoothing {e}, right labels", "test loss"] for e in (0.0, 0.1)
    )
    assert not torch.equal(*losses)

    def forgetful(function, *arguments, label_smoothing=None, **others):
        return partial(function, *arguments, **others)

    monkeypatch.setattr(networks, "partial", forgetful)
    same = claims.label_smoothing.run(data, SMALL)
    for labels in ("right labels", "wrong labels"):
        losses = (same[f"smoothing {e}, {labels}", "test loss"] for e in (0.0, 0.1))
        assert torch.equal(*losses)


# -- networks ------------------------------------------------------------------------


def test_the_dose_is_the_best_on_val(data, monkeypatch):
    """Dropout of everything but a unit or so cannot be the best, and is not shown."""
    monkeypatch.setattr(networks, "UNITS", {"64": 16})
    doses = {"none": (0.0, 0.0), "far too much": (0.97, 0.0)}
    monkeypatch.setattr(networks, "DOSES", doses)
    row = networks.wide_and_regularized.experiment(data, 300, 5, 0)
    none, best = (row[f"64, {name} dose"]["test accuracy"] for name in ("no", "best"))
    assert torch.equal(none, best)
    doses = {"none": (0.97, 0.0), "better": (0.0, 0.0)}
    monkeypatch.setattr(networks, "DOSES", doses)
    row = networks.wide_and_regularized.experiment(data, 300, 5, 0)
    assert torch.equal(row["64, best dose"]["test accuracy"], best)
    assert row["64, no dose"]["test accuracy"].mean() < best.mean() - 0.05


def test_wrong_labels_are_wrong(data):
    right = networks.draw(data.train, 4_000, 0, 10)
    wrong = networks.draw(data.train, 4_000, 0, 10, wrong=0.3)
    assert torch.equal(right.X, wrong.X)
    assert (right.y != wrong.y).float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert set(wrong.y.tolist()) == set(range(10))
    assert not torch.equal(right.y, networks.draw(data.train, 4_000, 1, 10).y)


def test_measuring_leaves_dropout_out(data):
    net = fresh(MLP, data, 0, num_hiddens=(32,), dropout=0.5)
    X = data.val.X[:50]
    logits = logits_of(net, X)
    assert torch.equal(logits, logits_of(net, X)) and net.training
    assert not torch.equal(net(X), net(X))


def test_constant_weights_never_part_without_dropout(data):
    images = networks.draw(data.train, 500, 0, 10)
    for dropout, parted in ((0.0, False), (0.5, True)):
        make_net = partial(fresh, MLP, data, 0, num_hiddens=(16,), dropout=dropout)
        make_net = partial(networks.constant, make_net, 0.01)
        assert networks.difference_of_units(make_net()) < 1e-6
        net, _ = networks.trained(make_net, images, data, 0, 20)
        assert (networks.difference_of_units(net) > 0.01) == parted


def test_rate_and_epoch_are_those_of_the_best_validation_accuracy(data, monkeypatch):
    """Of three rates, of which two learn nothing, the third is reported."""
    images = networks.draw(data.train, 300, 0, 10)
    make_net = partial(fresh, MLP, data, 0, num_hiddens=(16,))
    monkeypatch.setattr(networks, "RATES", (1e-9, 0.1, 1e9))
    net, best = networks.trained(make_net, images, data, 0, 5)
    assert best == accuracy_on(net, data.val.take(1000)) > 0.25
    assert accuracy_on(net, data.test) > accuracy_on(make_net(), data.test) + 0.1
