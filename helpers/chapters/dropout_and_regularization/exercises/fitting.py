"""Features, and when to stop."""

import torch
from torch import tensor

from helpers.exercises import exercise


@exercise(
    "Features of a polynomial",
    cases=[
        (tensor([2.0, 3.0]), 2),
        (tensor([-1.0, 0.5, 2.0]), 4),
        (tensor([5.0]), 0),
    ],
    hint="An (n, 1) tensor to the power of a (degree + 1,) tensor broadcasts to "
    "(n, degree + 1).",
    then="With these features linear regression fits any polynomial.",
    without=("vander",),
    usual="""
        arange(degree => arange(1, degree
            The column of ones is missing: without the power 0 the polynomial has no
            constant term.
        arange(degree + 1) => arange(degree)
            The highest power is missing: the powers 0 to `degree` are degree + 1
            columns.
        arange(degree + 1) => arange(degree, -1, -1)
            The powers stand in reverse; the first column is the power 0.
        return x ** torch.arange(degree + 1)[:, None]
            This is the transpose: each *row* belongs to one x.
        return x[:, None] * torch.arange(degree + 1)
            These are multiples of x; a polynomial has powers.
    """,
)
def polynomial_features(x, degree):
    # (n, 1) ** (degree + 1,) -> one column for each power, 0 to degree
    return x[:, None] ** torch.arange(degree + 1)


@exercise(
    "Early stopping",
    stars=2,
    cases=[
        ([3.0, 2.0, 1.0, 2.0, 3.0], 2),
        ([5.0, 4.0, 4.5, 3.0, 3.5, 3.6, 3.7, 1.0], 3),
        ([6.0, 5.0, 5.5, 4.0, 4.5, 3.0, 3.5, 2.0], 2),
        ([9.0, 5.0, 8.0, 6.0, 7.0, 6.5], 3),
        ([2.0, 1.0, 1.0, 1.0], 2),
        ([4.0, 3.0, 2.0], 1),
        ([3.0, 2.0, 2.5], 2),
        ([3.0, 1.0, 2.0, 2.5, 0.5, 0.6, 0.7, 0.8, 0.1], 2),
    ],
    hint="Keep the number of the best epoch. In each epoch: is its loss lower than "
    "that of the best? If not, how many epochs ago was the best?",
    then="In practice you also save the weights each time that there is a new best.",
    usual=r"""
        if epoch - best_epoch >= patience: => if False:
            This is the lowest of all. Training has stopped before some of these
            epochs, and so it never saw them.
        >= patience => > patience
            You wait for one epoch too many: training stops as soon as `patience`
            epochs in a row have brought no new best.
        return best_epoch => return epoch
            This is the epoch after which training stops; the weights to keep are those
            of the best epoch before.
        val_losses[best_epoch] => val_losses[epoch - 1]
            You compare each loss with the one before it. Compare it with the lowest so
            far: to recover from a bad epoch is no progress.
        best_epoch = 0 => best_epoch = bad = 0
        if epoch - best_epoch >= => bad += best_epoch < epoch\n        if bad >=
            Patience starts anew with every new best; you counted all bad epochs
            together.
        return best_epoch => return epoch
        break => return best_epoch
            If it never stops early, keep the best of all, which need not be the last.
        loss < => loss <=
            A loss that only equals the best is no progress.
    """,
)
def early_stopping(val_losses, patience):
    best_epoch = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best_epoch]:
            best_epoch = epoch
        if epoch - best_epoch >= patience:
            break
    return best_epoch
