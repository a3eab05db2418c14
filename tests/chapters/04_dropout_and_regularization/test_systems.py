"""Systems of chapter 4: each model, layer and method works as its row says."""

import functools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    MLP,
    load_images,
    seeded,
    train,
    with_label_noise,
)
from helpers.chapters.dropout_and_regularization.exercises import (
    builds,
    fitting,
    penalties,
)
from tests.taught import taught


def test_34_dropout_layer():
    """Ones become 0 and 2 with the mean 1 and the variance p / (1 - p) = 1."""
    for layer in (builds.Dropout.solution(), nn.Dropout()):
        with seeded(0):
            Y = layer(torch.ones(1_000_000))
        assert Y.unique().tolist() == [0, 2]
        assert Y.mean().item() == pytest.approx(1, abs=0.01)
        assert Y.var().item() == pytest.approx(1, abs=0.01)
        layer.eval()
        assert layer(torch.ones(100)).equal(torch.ones(100))
    own = taught("04", "dropout").dropout
    with seeded(0):
        Y = own(torch.ones(1_000_000), 0.2)
    assert Y.unique().tolist() == [0, 1.25]
    assert Y.mean().item() == pytest.approx(1, abs=0.01)
    assert own(torch.ones(100), 0.2, training=False).equal(torch.ones(100))


def test_58_label_smoothing():
    """Ten classes, epsilon .1: labels .91 and .01, and a loss of at least .5003."""
    labels = penalties.smooth_labels.solution(torch.tensor([3, 0]), 10, 0.1)
    assert labels[0, 3].item() == pytest.approx(0.91)
    assert labels[0, 0].item() == pytest.approx(0.01)
    logits = torch.randn(2, 10, generator=torch.Generator().manual_seed(0))
    own = -(labels * F.log_softmax(logits, 1)).sum(1).mean()
    theirs = F.cross_entropy(logits, torch.tensor([3, 0]), label_smoothing=0.1)
    torch.testing.assert_close(own, theirs)
    floor = F.cross_entropy(labels.log(), torch.tensor([3, 0]), label_smoothing=0.1)
    assert floor.item() == pytest.approx(0.5003, abs=1e-4)


def test_61_l1():
    """Of 50 features 5 count: the proximal method makes most of the others exactly 0.

    A step along the subgradient makes none.
    """
    X, y = sparse_task()
    lam, lr = 0.1, 0.1
    proximal, subgradient = torch.zeros(50), torch.zeros(50)
    for _ in range(500):
        proximal = proximal - lr * X.T @ (X @ proximal - y) / len(X)
        proximal = penalties.soft_threshold.solution(proximal, lr * lam)
        gradient = X.T @ (X @ subgradient - y) / len(X) + lam * subgradient.sign()
        subgradient = subgradient - lr * gradient
    assert (proximal == 0).sum() >= 35 and (proximal[:5] != 0).all()
    assert (subgradient == 0).sum() == 0
    w = torch.tensor([3.0, 0.5, -0.2])
    assert penalties.soft_threshold.solution(w, 1.0).tolist() == [2, 0, 0]


def sparse_task():
    """X (100, 50), y (100,): five weights of 1 and noise."""
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(100, 50, generator=generator)
    y = X[:, :5].sum(1) + 0.1 * torch.randn(100, generator=generator)
    return X, y


def test_62_l2_and_weight_decay():
    """200 inputs, 20 examples: a penalty lowers the test loss and the weights.

    The decay of SGD is the step on the penalized loss: 2.65 both times.
    """
    w = torch.full((200,), 0.01)
    generator = torch.Generator().manual_seed(0)
    X, X_test = (torch.randn(n, 200, generator=generator) for n in (20, 1000))
    y = X @ w + 0.5 * torch.randn(20, generator=generator)
    losses, norms = [], []
    for lam in (1e-3, 1.0, 100.0):
        found = penalties.ridge.solution(X, y, lam)
        losses.append(((X_test @ (found - w)) ** 2).mean().item())
        norms.append(found.norm().item())
    assert losses == sorted(losses, reverse=True)
    assert norms == sorted(norms, reverse=True)

    weight, bias = (nn.Parameter(torch.tensor([v])) for v in (3.0, 1.0))
    optimizer = torch.optim.SGD(
        [{"params": [weight], "weight_decay": 0.5}, {"params": [bias]}], lr=0.1
    )
    weight.grad, bias.grad = torch.tensor([2.0]), torch.tensor([4.0])
    optimizer.step()
    own = penalties.weight_decay_step.solution(
        torch.tensor([3.0, 1.0]), torch.tensor([2.0, 4.0]), 0.1, 0.5
    )
    assert own.tolist() == pytest.approx([2.65, 0.6])
    assert own.tolist() == pytest.approx([weight.item(), bias.item()])
    shrunk = penalties.ridge.solution(torch.eye(3), torch.tensor([3.0, 0.5, -0.2]), 1.0)
    torch.testing.assert_close(shrunk, torch.tensor([1.5, 0.25, -0.1]))


def test_62_decay_of_adam():
    """With unequal gradients Adam with a penalty and AdamW take other steps."""
    steps = {}
    for name in ("Adam", "AdamW"):
        p = nn.Parameter(torch.ones(2))
        optimizer = getattr(torch.optim, name)([p], lr=0.1, weight_decay=0.1)
        p.grad = torch.tensor([1.0, 100.0])
        optimizer.step()
        steps[name] = p.tolist()
    assert steps["Adam"] == pytest.approx([0.9, 0.9], abs=1e-4)
    assert steps["AdamW"] == pytest.approx([0.89, 0.89], abs=1e-4)


def test_65_k_fold():
    """Folds are disjoint and cover everything; each example is left out once."""
    X, seen = torch.arange(10.0)[:, None], []

    def fit(X_train, y_train):
        kept = set(X_train[:, 0].tolist())

        def predict(X_val):
            fold = X_val[:, 0].tolist()
            assert not kept & set(fold) and len(kept) + len(fold) == 10
            seen.extend(fold)
            return X_val[:, 0]

        return predict

    losses = builds.cross_validate.solution(X, X[:, 0], 4, fit, F.mse_loss)
    assert losses.tolist() == [0] * 4 and sorted(seen) == list(range(10))


def test_64_early_stopping():
    """Noisy labels: the best epoch lies before the last, and is found."""
    rows = noisy_digits(0.0)
    best = fitting.early_stopping.solution(rows.val_loss, 5)
    assert best < len(rows.val_loss) - 1
    assert rows.val_loss[best] < rows.val_loss[-1] - 0.1
    assert math.isclose(rows.val_loss[best], min(rows.val_loss))


def test_63_dropout():
    """With 30 % wrong labels dropout .5 ends with a higher validation accuracy."""
    plain, dropped = (noisy_digits(p).val_accuracy[-1] for p in (0.0, 0.5))
    assert dropped > plain + 0.02


@functools.cache
def noisy_digits(p):
    """Train a wide network on 1000 digits with 30 % wrong labels."""
    data = with_label_noise(load_images("digits", n_train=1000, n_val=1000), 0.3)
    with seeded(0):
        net = MLP((256,), dropout=p)
    return train(net, data.train, data.val, num_epochs=60, lr=0.2, batch_size=50)
