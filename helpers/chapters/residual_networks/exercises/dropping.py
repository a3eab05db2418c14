"""Blocks left out: one for good, or each at random in training."""

import copy

import torch
from torch import Tensor, nn

from helpers.exercises import exercise
from helpers.exercises.comparing import a_kind_of
from helpers.models import BatchNorm, ResNet
from helpers.seeds import seeded


def draw(num_blocks, channels, s, k, seed):
    """A random case: a network whose normalizations have learned, and a block."""
    with seeded(seed):
        net = ResNet(num_blocks, channels)
        for module in net.modules():
            if isinstance(module, BatchNorm):
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
        return net.eval(), s, k


def shortened(answer, net, s, k):
    """Return what the new network makes of images; the old one stays as it is.

    Raises
    ------
    TypeError : the answer is no network.
    ValueError : the network that was given has changed.
    """
    X = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = net(X)
        new = answer(net, s, k)
        if new is ... or new is None:
            return new
        if not isinstance(new, nn.Module):
            raise TypeError(f"a network is asked for, not {a_kind_of(new)}")
        if not torch.equal(net(X), before):
            raise ValueError("net itself was changed: change a copy of it")
        return new(X)


@exercise(
    "A network without one of its blocks",
    name="without-block",
    cases=[
        draw((2, 2, 2), (3, 4, 5), 1, 1, seed=0),
        draw((1, 3, 2), (2, 4, 4), 1, 2, seed=1),
        draw((3, 1, 2), (4, 4, 6), 0, 0, seed=2),
        draw((2, 4), (3, 5), 1, 2, seed=3),
    ],
    call=shortened,
    hint="`copy.deepcopy(net)` copies a network with all that it holds. `stages[s][k]` "
    "is block k of stage s, and can be set. Which module returns its input?",
    then="So a trained network can be asked what a block is worth to it. Other parts "
    "are exchanged in the same way, such as the last layer.",
    usual="""
        new.stages[s][k] = nn.Identity() => new.stages[k][s] = nn.Identity()
            Stage and block are exchanged: `stages[s]` is a stage, and its `[k]` a
            block.
        copy.deepcopy(net) => net
            The network itself has lost its block: it was changed under another name, or
            by way of `copy.copy`, which makes a new object that holds the same stages.
            Copy it first, with `copy.deepcopy`.
        new.stages[s][k] = nn.Identity() => new.stages[s] = nn.Identity()
            You took a whole stage out: `stages[s][k]` is one block.
        new.stages[s][k] = nn.Identity() => new.stages[s][k] = nn.Identity
            This is the class. `nn.Identity()` makes the module.
        new.stages[s][k] = nn.Identity() => new.stages[s] = new.stages[s][:k]
            You took out all blocks from block k on.
        new.stages[s][k] = nn.Identity() => new.stages[s][k].skip = 0.0
            You took the shortcut away and kept the residual. It is the other way round.
        new.stages[s][k] = nn.Identity() => new.stages[s][k].norm2.weight.data.zero_()
            With its last factor 0 the residual is the last shift, which has learned
            something. Put `nn.Identity()` in the place of the block.
        new.stages[s][k] = nn.Identity() => pass
            The block is still there.
        copy.deepcopy(net) => ResNet([len(stage) for stage in net.stages])
            You made a new network, with random weights. Copy the one that is given.
        return new => return new.stages[s]
            You return one stage. The whole network is asked for.
        return new => return new.train()
            The copy is in training mode, so its normalizations take the statistics of
            the batch. Leave the mode as it was.
    """,
)
def without_block(net, s, k):
    new = copy.deepcopy(net)
    new.stages[s][k] = nn.Identity()
    return new


def told(answer, shape, p, training):
    """Tell what an answer does to random residuals of a shape (n, c, h, w).

    Raises
    ------
    TypeError : it gives something else than a tensor of this shape.
    """
    residual = 1 + torch.rand(shape, generator=torch.Generator().manual_seed(0))
    given = [answer(residual.clone(), p, training) for _ in range(8)]
    if given[0] is ... or given[0] is None:
        return given[0]
    for Y in given:
        if not isinstance(Y, Tensor) or Y.shape != residual.shape:
            raise TypeError(f"expected a tensor of shape {shape}, not {a_kind_of(Y)}")
    factors = torch.stack(given) / residual
    kept = factors != 0
    unit = left_out_at_once(kept)
    return {
        "left out at once": unit,
        "share left out": None if unit == "the batch" else part(~kept),
        "the rest is multiplied by": round(factors.max().item(), 3),
    }


