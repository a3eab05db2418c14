"""Penalties: thresholds, ridge, decay; dropout; smoothed labels."""

import torch
from torch import tensor
from torch.nn import functional as F

from helpers.exercises import exercise


@exercise(
    "The soft threshold",
    cases=[
        (tensor([3.0, 0.5, -0.2]), 1.0),
        (tensor([-3.0, 2.0, -1.5, 0.1]), 0.5),
        (tensor([[1.0, -1.0], [0.0, -2.0]]), 1.0),
    ],
    hint="What happens to the magnitude of a weight, and what to its sign?",
    then="Exact zeros come from here, not from the gradient of the absolute value.",
    without=("softshrink", "Softshrink", "hardshrink"),
    usual="""
        return (w - lam).clamp(min=0)
            Negative weights are pulled toward 0 as well, from below: work on the
            magnitude, and put the sign back.
        return w - lam * w.sign()
            A weight smaller than the threshold jumps to the other side of 0; it is to
            stop at 0.
        return w * (w.abs() > lam)
            This is the hard threshold: large weights keep their size. The soft one
            pulls all of them by lam.
        return w * (w.abs() >= lam)
            This is the hard threshold: large weights keep their size. The soft one
            pulls all of them by lam.
        return (w.abs() - lam).clamp(min=0)
            The sign is lost.
        return w / (1 + lam)
            This is what L2 does: it shrinks by a factor. L1 subtracts.
    """,
)
def soft_threshold(w, lam):
    return w.sign() * (w.abs() - lam).clamp(min=0)


@exercise(
    "Ridge regression",
    stars=2,
    cases=[
        (tensor([[2.0]]), tensor([6.0]), 2.0),
        (
            tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]),
            tensor([1.0, 2.0, 3.0]),
            0.5,
        ),
        (tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]), tensor([1.0, -1.0]), 0.1),
    ],
    hint="What is the gradient of both terms, and for which w is it zero?",
    then="With lam > 0 the matrix is always invertible, however few the examples.",
    without=("Ridge",),
    usual="""
        lam * torch.eye(d) => lam
            You added lam to every entry of the matrix. It belongs on the diagonal: lam
            times the identity.
        lam * => len(X) * lam *
            Here the loss is the sum over the examples, so lam is not multiplied by
            their number.
        return torch.linalg.lstsq(X, y[:, None]).solution[:, 0]
            This is plain least squares; lam appears nowhere.
        return torch.linalg.pinv(X) @ y / (1 + lam)
            Shrinking the least-squares solution by 1 + lam is right only if X^T X is
            the identity.
        lam * => 2 * lam *
            Both terms carry a factor 1/2 here, so it cancels.
        + lam => - lam
            The sign is turned: the gradient of the penalty is + lam w.
    """,
)
def ridge(X, y, lam):
    d = X.shape[1]
    return torch.linalg.solve(X.T @ X + lam * torch.eye(d), X.T @ y)


@exercise(
    "A step with weight decay",
    stars=2,
    cases=[
        (tensor([3.0, 1.0]), tensor([2.0, 2.0]), 0.1, 0.5),
        (tensor([1.0, -2.0, 0.5]), tensor([0.0, 1.0, -1.0]), 0.5, 0.2),
        (tensor([2.0, -4.0, 3.0]), tensor([1.0, 1.0, 0.0]), 1.0, 0.1),
    ],
    hint="Which entries does the penalty contain, and what is its gradient for the "
    "one that it does not contain?",
    then="In torch, torch.optim.SGD does this with two parameter groups: the weights "
    "with weight_decay, the biases without.",
    without=("SGD", "optim"),
    usual="""
        weight_decay * decayed) => weight_decay * w)
            The bias was shrunk as well. It is no part of this penalty.
        decayed = w.clone() => decayed = w
            The bias itself was set to 0, in the weights that you were given: work on a
            copy.
        return w - weight_decay * decayed - lr * grad
            The decay is a part of the gradient, so the learning rate multiplies it,
            too.
        (grad + => (grad -
            With this sign the weights grow: the penalty's gradient is added.
        decayed) => decayed.sign())
            This is the step of an L1 penalty: it pulls all weights equally.
        (grad + => (grad + 2 *
            The penalty is 1/2 weight_decay times the sum of squares; its gradient has
            no factor 2.
        return w - lr * grad
            This is plain descent; the decay is missing.
    """,
)
def weight_decay_step(w, grad, lr, weight_decay):
    decayed = w.clone()
    decayed[-1] = 0  # the bias
    return w - lr * (grad + weight_decay * decayed)


@exercise(
    "What a unit can send",
    name="dropped-values",
    kind="predict",
    hint="Which values can the mask take, and what is a kept one multiplied by?",
    then="The mean over many steps is 0.2 times 0 plus 0.8 times 2.5, again 2.",
    usual="""
        0.0, 2.5, 2.0 => 0.0, 2.0, 1.6
            That is the older form of dropout, which scales in use. Here what is kept is
            divided by 1 - p in training, and nothing is scaled in use.
        0.0, 2.5, 2.0 => 0.0, 2.0, 2.0
            What is kept is divided by 1 - p, so that the mean stays 2.
        0.0, 2.5, 2.0 => 0.0, 10.0, 2.0
            You divided by p, the share that is dropped. Divide by the share that is
            kept.
        0.0, 2.5, 2.0 => 0.0, 2.5, 1.6
            In use nothing is scaled: training has done that already.
        0.0, 2.5, 2.0 => 0.0, 2.5, 2.5
            The factor belongs to training. In use the unit sends what it has.
        0.0, 2.5, 2.0 => 0.0, 1.6, 2.0
            Kept values become larger, not smaller: they stand in for those that are
            dropped.
    """,
)
def values_of_a_unit():
    return 0.0, 2.5, 2.0


@exercise(
    "Smoothed labels",
    cases=[
        (tensor([2]), 10, 0.1),
        (tensor([0, 1, 1]), 4, 0.2),
        (tensor([1, 0]), 3, 0.0),
    ],
    hint="To which number does each row have to sum, and how much of it does every "
    "class get, the true one included?",
    then="F.cross_entropy(..., label_smoothing=epsilon) uses these labels.",
    usual="""
        / num_classes => / (num_classes - 1) * (1 - F.one_hot(y, num_classes))
            You shared epsilon among the wrong classes only. In this formula, and in
            torch's, the true class gets its part as well.
        / num_classes => / num_classes * (1 - F.one_hot(y, num_classes))
            A part is lost: the row no longer sums to 1.
        return F.one_hot(y, num_classes) + epsilon / num_classes
            The row sums to more than 1: the label itself shrinks by 1 - epsilon.
        return (1 - epsilon) * F.one_hot(y, num_classes) + epsilon
            Epsilon is divided among the classes; here each got all of it.
        return (1 - epsilon) * F.one_hot(y, num_classes)
            The uniform part is missing, so the row no longer sums to 1.
    """,
)
def smooth_labels(y, num_classes, epsilon):
    return (1 - epsilon) * F.one_hot(y, num_classes) + epsilon / num_classes
