"""Claims of chapter 8 on single blocks: one more of them, and what each learns when."""

import copy
from functools import partial

import torch
from torch import nn

from helpers.chapters.residual_networks.claims.training import (
    ask,
    course_of,
    judged,
    over_rates,
    shrunk,
)
from helpers.claims import SAME, level
from helpers.claims.fair import fresh, mislabeled, right_on
from helpers.models import BatchNorm, Residual
from helpers.training import Epoch, evaluate, fit
from helpers.widgets.predict import claim

WIDTH = 16  # channels


class Chain(nn.Sequential):
    """A convolution that halves the maps, blocks that keep their shape, one linear.

    Parameters
    ----------
    num_blocks : may be 0.
    cells : the linear layer sees the means of cells x cells parts of the maps.
    norm, skip : of the blocks, see `Residual`.
    at_zero : the weights of a block's last layer begin at 0, and so does what it adds.

    Input (n, 1, h, w), output (n, K) logits. ``[1][k]`` is block k.
    """

    def __init__(
        self,
        num_blocks,
        num_inputs,
        num_outputs,
        cells=1,
        norm=BatchNorm,
        skip=1.0,
        at_zero=False,
    ):
        first = [nn.Conv2d(1, WIDTH, 3, 2, padding=1, bias=norm is None)]
        first += [norm(WIDTH)] if norm else []
        block = partial(Residual, WIDTH, WIDTH, norm=norm, skip=skip)
        last = nn.Linear(WIDTH * cells**2, num_outputs)
        super().__init__(
            nn.Sequential(*first, nn.ReLU()),
            nn.Sequential(*(block() for _ in range(num_blocks))),
            nn.Sequential(nn.AdaptiveAvgPool2d(cells), nn.Flatten(), last),
        )
        for block in self[1] if at_zero else ():
            for p in (block.norm2 if norm else block.conv2).parameters():
                nn.init.zeros_(p)


# -- one block more ------------------------------------------------------------------

WRONG = 0.2  # share of wrong labels
COUNTS = (0, 1, 4, 16)
ONE_RATE = 0.03  # at which the training loss is compared as well
AT_ONE_RATE = f"training loss at rate {ONE_RATE}"
WAYS = {
    "batch norm": {},
    "batch norm, blocks begin at 0": {"at_zero": True},
    "no norm": {"norm": None},
}
FALLS = {"it falls": -0.01, SAME: 0.01, "it rises": None}


def more_blocks(way, count, quantity):
    """Ask what so many blocks change in the test accuracy."""
    return ask(f"{way}, {count}", f"{way}, 0", quantity, FALLS)


@claim(
    "A new residual block cannot hurt: at worst its g becomes 0, so accuracy only "
    "rises.",
    more_blocks("batch norm", 16, "Test accuracy, 16 blocks minus none, batch norm"),
    true=[SAME, "it rises"],
    also=[
        more_blocks("batch norm", 1, "One block minus none, batch norm"),
        more_blocks(
            "batch norm, blocks begin at 0", 16, "16 minus none, blocks begin at 0"
        ),
        more_blocks("no norm", 16, "16 minus none, without norm"),
        level(
            f"Training loss at rate {ONE_RATE}, 16 blocks minus none, batch norm",
            lambda table: (
                table["batch norm, 16", AT_ONE_RATE]
                - table["batch norm, 0", AT_ONE_RATE]
            ),
            {"it falls": -0.1, "it stays within 0.1": 0.1, "it rises": None},
        ),
    ],
    live=None,
    full=(100, 30, 5),
    anew=("training images", "wrong labels", "initial weights", "order"),
)
def new_block(data, n_train, num_epochs, seed):
    """Few images, some with wrong labels; 0 to 16 blocks, each at its best rate."""
    data, results = shrunk(data), {}
    images = mislabeled(data.train, n_train, WRONG, seed, len(data.classes))
    for way, settings in WAYS.items():
        for count in COUNTS:
            best, nets = over_rates(
                partial(Chain, count, cells=7, **settings), images, data, num_epochs,
                seed, (0.003, 0.01, 0.03), batch_size=50
            )  # fmt: skip
            at_one_rate = evaluate(nets[ONE_RATE], images).loss
            row = judged(nets[best], images, data) | {AT_ONE_RATE: at_one_rate}
            results[f"{way}, {count}"] = row
    return results


# -- which block learns when ---------------------------------------------------------

NUM_BLOCKS = 6
DONE, WEIGHTS_DONE = "done at half time", "way of the weights done at half time"
COST, SIZE, FIRST_SIZE = "cost of removing it", "size", "size at the start"


def weights_of(block):
    """All parameters of a block in one vector."""
    return torch.cat([p.detach().flatten() for p in block.parameters()])


def way_done(start, half, end):
    """Share of the way from start to end that is done at half: 1 if nothing is left."""
    return 1 - ((end - half).norm() / (end - start).norm()).item()


