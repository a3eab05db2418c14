"""The block of ResNeXt: its weights, and its sum over paths."""

import torch
from torch.nn import functional as F

from helpers.exercises import exercise


@exercise(
    "The weights of a bottleneck in groups",
    name="bottleneck-weights",
    cases=[
        (4, 2, 1),
        (256, 64, 1),
        (256, 128, 32),
        (64, 24, 4),
        (256, 80, 2),
    ],
    hint="Three convolutions. A k × k convolution from a channels to b has k · k · a · "
    "b weights; in groups each kernel looks at a / groups channels.",
    then="The bottleneck of ResNet-50 in its first stage, (256, 64, 1), has 69,632, "
    "and the block of ResNeXt with twice the width in 32 groups, (256, 128, 32), has "
    "70,144.",
    usual="""
        9 * m * m // groups => 9 * m * m
            You left out the groups: a 3×3 kernel looks at m / groups channels.
        9 * m * m // groups => 9 * m * m // groups**2
            You divided by groups twice. There are m kernels, each for m / groups
            channels.
        9 * m * m // groups => 9 * m * m * groups
            You multiplied by the number of groups. Groups divide the number of weights.
        return 2 * c * m + 9 * m * m => return (2 * c * m + 9 * m * m)
            Only the 3×3 convolution is in groups. The 1×1 convolutions look at all
            channels.
        2 * c * m => c * m
            There are two 1×1 convolutions: from c channels to m, and back.
        2 * c * m + 9 => 9
            The two 1×1 convolutions have weights, too: one for each pair of an input
            and an output channel.
        2 * c * m => 18 * c * m
            The first and the last convolution are 1×1: their kernels have one weight
            for each input channel.
        9 * m * m // groups => m * m // groups
            A 3×3 kernel has 9 weights for each channel that it looks at.
        9 * m * m // groups => 3 * m * m // groups
            A 3×3 kernel has 9 weights for each channel that it looks at.
        9 * m * m => 9 * c * c
            The 3×3 convolution stands between the 1×1 ones: it has m channels, not c.
        9 * m * m => 9 * c * m
            The 3×3 convolution gets m channels and puts out m.
        return 2 => return m + m + c + 2
            Biases are left out here; you counted one for each output channel.
        return 2 => return 2 * (m + m + c) + 2
            You counted gamma and beta of the normalizations. Only the weights of the
            convolutions are asked for.
        return 18 * c * c
            These are two 3×3 convolutions of c channels, as in a basic block.
    """,
)
def bottleneck_weights(c, m, groups):
    return 2 * c * m + 9 * m * m // groups


def draw(n, c, m, groups, h, w, seed):
    """A random case: X (n, c, h, w), and the weights of the grouped form."""
    generator = torch.Generator().manual_seed(seed)
    shapes = (m, c, 1, 1), (m, m // groups, 3, 3), (c, m, 1, 1)
    X = torch.randn(n, c, h, w, generator=generator)
    return X, *(0.5 * torch.randn(*s, generator=generator) for s in shapes), groups


@exercise(
    "A ResNeXt block as a sum of paths",
    name="resnext-paths",
    kind="build",
    stars=3,
    cases=[
        draw(1, 2, 2, 2, 2, 2, seed=0),
        draw(2, 4, 6, 3, 4, 5, seed=1),
        draw(3, 5, 8, 4, 3, 3, seed=2),
        draw(2, 3, 4, 1, 5, 2, seed=3),
        draw(2, 6, 4, 4, 1, 4, seed=4),
    ],
    hint="A path is made of m / groups channels: which rows of W1 make them, which "
    "kernels of W2 belong to them, and which axis of W3 takes them in? `chunk(groups, "
    "dim)` cuts along an axis. Then add.",
    then="Putting the groups side by side and convolving them 1×1 is the same as "
    "convolving each and adding, because a convolution adds over its input channels.",
    without=("groups", "Bottleneck"),
    usual=r"""
        W3.chunk(groups, 1) => W3.chunk(groups)
            The channels do not fit: something is cut along another axis, or X is cut.
            Each path looks at all of X. W1 and W2 are cut along axis 0, the channels
            that they make, and W3 along axis 1, the channels that it takes in.
        return F.relu(X + sum(paths)) => return X + sum(paths)
            The ReLU behind the sum is missing.
        return F.relu(X + sum(paths)) => return F.relu(sum(paths))
            The shortcut is missing: X is added to the sum of the paths.
        return F.relu(X + sum(paths)) => return sum(paths)
            This is the residual. The block adds X to it, and a ReLU comes last.
        return F.relu(X + sum(paths)) => return X + F.relu(sum(paths))
            The ReLU stands before X is added. It belongs behind the sum.
        return F.relu(X + sum(paths)) => return F.relu(X + sum(map(F.relu, paths)))
            Each path ends in a ReLU of its own. Behind the last convolution of a path
            there is none: the one ReLU comes behind the sum.
        X + sum(paths) => X + sum(paths) / groups
            You averaged the paths. They are added.
        X + sum(paths) => sum(X + path for path in paths)
            X is added once for each path. There is one shortcut around all of them.
        X + sum(paths) => X + paths[0]
            This is the first path alone.
        X + sum(paths) => X + paths[-1]
            This is the last path alone.
        h = F.relu(F.conv2d(X, w1)) => h = F.conv2d(X, w1)
            The ReLU behind the first convolution is missing.
        h = F.relu(F.conv2d(h, w2, padding=1)) => h = F.conv2d(h, w2, padding=1)
            The ReLU behind the 3×3 convolution is missing.
        h = F.relu(F.conv2d(X, w1)) => h = F.conv2d(X, w1)
        h = F.relu(F.conv2d(h, w2, padding=1)) => h = F.conv2d(h, w2, padding=1)
            The ReLUs behind the first two convolutions of a path are missing.
        , padding=1 =>
            The 3×3 convolution needs padding=1 to keep height and width.
        paths.append(F.conv2d(h, w3)) => paths.append(F.conv2d(h, w3) + X)
        X + sum(paths) => sum(paths)
            X is added once for each path. There is one shortcut around all of them.
        X + sum(paths) => X + torch.cat(paths, 1)
            You put the paths side by side. Each already has all c channels: add them.
    """,
)
def resnext_paths(X, W1, W2, W3, groups):
    paths = []
    parts = W1.chunk(groups), W2.chunk(groups), W3.chunk(groups, 1)
    for w1, w2, w3 in zip(*parts, strict=True):
        h = F.relu(F.conv2d(X, w1))
        h = F.relu(F.conv2d(h, w2, padding=1))
        paths.append(F.conv2d(h, w3))
    return F.relu(X + sum(paths))
