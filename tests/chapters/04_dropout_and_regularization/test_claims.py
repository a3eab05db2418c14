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
        "undecided between “less than a percentage point apart” and “it gains”",
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
    assert (right.y != networks.draw(data.train, 4_000, 0, 10, wrong=1.0).y).all()


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


def test_the_weights_of_the_best_epoch_are_kept_not_those_of_the_last(
    data, monkeypatch
):
    """Of three rates the second is best, after its first epoch."""
    images = networks.draw(data.train, 200, 0, 10)
    make_net = partial(fresh, MLP, data, 0, num_hiddens=(8,))
    monkeypatch.setattr(networks, "RATES", (0.01, 0.1, 1.0))
    nets = []
    for scores in ((0.9,), (0.9, 0.5, 0.9, 0.4, 0.3)):
        low = [0.1] * len(scores)
        told = iter([*low, *scores, *low])
        monkeypatch.setattr(networks, "accuracy_on", lambda *_, told=told: next(told))
        net, best = networks.trained(make_net, images, data, 0, len(scores))
        assert best == 0.9
        nets.append(net)
    for a, b in zip(*(net.parameters() for net in nets), strict=True):
        assert torch.equal(a, b)


def test_confidence_is_the_largest_probability_of_each_image(data):
    net = fresh(MLP, data, 0, num_hiddens=(8,))
    few = data.test.take(50)
    found = networks.measures(net, few)
    with torch.no_grad():
        probabilities = net.eval()(few.X).exp()
    largest = probabilities.amax(1) / probabilities.sum(1)
    torch.testing.assert_close(found["confidence"], largest, check_device=False)
    right = (probabilities.argmax(1) == few.y).double()
    assert torch.equal(found["test accuracy"], right)


def test_a_network_surer_than_right_is_told_so():
    for question in claims.label_smoothing.also[1:]:
        assert question.answers == (
            "less sure than right",
            "as sure as right",
            "surer than right",
        )
        (name,) = (
            f"smoothing {e}, right labels"
            for e, ending in (("0.0", "no smoothing"), ("0.1", "smoothing 0.1"))
            if question.quantity.endswith(ending)
        )
        table = {(name, "confidence"): 0.9, (name, "test accuracy"): 0.7}
        assert question.measure(table) == pytest.approx(0.2)


# -- what each configuration is made of ------------------------------------------------


@pytest.fixture
def made(monkeypatch):
    """Nothing is trained: each configuration tells what it was made of.

    Of two constants the larger is taken for the better one.
    """
    told = []

    def trained(make_net, images, data, seed, num_epochs, **options):
        net = make_net()
        net.told = {
            "hidden": [m.out_features for m in net if hasattr(m, "out_features")][:-1],
            "dropout": max((m.p for m in net if hasattr(m, "p")), default=0.0),
            "images": images,
            "epochs": num_epochs,
            "start": net[1].weight.max().item(),
        } | options
        told.append(net.told)
        return net, net.told["start"]

    monkeypatch.setattr(networks, "trained", trained)
    monkeypatch.setattr(networks, "measures", lambda net, test: net.told)
    monkeypatch.setattr(
        networks, "draw", lambda examples, n, seed, k, wrong=0.0: (n, wrong)
    )
    return told


def test_networks_of_twice_the_width(made, data):
    """As many updates on a fifth of the images: five times the epochs."""
    found = claims.double_width.experiment(data, 500, 10, 0)
    assert {
        name: (row["hidden"], row["dropout"], row["images"], row["epochs"])
        for name, row in found.items()
    } == {
        "64": ([64], 0.0, (500, 0.0), 10),
        "128": ([128], 0.0, (500, 0.0), 10),
        "128, dropout": ([128], 0.5, (500, 0.0), 10),
        "64, wrong labels": ([64], 0.0, (500, 0.3), 10),
        "128, dropout, wrong labels": ([128], 0.5, (500, 0.3), 10),
        "64, a fifth of the images": ([64], 0.0, (100, 0.0), 50),
        "128, dropout, a fifth of the images": ([128], 0.5, (100, 0.0), 50),
    }


def test_networks_of_four_widths_and_their_doses(made, data):
    claims.wide_and_regularized.experiment(data, 500, 10, 0)
    doses = ((0.0, 0.0), (0.0, 0.003), (0.0, 0.01), (0.5, 0.0))
    assert [(row["hidden"], row["dropout"], row["weight_decay"]) for row in made] == [
        ([width], *dose) for width in (8, 64, 256, 1024) for dose in doses
    ]
    assert {row["images"] for row in made} == {(500, 0.4)}


def test_networks_that_start_equal(made, data):
    found = claims.dropout_symmetry.experiment(data, 500, 10, 0)
    for name, hidden, dropout in (
        ("one layer", [64], 0.0),
        ("one layer, dropout", [64], 0.5),
        ("two layers, dropout", [64, 64], 0.5),
    ):
        for start in ("random", "constant"):
            row = found[f"{start}, {name}"]
            assert (row["hidden"], row["dropout"]) == (hidden, dropout)
        best = found[f"constant, {name}"]["start"]
        assert best == pytest.approx(max(networks.CONSTANTS))
    assert len(made) == 3 * 3


def test_networks_of_smoothed_labels(made, data):
    found = claims.label_smoothing.experiment(data, 500, 10, 0)
    assert {
        name: (row["loss"].keywords["label_smoothing"], row["images"])
        for name, row in found.items()
    } == {
        f"smoothing {smoothing}, {labels}": (smoothing, (500, wrong))
        for labels, wrong in (("right labels", 0.0), ("wrong labels", 0.3))
        for smoothing in (0.0, 0.1)
    }
