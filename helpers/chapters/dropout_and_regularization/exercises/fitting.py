"""When to stop."""

from helpers.exercises import exercise


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
    hint="Which number do you have to remember from epoch to epoch, so that you know "
    "at any time how long ago the best was?",
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
