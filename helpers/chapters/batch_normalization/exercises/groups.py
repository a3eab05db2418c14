"""Normalization of groups of channels, one example at a time."""

import torch
from torch import tensor

from helpers.exercises import exercise


def draw(*shape, seed):
    """Random images whose channels have means and spreads of their own."""
    X = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    scale = torch.linspace(0.3, 2, shape[1]).view(-1, 1, 1)
    return X * scale + 3 * scale - 2


@exercise(
    "Group normalization by reshape",
    name="group-norm",
    stars=2,
    cases=[
        (tensor([[[[1.0, 3.0]], [[5.0, 7.0]], [[4.0, 4.0]], [[4.0, 4.0]]]]), 2, 1e-5),
        (draw(3, 6, 2, 3, seed=1), 2, 0.1),
        (draw(4, 6, 3, 2, seed=2), 3, 1e-3),
        (draw(2, 5, 4, 3, seed=3), 1, 1e-5),
        (draw(3, 3, 2, 5, seed=4), 3, 1e-5),
    ],
    hint="`X.reshape(n, num_groups, -1)` puts the values of each group into one row, "
    "because the channels of a group are neighbors. `keepdim=True` keeps each mean "
    "beside its row; at the end the shape is that of X.",
    then="With one group this is a layer normalization of the whole example, with as "
    "many groups as channels an instance normalization. The batch occurs nowhere.",
    without=("group_norm", "GroupNorm", "native_group_norm", "layer_norm", "LayerNorm")
    + ("instance_norm", "InstanceNorm2d", "batch_norm", "BatchNorm2d"),
    usual="""
        rows.mean(2, => rows.mean((0, 2),
        rows.var(2, => rows.var((0, 2),
            You averaged over the batch as well. Group normalization looks at each
            example by itself.
        len(X), num_groups, -1) => len(X), -1, num_groups)
        rows.mean(2, => rows.mean(1,
        rows.var(2, => rows.var(1,
            Your groups are made of every num_groups-th value, so the channels are
            mixed. The values of a group are neighbors in memory: (n, num_groups, -1).
        len(X), num_groups, -1) => len(X), -1, num_groups, *X.shape[2:])
        rows.mean(2, => rows.mean((1, 3, 4),
        rows.var(2, => rows.var((1, 3, 4),
            Your groups are made of every num_groups-th channel. The channels of a group
            are neighbors: (n, num_groups, c // num_groups, h, w).
        len(X), num_groups, -1) => len(X), X.shape[1] // num_groups, -1)
            You took num_groups for the channels of a group. It is the number of groups.
        len(X), num_groups, -1) => len(X), X.shape[1], -1)
            Each channel is a group of its own in your answer: this is instance
            normalization.
        len(X), num_groups, -1) => len(X), 1, -1)
            All channels are one group in your answer: this is layer normalization.
        len(X), num_groups, -1) => *X.shape)
        rows.mean(2, => rows.mean((0, 2, 3),
        rows.var(2, => rows.var((0, 2, 3),
            This is batch normalization: one mean for each channel, over the batch. Here
            a mean belongs to a group of channels of one example.
        len(X), num_groups, -1) => len(X), num_groups, -1, *X.shape[2:])
            You averaged over the channels of a group at each pixel. The pixels belong
            to the group, too.
        len(X), num_groups, -1) => num_groups, -1)
        rows.mean(2, => rows.mean(1,
        rows.var(2, => rows.var(1,
            You cut the whole batch into num_groups rows. Each example has groups of its
            own: the batch axis stays in front, (n, num_groups, -1).
        correction=0 => correction=1
            You divided by n - 1 in the variance. Normalizations use the mean of the
            squared deviations: `correction=0`.
        torch.sqrt(var + eps) => (torch.sqrt(var) + eps)
            You added eps to the standard deviation. It stands under the root, beside
            the variance.
        var + eps => var
            eps is missing: it stands under the root, beside the variance.
        var + eps => var + 1e-5
            The argument eps is ignored: it is not always 0.00001.
        torch.sqrt(var + eps) => (var + eps)
            You divided by the variance. Its square root divides.
        (rows - mean) => rows
            The mean is not subtracted.
        .reshape(X.shape) =>
            The values are right. Give them the shape of X again.
    """,
)
def group_norm(X, num_groups, eps):
    rows = X.reshape(len(X), num_groups, -1)  # all values of a group in one row
    mean = rows.mean(2, keepdim=True)
    var = rows.var(2, keepdim=True, correction=0)
    return ((rows - mean) / torch.sqrt(var + eps)).reshape(X.shape)
