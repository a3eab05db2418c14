"""Exercises of chapter 2 on gradients, means and steps."""

import torch
from torch import tensor
from torch.nn import functional as F

from helpers.chapters.softmax_regression import solutions
from helpers.exercises import Exercise, Mistake


def one_hot(y, logits):  # noqa: D103
    return F.one_hot(y, logits.shape[1])


def mean_with(losses, y, weight, divisor):  # noqa: D103
    kept = y != -100
    w = weight[y[kept]]
    return (w * losses[kept]).sum() / divisor(w)


CROSS_ENTROPY_GRADIENT = Exercise(
    name="cross-entropy-gradient",
    chapter="02",
    title="The gradient of a batch",
    cases=[
        (tensor([[1.0, 2.0, 3.0]]), tensor([2])),
        (tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), tensor([2, 0])),
        (
            tensor([[0.0, 1.0, 2.0], [1000.0, 0.0, 0.0], [3.0, 3.0, 3.0]]),
            tensor([0, 1, 2]),
        ),
        (tensor([[1.0, 0.0, 2.0, 0.0], [2.0, 1.0, 0.0, 0.0]]), tensor([0, 1])),
    ],
    solution=solutions.cross_entropy_gradient,
    mistakes=[
        Mistake(
            lambda logits, y: torch.softmax(logits, -1) - one_hot(y, logits),
            "This is the gradient of the sum. The loss is the mean over n examples, "
            "so each row is divided by n.",
        ),
        Mistake(
            lambda logits, y: (torch.softmax(logits, -1) - F.one_hot(y)) / len(y),
            "F.one_hot(y) makes only as many columns as the largest label in this "
            "batch asks for: give it the number of classes.",
        ),
        Mistake(
            lambda logits, y: one_hot(y, logits) - torch.softmax(logits, -1),
            "It is prediction minus label, not the reverse; and the mean over the n "
            "examples is missing.",
        ),
        Mistake(
            lambda logits, y: -solutions.cross_entropy_gradient(logits, y),
            "The sign is turned: descent subtracts the gradient, so the true class "
            "needs the negative entry.",
        ),
        Mistake(
            lambda logits, y: (torch.softmax(logits, 0) - one_hot(y, logits)) / len(y),
            "The softmax ran over the examples; use the last axis.",
        ),
        Mistake(
            lambda logits, y: (logits - one_hot(y, logits)) / len(y),
            "You subtracted the label from the logits; it is subtracted from the "
            "probabilities.",
        ),
        Mistake(
            lambda logits, y: (torch.softmax(logits, -1) - y[:, None]) / len(y),
            "You subtracted the index of the class, as a number. Classes are names: "
            "use their one-hot vectors.",
        ),
        Mistake(
            lambda logits, y: torch.softmax(logits, -1) - y[:, None],
            "You subtracted the index of the class as if it were an amount: use its "
            "one-hot vector. The mean over the examples is missing, too.",
        ),
        Mistake(
            lambda logits, y: (
                (torch.softmax(logits, -1) - one_hot(y, logits)) / logits.numel()
            ),
            "The mean is over the n examples, not over all n times K entries.",
        ),
        Mistake(
            lambda logits, y: (torch.softmax(logits, -1) - one_hot(y, logits)).mean(0),
            "Each example keeps its own row: divide by n, and do not sum over the "
            "examples.",
        ),
    ],
    hint="For one example the gradient is the prediction minus the one-hot label. What "
    "does taking the mean of n losses do to each row?",
    without=("autograd", "backward", "grad", "requires_grad", "requires_grad_"),
    then="With it, X.T @ gradient is what a training step needs: no autograd.",
)

