"""Systems of chapter 2: each model, layer and method works as its row says."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from helpers import Examples, SoftmaxRegression, evaluate, seeded, train
from tests.taught import taught

LOGITS, CLASS = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([2])


def test_02_softmax_regression():
    """At least .93 on the digits of 8x8 pixels, from 300 of them.

    Five splits, 300 full-batch steps: .939 with a standard deviation of .006; with
    softmax applied twice, or a tenth of the steps, all stay below .93.
    """
    table = load_digits()
    X = torch.tensor(table.images, dtype=torch.float32)[:, None] / 16
    y = torch.tensor(table.target, dtype=torch.int64)
    accuracies = []
    for seed in range(5):
        order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
        some, rest = order[:300], order[300:]
        with seeded(seed):
            net = taught("02", "SoftmaxRegression").SoftmaxRegression(64)
        assert isinstance(net, nn.Module) and type(net) is not SoftmaxRegression
        train(net, Examples(X[some], y[some]), num_epochs=300, lr=2.0, batch_size=300)
        accuracies.append(evaluate(net, Examples(X[rest], y[rest])).accuracy)
    assert sum(accuracies) / 5 >= 0.93


def test_48_dataloader():
    """Ten examples in batches of four: 4, 4, 2."""
    examples = Examples(torch.arange(10.0)[:, None], torch.arange(10))
    sizes = [len(y) for _, y in DataLoader(examples, batch_size=4)]
    assert sizes == [4, 4, 2]
    sizes = [len(y) for _, y in DataLoader(examples, batch_size=4, drop_last=True)]
    assert sizes == [4, 4]
    own = taught("02", "batches").batches(examples, 4, torch.Generator())
    assert [len(y) for _, y in own] == [4, 4, 2]


def test_56_cross_entropy():
    """Logits 1, 2, 3 and class 2: .40761."""
    own = taught("02", "cross_entropy").cross_entropy
    for loss in (own, F.cross_entropy, nn.CrossEntropyLoss()):
        assert loss(LOGITS, CLASS).item() == pytest.approx(0.40761, abs=5e-6)


def test_57_logsumexp():
    """Of 1000, 1000, 0: 1000.6931; and softmax of the same: one half, one half, 0."""
    own = taught("02", "log_sum_exp", "softmax")
    x = torch.tensor([1000.0, 1000.0, 0.0])
    for function in (own.log_sum_exp, lambda x: torch.logsumexp(x, -1)):
        assert function(x).item() == pytest.approx(1000.6931, abs=1e-4)
    for function in (own.softmax, lambda x: F.softmax(x, -1)):
        assert function(x).tolist() == [0.5, 0.5, 0.0]


def test_59_focal_loss():
    """Without focus it is cross-entropy; at p = .9 and focus 2 the factor is .01."""
    own = taught("02", "focal_loss").focal_loss
    assert own(LOGITS, CLASS, gamma=0.0).item() == pytest.approx(0.40761, abs=5e-6)
    logits, y = torch.tensor([[0.9, 0.1]]).log(), torch.tensor([0])
    factor = own(logits, y, gamma=2.0) / F.cross_entropy(logits, y)
    assert factor.item() == pytest.approx(0.01, abs=1e-5)
