"""Mixup: pictures and labels mixed alike, and the loss of a mixed label."""

import torch
from torch.nn import functional as F

from helpers.exercises import exercise


def draw(n, K, *shape, seed):
    """A random case of mixing: pictures (n, *shape), labels, shares and an order."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.rand(n, *shape, generator=generator)
    y = torch.randint(K - 1, (n,), generator=generator)  # the last class is missing
    lam = 0.05 + 0.4 * torch.rand(n, generator=generator)
    return "mix", K, X, y, lam, torch.arange(n).roll(1)


def scored(n, K, seed):
    """A random case of the loss: logits and soft labels, each (n, K)."""
    generator = torch.Generator().manual_seed(seed)
    Y = torch.rand(n, K, generator=generator)
    logits = 2 * torch.randn(n, K, generator=generator)
    return "loss", K, logits, Y / Y.sum(1, keepdim=True)


def used(cls, method, K, *arguments):
    """Make one of the learner's class for K classes and call a method of it."""
    return getattr(cls(K), method)(*arguments)


@exercise(
    "Mixup and its loss",
    kind="build",
    stars=3,
    cases=[
        draw(3, 4, 1, 2, 3, seed=0),
        draw(5, 3, 2, 3, 2, seed=1),
        draw(4, 6, 3, 1, 4, seed=2),
        scored(2, 3, seed=3),
        scored(5, 4, seed=4),
    ],
    call=used,
    without=("cross_entropy", "CrossEntropyLoss", "CrossEntropy"),
    hint="`lam.view(-1, 1, 1, 1)` stands beside (n, c, h, w), `lam.view(-1, 1)` beside "
    "(n, K). `Z[order]` is the shuffled copy of Z. Cross-entropy is the sum over the "
    "classes of -Y · log p, and then the mean over the examples.",
    then="`F.cross_entropy` takes such rows of Y as well. In training `order` is "
    "torch.randperm(n), and lam is drawn from a Beta distribution.",
    usual="""
        part * Y + (1 - part) * Y[order] => Y
            The labels are not mixed, or each with itself: half a cat and half a dog
            keep the label of the cat. The partner of `Y` is `Y[order]`.
        share * X + (1 - share) * X[order] => X
            The pictures are not mixed, or each with itself, only their labels are.
            The partner of `X` is `X[order]`.
        share * X + (1 - share) * X[order] => (X + X[order]) / 2
            All pictures are mixed half and half. Example i has the share `lam[i]`.
        share * X + (1 - share) * X[order] => (1 - share) * X + share * X[order]
        part * Y + (1 - part) * Y[order] => (1 - part) * Y + part * Y[order]
            The shares are exchanged: `lam` is that of X itself, 1 - lam that of the
            shuffled copy.
        part * Y + (1 - part) * Y[order] => (1 - part) * Y + part * Y[order]
            The labels have the shares exchanged, the pictures not: `lam` is the share
            of the example itself in both.
        share * X + (1 - share) * X[order] => (1 - share) * X + share * X[order]
            The pictures have the shares exchanged, the labels not: `lam` is the share
            of the example itself in both.
        (1 - share) * X[order] => (1 - share) * X.flip(0)
        (1 - part) * Y[order] => (1 - part) * Y.flip(0)
            The partner is not the one that `order` names: `X[order]`, `Y[order]`.
        (1 - share) * X[order] => (1 - share) * X[order.argsort()]
        (1 - part) * Y[order] => (1 - part) * Y[order.argsort()]
            The order is turned round: the partner of example i is example `order[i]`.
        part * Y + (1 - part) * Y[order] => lam * y + (1 - lam) * y[order]
            You mixed the numbers of the classes: halfway between class 0 and class 2 is
            not class 1. Mix the one-hot rows.
        lam.view(-1, 1, 1, 1), lam.view(-1, 1) => lam[0], lam[0]
            All examples have the share of the first. Example i has `lam[i]`.
        share * X + (1 - share) * X[order] => share * X + X[order]
        part * Y + (1 - part) * Y[order] => part * Y + Y[order]
            The shuffled copy is added whole. Its share is 1 - lam.
        F.one_hot(y, self.num_outputs) => F.one_hot(y)
            Y has a column less than there are classes: the last class is not among
            these labels. Give `F.one_hot` the number of classes.
        .sum(1).mean() => .mean()
            The mean also runs over the classes, so the loss is K times too small: sum
            over the classes, then the mean over the examples.
        .sum(1).mean() => .sum()
            The losses of the examples are added. Take their mean.
        .sum(1).mean() => .sum(1)
            One loss for each example is left. Take their mean.
        return -(Y => return (Y
            The minus sign is missing: a logarithm of a probability is negative.
        F.log_softmax(y_hat, 1) => F.log_softmax(y_hat, 0)
            The softmax runs over axis 0, the examples. The classes are axis 1.
        F.log_softmax(y_hat, 1) => F.softmax(y_hat, 1)
            The logarithm is missing: use `F.log_softmax`.
        F.log_softmax(y_hat, 1) => y_hat
            These are the logits themselves. Make logarithms of probabilities of them,
            with `F.log_softmax`.
        F.log_softmax(y_hat, 1) => y_hat.log()
            y_hat holds logits, which may be negative. `F.log_softmax` makes logarithms
            of probabilities of them.
        -(Y * F => -(F.one_hot(Y.argmax(1), self.num_outputs) * F
            The largest share alone is counted, as if it were the whole label. Each
            class counts with its share.
    """,
)
class Mixup:
    def __init__(self, num_outputs):
        self.num_outputs = num_outputs

    def mix(self, X, y, lam, order):
        share, part = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
        Y = F.one_hot(y, self.num_outputs)
        return share * X + (1 - share) * X[order], part * Y + (1 - part) * Y[order]

    def loss(self, y_hat, Y):
        return -(Y * F.log_softmax(y_hat, 1)).sum(1).mean()
