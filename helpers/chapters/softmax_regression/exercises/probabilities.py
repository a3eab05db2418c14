"""Softmax, and the price of a prediction."""

import torch
from torch import tensor

from helpers.exercises import exercise


@exercise(
    "The temperature for a probability",
    name="temperature",
    stars=2,
    cases=[
        (tensor([1.0]), tensor([0.9])),
        (tensor([1.0, 4.0, 0.5]), tensor([0.75, 0.6, 0.99])),
    ],
    hint="With T, the two logits differ by gap / T. By the text above this is the "
    "logarithm of the ratio of the two probabilities, and these sum to 1.",
    then="Choosing T afterwards, on validation data, is how the confidence of a "
    "trained classifier is corrected.",
    usual="""
        return gap / => return gap *
            The temperature divides the logits: gap / T is the logarithm of the ratio.
            Solve that for T.
        return (p / (1 - p)).log() / gap
            This is 1/T. The larger the gap, the higher the temperature must be to
            reach the same probability.
        return gap / p.log()
            A difference of logits is the logarithm of the ratio of the two
            probabilities, p and 1 - p, not of one of them.
        return gap / p
            p is a probability, and gap / T is the logarithm of p / (1 - p): bring the
            second class in, and take the logarithm.
        .log() =>
            The logarithm is missing: differences of logits are logarithms of ratios.
        return gap / ((1 - p) / p).log()
            A temperature is positive: the leading class has the larger logit and the
            larger probability, so its p stands above the fraction line.
        .log() => .log10()
            The exponential of softmax has base e, so the logarithm has too: .log().
        .log() => .log2()
            A logarithm to base 2 counts in bits; the exponential of softmax has base e,
            so take .log().
        return gap * p
            The temperature divides the logits, and p enters through the logarithm of
            p / (1 - p), which is gap / T.
    """,
)
def temperature_for(gap, p):
    # At temperature T the logits differ by gap / T, which is ln(p / (1 - p)).
    return gap / (p / (1 - p)).log()


@exercise(
    "Log-softmax",
    stars=2,
    cases=[
        (tensor([[1.0, 2.0, 3.0]]),),
        (tensor([[1.0, 2.0], [3.0, 5.0]]),),
        (tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]),),
        (tensor([[[1.0, 2.0], [0.0, 3.0]], [[4.0, 0.0], [1.0, 1.0]]]),),
        (tensor([[1000.0, 0.0, 0.0]]),),
        (tensor([[0.0, -200.0]]),),
        (tensor([-1000.0, -1001.0]),),
        (tensor([[1000.0, 1000.0], [0.0, 0.0]]),),
    ],
    hint="The logarithm of a fraction is a difference. The logarithm of e^o is o, and "
    "what is subtracted is the LogSumExp of the row.",
    then="Computed in this way, even a probability of e^-1000 has a finite logarithm.",
    without=("log_softmax", "LogSoftmax", "softmax", "Softmax", "cross_entropy"),
    usual="""
        return (logits.exp() / logits.exp().sum(-1, keepdim=True)).log()
            Correct algebra, but exp(1000) is inf and inf/inf is nan: simplify the
            logarithm of the fraction before you compute it.
        return logits - logits.exp().sum(-1, keepdim=True).log()
            The formula is right; the sum of exponentials overflows (or is 0) before
            its logarithm is taken. torch.logsumexp takes the maximum out first.
        return torch.softmax(logits, -1).log()
            Subtracting the maximum prevents overflow, but a small probability has
            already become 0 when you take its logarithm.
        logsumexp => amax
            You subtracted only the maximum. The logarithm of the sum is missing: the
            exponentials of your row do not sum to 1.
        -1 => 0
            You normalized over the examples: each row, not each column, must be one
            distribution.
        -1 => 1
            Axis 1 is the last one only where there are two. -1 is the last axis of
            every tensor.
        `, keepdim=True` => ``
            Without keepdim, the logarithm that belongs to row i is subtracted from
            column i.
        logsumexp(logits => logsumexp(logits - logits.amax(-1, keepdim=True)
            The maximum that you took out of the logarithm is missing: subtract it,
            too.
        return (torch.softmax(logits, -1) + 1e-9).log()
            The small constant hides the underflow: all probabilities far below it get
            the same logarithm.
        logits = logits - logits.max()
        return logits - logits.exp().sum(-1, keepdim=True).log()
            You took out the largest of all logits. In a row far below it every
            exponential is 0: each row needs its own maximum.
        return logits - torch.logsumexp(logits.flatten(), 0)
            The sum ran over all entries of the tensor; each row has a sum of its own.
        logits - => logits /
            The logarithm of a fraction is a difference, not a fraction.
        return torch.softmax(logits, -1)
            These are the probabilities; their logarithm is wanted.
        return logits - => return -logits +
            The sign is turned: the logarithm of a probability is never positive.
    """,
)
def log_softmax(logits):
    return logits - torch.logsumexp(logits, -1, keepdim=True)


