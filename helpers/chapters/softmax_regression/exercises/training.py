"""Gradients, means, steps, and the build: softmax regression from scratch."""

from itertools import permutations

import torch
from torch import tensor
from torch.nn import functional as F

from helpers.exercises import Loose, exercise


@exercise(
    "The gradient of a batch",
    stars=2,
    cases=[
        (tensor([[1.0, 2.0, 3.0]]), tensor([2])),
        (tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), tensor([2, 0])),
        (
            tensor([[0.0, 1.0, 2.0], [1000.0, 0.0, 0.0], [3.0, 3.0, 3.0]]),
            tensor([0, 1, 2]),
        ),
        (tensor([[1.0, 0.0, 2.0, 0.0], [2.0, 1.0, 0.0, 0.0]]), tensor([0, 1])),
    ],
    hint="For one example the gradient is the prediction minus the one-hot label. What "
    "does taking the mean of n losses do to each row?",
    then="With it, X.T @ gradient is what a training step needs: no autograd.",
    without=("autograd", "backward", "grad", "requires_grad", "requires_grad_"),
    usual="""
        / len(y) =>
            This is the gradient of the sum. The loss is the mean over n examples, so
            each row is divided by n.
        , logits.shape[1] =>
            F.one_hot(y) makes only as many columns as the largest label in this batch
            asks for: give it the number of classes.
        len(y) => logits.shape[1]
            The mean is over the n examples; you divided by the number of classes.
        return F.one_hot(y, logits.shape[1]) - torch.softmax(logits, -1)
            It is prediction minus label, not the reverse; and the mean over the n
            examples is missing.
        return ( => return -(
            The sign is turned: descent subtracts the gradient, so the true class needs
            the negative entry.
        -1 => 0
            The softmax ran over the examples; use the last axis.
        torch.softmax(logits, -1) => logits
            You subtracted the label from the logits; it is subtracted from the
            probabilities.
        F.one_hot(y, logits.shape[1]) => y[:, None]
            You subtracted the index of the class, as a number. Classes are names: use
            their one-hot vectors.
        return torch.softmax(logits, -1) - y[:, None]
            You subtracted the index of the class as if it were an amount: use its
            one-hot vector. The mean over the examples is missing, too.
        len(y) => logits.numel()
            The mean is over the n examples, not over all n times K entries.
        ) / len(y) => ).mean(0)
            Each example keeps its own row: divide by n, and do not sum over the
            examples.
    """,
)
def cross_entropy_gradient(logits, y):
    return (torch.softmax(logits, -1) - F.one_hot(y, logits.shape[1])) / len(y)


@exercise(
    "The mean with weights and ignored targets",
    stars=2,
    cases=[
        (tensor([0.5108, 1.2040]), tensor([2, 0]), tensor([3.0, 1.0, 1.0])),
        (tensor([1.0, 2.0, 0.5, 3.0]), tensor([1, 1, 0, 1]), tensor([1.0, 4.0])),
        (
            tensor([1.0, 2.0, 0.5, 4.0]),
            tensor([0, -100, 2, 1]),
            tensor([1.0, 2.0, 5.0]),
        ),
    ],
    hint="A comparison, `y != -100`, can be used as an index: it keeps the examples "
    "that count. `weight[y]` then gives one weight per example.",
    then="So a weight matters only beside the others: doubling all of them changes "
    "nothing.",
    usual="""
        return (weight[y] * losses).sum() / weight[y].sum()
            -100 is no class and has no weight: leave these examples out before you
            look up the weights.
        w.sum() => len(w)
            The weighted sum is divided by the sum of the weights, not by the number of
            examples.
        w.sum() => len(y)
            You divide by the number of all examples. Divide by the sum of the weights
            of those that count.
        w.sum() => weight.sum()
            You divide by the sum over the classes. Add up the weight of each example,
            so that a class counts as often as it occurs.
        return losses[y != -100].mean()
            This mean has no weights: `weight[y]` holds one for each example.
        / w.sum() =>
            This is the sum (reduction='sum'); the mean divides it by the sum of the
            weights.
        w.sum() => weight[y.clamp(min=0)].sum()
            Ignored examples count in your divisor, although not in the sum above it.
    """,
)
def weighted_mean(losses, y, weight):
    kept = y != -100
    w = weight[y[kept]]  # the weight of each example, by its class
    return (w * losses[kept]).sum() / w.sum()


