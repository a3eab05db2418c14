"""Standardized columns, four normalized numbers, and the axes of a mean."""

import torch
from torch import tensor

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one


def to_two_digits(answer):
    """Return the numbers that are given, rounded to two digits."""
    return tuple(round(float(value), 2) for value in answer())


def draw(n, m, d, seed):
    """A random case: train (n, d) and new (m, d), each column with its own spread."""
    generator = torch.Generator().manual_seed(seed)
    scale = 10 ** torch.linspace(-1, 2, d)
    X = torch.randn(n + m, d, generator=generator) * scale + 3 * scale
    return X[:n], X[n:]


@exercise(
    "Standardize by the training set",
    cases=[
        (
            tensor([[1.0, 100.0], [2.0, 300.0], [3.0, 800.0]]),
            tensor([[2.0, 400.0], [4.0, 100.0]]),
        ),
        (
            tensor([[7.0, 1.0], [7.0, 3.0], [7.0, 2.0], [7.0, 6.0]]),  # a constant
            tensor([[7.0, 3.0], [9.0, 5.0], [8.0, -1.0]]),
        ),
        draw(8, 5, 3, seed=0),
        draw(6, 4, 5, seed=1),
    ],
    hint="`train.mean(0)` has one number for each column. Where the standard deviation "
    "is 0, divide by 1: `torch.where(condition, a, b)` chooses entry by entry.",
    then="So a network sees new examples on the scale that it was trained on. Batch "
    "normalization standardizes inside the network, in training by each batch.",
    usual="""
        train.mean(0), train.std(0 => new.mean(0), new.std(0
            These are the statistics of the new values, so the same example would get
            other numbers in other company. Mean and standard deviation come from the
            training set.
        train.mean(0) => new.mean(0)
            The mean is that of the new values. It comes from the training set, as the
            standard deviation does.
        train.std(0 => new.std(0
            The standard deviation is that of the new values. It comes from the training
            set, as the mean does.
        mean, std = train => both = torch.cat([train, new])\\n    mean, std = train
        train.mean(0), train.std(0 => both.mean(0), both.std(0
            The new values are in your statistics. What was not there in training must
            not change how the network's input is scaled.
        train.mean(0), train.std(0, => train.mean(), train.std(
            This is one mean and one standard deviation for all values together. The
            columns have different scales: each gets its own, along axis 0.
        train.mean(0) => train.mean()
            This is one mean for all columns. Each has its own, along axis 0.
        train.std(0, => train.std(
            This is one standard deviation for all columns. Each has its own, along
            axis 0.
        train.mean(0), train.std(0 => train.mean(1), train.std(1
            You took the statistics along axis 1, one for each example. One for each
            column is asked for: along axis 0.
        mean, std = new.mean(1)[:, None], new.std(1, correction=0)[:, None]
        return (new - mean) / std
            You standardized each new example by itself, along axis 1. Each column is to
            be standardized, by the training set.
        train.mean(0), train.std(0, correction=0) => train.mean(0), train.std(0)
        torch.where(std > 0, std, 1.0) => std
            Two things: `std` divides by n - 1 unless you say `correction=0`; and in a
            column that is constant in the training set it is 0, so that you divide by
            0.
        torch.where(std > 0, std, 1.0) => std
            A column that is constant in the training set has a standard deviation of 0,
            and you divide by it. Leave such a column undivided.
        torch.where(std > 0, std, 1.0) => (std + 1e-5)
            There is no nan, but in the column that was constant in training you divide
            by 0.00001: a 9 instead of the usual 7 becomes 200,000. Leave such a column
            undivided.
        torch.where(std > 0, std, 1.0) => std.clamp(min=1e-8)
            There is no nan, but in the column that was constant in training you divide
            by a tiny number, so that a 9 instead of the usual 7 becomes huge. Leave
            such a column undivided.
        torch.where(std > 0, std, 1.0) => torch.where(std > 0, std, torch.inf)
            Where a column was constant in training you return 0, whatever the new value
            is. Its mean is subtracted there, too; only the division is left out.
        , correction=0 =>
            `std` divides by n - 1 unless you say `correction=0`. Here the mean of the
            squared deviations is asked for, which divides by n.
        train.std(0 => train.var(0
            You divided by the variance. The standard deviation is its square root.
        (new - mean) => new
            The mean is not subtracted.
        ` / torch.where(std > 0, std, 1.0)` =>
            The columns are centered and keep their different scales: divide each by its
            standard deviation.
        train.mean(0), train.std(0, correction=0) => new.mean(0), new.std(0)
        torch.where(std > 0, std, 1.0) => std
            These are the statistics of the new values, so the same example would get
            other numbers in other company. They come from the training set. `std` needs
            `correction=0`, and a column that is constant there is not divided.
        train.mean(0), train.std(0, correction=0) => train.mean(), train.std()
        torch.where(std > 0, std, 1.0) => std
            This is one mean and one standard deviation for all values together. Each
            column gets its own, along axis 0, with `correction=0`.
        return (new - mean) => return (train - mean)
            You return the training set, standardized. The new values are asked for.
    """,
)
def standardize(train, new):
    mean, std = train.mean(0), train.std(0, correction=0)
    return (new - mean) / torch.where(std > 0, std, 1.0)


