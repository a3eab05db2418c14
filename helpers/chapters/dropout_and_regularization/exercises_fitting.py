"""Exercises of chapter 4 on fitting: features, when to stop, and folds."""

import torch
from torch import tensor

from helpers.chapters.dropout_and_regularization import solutions
from helpers.exercises import Exercise, Mistake

POLYNOMIAL_FEATURES = Exercise(
    name="polynomial-features",
    chapter="04",
    title="Features of a polynomial",
    cases=[
        (tensor([2.0, 3.0]), 2),
        (tensor([-1.0, 0.5, 2.0]), 4),
        (tensor([5.0]), 0),
    ],
    solution=solutions.polynomial_features,
    mistakes=[
        Mistake(
            lambda x, degree: x[:, None] ** torch.arange(1, degree + 1),
            "The column of ones is missing: without the power 0 the polynomial has no "
            "constant term.",
        ),
        Mistake(
            lambda x, degree: x[:, None] ** torch.arange(degree),
            "The highest power is missing: the powers 0 to `degree` are degree + 1 "
            "columns.",
        ),
        Mistake(
            lambda x, degree: x[:, None] ** torch.arange(degree, -1, -1),
            "The powers stand in reverse; the first column is the power 0.",
        ),
        Mistake(
            lambda x, degree: x ** torch.arange(degree + 1)[:, None],
            "This is the transpose: each *row* belongs to one x.",
        ),
        Mistake(
            lambda x, degree: x[:, None] * torch.arange(degree + 1),
            "These are multiples of x; a polynomial has powers.",
        ),
    ],
    hint="An (n, 1) tensor to the power of a (degree + 1,) tensor broadcasts to "
    "(n, degree + 1).",
    then="With these features linear regression fits any polynomial.",
    without=("vander",),
)


def _when_it_stops(val_losses, patience):
    best = solutions.early_stopping(val_losses, patience)
    return min(best + patience, len(val_losses) - 1)


def _against_the_last(val_losses, patience):
    kept, bad = 0, 0
    for epoch in range(1, len(val_losses)):
        better = val_losses[epoch] < val_losses[epoch - 1]
        kept, bad = (epoch, 0) if better else (kept, bad + 1)
        if bad >= patience:
            break
    return kept


def _never_starts_again(val_losses, patience):
    best, bad = 0, 0
    for epoch in range(1, len(val_losses)):
        if val_losses[epoch] < val_losses[best]:
            best = epoch
        else:
            bad += 1
        if bad >= patience:
            break
    return best


def _last_if_never_stopped(val_losses, patience):
    best = solutions.early_stopping(val_losses, patience)
    stopped = best + patience <= len(val_losses) - 1
    return best if stopped else len(val_losses) - 1


def _equal_is_better(val_losses, patience):
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss <= val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best


EARLY_STOPPING = Exercise(
    name="early-stopping",
    chapter="04",
    title="Early stopping",
    cases=[
        ([3.0, 2.0, 1.0, 2.0, 3.0], 2),
        ([5.0, 4.0, 4.5, 3.0, 3.5, 3.6, 3.7, 1.0], 3),
        ([6.0, 5.0, 5.5, 4.0, 4.5, 3.0, 3.5, 2.0], 2),
        ([9.0, 5.0, 8.0, 6.0, 7.0, 6.5], 3),
        ([2.0, 1.0, 1.0, 1.0], 2),
        ([4.0, 3.0, 2.0], 1),
        ([3.0, 2.0, 2.5], 2),
    ],
    solution=solutions.early_stopping,
    mistakes=[
        Mistake(
            lambda val_losses, patience: min(
                range(len(val_losses)), key=val_losses.__getitem__
            ),
            "This is the lowest of all. Training has stopped before some of these "
            "epochs, and so it never saw them.",
        ),
        Mistake(
            _when_it_stops,
            "This is the epoch after which training stops; the weights to keep are "
            "those of the best epoch before.",
        ),
        Mistake(
            _against_the_last,
            "You compare each loss with the one before it. Compare it with the lowest "
            "so far: to recover from a bad epoch is no progress.",
        ),
        Mistake(
            _never_starts_again,
            "Patience starts anew with every new best; you counted all bad epochs "
            "together.",
        ),
        Mistake(
            _last_if_never_stopped,
            "If it never stops early, keep the best of all, which need not be the "
            "last.",
        ),
        Mistake(
            _equal_is_better,
            "A loss that only equals the best is no progress.",
        ),
    ],
    hint="Keep the number of the best epoch. In each epoch: is its loss lower than "
    "that of the best? If not, how many epochs ago was the best?",
    then="In practice you also save the weights each time that there is a new best.",
)


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


