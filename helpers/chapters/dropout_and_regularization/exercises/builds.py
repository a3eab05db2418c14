"""A repair, a choice of a strength; two builds, cross-validation and dropout."""

import torch
from torch import nn, tensor

from helpers.exercises import exercise


def regression(n, d, seed):
    """Noisy targets of a linear model: X (n, d), y (n,)."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, generator=generator)
    return X, X.sum(1) + 2 * torch.randn(n, generator=generator)


@exercise(
    "Three bugs in one choice",
    name="three-bugs",
    kind="repair",
    stars=2,
    cases=[
        (*regression(20, 6, 0), (0.01, 1.0, 100.0)),
        (*regression(15, 5, 1), (0.1, 3.0)),
        (*regression(30, 12, 2), (1e-3, 0.1, 1.0, 10.0)),
        (*regression(25, 8, 6), (30.0, 3.0, 0.3)),
    ],
    hint="Which of the three parts may the weights see, which part may the choice of "
    "lam see, and whose weights does the report belong to?",
    then="None of the three raises an error, and each makes the report look like "
    "something that it is not.",
    usual="""
        * fit(X[:a], y[:a], lam) => fit(X[:b], y[:b], lam)
            The weights have seen the validation examples, so the choice among them is
            made on training examples.
        * (X[a:b] @ w - y[a:b]) => (X[:a] @ w - y[:a])
            The strength is chosen by the training error: the smallest lam always wins
            there.
        * (X[b:] @ best[1] - y[b:]) => (X[b:] @ w - y[b:])
            The report is of the weights of the last lam, not of the one that was
            chosen.
        (X[a:b] @ w - y[a:b]) => (X[b:] @ w - y[b:])
            The strength is chosen on the test examples: their error is a report no
            longer.
        (X[b:] @ best[1] - y[b:]) => (X[a:b] @ best[1] - y[a:b])
            The report is of the validation examples, which chose lam; use the test
            examples.
    """,
)
def choose_strength(X, y, strengths):
    a, b = len(X) * 3 // 5, len(X) * 4 // 5  # training, validation, test

    def fit(X, y, lam):
        return torch.linalg.solve(X.T @ X + lam * torch.eye(X.shape[1]), X.T @ y)

    lowest = float("inf")
    for lam in strengths:
        w = fit(X[:a], y[:a], lam)
        loss = (X[a:b] @ w - y[a:b]).square().mean()
        if loss < lowest:
            lowest, best = loss, (lam, w)
    return best[0], (X[b:] @ best[1] - y[b:]).square().mean()


def mean_model(X, y):
    """Predict the mean of the targets, whatever the input."""
    mean = y.mean()
    return lambda X: mean.expand(len(X))


def linear_model(X, y):
    """Fit a line through 0."""
    w = (X[:, 0] * y).sum() / (X[:, 0] ** 2).sum()
    return lambda X: X[:, 0] * w


def nearest_model(X, y):
    """Answer with the target of the nearest example."""
    return lambda Z: y[(Z[:, None] - X[None]).abs().sum(2).argmin(1)]


def squared(y_hat, y):
    """Return the mean squared error."""
    return ((y_hat - y) ** 2).mean()


def rather_low(y_hat, y):
    """Return the mean error, where one that is too high counts four times."""
    return torch.where(y_hat > y, 4 * (y_hat - y), y - y_hat).mean()


def line(n, seed):
    """Noisy points along a line: X (n, 1), y (n,)."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.rand(n, 1, generator=generator) + 0.5
    return X, 3 * X[:, 0] + 0.3 * torch.randn(n, generator=generator)


@exercise(
    "Cross-validation",
    name="k-fold",
    kind="build",
    stars=3,
    cases=[
        (
            tensor([[1.0], [2.0], [3.0], [4.0]]),
            tensor([1.0, 3.0, 2.0, 6.0]),
            *(2, mean_model, squared),
        ),
        (*line(9, 0), 3, linear_model, squared),
        (*line(10, 1), 4, nearest_model, squared),
        (*line(6, 2), 6, mean_model, squared),
        (*line(8, 3), 2, linear_model, rather_low),
    ],
    hint="What do `tensor_split` and `split` make of `torch.arange(10)`, each given 4? "
    "And which index picks all examples but those of one fold?",
    then="`cross_validate(...).mean()` is what one compares between models.",
    without=("KFold", "cross_val_score"),
    usual="""
        fit(X[is_train], y[is_train]) => fit(X[val], y[val])
        predict(X[val]), y[val] => predict(X[is_train]), y[is_train]
            You fitted to the one fold and measured on the others; it is the other way
            round.
        fit(X[is_train], y[is_train]) => fit(X, y)
            You fitted to all examples, and so also to those that you measure on.
        predict(X[val]), y[val] => predict(X[is_train]), y[is_train]
            You measured on the examples that you fitted to: that is the training
            error.
        arange(len(X)).tensor_split(k) => arange(len(X) // k * k).split(len(X) // k)
            If k does not divide n, some examples are never measured on: let the first
            folds have one more. `tensor_split` does that.
        tensor_split(k) => split(len(X) // k)
            `split` takes the size of a part, so you can get more than k folds.
            `tensor_split` takes their number.
        tensor_split(k) => split(-(-len(X) // k))
            The last fold is too small: sizes may differ by one. `tensor_split` does
            that.
        loss(predict(X[val]), y[val]) => loss(y[val], predict(X[val]))
            The predictions come first and the targets second. Squares do not care, and
            this loss does.
        stack(losses) => stack(losses).mean()
            You returned the mean. Return the k losses: their spread is worth knowing,
            too.
        tensor_split(k) => tensor_split(k)[-1:]
            You measured on one fold only. Each of the k is left out once.
    """,
)
def cross_validate(X, y, k, fit, loss):
    losses = []
    for val in torch.arange(len(X)).tensor_split(k):
        is_train = torch.ones(len(X), dtype=torch.bool)
        is_train[val] = False
        predict = fit(X[is_train], y[is_train])
        losses.append(loss(predict(X[val]), y[val]))
    return torch.stack(losses)


