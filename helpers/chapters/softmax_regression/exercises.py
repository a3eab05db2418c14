"""Exercises of chapter 2, softmax regression."""

import torch
from torch import tensor
from torch.nn import functional as F

from helpers.chapters.softmax_regression import solutions
from helpers.exercises import Exercise, Mistake, checker

LOG_SOFTMAX = Exercise(
    name="log-softmax",
    chapter="02",
    title="Log-softmax",
    cases=[
        (tensor([[1.0, 2.0, 3.0]]),),
        (tensor([[1.0, 2.0], [3.0, 5.0]]),),
        (tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]),),
        (tensor([[1000.0, 1000.0, 0.0]]),),
        (tensor([[0.0, -200.0]]),),
        (tensor([-1000.0, -1001.0]),),
    ],
    solution=solutions.log_softmax,
    mistakes=[
        Mistake(
            lambda logits: (logits.exp() / logits.exp().sum(-1, keepdim=True)).log(),
            "Correct algebra, but exp(1000) is inf and inf/inf is nan: simplify the "
            "logarithm of the fraction before you compute it.",
        ),
        Mistake(
            lambda logits: logits - logits.exp().sum(-1, keepdim=True).log(),
            "The formula is right; the sum of exponentials overflows (or is 0) before "
            "its logarithm is taken. torch.logsumexp takes the maximum out first.",
        ),
        Mistake(
            lambda logits: torch.softmax(logits, -1).log(),
            "Subtracting the maximum prevents overflow, but a small probability has "
            "already become 0 when you take its logarithm.",
        ),
        Mistake(
            lambda logits: logits - logits.amax(-1, keepdim=True),
            "You subtracted only the maximum. The logarithm of the sum is missing: "
            "the exponentials of your row do not sum to 1.",
        ),
        Mistake(
            lambda logits: logits - torch.logsumexp(logits, 0, keepdim=True),
            "You normalized over the examples: each row, not each column, must be one "
            "distribution.",
        ),
        Mistake(
            lambda logits: logits - torch.logsumexp(logits, -1),
            "Without keepdim, the logarithm that belongs to row i is subtracted from "
            "column i.",
        ),
        Mistake(
            lambda logits: torch.softmax(logits, -1),
            "These are the probabilities; their logarithm is wanted.",
        ),
        Mistake(
            lambda logits: torch.logsumexp(logits, -1, keepdim=True) - logits,
            "The sign is turned: the logarithm of a probability is never positive.",
        ),
    ],
    hint="The logarithm of a fraction is a difference. The logarithm of e^o is o, and "
    "what is subtracted is the LogSumExp of the row.",
)

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
    ],
    solution=solutions.cross_entropy_gradient,
    mistakes=[
        Mistake(
            lambda logits, y: torch.softmax(logits, -1) - F.one_hot(y, 3),
            "This is the gradient of the sum. The loss is the mean over n examples, "
            "so each row is divided by n.",
        ),
        Mistake(
            lambda logits, y: -solutions.cross_entropy_gradient(logits, y),
            "The sign is turned: descent subtracts the gradient, so the true class "
            "needs the negative entry.",
        ),
        Mistake(
            lambda logits, y: (torch.softmax(logits, 0) - F.one_hot(y, 3)) / len(y),
            "The softmax ran over the examples; use the last axis.",
        ),
        Mistake(
            lambda logits, y: (logits - F.one_hot(y, 3)) / len(y),
            "You subtracted the label from the logits; it is subtracted from the "
            "probabilities.",
        ),
        Mistake(
            lambda logits, y: (torch.softmax(logits, -1) - y[:, None]) / len(y),
            "You subtracted the index of the class, as a number. Classes are names: "
            "use their one-hot vectors.",
        ),
        Mistake(
            lambda logits, y: (
                (torch.softmax(logits, -1) - F.one_hot(y, 3)) / logits.numel()
            ),
            "The mean is over the n examples, not over all n times K entries.",
        ),
        Mistake(
            lambda logits, y: (torch.softmax(logits, -1) - F.one_hot(y, 3)).mean(0),
            "Each example keeps its own row: divide by n, and do not sum over the "
            "examples.",
        ),
    ],
    hint="For one example the gradient is the prediction minus the one-hot label. What "
    "does taking the mean of n losses do to each row?",
)

EXERCISES = (LOG_SOFTMAX, CROSS_ENTROPY_GRADIENT)
check = checker(EXERCISES)