@torch.no_grad()
def added(block, h):
    """What a copy of a block adds, with the statistics of this very batch."""
    return copy.deepcopy(block).train().residual(h)


@torch.no_grad()
def timed(nets, images):
    """When each block learned, and how large what it adds is beside its input.

    Parameters
    ----------
    nets : a `Chain` at the start of its training, at half of it, and at its end.

    What a block computes is compared on the inputs that it has at the end, so that the
    learning of the blocks before it does not count as its own.
    """
    rows, h, h_first = [], nets[-1][0].train()(images.X), nets[0][0].train()(images.X)
    for k in range(NUM_BLOCKS):
        blocks = [net[1][k] for net in nets]
        g = [added(block, h) for block in blocks]
        g_first = added(blocks[0], h_first)
        rows.append(
            {
                DONE: way_done(*g),
                WEIGHTS_DONE: way_done(*map(weights_of, blocks)),
                SIZE: (g[-1].norm() / h.norm()).item(),
                FIRST_SIZE: (g_first.norm() / h_first.norm()).item(),
            }
        )
        h, h_first = (b.train()(x) for b, x in ((blocks[-1], h), (blocks[0], h_first)))
    return rows


def without(net, k):
    """A copy of a chain in which block k hands on its input."""
    net = copy.deepcopy(net)
    net[1][k] = nn.Identity()
    return net


def mean_of(kind, blocks, measure):
    """Function of a table: mean of a measure over some blocks, for each seed."""
    names = [f"{kind}, block {k}" for k in blocks]
    return lambda table: torch.stack([table[name, measure] for name in names]).mean(0)


def first_and_last(measure):
    """Functions of a table: mean over the first two and over the last two blocks."""
    return (mean_of("residual", blocks, measure) for blocks in ((1, 2), (5, 6)))


def first_minus_last(measure, quantity, answers):
    """Ask by how much the first two blocks of six are above the last two."""
    first, last = first_and_last(measure)
    return level(quantity, lambda table: first(table) - last(table), answers)


def last_over_first(measure, quantity, answers):
    """Ask how many times the first two blocks the last two are."""
    first, last = first_and_last(measure)
    return level(quantity, lambda table: last(table) / first(table), answers)


AHEAD = {
    "the last blocks are ahead": -0.1,
    "both at the same time": 0.1,
    "the first blocks are ahead": None,
}
LESS = {"they add less": 0.8, "they add about as much": 1.25, "they add more": None}
ALL = range(1, NUM_BLOCKS + 1)


@claim(
    "Training a residual network is like a Taylor expansion: first the early blocks "
    "learn, then the later ones fit what is left.",
    first_minus_last(
        DONE,
        "Share of what a block learns that it has learned at half time, first two "
        "blocks of six minus last two",
        AHEAD,
    ),
    true="the first blocks are ahead",
    also=[
        first_minus_last(WEIGHTS_DONE, "The same, by the way of the weights", AHEAD),
        last_over_first(
            SIZE, "Size of what a block adds, last two over first two, trained", LESS
        ),
        last_over_first(FIRST_SIZE, "The same before training", LESS),
        first_minus_last(
            COST,
            "Accuracy that removing one block costs, first two minus last two",
            {"the last cost more": -0.01, SAME: 0.01, "the first cost more": None},
        ),
        level(
            "Accuracy that removing one block costs, plain minus residual",
            lambda table: (
                mean_of("plain", ALL, COST)(table)
                - mean_of("residual", ALL, COST)(table)
            ),
            {"it costs less": -0.01, SAME: 0.01, "it costs more": None},
        ),
    ],
    live=(400, 4, 4),
    full=(2_000, 6, 6),
)
def taylor(data, n_train, num_epochs, seed):
    """Six blocks of equal shape, with shortcuts and without, at one rate.

    Then each block in turn is taken out of the trained network.
    """
    data, results = shrunk(data), {}
    images = data.train.take(n_train)
    for kind, skip in (("residual", 1.0), ("plain", 0.0)):
        net = fresh(partial(Chain, NUM_BLOCKS, skip=skip), data, seed)
        nets = [copy.deepcopy(net)]
        for record in fit(net, images, **course_of(images, num_epochs, 0.1, seed)):
            if isinstance(record, Epoch) and record.epoch in (
                num_epochs // 2,
                num_epochs,
            ):
                nets.append(copy.deepcopy(net))
        nets = [kept.cpu() for kept in nets]
        right = right_on(nets[-1], data.test)
        results[kind] = {"test accuracy": right}
        rows = timed(copy.deepcopy(nets), data.val.take(min(500, len(data.val))))
        for k, row in enumerate(rows):
            cost = right - right_on(without(nets[-1], k), data.test)
            results[f"{kind}, block {k + 1}"] = row | {COST: cost}
    return results
