"""Several scales side by side: the Inception block, and pyramid pooling."""

import torch
from torch.nn import functional as F

from helpers.exercises import exercise


def normal(*shape, seed):
    """A tensor of random normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def draw(n, h, w, c_in, c1, c2, c3, c4, seed):
    """A random case: X, and the kernels of the four branches."""
    shapes = [(n, c_in, h, w), (c1, c_in, 1, 1)]
    shapes += [(c2[0], c_in, 1, 1), (c2[1], c2[0], 3, 3)]
    shapes += [(c3[0], c_in, 1, 1), (c3[1], c3[0], 5, 5), (c4, c_in, 1, 1)]
    X, K1, K2a, K2b, K3a, K3b, K4 = (
        normal(*shape, seed=seed + k) for k, shape in enumerate(shapes)
    )
    return X, K1, (K2a, K2b), (K3a, K3b), K4


@exercise(
    "An Inception block from its kernels",
    name="inception-forward",
    kind="build",
    stars=3,
    cases=[
        draw(1, 4, 5, 2, 1, (2, 3), (1, 2), 2, seed=0),
        draw(2, 2, 3, 3, 2, (2, 2), (2, 2), 2, seed=10),
        draw(1, 1, 1, 4, 3, (2, 4), (2, 1), 5, seed=20),
        draw(3, 6, 5, 2, 4, (3, 2), (2, 3), 1, seed=30),
    ],
    hint="All four branches keep height and width. Which padding does a 3×3 kernel "
    "need for that, which a 5×5 kernel, and which stride and padding the 3×3 pooling? "
    "Six convolutions make six ReLUs.",
    then="The block looks at each place through windows of 1, 3 and 5 pixels at once, "
    "and what follows chooses among the channels.",
    without=("Inception", "inception"),
    usual="""
        K2[1], padding=1 => K2[1]
            A branch has lost height and width, so that it does not fit beside the
            others. A 3×3 kernel needs padding 1 to keep them, a 5×5 kernel 2.
        K3[1], padding=2 => K3[1]
            The 5×5 kernel needs padding 2 to keep height and width.
        3, stride=1, padding=1 => 3, padding=1
            The stride of F.max_pool2d is by default its size, 3, so the fourth branch
            shrinks. Give it stride=1.
        3, stride=1, padding=1 => 3, stride=1
            The pooling needs padding=1 to keep height and width, and stride=1: by
            default its stride is its size, 3.
        , dim=1 =>
            torch.cat joins along axis 0, the examples, if you give it no axis. The
            channels are axis 1.
        torch.cat(branches, dim=1) => sum(branches)
            You added the branches. Their channels are put side by side with torch.cat:
            nothing is added.
        torch.cat => torch.stack
            torch.stack makes a new axis. torch.cat puts the channels side by side.
        branch2, branch3, branch4] => branch3, branch2, branch4]
            The branches of the 3×3 and of the 5×5 kernel are exchanged.
        [branch1, branch2, branch3, branch4] => [branch4, branch3, branch2, branch1]
            The order is reversed: 1×1, 3×3, 5×5, and the pooling last.
        F.relu(F.conv2d(X, K2[0] => (F.conv2d(X, K2[0]
        F.relu(F.conv2d(X, K3[0] => (F.conv2d(X, K3[0]
            After the 1×1 convolutions that reduce the channels the ReLU is missing:
            every convolution is followed by one.
        F.relu(F.conv2d(X, K1 => (F.conv2d(X, K1
        F.relu(F.conv2d(branch2 => (F.conv2d(branch2
        F.relu(F.conv2d(branch3 => (F.conv2d(branch3
        F.relu(F.conv2d(pooled, K4 => (F.conv2d(pooled, K4
            The last ReLU of the branches is missing: there is one after every
            convolution.
        F.relu(F.conv2d(X, K1 => (F.conv2d(X, K1
        F.relu(F.conv2d(X, K2[0] => (F.conv2d(X, K2[0]
        F.relu(F.conv2d(branch2 => (F.conv2d(branch2
        F.relu(F.conv2d(X, K3[0] => (F.conv2d(X, K3[0]
        F.relu(F.conv2d(branch3 => (F.conv2d(branch3
        F.relu(F.conv2d(pooled, K4 => (F.conv2d(pooled, K4
            The ReLUs are missing: every convolution is followed by one.
        F.relu(F.conv2d(X, K1 => (F.conv2d(X, K1
            One ReLU is missing, in the branch of one 1×1 convolution.
        F.relu(F.conv2d(X, K2[0] => (F.conv2d(X, K2[0]
            One ReLU is missing, after the 1×1 convolution before the 3×3 one.
        F.relu(F.conv2d(branch2, K2[1] => (F.conv2d(branch2, K2[1]
            One ReLU is missing, after the 3×3 convolution.
        F.relu(F.conv2d(X, K3[0] => (F.conv2d(X, K3[0]
            One ReLU is missing, after the 1×1 convolution before the 5×5 one.
        F.relu(F.conv2d(branch3, K3[1] => (F.conv2d(branch3, K3[1]
            One ReLU is missing, after the 5×5 convolution.
        F.relu(F.conv2d(pooled, K4 => (F.conv2d(pooled, K4
            One ReLU is missing, after the 1×1 convolution of the pooling's branch.
        F.max_pool2d(X, 3, stride=1, padding=1) => F.avg_pool2d(X, 3, 1, 1)
            The fourth branch takes the maximum of each window, not the mean.
        F.max_pool2d(X, 3, stride=1, padding=1) => X
        F.relu(F.conv2d(pooled, K4)) => F.max_pool2d(F.conv2d(X, K4).relu(), 3, 1, 1)
            In the fourth branch the pooling comes first, and then the 1×1 convolution.
        F.max_pool2d(X, 3, stride=1, padding=1) => X
            The pooling of the fourth branch is missing.
    """,
)
def inception_forward(X, K1, K2, K3, K4):
    branch1 = F.relu(F.conv2d(X, K1))
    branch2 = F.relu(F.conv2d(X, K2[0]))
    branch2 = F.relu(F.conv2d(branch2, K2[1], padding=1))
    branch3 = F.relu(F.conv2d(X, K3[0]))
    branch3 = F.relu(F.conv2d(branch3, K3[1], padding=2))
    pooled = F.max_pool2d(X, 3, stride=1, padding=1)
    branch4 = F.relu(F.conv2d(pooled, K4))
    branches = [branch1, branch2, branch3, branch4]
    return torch.cat(branches, dim=1)


@exercise(
    "The weights of an Inception block",
    name="inception-widths",
    cases=[
        (3, 2, (4, 5), (6, 7), 8),
        (192, 64, (96, 128), (16, 32), 32),
        (256, 128, (128, 192), (32, 96), 64),
    ],
    hint="Six convolutions. A k × k convolution from a channels to b has k · k · a · b "
    "weights; the pooling has none.",
    then="For GoogLeNet's first block, with 192 channels, these are 163,328 weights. "
    "Without the two 1×1 convolutions that reduce them they would be 393,216.",
    usual="""
        c_in * c2[0] + 9 * c2[0] * c2[1] => 9 * c_in * c2[1]
        c_in * c3[0] + 25 * c3[0] * c3[1] => 25 * c_in * c3[1]
            These are the weights without reduction. The 3×3 and the 5×5 kernels get
            c2[0] and c3[0] channels, from a 1×1 convolution that counts as well.
        c_in * c2[0] + 9 * c2[0] * c2[1] => 9 * c2[0] * c2[1]
        c_in * c3[0] + 25 * c3[0] * c3[1] => 25 * c3[0] * c3[1]
            The two 1×1 convolutions that reduce the channels have weights, too.
        9 * c2[0] => 9 * c_in
        25 * c3[0] => 25 * c_in
            The 1×1 convolution comes first, so the larger kernels get the reduced
            channels, not c_in.
        c_in * c2[0] + 9 * => 9 * c_in * c2[0] +
        c_in * c3[0] + 25 * => 25 * c_in * c3[0] +
            The 1×1 convolution comes first, and the 3×3 or 5×5 one after it; you have
            them in reverse.
        + 9 * => + 3 *
        + 25 * => + 5 *
            A 3×3 kernel has 9 weights for each input channel, and a 5×5 kernel 25.
        25 * c3 => 9 * c3
            The third branch has 5×5 kernels: 25 weights for each input channel.
        return c_in * c1 => b = c1 + sum(c2) + sum(c3) + c4\\n    return b + c_in * c1
            Biases are left out here; you counted one for each output channel.
        ` + c_in * c4` =>
            The branch of the pooling has a 1×1 convolution, too.
        + c_in * c4 => + 9 * c_in * c4
            The pooling has no weights; a 1×1 convolution follows it.
        return c_in * c1 => return 0
            The first branch, one 1×1 convolution, is missing.
        c_in * c2[0] => c2[0]
        c_in * c3[0] => c3[0]
        return c_in * c1 => return c1
        ` + c_in * c4` => ` + c4`
            A 1×1 convolution has a weight for each pair of an input and an output
            channel: c_in times its output channels.
        return c_in * c1 => return 28 * 28 * (c_in * c1
        ` + c_in * c4` => ` + c_in * c4)`
            These are the multiplications for maps of 28 × 28: each weight is used at
            every pixel, but counted once.
        return c1 + c2[1] + c3[1] + c4
            These are the channels of the output. The weights are asked for.
    """,
)
def inception_widths(c_in, c1, c2, c3, c4):
    branch2 = c_in * c2[0] + 9 * c2[0] * c2[1]
    branch3 = c_in * c3[0] + 25 * c3[0] * c3[1]
    return c_in * c1 + branch2 + branch3 + c_in * c4