def used(cls, program):
    """Evaluate a program in which Dropout is the learner's class.

    Statements have "; " between them, and the last is an expression.
    """
    *statements, result = program.split("; ")
    space = {"Dropout": cls, "torch": torch, "ones": torch.ones}
    exec("\n".join(statements), space)
    return eval(result, space)


def kept(X, p):
    """Return a mask that always drops the same number of entries."""
    order = torch.rand_like(X).flatten().argsort().argsort()
    return (order >= round(p * X.numel())).float().view(X.shape)


# Values, not means, wherever it is possible: means of random numbers need room.
@exercise(
    "Dropout as a module",
    kind="build",
    stars=3,
    cases=[
        ("d = Dropout(0.5); d.eval(); d(ones(2, 3))",),
        ("d = Dropout(0.5); d(ones(100, 100)).unique()",),
        ("d = Dropout(0.2); d(ones(1000)).unique()",),
        ("d = Dropout(0.2); round(d(ones(400, 400)).mean().item(), 1)",),
        ("d = Dropout(); d(ones(1000)).unique()",),
        ("d = Dropout(0.5); X = ones(64); d(X); X.unique()",),
        ("d = Dropout(0.5); X = ones(9, 64); d(X).equal(d(X))",),
        ("d = Dropout(0.5); Y = d(ones(64, 64)); bool((Y == Y[:, :1]).all())",),
        ("d = Dropout(0.5); Y = d(ones(64, 64)); bool((Y == Y[:1]).all())",),
        ("d = Dropout(0.5); len({int(d(ones(99)).sum()) for _ in range(9)}) > 1",),
        ("d = Dropout(0.0); d(ones(100)).unique()",),
        ("d = Dropout(1.0); d(ones(100)).unique()",),
        ("Dropout(1.5).p",),
        ("Dropout(-0.1).p",),
    ],
    call=used,
    hint="How does a module know that it is in training? How often is a number from "
    "`torch.rand_like` above p? And what becomes of 1 / (1 - p) at p = 1?",
    then="nn.Dropout does the same; use that from now on.",
    without=("dropout", "Dropout", "dropout_", "alpha_dropout", "AlphaDropout"),
    usual=r"""
        / (1 - self.p) =>
            What is kept must be divided by 1 - p. Otherwise the next layer gets
            smaller inputs in training than later.
        / (1 - self.p) =>
        not 0 <= p <= 1 => False
            What is kept must be divided by 1 - p. Otherwise the next layer gets
            smaller inputs in training than later.
        / (1 - self.p) => / self.p
        or self.p == 0 =>
            Divide by the share that is kept, 1 - p, not by that which is dropped.
        / (1 - self.p) => / self.p
        or self.p == 0 =>
        not 0 <= p <= 1 => False
            Divide by the share that is kept, 1 - p, not by that which is dropped.
        / (1 - self.p) =>
        return X => return (1 - self.p) * X
            This is the older form, which scales when the network is used. Here the
            scaling is to happen in training, and evaluation changes nothing.
        / (1 - self.p) =>
        return X => return (1 - self.p) * X
        not 0 <= p <= 1 => False
            This is the older form, which scales when the network is used. Here the
            scaling is to happen in training, and evaluation changes nothing.
        > self.p => < self.p
        or self.p == 0 =>
            The mask is turned: p is the probability to be dropped, so what is kept are
            the random numbers above p.
        > self.p => < self.p
        or self.p == 0 =>
        not 0 <= p <= 1 => False
            The mask is turned: p is the probability to be dropped, so what is kept are
            the random numbers above p.
        not self.training or =>
            It drops in evaluation as well: ask `self.training`.
        not self.training or =>
        not 0 <= p <= 1 => False
            It drops in evaluation as well: ask `self.training`.
        self.p == 1 => False
            With p = 1 everything is dropped, and 0 / 0 is nan: return zeros.
        not 0 <= p <= 1 => False
            A p outside of 0 to 1 has no meaning: raise a ValueError where it is given,
            in `__init__`.
        not 0 <= p <= 1 => False
        self.p == 1 => False
            The ordinary case is right. Two are left: p = 1 gives 0 / 0, and a p
            outside of 0 to 1 must raise a ValueError in `__init__`.
        return mask * X / (1 - self.p) => X *= mask / (1 - self.p)\n        return X
            It changes its input in place: what the layer before has computed is lost
            for backward, too. Return a new tensor.
        torch.rand_like(X) => torch.rand(len(X), *[1] * (X.ndim - 1))
            Whole rows are dropped, that is whole examples. Draw a number for each
            entry: `torch.rand_like(X)`.
        torch.rand_like(X) => torch.rand(X.shape[-1])
            All examples lose the same units. Draw a number for each entry:
            `torch.rand_like(X)`.
        (torch.rand_like(X) > self.p).float() => kept(X, self.p)
            The same number of entries is dropped each time. Each is dropped by itself,
            with probability p, so their number varies.
        mask = => torch.manual_seed(0)\n        mask =
            The same units are dropped in every call: draw a new mask in `forward`.
    """,
)
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p must lie between 0 and 1, got {p}")
        self.p = p

    def forward(self, X):
        if not self.training or self.p == 0:
            return X
        if self.p == 1:
            return torch.zeros_like(X)  # 1 / (1 - p) would be a division by 0
        mask = (torch.rand_like(X) > self.p).float()
        return mask * X / (1 - self.p)
