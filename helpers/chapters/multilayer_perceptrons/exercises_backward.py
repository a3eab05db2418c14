"""The first build of chapter 3: backpropagation of a batch."""

import torch
from torch import tensor

from helpers.chapters.multilayer_perceptrons import solutions
from helpers.exercises import Exercise, Mistake


def draw(n, d, h, K, seed):
    """A random case: X (n, d), y (n,), W1 (h, d), b1 (h,), W2 (K, h), b2 (K,)."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(n, d), (h, d), (h,), (K, h), (K,)]
    X, *weights = (torch.randn(s, generator=generator) for s in shapes)
    return X, torch.randint(K, (n,), generator=generator), *weights


def backward(
    mean=lambda delta, n: delta / n,
    mask=lambda Z: Z > 0,
    axis=1,
    through=lambda delta2, W2: delta2 @ W2,
    bias=lambda delta: delta.sum(0),
    label=1.0,
    loss_of=torch.mean,
    into_second=lambda Z, H: H,
):
    """Return the answer with one part exchanged."""

    def answer(X, y, W1, b1, W2, b2):
        Z = X @ W1.T + b1
        H = Z.clamp(min=0)
        logits = H @ W2.T + b2
        y_hat = torch.softmax(logits, axis)
        rows = torch.arange(len(X))
        loss = loss_of(-y_hat[rows, y].log())
        delta2 = y_hat.clone()
        delta2[rows, y] -= label
        delta2 = mean(delta2, len(X))
        delta1 = through(delta2, W2) * mask(Z)
        into = into_second(Z, H)
        return loss, delta1.T @ X, bias(delta1), delta2.T @ into, bias(delta2)

    return answer


def other_order(X, y, W1, b1, W2, b2):
    """Return the gradients with the last layer first."""
    loss, *gradients = solutions.mlp_backward(X, y, W1, b1, W2, b2)
    return loss, *gradients[2:], *gradients[:2]


MLP_BACKWARD = Exercise(
    name="mlp-backward",
    chapter="03",
    title="Forward and backward of a batch",
    build=True,
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
    solution=solutions.mlp_backward,
    mistakes=[
        Mistake(
            backward(mean=lambda delta, n: delta),
            "These are the gradients of the sum; the loss is the mean over the n "
            "examples. Divide the error signal of the logits by n.",
        ),
        Mistake(
            backward(mean=lambda delta, n: delta, loss_of=torch.sum),
            "You took the sum over the examples; the mean is asked for, in the loss "
            "and so in all gradients.",
        ),
        Mistake(
            backward(mask=lambda Z: 1.0),
            "The error signal passes the ReLU as if it were not there: where its input "
            "was negative, its slope is 0.",
        ),
        Mistake(
            backward(mask=lambda Z: Z.clamp(min=0)),
            "You multiplied by the ReLU's value; the chain rule wants its slope, 1 or "
            "0.",
        ),
        Mistake(
            backward(axis=0),
            "The softmax runs over the examples of the batch; each row is one "
            "distribution.",
        ),
        Mistake(
            backward(label=0.0),
            "The label is missing: the error signal of the logits is prediction minus "
            "one-hot label.",
        ),
        Mistake(
            backward(bias=lambda delta: delta.mean(0)),
            "The division by n is in the error signal already: a bias gets the sum of "
            "it over the examples.",
        ),
        Mistake(
            backward(bias=lambda delta: delta),
            "All examples share one bias, so their error signals are added up.",
        ),
        Mistake(
            backward(into_second=lambda Z, H: Z),
            "The second layer's input is what left the ReLU, not what went into it.",
        ),
        Mistake(
            other_order,
            "The values are right, but in another order: first the loss, then W1, b1, "
            "W2, b2.",
        ),
    ],
    hint="Forward: Z, H, logits, log-softmax. Then delta2 = (softmax minus one-hot) / "
    "n, and delta1 = (delta2 @ W2) where Z is positive, else 0. A weight's gradient is "
    "delta.T @ input of its layer, a bias's the sum of delta over the examples.",
    then="Add `W -= lr * dW` for each, and you have a network that learns without "
    "autograd.",
    without=(
        "autograd",
        "backward",
        "requires_grad",
        "requires_grad_",
        "grad",
        "jacrev",
        "jacfwd",
        "vjp",
        "jvp",
    ),
)