def line(n, seed):
    """Noisy points along a line: X (n, 1), y (n,)."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.rand(n, 1, generator=generator) + 0.5
    return X, 3 * X[:, 0] + 0.3 * torch.randn(n, generator=generator)


def folds(
    split=lambda n, k: torch.arange(n).tensor_split(k),
    train=lambda n, val: ~torch.isin(torch.arange(n), val),
    swapped=False,
    result=torch.stack,
    at=None,
):
    """Return the answer with one part exchanged."""

    def answer(X, y, k, fit, loss):
        losses = []
        for val in split(len(X), k):
            rest = train(len(X), val)
            first, second = (val, rest) if swapped else (rest, val)
            predict = fit(X[first], y[first])
            second = second if at is None else at(first, second)
            losses.append(loss(predict(X[second]), y[second]))
        return result(losses)

    return answer


def one_split(X, y, k, fit, loss):
    """Hold out the last fold only."""
    return folds(split=lambda n, k: torch.arange(n).tensor_split(k)[-1:])(
        X, y, k, fit, loss
    )


K_FOLD = Exercise(
    name="k-fold",
    chapter="04",
    title="Cross-validation",
    build=True,
    cases=[
        (
            tensor([[1.0], [2.0], [3.0], [4.0]]),
            tensor([1.0, 3.0, 2.0, 6.0]),
            *(2, mean_model, squared),
        ),
        (*line(9, 0), 3, linear_model, squared),
        (*line(10, 1), 4, nearest_model, squared),
        (*line(6, 2), 6, mean_model, squared),
    ],
    solution=solutions.cross_validate,
    mistakes=[
        Mistake(
            folds(swapped=True),
            "You fitted to the one fold and measured on the others; it is the other "
            "way round.",
        ),
        Mistake(
            folds(train=lambda n, val: torch.arange(n)),
            "You fitted to all examples, and so also to those that you measure on.",
        ),
        Mistake(
            folds(at=lambda first, second: first),
            "You measured on the examples that you fitted to: that is the training "
            "error.",
        ),
        Mistake(
            folds(split=lambda n, k: torch.arange(n // k * k).split(n // k)),
            "If k does not divide n, some examples are never measured on: let the "
            "first folds have one more. `tensor_split` does that.",
        ),
        Mistake(
            folds(split=lambda n, k: torch.arange(n).split(n // k)),
            "`split` takes the size of a part, so you can get more than k folds. "
            "`tensor_split` takes their number.",
        ),
        Mistake(
            folds(split=lambda n, k: torch.arange(n).split(-(-n // k))),
            "The last fold is too small: sizes may differ by one. `tensor_split` does "
            "that.",
        ),
        Mistake(
            folds(result=lambda losses: torch.stack(losses).mean()),
            "You returned the mean. Return the k losses: their spread is worth "
            "knowing, too.",
        ),
        Mistake(
            one_split,
            "You measured on one fold only. Each of the k is left out once.",
        ),
    ],
    hint="`torch.arange(n).tensor_split(k)` gives the folds. For each: mark all "
    "examples as training examples, unmark the fold, fit, predict, measure.",
    then="`cross_validate(...).mean()` is what one compares between models.",
    without=("KFold", "cross_val_score"),
)
