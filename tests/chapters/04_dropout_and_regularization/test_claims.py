"""Claims of chapter 4: their experiments measure what they say, and can fail."""

import itertools
from functools import partial

import pytest
import torch
from torch.nn import functional as F

from helpers import load_images
from helpers.chapters.dropout_and_regularization import claims
from helpers.chapters.dropout_and_regularization.claims import linear, networks
from helpers.claims import Size
from helpers.claims.fair import accuracy_on, fresh, logits_of
from helpers.models import MLP
from tests.verdicts import of_chapter, shown

CLAIMS = of_chapter("04")
# Live, on the embedded data; nbval runs them in their notebook, not once more here.
EXPECTED = {
    "noise-weights": ("supported", "the weights are larger"),
    "mask-speed": ("supported", "at least twice as fast"),
    "double-width": (
        "undecided",
        "undecided between “it loses” and “it gains”",
    ),
    "l1-zeros": ("not supported", "none, or hardly any"),
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


def unspoiled(X, y, kind, seed):
    return X, y


def thresholded(X, y, num_steps, l1=0.0, descend=linear.descend, **penalty):
    return descend(X, y, num_steps, threshold=l1 or penalty.pop("threshold", 0.0))


def random_after_all(make_net, value):
    return make_net()


SMALL = Size(100, 5, 3)
BUGS = {
    "noise-weights": (linear, "noisy", unspoiled, "not supported"),
    "mask-speed": (
        linear,
        "WAYS",
        linear.WAYS | {"multiply": linear.index},
        "not supported",
    ),
    "double-width": (
        networks,
        "WIDTHS",
        networks.WIDTHS | {"128, dropout": (64, 0.0)},
        "not supported",
    ),
    "l1-zeros": (linear, "descend", thresholded, "supported"),
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
    size = SMALL._replace(num_epochs=300) if name == "l1-zeros" else SMALL
    assert CLAIMS[name].judge(CLAIMS[name].run(data, size)).word == expected


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


# -- noise and weights ---------------------------------------------------------------


def test_label_noise_lengthens_least_squares_as_the_formula_says():
    """E|w|^2 = |w|^2 + sigma^2 tr (X^T X)^-1 with sigma = 1, over 400 draws."""
    X, y = linear.task(linear.lines().train, 100, 0)
    w = linear.least_squares(X, y)
    squares = torch.stack(
        [
            linear.least_squares(*linear.noisy(X, y, "label noise", s)).square().sum()
            for s in range(400)
        ]
    )
    expected = w @ w + torch.linalg.inv(X.T @ X).trace()
    assert abs(squares.mean() - expected) < 4 * squares.std() / 20


def test_input_noise_halves_the_weights():
    """With many examples by 1 / (1 + sigma^2), here 1/2."""
    X, y = linear.task(linear.lines().train, 10_000, 0)
    w = linear.least_squares(X, y)
    noisy = linear.least_squares(*linear.noisy(X, y, "input noise", 0))
    torch.testing.assert_close(noisy[:5], w[:5] / 2, atol=0.02, rtol=0)


@pytest.mark.parametrize("name", ["digits", "lines"])
def test_the_task_is_standardized(name, data):
    examples = data.train if name == "digits" else linear.lines().train
    X, y = linear.task(examples, 200, 0)
    assert X.shape[0] == 200 and 40 <= X.shape[1] <= 50
    torch.testing.assert_close(X.std(0), torch.ones_like(X[0]))
    assert abs(y.mean()) < 1e-9 and y.std().item() == pytest.approx(1)
    other, _ = linear.task(examples, 200, 1)
    assert not torch.equal(X, other)
    again, _ = linear.task(examples, 200, 0)
    assert torch.equal(X, again)


# -- L1 ------------------------------------------------------------------------------


def test_descents_end_where_they_should():
    """Ridge at its closed form; the soft threshold where the slope is within l1."""
    X, y = linear.task(linear.lines().train, 100, 0)
    n, d = X.shape
    ridge = linear.descend(X, y, 2_000, l2=0.1)
    exact = torch.linalg.solve(X.T @ X / n + 0.1 * torch.eye(d).double(), X.T @ y / n)
    torch.testing.assert_close(ridge, exact)
    w = linear.descend(X, y, 2_000, threshold=0.1)
    slope = X.T @ (X @ w - y) / n
    assert (slope[w == 0].abs() <= 0.1 + 1e-9).all() and (w == 0).sum() > 20
    at_rest = -0.1 * w[w != 0].sign()
    torch.testing.assert_close(slope[w != 0], at_rest, atol=1e-6, rtol=0)


def test_the_soft_threshold_is_that_of_torch():
    """One step on a loss without slope: X = 0 would divide by 0, so y fits w."""
    X = torch.eye(3).double()
    w = linear.descend(X, torch.tensor([9.0, 1.5, -0.6]).double(), 200, threshold=0.2)
    best = torch.tensor([9.0, 1.5, -0.6]).double()  # where H = 1/3, lr = 3
    torch.testing.assert_close(w, F.softshrink(best, 0.6))


# -- the speed of a mask -------------------------------------------------------------


def test_all_ways_give_the_same():
    X = torch.randn(50, 20, generator=torch.Generator().manual_seed(0))
    keep = torch.rand(50, 20, generator=torch.Generator().manual_seed(1)) > 0.5
    before = X.clone()
    masks = linear.Masks(keep.float(), keep, ~keep)
    for name, way in linear.WAYS.items():
        torch.testing.assert_close(way(X, masks), torch.where(keep, 2 * X, 0.0))
        assert torch.equal(X, before), f"{name} changes its input"


def test_the_shortest_time_is_kept(monkeypatch):
    """A clock that a test moves: each function's own least time, taken in turns."""
    clock, order = [0.0], []
    durations = {"fast": itertools.cycle([5, 1, 3]), "slow": itertools.cycle([8, 9, 7])}

    def step(name):
        order.append(name)
        clock[0] += next(durations[name])

    monkeypatch.setattr(linear.time, "perf_counter", lambda: clock[0])
    ways = {name: partial(step, name) for name in durations}
    assert linear.shortest_times(ways, (), 3) == {"fast": 1, "slow": 7}
    assert order == ["fast", "slow"] * 3


def test_the_threads_are_given_back(data):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        linear.mask_speed.experiment(data, 10, 1, 0)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


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
