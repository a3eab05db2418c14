"""Channels: a 1x1 convolution mixes them, and pooling leaves them alone."""

import torch
from torch import tensor

from helpers.exercises import exercise


def normal(*shapes, seed):
    """Return one tensor of normal numbers for each shape."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(*shape, generator=generator) for shape in shapes)


@exercise(
    "A 1 × 1 convolution is a linear layer",
    name="conv-1x1",
    stars=2,
    cases=[
        (
            tensor([[[[1.0, 2.0, 3.0]], [[10.0, 20.0, 30.0]]]]),
            tensor([[1.0, 0.0], [0.0, 2.0], [1.0, -1.0]]),
            tensor([0.0, 0.5, 100.0]),
        ),
        (
            tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 10.0], [20.0, 30.0]]]]),
            tensor([[0.0, 1.0], [2.0, 0.0]]),
            tensor([1.0, 2.0]),
        ),
        normal((2, 3, 4, 5), (4, 3), (4,), seed=0),
        normal((3, 4, 3, 2), (2, 4), (2,), seed=1),
    ],
    hint="`pixels @ W.T + b` is a linear layer for any number of axes before the last. "
    "Which axis must be the last one, and how does it get there, and back?",
    then="So 1 × 1 convolutions with ReLUs between them are a multilayer perceptron "
    "that is applied to every pixel, with the same weights everywhere.",
    without=("conv2d", "Conv2d", "conv1d", "Conv1d", "conv3d", "Conv3d")
    + ("convolution", "conv_transpose2d", "ConvTranspose2d"),
    usual="""
        X.permute(0, 2, 3, 1) => X.reshape(n, h, w, c_in)
            `reshape` keeps the order of the numbers in memory, so "pixels" are made of
            values that lie side by side in one channel. To exchange axes is `permute`.
        X.permute(0, 2, 3, 1) => X.reshape(n * h * w, c_in)
        .permute(0, 3, 1, 2) => .reshape(n, -1, h, w)
            `reshape` exchanges no axes, neither on the way there nor back: it cuts the
            numbers anew in the order of memory. Use `permute` for both.
        .permute(0, 3, 1, 2) => .reshape(n, -1, h, w)
            On the way back the channels are the last axis. `reshape` cannot bring them
            to the front: it only cuts the numbers anew. Use `permute`.
        X.permute(0, 2, 3, 1) => X.permute(0, 3, 2, 1)
            On one of the two ways height and width are exchanged, and the image comes
            back transposed.
        .permute(0, 3, 1, 2) =>
            The channels are still the last axis: bring them back to axis 1.
        W.T + b => W + b
            A linear layer multiplies by the transpose, `pixels @ W.T`: W has one row
            for each output channel.
        ` + b` =>
            The bias is missing: each output channel has one.
        pixels @ W.T + b).permute(0, 3, 1, 2) => pixels @ W.T).permute(0, 3, 1, 2) + b
            The bias is added along the last axis, the width. Each channel has one: make
            it b[:, None, None], or add it while the channels are the last axis.
        + b => + c_in * b
            You added the bias once for each input channel. It is one number for each
            output channel, added once, after the sum.
        + b => + b.sum()
            Each output channel has a bias of its own, not the sum of all.
        W.T + b => W.T / c_in + b
            The channels are weighted and added up; this is their mean.
        return torch.einsum("oc,nchw->onhw", W, X) + b[:, None, None, None]
            The output channels are the first axis here. The examples come first, then
            the channels.
        return X.flatten(1) @ W.T + b
            This flattens whole images. The linear layer works on one pixel at a time,
            and its inputs are the channels of that pixel.
        return W @ X.flatten(2) + b[:, None]
            The values are right. Give the pixels their two axes back, height and
            width.
    """,
)
def conv_1x1(X, W, b):
    n, c_in, h, w = X.shape
    pixels = X.permute(0, 2, 3, 1)  # (n, h, w, c_in): one row of numbers for a pixel
    return (pixels @ W.T + b).permute(0, 3, 1, 2)


@exercise(
    "Max pooling",
    name="max-pool2d",
    stars=2,
    cases=[
        (tensor([[[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]]]), 2, 1),
        (
            tensor([[[[1.0, 9.0, 2.0, 0.0, 8.0], [4.0, 3.0, 7.0, 5.0, 6.0]]]]),
            *(2, 2),
        ),
        (
            tensor([[[[-1.0, -2.0, -5.0]] * 2, [[-7.0, 2.0, -3.0], [0.0, 1.0, -9.0]]]]),
            *(2, 1),
        ),
        (*normal((2, 3, 8, 6), seed=0), 3, 2),
        (*normal((3, 2, 5, 7), seed=1), 2, 3),
        (*normal((1, 4, 9, 7), seed=2), 3, 3),
    ],
    hint="The number of windows along an axis is the output size of a convolution "
    "without padding. In window (i, j), where do the rows begin and where do they end? "
    "Over which axes is the maximum taken?",
    then="No weight occurs in it, so pooling has nothing to learn. Its gradient goes "
    "to the largest value of each window alone.",
    without=("max_pool2d", "MaxPool2d", "max_pool1d", "MaxPool1d", "max_pool3d")
    + ("MaxPool3d", "max_pool2d_with_indices", "adaptive_max_pool2d")
    + ("AdaptiveMaxPool2d", "fractional_max_pool2d", "FractionalMaxPool2d"),
    usual="""
        i * stride, j * stride => i, j
            The windows move by one pixel at a time: window (i, j) begins in row i *
            stride and column j * stride.
        (h - size) // stride => (h - size) // size
        (w - size) // stride => (w - size) // size
        i * stride, j * stride => i * size, j * size
            The windows move by their own size. Here they move by `stride`, so they may
            overlap, or leave gaps.
        (h - size) // stride => (h - stride) // stride
        (w - size) // stride => (w - stride) // stride
        top + size, left : left + size => top + stride, left : left + stride
            Each window is as large as the stride. It is size × size, wherever the next
            one begins.
        amax((2, 3)) => mean((2, 3))
            This is average pooling; the maximum is asked for.
        amax((2, 3)) => sum((2, 3))
            You added the window up; its maximum is asked for.
        torch.zeros(n, c, => torch.zeros(n, 1,
        amax((2, 3)) => amax((1, 2, 3))[:, None]
            The maximum runs over the channels as well. Each channel is pooled by
            itself, and their number stays.
        amax((2, 3)) => amax((1, 2, 3))[:, None]
            The maximum runs over the channels as well, so all channels are alike. Each
            channel is pooled by itself.
        amax((2, 3)) => max()
            This maximum runs over all examples and channels of the batch at once. Each
            of them is pooled by itself: take it over the last two axes.
        amax((2, 3)) => amax((1, 2, 3))
            The maximum runs over the channels as well. Each channel is pooled by
            itself, and their number stays.
        amax((2, 3)) => amax(2)
            A window has two axes, its rows and its columns: the maximum runs over both.
        amax((2, 3)) => amax(3)
            A window has two axes, its rows and its columns: the maximum runs over both.
        return X.unfold(2, size, stride).unfold(3, size, stride).amax(-1)
            A window has two axes, its rows and its columns: the maximum runs over both.
        amax((2, 3)) => amax((0, 2, 3))
            The maximum runs over the examples as well. Each image is pooled by itself.
        amax((2, 3)) => amax((2, 3)).clamp(min=0)
            Where all values of a window are negative, so is their maximum: do not
            begin with 0, and do not pad with zeros.
        amax((2, 3)) => abs().amax((2, 3))
            You took the largest magnitude. -9 is smaller than 1.
        amax((2, 3)) => amin((2, 3))
            This is the smallest value of each window.
        (h - size) // stride + 1 => -((size - h) // stride) + 1
        (w - size) // stride + 1 => -((size - w) // stride) + 1
            You rounded up: the last windows reach over the border. Here a window that
            does not fit is left out, as in nn.MaxPool2d.
        (h - size) // stride + 1 => (h - size) // stride
        (w - size) // stride + 1 => (w - size) // stride
            The last window is missing: if it moves k times there are k + 1 windows.
        (h - size) // stride + 1 => h // stride
        (w - size) // stride + 1 => w // stride
            Not every multiple of the stride is the beginning of a whole window:
            subtract the size first, (h - size) // stride + 1.
        `n, c, h, w =` => `n, c, w, h =`
            Height and width are exchanged: the axes are (examples, channels, height,
            width).
        i * stride, j * stride => j * stride, i * stride
            Rows and columns are exchanged in the window: i counts the rows, which are
            axis 2.
    """,
)
def max_pool2d(X, size, stride):
    n, c, h, w = X.shape
    Y = torch.zeros(n, c, (h - size) // stride + 1, (w - size) // stride + 1)
    for i in range(Y.shape[2]):
        for j in range(Y.shape[3]):
            top, left = i * stride, j * stride
            window = X[:, :, top : top + size, left : left + size]
            Y[:, :, i, j] = window.amax((2, 3))
    return Y
