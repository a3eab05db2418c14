"""Reading runs: what is wrong with a training, by its curves and by its code."""

from functools import lru_cache, partial

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn, tensor
from torch.nn import functional as F

from helpers.data import load_images
from helpers.exercises import cells, exercise
from helpers.figures import COLORS, drawn
from helpers.models import SoftmaxRegression
from helpers.seeds import seeded
from helpers.training import History, train
from helpers.words import number


def twice(logits, y):
    """The usual mistake: cross_entropy takes these probabilities for logits."""
    return F.cross_entropy(F.softmax(logits, 1), y)


def surely_wrong(net) -> None:
    """Give a network weights so large that it is sure of nearly random answers."""
    nn.init.normal_(net.linear.weight, std=1.0)


# What differs from plain training: its settings, and what is done to the net before.
RUNS = {
    "A": ({"lr": 5.0}, None),
    "B": ({"loss": twice, "lr": 1.0}, None),
    "C": ({}, None),
    "D": ({}, surely_wrong),
}


@lru_cache
def histories() -> dict[str, History]:
    """Train softmax regression four times on 4,000 digits, each in its own way."""
    data, found = load_images("digits"), {}
    for name, (settings, prepare) in RUNS.items():
        with seeded(0):
            net = SoftmaxRegression()
            if prepare:
                prepare(net)
        found[name] = train(
            net,
            data.train.take(4_000),
            data.val,
            **{"num_epochs": 5, "lr": 0.1, "batch_size": 128, "device": "cpu"}
            | settings,
        )
    return found


@drawn
def four_runs() -> Figure:
    """Draw the loss of each step of the four runs, and write their accuracies."""
    figure = Figure(figsize=(5.8, 1.6))
    axes, said = figure.subplots(1, len(RUNS)), []
    for ax, (name, history) in zip(axes, histories().items(), strict=True):
        ax.plot(
            np.array(history.step_loss), color=COLORS[0], linewidth=0.9, label="loss"
        )
        ax.axhline(2.3026, color="#888888", linestyle=":", linewidth=1)
        ax.set(title=f"{name}: accuracy {history.val_accuracy[-1]:.2f}", xlabel="step")
        ax.set_ylim(0, max(3.0, 1.05 * max(history.step_loss)))
        ends = f"{number(history.step_loss[0])} to {number(history.step_loss[-1])}"
        said.append(
            f"{name}: accuracy {history.val_accuracy[-1]:.2f}, loss from {ends}, at "
            f"most {number(max(history.step_loss))}"
        )
    axes[0].set_ylabel("loss of the batch")
    figure.set_label(f"Loss of the batch against step. {'. '.join(said)}.")
    return figure


ask = partial(exercise, kind="diagnose", options=tuple(RUNS), shows=four_runs)


@ask(
    "The run with softmax applied twice",
    stars=2,
    hint="What is the least that ten classes can cost after a second softmax?",
    then="It never gets below 1.46, although more than half of its answers are right. "
    "Its rate is ten times that of C and D: at 0.1 it would have been much slower.",
    usual="""
        "B" => "A"
            This loss jumps far above ln 10. Probabilities, taken for logits, differ by
            at most 1: with them no loss can be so large.
        "B" => "C"
            This loss falls below 1.46, which it could not after a second softmax.
        "B" => "D"
            This loss begins far above ln 10. Probabilities, taken for logits, differ
            by at most 1: with them no loss can be so large.
    """,
)
def run_with_two_softmaxes():
    return "B"


@ask(
    "The run whose learning rate is too high",
    hint="Steps that are too long lead uphill as often as down.",
    then="It begins at ln 10, as it should; it is the steps that throw it about.",
    usual="""
        "A" => "B"
            This loss hardly scatters. It comes down slowly, for another reason.
        "A" => "C"
            This loss begins at ln 10 and comes down: a healthy run.
        "A" => "D"
            This loss begins far too high, before any step was taken, and then comes
            down: what is wrong is the start, not the rate.
    """,
)
def run_with_too_high_rate():
    return "A"


@exercise(
    "Three bugs in one loop",
    name="three-bugs",
    kind="repair",
    stars=2,
    cases=[
        (tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), tensor([0, 1, 2]), 3, 0.5, 3),
        (tensor([[2.0], [-1.0], [0.5], [1.0]]), tensor([1, 0, 1, 1]), 2, 1.0, 5),
        (
            tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0], [2.0, 0.0, 1.0]]),
            tensor([0, 1, 1]),
            *(2, 0.3, 8),
        ),
    ],
    hint="Ask three questions. What does F.cross_entropy take? What does backward do "
    "with a gradient that is there already? Over which axis do the classes lie?",
    then="None of the three raises an error, and with either of the first two the loop "
    "still learns: only its numbers give them away.",
    usual=r"""
        * F.cross_entropy(X @ W, y) => F.cross_entropy((X @ W).softmax(1), y)
            F.cross_entropy takes logits; here it gets probabilities.
        * `\n            W.grad.zero_()` => ``
            backward adds to the gradient that is there: set it to zero after the step.
        * argmax(1) => argmax(0)
            The classes lie along axis 1; axis 0 holds the examples.
        -= => +=
            Descent subtracts the gradient.
        loss.backward() => loss.backward(retain_graph=True); W.grad.zero_()
            The gradient is set to zero before the step could use it.
    """,
)
def descend(X, y, num_classes, lr, num_steps):  # (n, d), (n,) -> (d, K), (n,)
    W = torch.zeros(X.shape[1], num_classes, requires_grad=True)
    for _ in range(num_steps):
        loss = F.cross_entropy(X @ W, y)
        loss.backward()
        with torch.no_grad():
            W -= lr * W.grad
            W.grad.zero_()
    return W.detach(), (X @ W).detach().argmax(1)


EXERCISES, check, table = cells(__name__)
