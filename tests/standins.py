"""What a cell of a notebook gets in the place of trainings, to see what it does."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn import functional as F

from helpers import Examples, accuracy, efficientnet_input, seeded
from helpers.claims.homemade import only, small_net
from helpers.training.features import pick
from tests.taught import source_of

USUAL = {
    **{"torch": torch, "nn": nn, "F": F, "copy": copy, "replace": replace},
    **{"seeded": seeded, "pick": pick, "small_net": small_net, "only": only},
    **{"Examples": Examples, "accuracy": accuracy, "print": lambda *_: None},
    "efficientnet_input": efficientnet_input,
}


def run_cell(chapter: str, cell_id: str, **names) -> dict:
    """The names of a cell after it has run with these ones and the usual ones."""
    space = USUAL | names
    exec(source_of(chapter, cell_id), space)
    return space


def same_weights(weights, net: nn.Module) -> bool:
    """Whether a network has these weights."""
    return all(a.equal(b) for a, b in zip(weights, net.parameters(), strict=True))


class Noted:
    """Stands in for `learn` and `evaluate`: notes what they get, and trains nothing.

    learned : of each training the net, its examples, its rate, the weights that it
        began with and all further settings; judged : nets and examples.
    """

    def __init__(self):
        self.learned, self.judged = [], []

    def learn(self, net, examples, lr=0.01, **settings):
        start = [p.detach().clone() for p in net.parameters()]
        run = {"net": net, "examples": examples, "lr": lr, "start": start}
        self.learned.append(SimpleNamespace(**run, **settings))
        return net

    def evaluate(self, net, examples):
        self.judged.append((net, examples))
        return SimpleNamespace(accuracy=0.5)
