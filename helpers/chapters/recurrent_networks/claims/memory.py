"""Claims of chapter 10 on sequences made for them: training may fail, and forget."""

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.recurrent_networks.tasks import (
    NUM_SYMBOLS,
    LastState,
    adding,
    recall,
)
from helpers.claims import difference, level
from helpers.claims.fair import accuracy_on, best_rate
from helpers.claims.small_images import cosine
from helpers.models.recurrent import set_forget_bias
from helpers.seeds import seeded
from helpers.training import train
from helpers.widgets.predict import claim

HIDDENS = 32
NUM_VAL, NUM_TEST = 200, 500


def parts(draw, n_train, num_steps, seed):
    """Rows of a task to train, to choose and to report, drawn by the seed."""
    generator = torch.Generator().manual_seed(seed)
    return [draw(n, num_steps, generator) for n in (n_train, NUM_VAL, NUM_TEST)]


# -- convergence ---------------------------------------------------------------------

STEPS = 30
RATES = (0.0001, 0.001, 0.01, 0.1)
GUESSING = 1 / 6  # mean squared error of always saying 1
DIVERGED, LEAST = "share of rates that diverge", "least error over guessing"
MOST = 10.0  # times guessing: the least error counts as no more
SHARES = {"hardly any run": 0.05, "some runs": 0.5, "most runs": None}


def adder(cell, seed, scale=None):
    """A network for two inputs and a sum.

    With a scale it is a ReLU network whose recurrent weights begin as scale * identity.
    """
    with seeded(seed):
        net = LastState(2, 1, HIDDENS, cell)
        if scale:
            net.rnn = nn.RNN(2, HIDDENS, nonlinearity="relu", batch_first=True)
            net.rnn.weight_hh_l0.data = scale * torch.eye(HIDDENS)
    return net


@torch.no_grad()
def error_on(net, examples):
    """Mean squared error over that of guessing, infinite where it is no number."""
    error = F.mse_loss(net(examples.X), examples.y).item() / GUESSING
    return error if math.isfinite(error) else math.inf


ADDERS = {  # how a network is made, and to which norm its gradients are clipped
    "ReLU": (partial(adder, "rnn", scale=1.05), None),
    "ReLU, clipped": (partial(adder, "rnn", scale=1.05), 1.0),
    "ReLU, identity": (partial(adder, "rnn", scale=1.0), None),
    "tanh": (partial(adder, "rnn"), None),
    "LSTM": (partial(adder, "lstm"), None),
}


def diverging(name, quantity):
    """Ask for the share of the runs that diverge."""
    return level(quantity, (name, DIVERGED), SHARES)


@claim(
    "Training a recurrent network need not converge.",
    diverging("ReLU", "Share of runs, over four rates, that end worse than they "
              "began, ReLU from 1.05 times identity"),
    true=["some runs", "most runs"],
    also=[
        diverging("ReLU, clipped", "The same with gradients clipped to norm 1"),
        diverging("tanh",
                  "The same with tanh and torch's initial weights, not clipped"),
        level("Least error over that of guessing, ReLU with clipping",
              ("ReLU, clipped", LEAST),
              {"it learns": 0.5, "it learns a little": 0.9, "it guesses": None}),
    ],
    live=None,
    full=(6_400, 1, 10),
    sets={"adding": lambda: adding},
    images=False,
    anew=("sequences", "initial weights", "order"),
)  # fmt: skip
def convergence(data, n_train, num_epochs, seed):
    """Add the two marked ones of 30 numbers, by SGD at four rates.

    A run diverges if its test error ends above that of the initial weights, or as no
    number. The least error is that of the rate that is best on val.
    """
    examples, val, test = parts(data, n_train, STEPS, seed)
    results = {}
    for name, (make, clip_norm) in ADDERS.items():
        on_val, on_test = {}, {}
        for lr in RATES:
            net = make(seed)
            train(net, examples, num_epochs=num_epochs, lr=lr, batch_size=32, seed=seed,
                  loss=F.mse_loss, clip_norm=clip_norm)  # fmt: skip
            on_val[lr], on_test[lr] = error_on(net, val), error_on(net, test)
        begin, best = error_on(make(seed), test), min(on_val, key=on_val.get)
        diverged = {lr: float(error > begin) for lr, error in on_test.items()}
        results[name] = {
            DIVERGED: sum(diverged.values()) / len(RATES),
            LEAST: min(on_test[best], MOST),
            **{f"diverges at {lr}": value for lr, value in diverged.items()},
        }
    return results


