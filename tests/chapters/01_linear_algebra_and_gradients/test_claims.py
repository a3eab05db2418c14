"""Claims of chapter 1: their verdicts, and what they stand on, by hand."""

import pytest
import torch
from torch.nn import functional as F

from helpers import Examples
from helpers.chapters.linear_algebra_and_gradients import claims
from helpers.chapters.linear_algebra_and_gradients.claims import classifiers, descent
from tests.verdicts import of_chapter, shown, verdict

CLAIMS = of_chapter("01")
EXPECTED = {  # live, each on the set that is made for it
    "far-positives": ("not supported", "linear regression is worse"),
    "noise-floor": ("not supported", "it stays away from it"),
    "standardizing": ("supported", "it speeds descent up"),
}
DATA = {
    "far-positives": "points",
    "noise-floor": "regression",
    "standardizing": "units",
}


def without_noise(examples):
    return examples.X.double() @ torch.ones(2, 1, dtype=torch.float64)


def as_they_are(X):
    return X


BUGS = {  # with each the claim gets another verdict
    "far-positives": (classifiers, "far", lambda examples: examples),
    "noise-floor": (descent, "targets", without_noise),
    "standardizing": (descent, "standardized", as_they_are),
}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


def test_all_are_here():
    assert set(EXPECTED) == set(BUGS) == set(CLAIMS)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_notebook_shows_the_verdict(name):
    assert shown("01", CLAIMS[name]) == EXPECTED[name][1]


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_flips_the_verdict(name, monkeypatch):
    monkeypatch.setattr(*BUGS[name])
    assert verdict(CLAIMS[name], DATA[name])[0] != EXPECTED[name][0]


# -- what they stand on --------------------------------------------------------------


@pytest.fixture
def regression():
    examples = classifiers.drawn(claims.regression().train, 200, seed=3)
    return classifiers.features(examples.X), descent.targets(examples)


def classes(n=300, K=3):
    generator = torch.Generator().manual_seed(5)
    y = torch.arange(n) % K
    X = torch.randn(n, 2, generator=generator) + y[:, None]
    return classifiers.features(X), y


def test_features():
    X = torch.arange(64.0).view(1, 1, 8, 8)
    # the mean of rows 0 to 3 and columns 0 to 3 is that of 0..3, 8..11, 16.., 24..
    assert classifiers.features(X).tolist() == [[13.5, 17.5, 45.5, 49.5, 1.0]]
    assert classifiers.features(torch.ones(5, 2)).shape == (5, 3)


def test_least_squares(regression):
    X, y = regression
    torch.testing.assert_close(
        classifiers.least_squares(X, y), torch.linalg.lstsq(X, y).solution
    )


def test_logistic_and_softmax_end_where_the_gradient_is_zero():
    X, y = classes()
    Y = F.one_hot(y, 3).double()
    W = classifiers.logistic(X, Y, 100)
    gradient = X.T @ (torch.sigmoid(X @ W) - Y) / len(X) + 1e-4 * W
    assert gradient.abs().max() < 1e-6
    W = classifiers.descended(lambda W: F.cross_entropy(X @ W, y), (3, 3), 100)
    gradient = X.T @ (torch.softmax(X @ W, 1) - Y) / len(X) + 1e-4 * W
    assert gradient.abs().max() < 1e-6


def test_two_classes_and_far_ones():
    examples = Examples(torch.arange(12.0)[:, None], torch.arange(12) % 4)
    first, second = classifiers.two_classes(examples, seed=1, num_classes=4)
    assert first.X.flatten().tolist() == [2, 6, 10] and not first.y.any()
    assert second.X.flatten().tolist() == [3, 7, 11] and second.y.all()
    assert classifiers.far(second).X.flatten().tolist() == [31, 35, 39]
    image = Examples(torch.full((1, 1, 2, 2), 0.5), torch.tensor([1]))
    assert (classifiers.far(image).X == 5).all()


def test_classes_have_gaps_between_them():
    data = claims.points()
    X, y = data.train.X, data.train.y
    ends = [(X[y == k].min(), X[y == k].max()) for k in range(len(data.classes))]
    gaps = [right[0] - left[1] for left, right in zip(ends, ends[1:], strict=False)]
    assert min(gaps) >= 0.39


def test_whitened_features_have_the_identity_for_their_hessian(regression):
    X = descent.whitened(regression[0])
    torch.testing.assert_close(X.T @ X / len(X), torch.eye(3, dtype=torch.float64))