@exercise(
    "Steps of a training",
    cases=[
        (10, 4, 1, False),
        (10, 4, 1, True),
        (12, 4, 1, False),
        (10, 4, 3, False),
        (12_000, 256, 10, False),
        (3, 4, 5, True),
    ],
    hint="Count the batches of one epoch first. `divmod(n, batch_size)` gives the "
    "number of full ones and what is left.",
    then="For our 12,000 images in batches of 256 that is 47 steps an epoch.",
    usual="""
        return num_epochs * (n // batch_size)
            `//` drops the rest. Without drop_last a smaller last batch is a step, too.
        drop_last or =>
            You always count the last, smaller batch; with drop_last there is none.
        or rest == 0 =>
            If batch_size divides n, nothing is left for one batch more.
        divmod(n, => divmod(num_epochs * n,
        num_epochs * per_epoch => per_epoch
            Every epoch deals out its own batches: what is left at the end of one is
            not filled up from the next. Round first, then multiply.
        num_epochs * =>
            These are the steps of one epoch.
        return num_epochs * n / batch_size
            There are no parts of a step: round to whole batches.
        if drop_last => if not drop_last
            drop_last=True leaves the smaller last batch out, False keeps it.
    """,
)
def num_steps(n, batch_size, num_epochs, drop_last):
    full, rest = divmod(n, batch_size)
    per_epoch = full if drop_last or rest == 0 else full + 1
    return num_epochs * per_epoch


# Measured: after five epochs from zero, 20 random orders of the batches end with a
# loss of 0.403 (sd 0.008) and an accuracy of 0.845 (sd 0.018); the order of the data
# ends with 0.566 and 0.760.
MOST_LOSS, LEAST_ACCURACY = 0.44, 0.77


SAME_ORDER = (
    "its result is that of one order of the examples, the same in every epoch. Draw a "
    "new permutation in each."
)


def clouds(n=150):
    """Three overlapping clouds in the plane: X (n, 2) and classes y (n,)."""
    generator = torch.Generator().manual_seed(2)
    y = torch.arange(n) * 3 // n  # sorted: whoever does not shuffle is found out
    centers = tensor([[0.0, 0.0], [2.0, 0.5], [0.5, 2.0]])
    return centers[y] + 0.8 * torch.randn(n, 2, generator=generator), y


# Few enough that all orders of them can be tried, and a rate so large that each order
# ends somewhere else.
FEW = (
    tensor([[1.0, 0.2], [-0.5, 1.5], [0.3, -1.0], [2.0, 1.0], [-1.0, -0.7]]),
    tensor([0, 1, 2, 1, 0]),
)


def in_one_order(X, y, num_classes, lr, num_epochs):
    """Weights (p, d, K) and biases (p, K) after steps with one example each.

    Each of the p permutations of the n examples is used in every epoch again.
    """
    orders = tensor(list(permutations(range(len(X)))))
    W = torch.zeros(len(orders), X.shape[1], num_classes)
    b = torch.zeros(len(orders), num_classes)
    for index in orders.T.repeat(num_epochs, 1):
        logits = torch.einsum("pd,pdk->pk", X[index], W) + b
        error = torch.softmax(logits, 1) - F.one_hot(y[index], num_classes)
        W -= lr * X[index][:, :, None] * error[:, None]
        b -= lr * error
    return W, b


def reached(value, right, X, y, *settings) -> str:
    """Say what is not good enough about weights and bias, trained on X and y."""
    if len(X) == len(FEW[0]):
        results = in_one_order(X, y, *settings[:3])
        pairs = zip(results, value, strict=True)
        far = [(r - v.detach().float()).abs().flatten(1).amax(1) for r, v in pairs]
        return SAME_ORDER if torch.maximum(*far).min() < 1e-3 else ""
    logits = X @ value[0].detach().float() + value[1].detach().float()
    loss = F.cross_entropy(logits, y).item()
    accuracy = (logits.argmax(1) == y).float().mean().item()
    if loss <= MOST_LOSS and accuracy >= LEAST_ACCURACY:
        return ""
    return (
        f"after the last epoch its mean loss on these examples is {loss:.3f} and its "
        f"accuracy {accuracy:.3f}; at most {MOST_LOSS} and at least {LEAST_ACCURACY} "
        "are reached in any random order."
    )


