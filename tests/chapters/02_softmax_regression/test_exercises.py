"""The solutions of chapter 2 agree with torch, not only with themselves."""

import random

import numpy as np
import pytest
import torch
from torch import tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from helpers.chapters.softmax_regression.exercises import probabilities, training

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(6, 4, generator=GENERATOR)
Y = tensor([3, 0, -100, 1, 1, -100])


def test_temperature():
    gap, p = tensor([1.0, 3.0]), tensor([0.9, 0.6])
    T = probabilities.temperature_for.solution(gap, p)
    logits = torch.stack([gap, torch.zeros(2)], 1) / T[:, None]
    assert torch.allclose(logits.softmax(1)[:, 0], p)


def test_log_softmax():
    assert torch.allclose(
        probabilities.log_softmax.solution(LOGITS), F.log_softmax(LOGITS, -1)
    )


def test_expected_loss():
    """Nine examples of ten right: the mean over ten rows, by hand."""
    p_true = tensor([0.7] * 9 + [0.3 / 4])
    loss = probabilities.expected_loss.solution(tensor([0.9]), tensor([0.7]), 5)
    assert torch.allclose(loss, -p_true.log().mean())


def test_expected_loss_is_smallest_at_honest_confidence():
    confidence = torch.linspace(0.11, 0.99, 89)  # steps of 0.01
    loss = probabilities.expected_loss.solution(torch.full((89,), 0.9), confidence, 10)
    assert confidence[loss.argmin()].item() == pytest.approx(0.9, abs=0.005)


def test_gradient():
    logits, y = LOGITS.clone().requires_grad_(), Y.clamp(min=0)
    (gradient,) = torch.autograd.grad(F.cross_entropy(logits, y), logits)
    ours = training.cross_entropy_gradient.solution(LOGITS, y)
    assert torch.allclose(ours, gradient, atol=1e-6)


def test_weighted_mean():
    weight = tensor([1.0, 2.0, 5.0, 0.5])
    losses = F.cross_entropy(LOGITS, Y, reduction="none")
    ours = training.weighted_mean.solution(losses, Y, weight)
    assert torch.allclose(ours, F.cross_entropy(LOGITS, Y, weight=weight))


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("n", [3, 8, 10])
def test_num_steps(n, drop_last):
    loader = DataLoader(range(n), batch_size=4, drop_last=drop_last)
    steps = sum(1 for _ in range(3) for _ in loader)
    assert training.num_steps.solution(n, 4, 3, drop_last) == steps


def without_autograd(X, y, num_classes, lr, num_epochs, batch_size):
    W, b = torch.zeros(X.shape[1], num_classes), torch.zeros(num_classes)
    Y = F.one_hot(y, num_classes)
    for _ in range(num_epochs):
        order = torch.randperm(len(X))
        for k in range(0, len(X), batch_size):
            part = order[k : k + batch_size]
            error = (torch.softmax(X[part] @ W + b, 1) - Y[part]) / len(y[part])
            W = W - lr * X[part].T @ error
            b = b - lr * error.sum(0)
    return W, b


def with_a_list(X, y, num_classes, lr, num_epochs, batch_size):
    X = X.double()
    W = torch.zeros(X.shape[1], num_classes, dtype=torch.double, requires_grad=True)
    b = torch.zeros(num_classes, dtype=torch.double, requires_grad=True)
    for epoch in range(num_epochs):
        order = torch.randperm(len(X), generator=torch.Generator().manual_seed(epoch))
        for index in order.split(batch_size):
            loss = -F.log_softmax(X[index] @ W + b, 1)[range(len(index)), y[index]]
            grads = torch.autograd.grad(loss.mean(), [W, b])
            with torch.no_grad():
                W -= lr * grads[0]
                b -= lr * grads[1]
    return [W, b]


@pytest.mark.parametrize("answer", [without_autograd, with_a_list])
def test_other_ways_to_build_pass(answer):
    feedback = training.fit_softmax.check(answer)
    assert feedback.state == "solved", feedback


BEGINNINGS = (
    "The gradients are never set to zero",
    "Nothing is learned",
    "The loss rises",
    "The bias b stays 0",
    "Softmax is applied twice",
)