@exercise(
    "The price of confidence",
    stars=2,
    cases=[
        (tensor([0.9]), tensor([0.9]), 10),
        (tensor([0.9, 0.5, 0.25]), tensor([0.99, 0.7, 0.25]), 4),
        (tensor([0.6]), tensor([0.8]), 2),
    ],
    hint="There are two cases. In a share `accuracy` of all examples the true class "
    "has the probability `confidence`. What probability does it have in the others?",
    then="For a given accuracy, try several confidences: the loss is smallest where "
    "the two are equal. Cross-entropy rewards being as sure as one is right.",
    usual="""
        return -confidence.log()
            That is the price when the guess is right; it is wrong in a share of
            1 - accuracy.
        - (1 - accuracy) * other => - (1 - accuracy) / (num_classes - 1) * other
            A wrong answer happens in a share of 1 - accuracy. Only its probability is
            divided among the K - 1 classes, not the share.
        return -accuracy * confidence.log()
            The cases in which the guess is wrong cost something, too.
        / (num_classes - 1) =>
            All other classes together get 1 - confidence. The true one among them gets
            one share of it.
        (num_classes - 1) => num_classes
            The guess takes no part in the rest: it is shared by K - 1 classes.
        return -accuracy * confidence.log() - => return accuracy * confidence.log() +
            The sign is turned: a loss is minus a logarithm, and never negative.
        -accuracy * confidence.log() => -(accuracy * confidence
        - (1 - accuracy) * other.log() => + (1 - accuracy) * other).log()
            This is the logarithm of the mean probability. The loss is the mean of the
            logarithms, one for each case.
        -accuracy * confidence.log() => (-accuracy * confidence.log()
        - (1 - accuracy) * other.log() => - (1 - accuracy) * other.log()).mean()
            Each entry is a guesser of its own: return one loss for each, not the mean.
        -accuracy => (accuracy - 1)
        - (1 - accuracy) => - accuracy
            The two cases are exchanged: with probability `accuracy` the true class is
            the guess.
    """,
)
def expected_loss(accuracy, confidence, num_classes):
    other = (1 - confidence) / (num_classes - 1)  # what each other class gets
    return -accuracy * confidence.log() - (1 - accuracy) * other.log()


@exercise(
    "A gradient by eye",
    kind="predict",
    hint="Equal logits give equal probabilities. Then take the one-hot label away.",
    then="The logit of the true class is pushed up three times as hard as each other "
    "is pushed down: the four sum to 0.",
    usual="""
        0.25, 0.25, -0.75, 0.25 => 0.25, 0.25, 0.25, 0.25
            These are the probabilities; the label is still to be subtracted.
        0.25, 0.25, -0.75, 0.25 => -0.25, -0.25, 0.75, -0.25
            It is prediction minus label, not label minus prediction.
        0.25, 0.25, -0.75, 0.25 => 0.0, 0.0, -1.0, 0.0
            Logits of 0 are not probabilities of 0: softmax makes them equal.
        0.25, 0.25, -0.75, 0.25 => 0.25, -0.75, 0.25, 0.25
            Classes are counted from 0, so class 2 is the third.
        0.25, 0.25, -0.75, 0.25 => 0.0, 0.0, -0.75, 0.0
            The wrong classes have a gradient, too: each got a quarter that was not due.
    """,
)
def gradient_by_eye():
    return 0.25, 0.25, -0.75, 0.25
