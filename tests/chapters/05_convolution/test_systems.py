"""Systems of chapter 5: each model, layer and method works as its row says."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

from helpers import ConvNet, Examples, evaluate, seeded, train
from helpers.chapters.convolution.exercises import builds, channels
from tests.taught import source_of, taught

X, K = torch.arange(9.0).view(1, 1, 3, 3), torch.arange(4.0).view(1, 1, 2, 2)


def run(cell):
    """What a cell of the notebook prints, and what it leaves."""
    printed, space = [], {"torch": torch, "nn": nn, "F": F}
    space["print"] = lambda *words: printed.append(" ".join(map(str, words)))
    exec(source_of("05", cell), space)
    return printed, space


def test_05_example_network_of_25_and_50_channels():
    """28, 26, 13, 11, 5 pixels; 250 and 11,300 parameters; 1,250 features."""
    printed, _ = run("example-net")
    shapes = [line.split(")")[0].split("(")[1] for line in printed]
    assert shapes == [
        "1, 25, 26, 26", "1, 25, 13, 13", "1, 50, 11, 11", "1, 50, 5, 5", "1, 1250",
    ]  # fmt: skip
    counts = [int(line.split(")")[1].split()[0].replace(",", "")) for line in printed]
    assert counts == [250, 0, 11_300, 0, 0]


def test_05_small_convolutional_network():
    """The network of the lab: at least .97 on digits of 8x8 pixels from 1,000.

    Five splits, 20 epochs: .979 with a standard deviation of .003; with kernels of
    1 x 1 it is .845, with a standard deviation of .014.
    """
    table = load_digits()
    images = torch.tensor(table.images, dtype=torch.float32)[:, None] / 16
    images, y = F.interpolate(images, scale_factor=2), torch.tensor(table.target).long()
    accuracies = []
    for seed in range(5):
        order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
        some, rest = order[:1000], order[1000:]
        with seeded(seed):
            net = ConvNet(num_inputs=256)
        settings = {"num_epochs": 20, "lr": 0.03, "momentum": 0.9, "batch_size": 32}
        train(net, Examples(images[some], y[some]), **settings, seed=seed)
        accuracies.append(evaluate(net, Examples(images[rest], y[rest])).accuracy)
    assert sum(accuracies) / 5 >= 0.97


def test_21_conv2d_and_cross_correlation():
    """0..8 and 0..3: 19, 25, 37, 43; with the kernel turned 5, 11, 23, 29."""
    own = taught("05", "corr2d").corr2d
    assert own(X[0, 0], K[0, 0]).tolist() == [[19, 25], [37, 43]]
    assert own(X[0, 0], K[0, 0].flip(0, 1)).tolist() == [[5, 11], [23, 29]]
    built = builds.conv2d.solution(X, K, torch.zeros(1), stride=1, padding=0)
    assert built.flatten().tolist() == [19, 25, 37, 43]


def test_22_from_full_to_local_to_convolution():
    """The same numbers as einsum with four indices, reindexed, then shared."""
    _, full = run("full-code")
    exec(source_of("05", "reindexed-code"), full)  # it asserts the equality
    _, shared = run("shared-code")
    own, same = shared["own"], shared["shared"]
    assert own[0, 0] != own[4, 4] and same[0, 0] == same[4, 4] == own[0, 0]
    kernel = shared["V"][0, 0][None, None]
    expected = F.conv2d(shared["X"][None, None], kernel)[0, 0]
    torch.testing.assert_close(same, expected)


def test_23_padding():
    """Zeros, repeated, mirrored and wrapped values at the border of 1, 2, 3."""
    printed, _ = run("modes-numbers")
    borders = [eval(line.split(" ", 1)[1])[:2] for line in printed]
    assert borders == [[0, 0], [1, 1], [3, 2], [2, 3]]


def test_24_stride():
    """Stride 3 and 2 over an image with padding 1: 0, 8, 6, 8."""
    assert F.conv2d(X, K, padding=1, stride=(3, 2)).flatten().tolist() == [0, 8, 6, 8]
    sizes = taught("05", "output_size").output_size
    assert (sizes(3, 2, 1, 3), sizes(3, 2, 1, 2)) == (2, 2)
    built = builds.conv2d.solution(X, K, torch.zeros(1), stride=2, padding=1)
    assert built.flatten().tolist() == [0, 8, 21, 43]


def test_25_several_channels():
    """Two channels: 56, 72, 104, 120."""
    own = taught("05", "corr2d", "corr2d_multi_in").corr2d_multi_in
    found = own(torch.cat([X, X + 1], 1)[0], torch.cat([K, K + 1], 1)[0])
    assert found.tolist() == [[56, 72], [104, 120]]


def test_26_one_by_one_convolution():
    """A linear layer at every pixel; six weights from 3 to 2 channels."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 3, 4, 5, generator=generator)
    W, b = torch.randn(2, 3, generator=generator), torch.tensor([1.0, -2.0])
    found = channels.conv_1x1.solution(images, W, b)
    torch.testing.assert_close(found, F.conv2d(images, W[..., None, None], b))
    pixel = images[1, :, 2, 3]
    torch.testing.assert_close(found[1, :, 2, 3], W @ pixel + b)


@pytest.mark.parametrize(
    ("mode", "expected"), [("max", [4, 5, 7, 8]), ("mean", [2, 3, 5, 6])]
)
def test_29_and_30_max_and_average_pooling(mode, expected):
    """Windows of 2 over 0..8: the largest 4, 5, 7, 8, the means 2, 3, 5, 6."""
    own = taught("05", "pool2d").pool2d
    assert own(X[0, 0], 2, mode).flatten().tolist() == expected
    library = F.max_pool2d if mode == "max" else F.avg_pool2d
    assert library(X, 2, stride=1).flatten().tolist() == expected


def test_31_global_pooling():
    """Behind it nothing tells where the image was."""
    with seeded(0):
        net = ConvNet(num_inputs=40**2, head="average")
    image = torch.zeros(1, 1, 40, 40)
    image[..., 17:23, 17:23] = torch.rand(
        6, 6, generator=torch.Generator().manual_seed(1)
    )
    here, there = net(image), net(image.roll((4, -4), (2, 3)))
    torch.testing.assert_close(here, there)
    flat = ConvNet(num_inputs=40**2)
    assert not torch.allclose(flat(image), flat(image.roll((4, -4), (2, 3))))