@pytest.mark.parametrize("words", BEGINNINGS)
def test_a_mistake_is_known_in_another_order_of_the_batches(words):
    build = training.fit_softmax
    (mistake,) = [m for m in build.mistakes if m.says.startswith(words)]

    def answer(X, y, num_classes, lr, num_epochs, batch_size):
        torch.manual_seed(11)
        return mistake.wrong(X, y, num_classes, lr, num_epochs, batch_size)

    assert build.check(answer).means == mistake.says


def test_the_build_passes_in_any_random_order():
    for seed in range(10):
        torch.manual_seed(seed)
        X, y = training.clouds()
        value = training.fit_softmax.solution(X, y, 3, 0.5, 5, 16)
        assert training.reached(value, value, X, y) == ""


@pytest.mark.parametrize(
    ("right", "sure", "enough"),
    [(78, 0.99, True), (76, 0.99, False), (100, 0.66, True), (100, 0.63, False)],
)
def test_the_build_must_reach_both_a_loss_and_an_accuracy(right, sure, enough):
    """Of 100 examples so many are named rightly, each with this probability.

    For the others the true class is just behind: their loss alone is small enough.
    """
    y = torch.arange(100) % 3
    p_true = torch.full((100,), 0.49)
    p_true[:right] = sure
    p = torch.zeros(100, 3)
    p[range(100), y] = p_true
    p[range(100), (y + 1) % 3] = 0.999 * (1 - p_true)
    p[range(100), (y + 2) % 3] = 0.001 * (1 - p_true)
    X, value = torch.eye(100), (p.log(), torch.zeros(3))  # a row of W for each example
    said = training.reached(value, value, X, y, 3, 0.5, 5, 16)
    assert (said == "") == enough, said


def in_orders(orders):
    """An answer whose batches come from orders(n, batch_size) in every epoch."""

    def answer(X, y, num_classes, lr, num_epochs, batch_size):
        W = torch.zeros(X.shape[1], num_classes, requires_grad=True)
        b = torch.zeros(num_classes, requires_grad=True)
        for _ in range(num_epochs):
            for index in orders(len(X), batch_size):
                F.cross_entropy(X[index] @ W + b, y[index]).backward()
                with torch.no_grad():
                    for parameter in (W, b):
                        parameter -= lr * parameter.grad
                        parameter.grad.zero_()
        return W.detach(), b.detach()

    return answer


def by_random(n, batch_size):
    order = list(range(n))
    random.shuffle(order)
    return torch.tensor(order).split(batch_size)


def by_a_loader(n, batch_size):
    numbers = TensorDataset(torch.arange(n))
    return [k for (k,) in DataLoader(numbers, batch_size=batch_size, shuffle=True)]


OWN = torch.Generator()
ORDERS = {
    "torch": lambda n, size: torch.randperm(n).split(size),
    "own generator": lambda n, size: torch.randperm(n, generator=OWN).split(size),
    "random": by_random,
    "numpy": lambda n, size: torch.from_numpy(np.random.permutation(n)).split(size),
    "DataLoader": by_a_loader,
}


@pytest.mark.parametrize("orders", ORDERS.values(), ids=ORDERS)
def test_a_new_order_in_every_epoch_passes_however_it_is_drawn(orders):
    for _ in range(5):
        assert training.fit_softmax.check(in_orders(orders)).state == "solved"


@pytest.mark.parametrize("orders", ORDERS.values(), ids=ORDERS)
def test_one_order_for_all_epochs_is_told(orders):
    kept = {}

    def once(n, batch_size):
        return kept.setdefault((n, batch_size), orders(n, batch_size))

    feedback = training.fit_softmax.check(in_orders(once))
    assert feedback.state == "wrong" and "the same in every epoch" in str(feedback)


def test_a_new_order_seldom_ends_where_one_order_does():
    X, y = training.FEW
    results = training.in_one_order(X, y, 3, 1.0, 3)
    for seed in range(200):
        torch.manual_seed(seed)
        value = training.fit_softmax.solution(X, y, 3, 1.0, 3, 1)
        assert training.reached(value, value, X, y, 3, 1.0, 3, 1) == ""
    assert len(results[0]) == 120