def part(mask):
    """Return the share of True in a mask, to one decimal."""
    return round(mask.float().mean().item(), 1)


def left_out_at_once(kept):
    """Say what is left out or kept as a whole, of a mask (calls, n, c, h, w)."""
    if kept.all():
        return "nothing"
    units = {"the batch": (1, 2, 3, 4), "an example": (2, 3, 4), "a channel": (3, 4)}
    for unit, axes in units.items():
        share = kept.float().mean(axes)
        if ((share == 0) | (share == 1)).all():
            return unit
    return "a value"


@exercise(
    "Stochastic depth",
    name="drop-path",
    stars=2,
    seconds=30.0,  # a loop over the 900 examples is right, and slow on a busy machine
    cases=[
        ((800, 2, 3, 2), 0.2, True),
        ((900, 3, 2, 1), 0.6, True),
        ((20, 3, 2, 2), 0.2, False),
        ((30, 2, 1, 3), 0.0, True),
    ],
    call=told,
    hint="`torch.rand(n, 1, 1, 1)` draws one number for each example, and stands "
    "beside (n, c, h, w). With which probability is such a number larger than p? What "
    "must the rest be multiplied by, so that the mean stays what it was?",
    then="In evaluation mode all residuals are there. In torch it is "
    'torchvision.ops.stochastic_depth with mode="row".',
    without=("stochastic_depth", "StochasticDepth"),
    usual="""
        len(residual), 1, 1, 1) => *residual.shape)
            Your mask has a number for each value, as dropout has. The whole residual of
            an example is left out or kept: (n, 1, 1, 1).
        len(residual), 1, 1, 1) => *residual.shape[:2], 1, 1)
            Your mask has a number for each channel. The whole residual of an example is
            left out or kept: (n, 1, 1, 1).
        len(residual), 1, 1, 1) => 1)
            One number decides for the whole batch. Each example has its own: (n, 1, 1,
            1).
        len(residual), 1, 1, 1) => len(residual))
            Your mask of shape (n,) stands beside the last axis, the width. With the
            shape (n, 1, 1, 1) it stands beside the examples.
        ` / (1 - p)` =>
            The rest is not divided by 1 - p, so that in training the residuals are
            smaller on average than in evaluation.
        / (1 - p) => * (1 - p)
            You multiplied the rest by 1 - p. It is divided by it, so that the mean
            stays what it is without leaving out.
        / (1 - p) => / p if p else residual
            You divided by p. It is 1 - p that is left on average.
        >= p => < p
        / (1 - p) => / p if p else residual
            p is the probability to leave a residual out, not to keep it.
        >= p => < p
            p is the probability to leave a residual out; you keep it with this
            probability. The division by 1 - p is right.
        >= p => < p
        ` / (1 - p)` =>
            p is the probability to leave a residual out, not to keep it. And what is
            kept is divided by 1 - p.
        len(residual), 1, 1, 1) => 1)
        ` / (1 - p)` =>
            One number decides for the whole batch: each example has its own, (n, 1, 1,
            1). And what is kept is divided by 1 - p.
        if not training => if training
            The two modes are exchanged: in training residuals are left out, in
            evaluation not.
        if not training => if False
            It leaves residuals out in evaluation as well. There, return the residual as
            it is.
        return residual\\n => return residual * (1 - p)\\n
        ` / (1 - p)` =>
            This is how the paper does it: no division in training, and a factor of 1 -
            p in evaluation. Here the division in training makes up for it.
        return residual\\n => return residual * (1 - p)\\n
            In evaluation the residual is to stay as it is: the division by 1 - p has
            made up for the shares already, in training.
        kept = torch.rand(len(residual), 1, 1, 1) >= p => kept = 1 - p
            You multiplied by the probability and divided by it again: nothing is left
            out. Draw a mask.
    """,
)
def drop_path(residual, p, training):
    if not training:
        return residual
    kept = torch.rand(len(residual), 1, 1, 1) >= p
    return residual * kept / (1 - p)
