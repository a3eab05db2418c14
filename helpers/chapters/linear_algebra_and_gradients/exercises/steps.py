"""Exercises of chapter 1 on the steps of descent, and on the loop around them."""

import torch
from torch import tensor

from helpers.chapters.linear_algebra_and_gradients.exercises.matrices import matrix
from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one


def rounded(value) -> float:
    """Read a number as somebody writes it who computes by hand."""
    return round(float(value), 6)


@exercise(
    "One step by hand",
    kind="predict",
    call=lambda answer: one_by_one(answer, one_step.solution(), rounded),
    hint="First the gradient at (2, 1): two partial derivatives. Then the step, "
    "against it, and a tenth as long.",
    then="Along the steeper axis the step has the larger share: 60 % of the way there, "
    "20 % along the other.",
    usual="""
        1.6, 0.4 => 2.4, 1.6
            This is a step uphill, along the gradient: subtract it instead.
        1.6, 0.4 => -2.0, -5.0
            The learning rate is missing: only a tenth of the gradient is subtracted.
        1.6, 0.4 => 4.0, 6.0
            This is the gradient at (2, 1). Asked is where the step from there leads.
        1.6, 0.4 => -0.4, -0.6
            This is the step. Asked is where it leads, from (2, 1).
        1.6, 0.4 => 0.4, 0.6
            This is the step, with the wrong sign. Asked is where it leads.
        1.6, 0.4 => 1.8, 0.7
            The derivative of a square has a factor 2: the gradient is (4, 6).
        1.6, 0.4 => 1.6, 0.7
            The derivative of the second term is 6 times its variable: the square
            brings a factor 2 to the 3.
        1.6, 0.4 => 1.6, 0.8
            The factor 3 is missing in the second derivative.
        1.6, 0.4 => 1.6, 1.0
            Both coordinates move: the gradient has an entry for each.
    """,
)
def one_step():
    return 1.6, 0.4


@exercise(
    "Three bugs in a loop",
    name="train-weights",
    kind="repair",
    stars=2,
    cases=[
        (matrix([1, 0], [0, 2], [1, 1]), tensor([1.0, 2.0, -1.0]), 0.1, 2),
        (matrix([2], [-1], [0.5], [1]), tensor([1.0, 0.0, 3.0, 1.0]), 0.05, 3),
        (matrix([1, 2, 1], [0, 1, 1]), tensor([2.0, -1.0]), 0.2, 4),
    ],
    hint="Write a shape behind each line. Ask what backward does with a gradient that "
    "is there already. And in which direction does a step go?",
    then="None of the three raises an error. The wrong sign shows in the curve of the "
    "loss, the old gradients often do, and the table of all pairs only in a shape.",
    usual=r"""
        * (X @ w).squeeze(1) => X @ w
            Predictions (n, 1) minus targets (n,) is a table of all pairs. Bring both
            to the shape (n,).
        * -= => +=
            Along the gradient the loss rises: subtract.
        * `\n            w.grad.zero_()` => ``
            backward adds to the gradient that is there: set it to zero after the step.
        lr * => len(y) * lr *
            This is the step for the sum of the losses; the loss is their mean.
        loss.backward() => loss.backward(retain_graph=True); w.grad.zero_()
            The gradient is set to zero before the step could use it.
        ` = 0.5 * ` => ` = `
            Without the ½ of the loss each step is twice as long.
        w.detach().squeeze(1) => w.detach()
            The weights are right. Return them with the shape (d,), as they were.
        range(num_steps) => range(1)
            It takes one step only. Is the `return` inside the loop?
    """,
)
def train_weights(X, y, lr, num_steps):  # (n, d), (n,), float, int -> (d,)
    w = torch.zeros(X.shape[1], 1, requires_grad=True)
    for _ in range(num_steps):
        y_hat = (X @ w).squeeze(1)
        loss = 0.5 * ((y_hat - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            w.grad.zero_()
    return w.detach().squeeze(1)
