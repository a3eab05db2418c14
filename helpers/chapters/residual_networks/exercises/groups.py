"""Convolutions in groups, and their weights."""

import torch
from torch.nn import functional as F

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one


def draw(n, c_in, c_out, k, groups, h, w, seed):
    """A random case: X (n, c_in, h, w), W (c_out, c_in / groups, k, k), groups."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, c_in, h, w, generator=generator)
    return X, torch.randn(c_out, c_in // groups, k, k, generator=generator), groups


@exercise(
    "A grouped convolution from plain ones",
    name="group-conv",
    stars=2,
    cases=[
        draw(1, 2, 2, 1, 2, 2, 2, seed=0),
        draw(2, 4, 6, 3, 2, 4, 5, seed=1),
        draw(3, 6, 3, 2, 3, 3, 4, seed=2),
        draw(2, 4, 4, 3, 4, 5, 3, seed=3),
        draw(2, 3, 2, 2, 1, 4, 3, seed=4),
    ],
    hint="`X.chunk(groups, dim)` cuts a tensor into this many parts along an axis. "
    "Which axis of X holds the input channels, and which axis of W the output "
    "channels?",
    then="With `groups=1` it is the plain convolution, with as many groups as channels "
    "a depthwise one.",
    without=("groups",),
    usual="""
        , dim=1 =>
            torch.cat joins along axis 0, the examples, if you give it no axis. The
            channels are axis 1.
        X.chunk(groups, 1) => X.chunk(groups)
            You cut X along axis 0, the examples. Its channels are axis 1.
        W.chunk(groups) => W.chunk(groups, 1)
            You cut W along axis 1, which already holds the input channels of one group
            only. Its output channels are axis 0.
        W.chunk(groups) => W.chunk(groups, 1)
        strict=True => strict=False
            You cut W along axis 1, which already holds the input channels of one group
            only. Its output channels are axis 0.
        X.chunk(groups, 1) => X.split(1, 1)[:groups]
        W.chunk(groups) => W.split(1)[:groups]
            Your groups have one channel each. A group has c_in / groups channels, and
            c_out / groups kernels.
        X.chunk(groups, 1) => X.split(groups, 1)
        W.chunk(groups) => W.split(groups)
        strict=True => strict=False
            `split` takes the size of a part, `chunk` the number of parts. There are
            `groups` parts.
        X.chunk(groups, 1) => X.split(groups, 1)
        W.chunk(groups) => W.split(groups)
            `split` takes the size of a part, `chunk` the number of parts. There are
            `groups` parts.
        X.chunk(groups, 1) => [X[:, g::groups] for g in range(groups)]
        W.chunk(groups) => [W[g::groups] for g in range(groups)]
            You took every groups-th channel. The channels of a group are neighbors.
        X.chunk(groups, 1) => [X[:, g::groups] for g in range(groups)]
            Of X you took every groups-th channel. The channels of a group are
            neighbors.
        X.chunk(groups, 1) => X.chunk(groups, 1)[::-1]
            The first kernels belong to the first channels; you have turned the order of
            one of the two round.
        torch.cat(parts, dim=1) => sum(parts)
            You added the groups. Their output channels are put side by side.
        torch.cat => torch.stack
            torch.stack makes a new axis. torch.cat puts the channels side by side.
        torch.cat(parts, dim=1) => parts[0]
            This is the first group alone.
        W.chunk(groups) => W.split(X.shape[1] // groups)[:groups]
        strict=True => strict=False
            You cut W into parts of c_in / groups kernels. A group has c_out / groups
            kernels: both are cut into `groups` parts.
        W.chunk(groups) => [W] * groups
            Each part of X met all kernels. The kernels are cut into groups as well.
        return torch.cat(parts, dim=1) => return F.conv2d(X, W.repeat(1, groups, 1, 1))
            Here every kernel looks at all groups. Each belongs to one group of input
            channels.
    """,
)
def group_conv(X, W, groups):
    pairs = zip(X.chunk(groups, 1), W.chunk(groups), strict=True)
    parts = [F.conv2d(x, w) for x, w in pairs]
    return torch.cat(parts, dim=1)


@exercise(
    "Weights in groups and depthwise",
    name="group-weights",
    kind="predict",
    call=lambda answer: one_by_one(answer, group_weights.solution(), int),
    hint="A kernel in one of g groups looks at c_in / g channels. How many kernels are "
    "there, and how many weights has each?",
    then="Depthwise and pointwise together have 3,360 weights, less than an eighth of "
    "the plain convolution.",
    usual="""
        2304, 288, 3072, 27648 => 9216, 288, 3072, 27648
            These are the weights without groups. In 4 groups a kernel looks at 8 of
            the 32 channels.
        2304, 288, 3072, 27648 => 576, 288, 3072, 27648
            These are the weights of one of the 4 groups, or you divided by 4 twice.
            There are still 32 kernels, each for 8 channels.
        2304, 288, 3072, 27648 => 36864, 288, 3072, 27648
            You multiplied by the number of groups. Groups divide the number of weights.
        2304, 288, 3072, 27648 => 256, 288, 3072, 27648
            A 3×3 kernel has 9 weights for each channel that it looks at.
        2304, 288, 3072, 27648 => 2336, 288, 3072, 27648
            Biases are left out here; you counted one for each output channel.
        2304, 288, 3072, 27648 => 2304, 9216, 3072, 27648
            This is a convolution in which every kernel looks at all channels. A
            depthwise one has a kernel for each channel, which looks at that alone.
        2304, 288, 3072, 27648 => 2304, 9, 3072, 27648
            Each channel has a kernel of its own: 32 times 9.
        2304, 288, 3072, 27648 => 2304, 32, 3072, 27648
            The kernels are 3×3: 9 weights for each channel.
        2304, 288, 3072, 27648 => 2304, 864, 3072, 27648
            The depthwise convolution keeps its 32 channels; the pointwise one makes 96
            of them.
        2304, 288, 3072, 27648 => 2304, 320, 3072, 27648
            Biases are left out here; you counted one for each output channel.
        2304, 288, 3072, 27648 => 2304, 288, 27648, 27648
            A pointwise convolution is 1×1: one weight for each pair of channels.
        2304, 288, 3072, 27648 => 2304, 288, 96, 27648
            Each of the 96 kernels of the pointwise convolution has a weight for each
            of the 32 input channels.
        2304, 288, 3072, 27648 => 2304, 288, 1024, 27648
            It has a weight for each pair of one of 32 input and one of 96 output
            channels.
        2304, 288, 3072, 27648 => 2304, 288, 3168, 27648
            Biases are left out here; you counted one for each output channel.
        2304, 288, 3072, 27648 => 2304, 288, 3360, 27648
            This is the sum of the depthwise and the pointwise convolution. The
            pointwise one alone is asked for.
        2304, 288, 3072, 27648 => 2304, 288, 3072, 3360
            This is the sum of the depthwise and the pointwise convolution. The plain
            convolution in their place has 3×3 kernels that look at all 32 channels.
        2304, 288, 3072, 27648 => 2304, 288, 3072, 3072
            This is a 1×1 convolution. The plain one has 3×3 kernels.
        2304, 288, 3072, 27648 => 2304, 288, 3072, 9216
            This has 32 output channels; there are 96.
        2304, 288, 3072, 27648 => 2304, 288, 3072, 27744
            Biases are left out here; you counted one for each output channel.
        2304, 288, 3072, 27648 => 2304, 288, 3072
            Four numbers are asked for: in 4 groups, depthwise, pointwise, and plain.
    """,
)
def group_weights():
    return 2304, 288, 3072, 27648
