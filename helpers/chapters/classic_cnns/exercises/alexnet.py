"""AlexNet: its sizes, and its normalization over neighboring channels."""

import torch
from torch import tensor
from torch.nn import functional as F

from helpers.exercises import exercise


@exercise(
    "The sizes of AlexNet",
    kind="predict",
    hint="Add the padding on both sides, subtract the kernel, divide by the stride, "
    "round down, and count the first position. What do a 5×5 kernel with padding 2 and "
    "a 3×3 kernel with padding 1 change?",
    then="After the first two layers an image of 224 pixels is 27 wide: most of the "
    "shrinking is done before the layers with the most channels begin.",
    usual="""
        55, 27, 27, 13, 13, 13, 13, 6 => 56, 28, 28, 14, 14, 14, 14, 7
            You rounded up. A window that does not fit any more is left out.
        55, 27, 27, 13, 13, 13, 13, 6 => 55, 28, 28, 14, 14, 14, 14, 7
            55 pixels leave room for (55 - 3) / 2 + 1 = 27 windows of the pooling; one
            that does not fit any more is left out there, too.
        55, 27, 27, 13, 13, 13, 13, 6 => 55, 27, 27, 13, 11, 9, 7, 3
            You left out the padding of the 3×3 convolutions. With it they keep the
            size.
        55, 27, 27, 13, 13, 13, 13, 6 => 56, 27, 27, 13, 13, 13, 13, 6
            The first kernel moves 54.25 times. It stops after 54 moves; a window that
            does not fit any more is left out.
        55, 27, 27, 13, 13, 13, 13, 6 => 54, 26, 26, 12, 12, 12, 12, 5
            The first layer is 1 too small. Its padding stands on both sides, and
            besides the moves of the kernel its first position counts.
        55, 27, 27, 13, 13, 13, 13, 6 => 54, 25, 24, 10, 9, 8, 7, 2
            These are the moves of the kernels; in each layer the first position counts
            as well.
        55, 27, 27, 13, 13, 13, 13, 6 => 54, 26, 24, 11, 10, 9, 8, 3
            Padding is added on both sides: 2 makes the image 4 pixels wider.
        55, 27, 27, 13, 13, 13, 13, 6 => 55, 27, 23, 11, 9, 7, 5, 2
            You left out the padding of the later convolutions. With it they keep the
            size.
        55, 27, 27, 13, 13, 13, 13, 6 => 218, 108, 108, 53, 53, 53, 53, 26
            The stride of the first layer is missing: its kernel moves by 4 pixels.
        55, 27, 27, 13, 13, 13, 13, 6 => 55, 53, 53, 51, 51, 51, 51, 49
            The stride of the poolings is missing: their windows lie 2 pixels apart.
        55, 27, 27, 13, 13, 13, 13, 6 => 55, 18, 18, 6, 6, 6, 6, 2
            You moved the pooling by its size, 3. Its stride is 2, so its windows
            overlap.
        55, 27, 27, 13, 13, 13, 13, 6 => 55, 27, 27, 13, 13, 13, 6
            These are seven sizes. Three 3×3 convolutions stand before the last
            pooling.
        55, 27, 27, 13, 13, 13, 13, 6 => 64, 64, 192, 192, 384, 256, 256, 256
            These are the channels. The height and width of each output are asked for.
    """,
)
def alexnet_sizes():
    return 55, 27, 27, 13, 13, 13, 13, 6


def draw(*shape, seed, size=1.0):
    """A tensor of random normal numbers, times `size`."""
    return size * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@exercise(
    "Local response normalization",
    stars=2,
    cases=[
        (tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1), 3, 1.0, 1.0, 1.0),
        (draw(2, 8, 3, 2, seed=0, size=30.0), 5, 1e-4, 0.75, 2.0),
        (draw(1, 4, 2, 3, seed=1), 7, 0.5, 0.5, 3.0),  # a window wider than the image
        (draw(3, 5, 4, 4, seed=2), 1, 0.2, 2.0, 1.0),
    ],
    hint="Square, and put size // 2 channels of zeros before the first and behind the "
    "last: `F.pad(..., (0, 0, 0, 0, before, behind))`. Then `size` shifted slices of "
    "the channels are to be added.",
    then="nn.LocalResponseNorm divides alpha by size: to have the paper's formula from "
    "it, give it size times the paper's alpha.",
    without=("local_response_norm", "LocalResponseNorm"),
    usual="""
        alpha * total => alpha * total / size
            You took the mean over the window, as nn.LocalResponseNorm does. In the
            paper's formula alpha multiplies the sum.
        return X / (k + alpha * (X**2).sum(1, keepdim=True)) ** beta
            You added up all channels. Only `size` of them count, those around the
            channel itself.
        return X / (k + alpha * X**2) ** beta
            You used the channel itself alone. Its neighbors' squares are added.
        for i in range(size)) => for i in range(size)) - X**2
            You left the channel itself out. It belongs to its neighborhood.
        ** beta =>
            The exponent is missing: the sum with k is raised to the power beta.
        X**2 => X
            The squares are missing: positive and negative values cancel here.
        X**2 => X.abs()
            You added magnitudes. The squares are added.
        return X / => return X *
            A channel with active neighbors is damped: divide.
        (k + alpha * total) ** beta => (k + (alpha * total) ** beta)
            The exponent belongs to the whole sum, k included.
        (k + => (1 +
            k is given, and not always 1.
        means = F.avg_pool2d(X**2, size, stride=1, padding=size // 2)
        return X / (k + alpha * size**2 * means) ** beta
            You added over neighboring pixels. Here the neighbors are channels, at the
            same pixel.
        (0, 0, 0, 0, half, half) => (0, 0, 0, 0, size, size)
        range(size) => range(2 * size + 1)
            Your window reaches over `size` channels on each side. It has `size`
            channels together: size // 2 on each side.
        (0, 0, 0, 0, half, half) => (0, 0, 0, 0, size - 1, 0)
            Your window ends at the channel itself. It has as many neighbors behind it
            as before it.
        squares[:, i : i + c] => torch.roll(X**2, i - half, 1)
            For you the first channel follows the last one. They are no neighbors: at
            the two ends the window is cut off.
    """,
)
def local_response_norm(X, size=5, alpha=1e-4, beta=0.75, k=2.0):
    c, half = X.shape[1], size // 2
    squares = F.pad(X**2, (0, 0, 0, 0, half, half))  # channels of zeros at both ends
    total = sum(squares[:, i : i + c] for i in range(size))
    return X / (k + alpha * total) ** beta
