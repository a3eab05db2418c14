"""Backpropagation: one way back to repair, and one of a batch to build."""

import torch
from torch import tensor
from torch.nn import functional as F

from helpers.exercises import exercise


def draw(n, d, h, K, seed):
    """A random case: X (n, d), y (n,), W1 (h, d), b1 (h,), W2 (K, h), b2 (K,)."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(n, d), (h, d), (h,), (K, h), (K,)]
    X, *weights = (torch.randn(s, generator=generator) for s in shapes)
    return X, torch.randint(K, (n,), generator=generator), *weights


@exercise(
    "Three bugs on the way back",
    name="three-bugs",
    kind="repair",
    stars=2,
    cases=[
        (
            [tensor([1.0, 2.0]), tensor([0.5, -0.5]), tensor([0.2, 0.6])],
            tensor([1.0, 0.0]),
            [tensor([[1.0, 0.0], [2.0, -1.0]]), tensor([[0.5, 1.0], [-1.0, 0.0]])],
        ),
        (
            [tensor([0.3, -1.0]), tensor([0.9, 0.1])],
            tensor([0.0, 0.5]),
            [tensor([[2.0, 1.0], [0.0, 1.0]])],
        ),
        (
            [
                tensor([1.0, 0.0, -1.0]),
                tensor([0.2, 0.4, -0.8]),
                tensor([-0.1, 0.7, 0.3]),
                tensor([0.5, 0.0, -0.6]),
            ],
            tensor([0.0, 1.0, 0.0]),
            [
                tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 0.5], [-1.0, 0.0, 1.0]]),
                tensor([[0.5, 0.0, 1.0], [1.0, -1.0, 0.0], [2.0, 0.0, 0.5]]),
                tensor([[0.0, 1.0, 1.0], [0.5, 0.0, 2.0], [1.0, -0.5, 0.0]]),
            ],
        ),
    ],
    hint="Say aloud for each line: what stands left of a weight, what right of it? "
    "Which way does an error signal pass it? Through which slopes does it come?",
    then="None of the three raises an error where layers are square: compare a few "
    "derivatives with autograd whenever you write a backward pass.",
    usual="""
        * (a - target) * (1 - a**2) => a - target
            The output has an activation, too: its error signal contains that slope.
        * torch.outer(delta, a) => torch.outer(a, delta)
            A weight is (units at the right, units at the left), and so its derivative:
            the error signal comes first.
        * W.T @ delta => W @ delta
            Backward, a unit collects what it is responsible for in all units of the
            next layer: that is the transposed matrix.
        gradients[::-1] => gradients
            The gradients come last layer first; the first layer's is asked for first.
        (W.T @ delta) * (1 - a**2) => (W.T @ delta) * a * (1 - a)
            That is the slope of the sigmoid; here it is tanh.
    """,
)
def tanh_gradients(activations, target, weights):
    # [x, a1, ..., aL], (k,), [W1, ..., WL] -> [dW1, ..., dWL], without biases
    a = activations[-1]
    delta = (a - target) * (1 - a**2)
    gradients = []
    for W, a in zip(reversed(weights), reversed(activations[:-1]), strict=True):
        gradients.append(torch.outer(delta, a))
        delta = (W.T @ delta) * (1 - a**2)
    return gradients[::-1]


@exercise(
    "Forward and backward of a batch",
    kind="build",
    stars=3,
    cases=[
        (
            tensor([[1.0, 2.0]]),
            tensor([1]),
            tensor([[1.0, 0.0], [0.0, -1.0], [1.0, 1.0]]),
            tensor([0.0, 0.5, 0.0]),
            tensor([[0.5, 1.0, -0.5], [-0.5, 1.0, 0.5]]),
            tensor([0.0, 0.5]),
        ),
        draw(4, 3, 5, 3, seed=0),
        draw(7, 2, 4, 6, seed=1),
    ],
    hint="What is the error signal of the logits, if the loss is a mean over n rows? "
    "How does it get through W2, and then through the ReLU? For each layer: what came "
    "into it, and over which axis do the examples add up?",
    then="Add `W -= lr * dW` for each, and you have a network that learns without "
    "autograd.",
    without=("autograd", "backward", "requires_grad", "requires_grad_", "grad")
    + ("jacrev", "jacfwd", "vjp", "jvp"),
    usual="""
        ` / n` =>
            These are the gradients of the sum; the loss is the mean over the n
            examples. Divide the error signal of the logits by n.
        ` / n` =>
        .mean() => .sum()
            You took the sum over the examples; the mean is asked for, in the loss and
            so in all gradients.
        ` * (Z > 0)` =>
            The error signal passes the ReLU as if it were not there: where its input
            was negative, its slope is 0.
        (Z > 0) => H
            You multiplied by the ReLU's value; the chain rule wants its slope, 1 or 0.
        logsumexp(logits, 1 => logsumexp(logits, 0
            The softmax runs over the examples of the batch; each row is one
            distribution.
        ` - F.one_hot(y, K)` =>
            The label is missing: the error signal of the logits is prediction minus
            one-hot label.
        delta1.sum(0) => delta1.mean(0)
        delta2.sum(0) => delta2.mean(0)
            The division by n is in the error signal already: a bias gets the sum of it
            over the examples.
        delta1.sum(0) => delta1
        delta2.sum(0) => delta2
            All examples share one bias, so their error signals are added up.
        delta2.T @ H => delta2.T @ Z
            The second layer's input is what left the ReLU, not what went into it.
        `delta1.T @ X, delta1.sum(0), ` =>
        delta2.sum(0) => delta2.sum(0), delta1.T @ X, delta1.sum(0)
            The values are right, but in another order: first the loss, then W1, b1, W2,
            b2.
    """,
)
def mlp_backward(X, y, W1, b1, W2, b2):
    n, K = len(X), len(W2)
    Z = X @ W1.T + b1  # (n, h)
    H = Z.clamp(min=0)
    logits = H @ W2.T + b2  # (n, K)
    log_y_hat = logits - torch.logsumexp(logits, 1, keepdim=True)
    loss = -log_y_hat.gather(1, y[:, None]).mean()

    delta2 = (log_y_hat.exp() - F.one_hot(y, K)) / n  # error signal of the logits
    delta1 = (delta2 @ W2) * (Z > 0)  # through the weights, then through the ReLU
    return loss, delta1.T @ X, delta1.sum(0), delta2.T @ H, delta2.sum(0)