# -- forget bias ---------------------------------------------------------------------

NEAR, FAR = 10, 30
ACCURACY = "accuracy"
RECALL_RATES = (0.003, 0.01, 0.03)
FIVE = "less than five percentage points apart"
BETTER = {"it is worse": -0.05, FIVE: 0.05, "it is better": None}


def learn(examples, cell, bias, num_epochs, seed, lr):
    """Train a network to recall by Adam, its gradients clipped to 1."""
    with seeded(seed):
        net = LastState(NUM_SYMBOLS, NUM_SYMBOLS, HIDDENS, cell)
    if bias is not None:
        set_forget_bias(net, bias)
    num_steps = num_epochs * math.ceil(len(examples) / 64)
    train(net, examples, num_epochs=num_epochs, lr=lr, batch_size=64, seed=seed,
          optimizer=torch.optim.Adam, clip_norm=1.0, schedule=cosine(lr, num_steps),
          schedule_every="step")  # fmt: skip
    return net


def ask(first, second, quantity):
    """Ask for the difference of two accuracies, cut at five percentage points."""
    return difference((first, ACCURACY), (second, ACCURACY), BETTER, quantity)


@claim(
    "A forget bias of 1 is enough.",
    ask("bias 1, T = 30", "bias 3, T = 30",
        "Accuracy at T = 30, forget bias 1 minus forget bias 3"),
    true=[FIVE, "it is better"],
    also=[
        ask("bias 1, T = 10", "bias 3, T = 10", "The same at T = 10"),
        ask("bias 1, T = 30", "bias 0, T = 30", "Forget bias 1 minus 0 at T = 30"),
        ask("bias 1, T = 30, three times the steps", "bias 3, T = 30",
            "Forget bias 1 with three times the steps minus 3, at T = 30"),
        ask("bias 3, T = 30", "GRU, T = 30", "LSTM of forget bias 3 minus GRU"),
    ],
    live=None,
    full=(16_000, 1, 5),
    sets={"recall": lambda: recall},
    images=False,
    anew=("sequences", "initial weights", "order"),
)  # fmt: skip
def forget_bias(data, n_train, num_epochs, seed):
    """Name the first of T symbols, each network at the rate that is best on val."""
    cells = {f"bias {b}": ("lstm", b) for b in (0, 1, 3)}
    cells |= {"GRU": ("gru", None), "RNN": ("rnn", None)}
    runs = {f"bias {b}, T = {NEAR}": (f"bias {b}", NEAR, 1) for b in (0, 1, 3)}
    runs |= {f"{name}, T = {FAR}": (name, FAR, 1) for name in cells}
    runs[f"bias 1, T = {FAR}, three times the steps"] = ("bias 1", FAR, 3)
    results = {}
    for name, (kind, num_steps, times) in runs.items():
        examples, val, test = parts(data, times * n_train, num_steps, seed)
        learned = partial(learn, examples, *cells[kind], num_epochs, seed)
        lr, nets = best_rate(
            lambda rates, learned=learned: {lr: learned(lr) for lr in rates},
            RECALL_RATES,
            lambda net, val=val: accuracy_on(net, val),
        )
        results[name] = {ACCURACY: accuracy_on(nets[lr], test)}
    return results