@exercise(
    "Softmax regression from scratch",
    kind="build",
    stars=3,
    cases=[
        (
            tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [0.5, 0.0]]),
            tensor([0, 1, 2, 0]),
            *(3, 0.5, 1, 4),
        ),
        (
            tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0], [2.0, 0.0, 1.0]]),
            tensor([0, 1, 1]),
            *(2, 0.5, 3, 8),
        ),
        (  # equal examples: here no order of the batches changes the result
            tensor([[1.0, 2.0]]).repeat(5, 1),
            torch.ones(5, dtype=torch.long),
            *(3, 0.1, 2, 2),
        ),
        Loose((*clouds(), 3, 0.5, 5, 16)),
        Loose((*FEW, 3, 1.0, 3, 1)),
    ],
    reached=reached,
    hint="Two loops, one in the other: epochs, and in each the indices "
    "`torch.randperm(len(X)).split(batch_size)`. In the inner one: predict, measure, "
    "differentiate, step, set the gradients to zero.",
    then="This function trains on any vectors: give it data.train.X.flatten(1).",
    without=("optim", "SGD", "Adam", "Linear", "train", "fit"),
    usual="""
        parameter.grad.zero_() => pass
            The gradients are never set to zero: backward adds each new one to the sum
            of all before it.
        for index in => `W.grad = b.grad = None\\n        for index in`
        `\\n                    parameter.grad.zero_()` => ``
            The gradients are set to zero once an epoch: within it each step still uses
            the sum of all gradients before it. Set them to zero after every step.
        parameter -= lr * parameter.grad => pass
            Nothing is learned: the gradients are set to zero between backward and the
            step, or the step changes a copy and not W and b themselves.
        y[index]) => y[index], reduction="sum")
            The loss of a batch is the mean over its examples. With the sum, the step
            grows with the batch, as if the learning rate were that much larger.
        -= => +=
            The loss rises: descent subtracts the gradient.
        X[index] @ W + b => (X[index] @ W + b).softmax(1)
            Softmax is applied twice: F.cross_entropy takes the logits.
        F.cross_entropy(X[index] @ W + b => F.nll_loss((X[index] @ W + b).log_softmax(0)
            The softmax runs over the examples of the batch; each row is one
            distribution, so it runs over the last axis.
        with torch.no_grad(): => if True:
            Autograd records the update itself. Put the step, not the loss, under `with
            torch.no_grad():`.
        with torch.no_grad(): => if True:
        for parameter in (W, b): => W, b = W - lr * W.grad, b - lr * b.grad
        parameter -= lr * parameter.grad =>
        parameter.grad.zero_() =>
            `W = W - ...` makes a new tensor, and only the first W has a .grad. Change
            W in place, `W -= ...`, under `with torch.no_grad():`.
        for parameter in (W, b): => W, b = W - lr * W.grad, b - lr * b.grad
        parameter -= lr * parameter.grad =>
        parameter.grad.zero_() =>
            `W = W - ...` under no_grad makes a new tensor that needs no gradient, so
            the next backward finds nothing. Change W in place: `W -= ...`.
        for parameter in (W, b): => W, b = W - lr * W.grad, b - lr * b.grad
        `\\n                    parameter -= lr * parameter.grad` => ``
        `    parameter.grad.zero_()` => `W.grad.zero_()`
            `W = W - ...` makes a new tensor, and that one has no .grad. Change W in
            place: `W -= ...`.
        (W, b): => (W,):
            The bias b stays 0: it takes steps as W does.
        (len(X)) => (len(X) // batch_size * batch_size)
            The last batch is lost if it is smaller than batch_size; an epoch deals out
            every example.
        split(batch_size) => split(len(X))
            You take one step an epoch. Take one with every batch_size of the examples:
            the step stands in the loop over the batches, and no `break` does.
        b = torch => order, b = torch.randperm(len(X)).split(batch_size), torch
        in torch.randperm(len(X)).split(batch_size) => in order
            One order of the examples serves all epochs. Draw the permutation inside
            the loop over the epochs, so that each has its own batches.
        randperm => arange
            The batches come in the order of the data, here all of class 0 first. Draw
            a new `torch.randperm(len(X))` in every epoch.
        randperm(len(X)) => randint(len(X), (len(X),))
            Drawn with replacement, some examples come twice in an epoch and others not
            at all. A permutation, `torch.randperm(len(X))`, deals out each one once.
        .zero_() => `.zero_()\\n            return W.detach(), b.detach()`
            You return after the first batch of the first epoch: the `return` stands
            after both loops.
        range(num_epochs) => range(1)
            You train for one epoch; num_epochs are asked for. Is the `return` inside
            the loop over the epochs?
    """,
)
def fit_softmax(X, y, num_classes, lr, num_epochs, batch_size):
    W = torch.zeros(X.shape[1], num_classes, requires_grad=True)
    b = torch.zeros(num_classes, requires_grad=True)
    for _ in range(num_epochs):
        for index in torch.randperm(len(X)).split(batch_size):
            loss = F.cross_entropy(X[index] @ W + b, y[index])
            loss.backward()
            with torch.no_grad():
                for parameter in (W, b):
                    parameter -= lr * parameter.grad
                    parameter.grad.zero_()
    return W.detach(), b.detach()