WEIGHTED_MEAN = Exercise(
    name="weighted-mean",
    chapter="02",
    title="The mean with weights and ignored targets",
    cases=[
        (tensor([0.5108, 1.2040]), tensor([2, 0]), tensor([3.0, 1.0, 1.0])),
        (tensor([1.0, 2.0, 0.5, 3.0]), tensor([1, 1, 0, 1]), tensor([1.0, 4.0])),
        (
            tensor([1.0, 2.0, 0.5, 4.0]),
            tensor([0, -100, 2, 1]),
            tensor([1.0, 2.0, 5.0]),
        ),
    ],
    solution=solutions.weighted_mean,
    mistakes=[
        Mistake(
            lambda losses, y, weight: (weight[y] * losses).sum() / weight[y].sum(),
            "-100 is no class and has no weight: leave these examples out before you "
            "look up the weights.",
        ),
        Mistake(
            lambda losses, y, weight: mean_with(losses, y, weight, lambda w: len(w)),
            "The weighted sum is divided by the sum of the weights, not by the number "
            "of examples.",
        ),
        Mistake(
            lambda losses, y, weight: mean_with(losses, y, weight, lambda w: len(y)),
            "You divide by the number of all examples. Divide by the sum of the "
            "weights of those that count.",
        ),
        Mistake(
            lambda losses, y, weight: mean_with(
                losses, y, weight, lambda w: weight.sum()
            ),
            "You divide by the sum over the classes. Add up the weight of each "
            "example, so that a class counts as often as it occurs.",
        ),
        Mistake(
            lambda losses, y, weight: losses[y != -100].mean(),
            "This mean has no weights: `weight[y]` holds one for each example.",
        ),
        Mistake(
            lambda losses, y, weight: mean_with(losses, y, weight, lambda w: 1),
            "This is the sum (reduction='sum'); the mean divides it by the sum of the "
            "weights.",
        ),
        Mistake(
            lambda losses, y, weight: mean_with(
                losses, y, weight, lambda w: weight[y.clamp(min=0)].sum()
            ),
            "Ignored examples count in your divisor, although not in the sum above it.",
        ),
    ],
    hint="A comparison, `y != -100`, can be used as an index: it keeps the examples "
    "that count. `weight[y]` then gives one weight per example.",
)

NUM_STEPS = Exercise(
    name="num-steps",
    chapter="02",
    title="Steps of a training",
    cases=[
        (10, 4, 1, False),
        (10, 4, 1, True),
        (12, 4, 1, False),
        (10, 4, 3, False),
        (12_000, 256, 10, False),
        (3, 4, 5, True),
    ],
    solution=solutions.num_steps,
    mistakes=[
        Mistake(
            lambda n, batch_size, num_epochs, drop_last: num_epochs * (n // batch_size),
            "`//` drops the rest. Without drop_last a smaller last batch is a step, "
            "too.",
        ),
        Mistake(
            lambda n, batch_size, num_epochs, drop_last: (
                num_epochs * -(-n // batch_size)
            ),
            "You always count the last, smaller batch; with drop_last there is none.",
        ),
        Mistake(
            lambda n, batch_size, num_epochs, drop_last: (
                num_epochs * (n // batch_size + (not drop_last))
            ),
            "If batch_size divides n, nothing is left for one batch more.",
        ),
        Mistake(
            lambda n, batch_size, num_epochs, drop_last: (
                num_epochs * n // batch_size
                if drop_last
                else -(-num_epochs * n // batch_size)
            ),
            "Every epoch deals out its own batches: what is left at the end of one is "
            "not filled up from the next. Round first, then multiply.",
        ),
        Mistake(
            lambda n, batch_size, num_epochs, drop_last: solutions.num_steps(
                n, batch_size, 1, drop_last
            ),
            "These are the steps of one epoch.",
        ),
        Mistake(
            lambda n, batch_size, num_epochs, drop_last: num_epochs * n / batch_size,
            "There are no parts of a step: round to whole batches.",
        ),
        Mistake(
            lambda n, batch_size, num_epochs, drop_last: solutions.num_steps(
                n, batch_size, num_epochs, not drop_last
            ),
            "drop_last=True leaves the smaller last batch out, False keeps it.",
        ),
    ],
    hint="Count the batches of one epoch first. `divmod(n, batch_size)` gives the "
    "number of full ones and what is left.",
)