def test_batches_hold_every_example_once_a_pass():
    generator = torch.Generator().manual_seed(0)
    found = list(descent.batches(10, 4, 7, generator))
    assert [len(index) for index in found] == [4, 4, 2, 4, 4, 2, 4]
    for k in (0, 3):
        assert torch.cat(found[k : k + 3]).sort().values.tolist() == list(range(10))


def test_full_batches_are_plain_gradient_descent(regression):
    X, y = regression
    goal, w = classifiers.least_squares(X, y), torch.zeros(3, 1, dtype=torch.float64)
    lr, path = 0.3, []
    for _ in range(20):
        w.requires_grad_()
        (gradient,) = torch.autograd.grad(0.5 * ((X @ w - y) ** 2).mean(), w)
        w = (w - lr * gradient).detach()
        path.append(w)
    distance = descent.descent(X, y, 200, lr, 20, seed=0)
    near = torch.stack([(w - goal).norm() / goal.norm() for w in path[-2:]])
    assert distance == pytest.approx(near.square().mean().sqrt().item())


def test_a_smaller_last_batch_counts_as_a_mean_too(regression):
    """By hand: a pass of 150 and of 50 examples, each step along the batch's mean."""
    X, y = regression
    goal = classifiers.least_squares(X, y)
    w = torch.zeros_like(goal)
    order = torch.randperm(200, generator=torch.Generator().manual_seed(4))
    for index in (order[:150], order[150:]):
        w = w - 0.3 * (X[index] * (X[index] @ w - y[index])).mean(0)[:, None]
    distance = descent.descent(X, y, 150, 0.3, 2, seed=4)
    assert distance == pytest.approx(((w - goal).norm() / goal.norm()).item())


def test_the_rate_falls_to_zero(regression):
    """By hand: two steps, the second at half the rate."""
    X, y = regression
    goal = classifiers.least_squares(X, y)
    error = -goal
    for rate in (0.2, 0.1):
        error = error - rate * X.T @ X @ error / len(X)
    distance = descent.descent(X, y, 200, 0.2, 2, seed=0, falling=True)
    assert distance == pytest.approx((error.norm() / goal.norm()).item())


# -- inputs in different units --------------------------------------------------------


@pytest.fixture
def flats():
    examples = classifiers.drawn(claims.units().train, 300, seed=3)
    return classifiers.features(examples.X), descent.targets(examples)


def test_flats_have_square_meters_and_rooms(flats):
    size, rooms = claims.units().train.X.T
    assert 85 < size.mean() < 95 and 2.9 < rooms.mean() < 3.1
    both = torch.stack([size, rooms])
    assert torch.corrcoef(both)[0, 1] == pytest.approx(0.8, abs=0.02)


def test_standardized_columns(flats):
    X = torch.cat([torch.full((300, 1), 7.0).double(), flats[0]], 1)
    for change, deviations in (
        (descent.standardized, [0, 1, 1]),
        (descent.centred, [0, *X[:, 1:3].std(0, correction=0).tolist()]),
    ):
        found = change(X)
        assert found[:, :-1].mean(0).abs().max() < 1e-12
        assert found[:, :-1].std(0, correction=0).tolist() == pytest.approx(deviations)
        assert (found[:, -1] == 1).all()
        both = torch.cat([X, found], 1)  # no input is lost, and none is won
        assert torch.linalg.matrix_rank(both) == torch.linalg.matrix_rank(X) == 3


@pytest.mark.parametrize("left", [0.5, 0.01, 0.001])
def test_steps_are_those_of_descent(flats, left):
    """By hand: the first step at which so little is left, at the best of the rates."""
    X, y = descent.standardized(flats[0]), flats[1]
    goal, limit = classifiers.least_squares(X, y), 2 / torch.linalg.eigvalsh(
        X.T @ X / len(X)).max()  # fmt: skip

    def excess(w):
        return 0.5 * (((X @ w - y) ** 2).mean() - ((X @ goal - y) ** 2).mean())

    needed = []
    for share in descent.SHARES:
        w, count = torch.zeros_like(goal), 0
        while excess(w) > left * excess(0 * goal):
            w = w - share * limit * X.T @ (X @ w - y) / len(X)
            count += 1
        needed.append(count)
    assert descent.steps_needed(X, y, left, 1_000_000) == min(needed)


def test_steps_are_not_counted_without_end(flats):
    assert descent.steps_needed(*flats, 0.01, 100) == 100
