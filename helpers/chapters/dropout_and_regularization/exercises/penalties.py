"""Penalties: thresholds, ridge, decay, smoothed labels."""

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
    hint="Magnitude minus lam, but at least 0; then times the sign.",
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
    hint="Set the gradient to zero: X^T (X w - y) + lam w = 0, and collect the terms "
    "with w.",
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
    cases=[
        (tensor([3.0]), tensor([2.0]), 0.1, 0.5),
        (tensor([1.0, -2.0, 0.5]), tensor([0.0, 1.0, -1.0]), 0.5, 0.2),
        (tensor([[2.0, -4.0]]), tensor([[1.0, 1.0]]), 1.0, 0.1),
    ],
    hint="Write down loss + 1/2 weight_decay * sum of squares, take its gradient, and "
    "take a step.",
    then="torch.optim.SGD(..., weight_decay=...) does exactly this.",
    without=("SGD", "optim"),
    usual="""
        return (1 - weight_decay) * w - lr * grad
            The decay is a part of the gradient, so the learning rate multiplies it,
            too.
        return w - lr * (grad - weight_decay * w)
            With this sign the weights grow: the penalty's gradient is added.
        return (1 - lr * weight_decay) * (w - lr * grad)
            You shrank the weights after the step; the decay acts on those from before
            it.
        return w - lr * (grad + weight_decay * w.sign())
            This is the step of an L1 penalty: it pulls all weights equally.
        return w - lr * (grad + 2 * weight_decay * w)
            The penalty is 1/2 weight_decay times the sum of squares; its gradient has
            no factor 2.
        return w - lr * grad
            This is plain descent; the decay is missing.
    """,
)
def weight_decay_step(w, grad, lr, weight_decay):
    return w - lr * (grad + weight_decay * w)


@exercise(
    "Smoothed labels",
    cases=[
        (tensor([2]), 10, 0.1),
        (tensor([0, 1, 1]), 4, 0.2),
        (tensor([1, 0]), 3, 0.0),
    ],
    hint="A mixture: 1 - epsilon of the one-hot label, epsilon of the distribution "
    "that gives every class the same.",
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