@exercise(
    "Four normalized numbers",
    name="four-numbers",
    kind="predict",
    call=to_two_digits,
    hint="Mean 3; the squared deviations are 9, 1, 0 and 16. Batch "
    "normalization divides their sum by n. Then gamma multiplies, and beta is added.",
    then="Their mean is beta, and their standard deviation gamma.",
    usual="""
        -1.35, 0.22, 1, 4.14 => -1.04, 0.32, 1, 3.72
            You divided by n - 1 in the variance. Batch normalization normalizes with
            the biased variance, 6.5, which divides by n.
        -1.35, 0.22, 1, 4.14 => 0.82, 1.61, 2, 3.57
            Gamma and beta are exchanged: gamma, 2, multiplies, and beta, 1, is added.
        -1.35, 0.22, 1, 4.14 => -2.35, -0.78, 0, 3.14
            Beta is missing: the mean of the outputs is 1, not 0.
        -1.35, 0.22, 1, 4.14 => -0.18, 0.61, 1, 2.57
            Gamma is missing: the standard deviation of the outputs is 2, not 1.
        -1.35, 0.22, 1, 4.14 => -1.18, -0.39, 0, 1.57
            These are the normalized values, with mean 0 and variance 1. Gamma and beta
            come after that.
        -1.35, 0.22, 1, 4.14 => 0.08, 0.69, 1, 2.23
            You divided by the variance, 6.5. The standard deviation, its square root,
            is about 2.55.
        -1.35, 0.22, 1, 4.14 => -0.35, 1.22, 2, 5.14
            You added beta before gamma multiplied. Gamma comes first: gamma times the
            normalized value, plus beta.
        -1.35, 0.22, 1, 4.14 => 1, 2.57, 3.35, 6.49
            The mean, 3, is not subtracted.
        -1.35, 0.22, 1, 4.14 => -5, -1, 1, 9
            You subtracted the mean and did not divide by the standard deviation.
        -1.35, 0.22, 1, 4.14 => -0.66, 0.45, 1, 3.22
            You made gamma the variance of the outputs. It is their standard deviation:
            gamma itself multiplies, not its root.
        -1.35, 0.22, 1, 4.14 => -1.36, 0.22, 1, 4.14
            You rounded before you multiplied: 2 · 1.1767 is 2.353.
        -1.35, 0.22, 1, 4.14 => 1, 5, 7, 15
            You scaled and shifted the values as they are. They are normalized first.
        -1.35, 0.22, 1, 4.14 => -1.02, -0.34, 0, 1.36
            Two things: the variance of batch normalization divides by n, and gamma and
            beta come after the normalization.
    """,
)
def four_numbers():
    return -1.35, 0.22, 1, 4.14


@exercise(
    "The axes of batch normalization",
    name="normalized-axes",
    kind="predict",
    call=lambda answer: one_by_one(answer, normalized_axes.solution()),
    hint="One channel at a time. Which values of the whole batch belong to it? Each "
    "channel has a gamma and a beta, a running mean and a running variance.",
    then="Neither the parameters nor the running statistics depend on the size of the "
    "batch or of the images.",
    usual="""
        16, 6272, 32, 32 => 32, 3136, 32, 32
            You have one mean for each example, as layer normalization does. Batch
            normalization has one for each channel.
        16, 6272, 32, 32 => 512, 196, 32, 32
            You have one mean for each channel of each example, as instance
            normalization does. In batch normalization all examples share it.
        16, 6272, 32, 32 => 3136, 32, 32, 32
            You have one mean for each channel at each pixel. In a convolutional network
            all pixels of a channel share it.
        16, 6272, 32, 32 => 196, 512, 32, 32
            You have one mean for each pixel. Batch normalization has one for each
            channel, over all pixels.
        16, 6272, 32, 32 => 1, 100352, 32, 32
            You have one mean for the whole batch. Each channel has its own.
        16, 6272, 32, 32 => 14, 7168, 32, 32
            You took 14, a height or a width, for the number of channels. Axis 1 holds
            the channels: 16.
        16, 6272, 32, 32 => 16, 196, 32, 32
            These are the pixels of one image. The mean of a channel runs over those of
            all 32 images.
        16, 6272, 32, 32 => 16, 32, 32, 32
            The mean of a channel runs over the 32 examples and over all their pixels.
        16, 6272, 32, 32 => 16, 100352, 32, 32
            These are all values of the batch. A sixteenth of them belongs to one
            channel.
        16, 6272, 32, 32 => 16, 448, 32, 32
            The mean of a channel runs over both height and width: 14 · 14 pixels of
            each image.
        16, 6272, 32, 32 => 16, 6272, 16, 32
            Each channel has two learned parameters: gamma and beta.
        16, 6272, 32, 32 => 16, 6272, 2, 32
            Gamma and beta are vectors: each channel has a pair of its own.
        16, 6272, 32, 32 => 16, 6272, 64, 32
            You counted the running mean and the running variance. They are computed
            from the batches, not learned by gradient descent.
        16, 6272, 32, 32 => 16, 6272, 6272, 32
            Every pixel of a channel is scaled and shifted alike: one gamma and one beta
            for each channel.
        16, 6272, 32, 32 => 16, 6272, 32, 16
            Two statistics are kept of each channel: its mean and its variance.
        16, 6272, 32, 32 => 16, 6272, 32, 33
            You counted the batches that torch's layer counts. Only the running mean and
            the running variance are asked for.
        16, 6272, 32, 32 => 16, 6272, 32, 2
            Each channel has a running mean and a running variance of its own.
        16, 6272, 32, 32 => 16, 6272, 32, 0
            The layer keeps a running mean and a running variance of each channel, for
            evaluation.
        16, 6272, 32, 32 => 16, 6272, 32, 64
            You counted gamma and beta, which are parameters. The running mean and the
            running variance have one number for each channel.
    """,
)
def normalized_axes():
    return 16, 6272, 32, 32
