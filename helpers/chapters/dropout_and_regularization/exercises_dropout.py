"""The second build of chapter 4: dropout as a module."""

import torch
from torch import nn

from helpers.chapters.dropout_and_regularization import solutions
from helpers.exercises import Exercise, Mistake


def used(cls, program):
    """Evaluate a program in which Dropout is the learner's class.

    Statements have "; " between them, and the last is an expression.
    """
    *statements, result = program.split("; ")
    space = {"Dropout": cls, "torch": torch, "ones": torch.ones}
    exec("\n".join(statements), space)
    return eval(result, space)


def drop(X, p):
    """Apply dropout as it should be, for 0 < p < 1."""
    return (torch.rand_like(X) > p) * X / (1 - p)


def dropout(
    training=drop,
    evaluation=lambda X, p: X,
    checks=True,
    ends=True,
    asks=lambda self: self.training,
):
    """Return a class with one part exchanged."""

    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            if checks and not 0 <= p <= 1:
                raise ValueError(f"p must lie between 0 and 1, got {p}")
            self.p = p

        def forward(self, X):
            if not asks(self):
                return evaluation(X, self.p)
            if ends and self.p == 1:
                return torch.zeros_like(X)
            return training(X, self.p)

    return Dropout


def in_place(X, p):
    """Change the argument."""
    X *= torch.rand_like(X) > p
    X /= 1 - p
    return X


def rows(X, p):
    """Draw one number for each row."""
    return (torch.rand(len(X), *[1] * (X.ndim - 1)) > p) * X / (1 - p)


def columns(X, p):
    """Draw one number for each unit."""
    return (torch.rand(X.shape[-1]) > p) * X / (1 - p)


class FixedMask(nn.Module):
    """Draw the mask once, and keep it."""

    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p must lie between 0 and 1, got {p}")
        self.p, self.seed = p, torch.seed()

    def forward(self, X):
        if not self.training:
            return X
        generator = torch.Generator().manual_seed(self.seed)
        if self.p == 1:
            return torch.zeros_like(X)
        return (torch.rand(X.shape, generator=generator) > self.p) * X / (1 - self.p)


# Values, not means, wherever it is possible: means of random numbers need room.
DROPOUT = Exercise(
    name="dropout",
    chapter="04",
    title="Dropout as a module",
    build=True,
    cases=[
        ("d = Dropout(0.5); d.eval(); d(ones(2, 3))",),
        ("d = Dropout(0.5); d(ones(100, 100)).unique()",),
        ("d = Dropout(0.2); d(ones(1000)).unique()",),
        ("d = Dropout(0.2); round(d(ones(400, 400)).mean().item(), 1)",),
        ("d = Dropout(); d(ones(1000)).unique()",),
        ("d = Dropout(0.5); X = ones(64); d(X); X.unique()",),
        ("d = Dropout(0.5); X = ones(9, 64); d(X).equal(d(X))",),
        ("d = Dropout(0.5); Y = d(ones(64, 64)); bool((Y == Y[:, :1]).all())",),
        ("d = Dropout(0.5); Y = d(ones(64, 64)); bool((Y == Y[:1]).all())",),
        ("d = Dropout(0.0); d(ones(100)).unique()",),
        ("d = Dropout(1.0); d(ones(100)).unique()",),
        ("Dropout(1.5).p",),
        ("Dropout(-0.1).p",),
    ],
    solution=solutions.Dropout,
    call=used,
    mistakes=[
        Mistake(
            dropout(lambda X, p: (torch.rand_like(X) > p) * X),
            "What is kept must be divided by 1 - p. Otherwise the next layer gets "
            "smaller inputs in training than later.",
        ),
        Mistake(
            dropout(lambda X, p: (torch.rand_like(X) > p) * X / p),
            "Divide by the share that is kept, 1 - p, not by that which is dropped.",
        ),
        Mistake(
            dropout(
                lambda X, p: (torch.rand_like(X) > p) * X,
                evaluation=lambda X, p: (1 - p) * X,
            ),
            "This is the older form, which scales when the network is used. Here the "
            "scaling is to happen in training, and evaluation changes nothing.",
        ),
        Mistake(
            dropout(lambda X, p: (torch.rand_like(X) < p) * X / (1 - p)),
            "The mask is turned: p is the probability to be dropped, so what is kept "
            "are the random numbers above p.",
        ),
        Mistake(
            dropout(asks=lambda self: True),
            "It drops in evaluation as well: ask `self.training`.",
        ),
        Mistake(
            dropout(ends=False),
            "With p = 1 everything is dropped, and 0 / 0 is nan: return zeros.",
        ),
        Mistake(
            dropout(checks=False),
            "A p outside of 0 to 1 has no meaning: raise a ValueError where it is "
            "given, in `__init__`.",
        ),
        Mistake(
            dropout(checks=False, ends=False),
            "The ordinary case is right. Two are left: p = 1 gives 0 / 0, and a p "
            "outside of 0 to 1 must raise a ValueError in `__init__`.",
        ),
        Mistake(
            dropout(in_place),
            "It changes its input in place: what the layer before has computed is lost "
            "for backward, too. Return a new tensor.",
        ),
        Mistake(
            dropout(rows),
            "Whole rows are dropped, that is whole examples. Draw a number for each "
            "entry: `torch.rand_like(X)`.",
        ),
        Mistake(
            dropout(columns),
            "All examples lose the same units. Draw a number for each entry: "
            "`torch.rand_like(X)`.",
        ),
        Mistake(
            FixedMask,
            "The same units are dropped in every call: draw a new mask in `forward`.",
        ),
    ],
    hint="If `self.training` is false, give back what came. Otherwise draw a random "
    "number for each entry with `torch.rand_like`, keep where it is above p, and "
    "divide by 1 - p. p = 1 needs a line of its own.",
    then="nn.Dropout does the same; use that from now on.",
    without=("dropout", "Dropout", "dropout_", "alpha_dropout", "AlphaDropout"),
)
