"""What the claims of chapter 1 stand on, against torch and by hand."""

import pytest
import torch
from torch.nn import functional as F

from helpers import Examples
from helpers.chapters.linear_algebra_and_gradients import claims, experiments
from helpers.chapters.linear_algebra_and_gradients import (
    experiments_descent as on_lines,
)


@pytest.fixture
def regression():
    examples = experiments.drawn(claims.regression().train, 200, seed=3)
    return experiments.features(examples.X), on_lines.targets(examples)


def classes(n=300, K=3):
    generator = torch.Generator().manual_seed(5)
    y = torch.arange(n) % K
    X = torch.randn(n, 2, generator=generator) + y[:, None]
    return experiments.features(X), y


def test_features():
    X = torch.arange(64.0).view(1, 1, 8, 8)
    # the mean of rows 0 to 3 and columns 0 to 3 is that of 0..3, 8..11, 16.., 24..
    assert experiments.features(X).tolist() == [[13.5, 17.5, 45.5, 49.5, 1.0]]
    assert experiments.features(torch.ones(5, 2)).shape == (5, 3)


def test_least_squares(regression):
    X, y = regression
    torch.testing.assert_close(
        experiments.least_squares(X, y), torch.linalg.lstsq(X, y).solution
    )


def test_logistic_and_softmax_end_where_the_gradient_is_zero():
    X, y = classes()
    Y = F.one_hot(y, 3).double()
    W = experiments.logistic(X, Y, 100)
    gradient = X.T @ (torch.sigmoid(X @ W) - Y) / len(X) + 1e-4 * W
    assert gradient.abs().max() < 1e-6
    W = experiments.descended(lambda W: F.cross_entropy(X @ W, y), (3, 3), 100)
    gradient = X.T @ (torch.softmax(X @ W, 1) - Y) / len(X) + 1e-4 * W
    assert gradient.abs().max() < 1e-6


def test_two_classes_and_far_ones():
    examples = Examples(torch.arange(12.0)[:, None], torch.arange(12) % 4)
    first, second = experiments.two_classes(examples, seed=1, num_classes=4)
    assert first.X.flatten().tolist() == [2, 6, 10] and not first.y.any()
    assert second.X.flatten().tolist() == [3, 7, 11] and second.y.all()
    assert experiments.far(second).X.flatten().tolist() == [31, 35, 39]
    image = Examples(torch.full((1, 1, 2, 2), 0.5), torch.tensor([1]))
    assert (experiments.far(image).X == 5).all()


@pytest.mark.parametrize("data", [claims.points(), claims.three_in_a_row()])
def test_classes_have_gaps_between_them(data):
    X, y = data.train.X, data.train.y
    ends = [(X[y == k].min(), X[y == k].max()) for k in range(len(data.classes))]
    gaps = [right[0] - left[1] for left, right in zip(ends, ends[1:], strict=False)]
    assert min(gaps) >= 0.39


def test_whitened_features_have_the_identity_for_their_hessian(regression):
    X = on_lines.whitened(regression[0])
    torch.testing.assert_close(X.T @ X / len(X), torch.eye(3, dtype=torch.float64))


def test_batches_hold_every_example_once_a_pass():
    generator = torch.Generator().manual_seed(0)
    found = list(on_lines.batches(10, 4, 7, False, generator))
    assert [len(index) for index in found] == [4, 4, 2, 4, 4, 2, 4]
    for k in (0, 3):
        assert torch.cat(found[k : k + 3]).sort().values.tolist() == list(range(10))
    again = torch.cat(list(on_lines.batches(10, 4, 50, True, generator)))
    assert len(again) == 200 and again.unique().numel() == 10


def test_full_batches_are_plain_gradient_descent(regression):
    X, y = regression
    goal, w = experiments.least_squares(X, y), torch.zeros(3, 1, dtype=torch.float64)
    lr, path = 0.3, []
    hessian = X.T @ X / len(X)
    for _ in range(20):
        w.requires_grad_()
        (gradient,) = torch.autograd.grad(0.5 * ((X @ w - y) ** 2).mean(), w)
        w = (w - lr * gradient).detach()
        path.append(w)
    distance, excess = on_lines.descent(X, y, 200, lr, 20, seed=0)
    near = torch.stack([(w - goal).norm() / goal.norm() for w in path[-2:]])
    assert distance == pytest.approx(near.square().mean().sqrt().item())

    def loss(w):
        return 0.5 * ((X @ w - y) ** 2).mean().item()

    mean = sum(map(loss, path[10:])) / 10 - loss(goal)
    assert excess == pytest.approx(mean)
    left = on_lines.excess_after(hessian, goal, lr, 5, 20)
    start = loss(0 * goal) - loss(goal)
    expected = [(loss(path[k - 1]) - loss(goal)) / start for k in (5, 20)]
    assert [10**power for power in left] == pytest.approx(expected, rel=1e-6)


def test_a_smaller_last_batch_counts_as_a_mean_too(regression):
    """By hand: a pass of 150 and of 50 examples, each step along the batch's mean."""
    X, y = regression
    goal = experiments.least_squares(X, y)
    w = torch.zeros_like(goal)
    order = torch.randperm(200, generator=torch.Generator().manual_seed(4))
    for index in (order[:150], order[150:]):
        w = w - 0.3 * (X[index] * (X[index] @ w - y[index])).mean(0)[:, None]
    distance, _ = on_lines.descent(X, y, 150, 0.3, 2, seed=4)
    assert distance == pytest.approx(((w - goal).norm() / goal.norm()).item())


def test_the_rate_falls_to_zero(regression):
    """By hand: two steps, the second at half the rate."""
    X, y = regression
    goal = experiments.least_squares(X, y)
    error = -goal
    for rate in (0.2, 0.1):
        error = error - rate * X.T @ X @ error / len(X)
    distance, _ = on_lines.descent(X, y, 200, 0.2, 2, seed=0, falling=True)
    assert distance == pytest.approx((error.norm() / goal.norm()).item())
