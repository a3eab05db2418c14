"""Pooling to one size of output, whatever the size of the maps."""

import torch
from torch.nn import functional as F

from helpers.chapters.classic_cnns.exercises.inception import normal
from helpers.exercises import exercise


@exercise(
    "Pyramid pooling",
    stars=2,
    cases=[
        (torch.arange(16.0).view(1, 1, 4, 4), (1, 2)),
        (normal(2, 3, 7, 9, seed=0), (1, 2, 4)),
        (normal(3, 2, 13, 6, seed=1), (3, 1)),
        (normal(1, 4, 3, 5, seed=2), (4,)),
    ],
    hint="`F.adaptive_max_pool2d(X, level)` gives level × level values of each "
    "channel. `flatten(1)` makes one row of each example, and the rows are joined.",
    then="Images of any size give vectors of one length, so that a linear layer can "
    "follow: with 8 channels and the levels 1, 2, 4 these are 168 numbers.",
    usual="""
        adaptive_max_pool2d => adaptive_avg_pool2d
            These are means. The largest value of each window is asked for.
        flatten(1) => flatten(2)
        rows, dim=1) => rows, dim=2).flatten(1)
            Your values are ordered by channels first. All channels of the first level
            come first, and then those of the next.
        flatten(1) => flatten(2).transpose(1, 2).flatten(1)
            Within a level you have the positions first. Each channel's values stay
            together, as `flatten(1)` leaves them.
        `.flatten(1)` =>
            The levels have maps of different sizes, which cannot be joined: flatten
            each of them first.
        flatten(1) => flatten()
            `flatten()` also joins the examples. Leave the first axis: flatten(1).
        , dim=1 =>
            torch.cat joins along axis 0, the examples, if you give it no axis.
        for level in levels => for level in sorted(levels, reverse=True)
            The order is another one: the levels come as they are given.
        for level in levels => for level in sorted(levels)
            You have sorted the levels. They come in the order in which they are given.
        for level in levels => for level in levels[-1:]
            This is the last level alone. Join what all of them give.
        for level in levels => for level in (1, 2, 4)
            The levels are given, and not always 1, 2, 4.
        F.adaptive_max_pool2d(X, level) => F.max_pool2d(X, level)
            You took the level for the size of a window. It is the number of windows
            along each axis, so the windows grow with the image.
        rows = => sizes = X.shape[2:]\\n    rows =
        adaptive_max_pool2d(X, level) => max_pool2d(X, [s // level or 1 for s in sizes])
            Windows of h // level pixels leave a rest if level does not divide the
            size, which makes more windows than `level`, or fewer. Adaptive pooling
            spreads them over the whole image.
    """,
)
def pyramid_pooling(X, levels):
    rows = [F.adaptive_max_pool2d(X, level).flatten(1) for level in levels]
    return torch.cat(rows, dim=1)
