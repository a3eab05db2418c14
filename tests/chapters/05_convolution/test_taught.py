"""Chapter 5: the notebook's own definitions agree with torch's and with d2l's."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import ConvNet, d2l, seeded
from tests.taught import taught

own = taught(
    "05",
    "move",
    "seen_from",
    "corr2d",
    "output_size",
    "corr2d_multi_in",
    "pool2d",
    "receptive_fields",
    "small_conv_net",
    "nearest_mean",
    "moved_images",
)
SHAPES = [((5, 8), (3, 2)), ((4, 4), (1, 3)), ((7, 3), (2, 3)), ((3, 3), (3, 3))]


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("image", "kernel"), SHAPES, ids=str)
def test_the_window(image, kernel):
    X, K = normal(*image), normal(*kernel, seed=1)
    expected = F.conv2d(X[None, None], K[None, None])[0, 0]
    torch.testing.assert_close(own.corr2d(X, K), expected)
    torch.testing.assert_close(d2l.corr2d(X, K), expected)


@pytest.mark.parametrize(("image", "kernel"), SHAPES, ids=str)
def test_several_input_channels(image, kernel):
    X, K = normal(3, *image), normal(3, *kernel, seed=1)
    expected = F.conv2d(X[None], K[None])[0, 0]
    torch.testing.assert_close(own.corr2d_multi_in(X, K), expected)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pooling(size):
    X = normal(5, 7)
    largest = F.max_pool2d(X[None], size, stride=1)[0]
    mean = F.avg_pool2d(X[None], size, stride=1)[0]
    torch.testing.assert_close(own.pool2d(X, size), largest)
    torch.testing.assert_close(own.pool2d(X, size, "mean"), mean)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 1), (-1, 3), (1, -2)])
def test_a_move_brings_zeros_and_loses_what_leaves(down, right):
    X = 1 + torch.arange(20.0).view(1, 1, 4, 5)
    found = own.move(X, down, right)[0, 0]
    for i in range(4):
        for j in range(5):
            k, m = i - down, j - right
            inside = 0 <= k < 4 and 0 <= m < 5
            assert found[i, j] == (X[0, 0, k, m] if inside else 0)


def test_what_is_seen_from_a_place():
    T = torch.arange(12).view(3, 4)
    assert own.seen_from(T, 1, 2)[0, 0] == T[1, 2]
    assert own.seen_from(T, 1, 2)[1, 1] == T[2, 3]


@pytest.mark.parametrize("layer", [(11, 2, 4), (3, 0, 3), (5, 2, 1), (2, 1, 2)])
@pytest.mark.parametrize("n", [7, 28, 224])
def test_output_sizes(n, layer):
    k, p, s = layer
    if k <= n + 2 * p:
        X = torch.zeros(1, 1, n, 11)
        Y = nn.Conv2d(1, 1, (k, 1), (s, 1), (p, 0))(X)
        assert own.output_size(n, k, p, s) == Y.shape[2]


@pytest.mark.parametrize(
    "layers", [[(3, 1)], [(3, 1), (2, 2), (3, 1)], [(5, 2), (3, 1)], [(2, 2), (3, 3)]]
)
def test_receptive_fields_are_where_gradients_are(layers):
    net = nn.Sequential(*(nn.Conv2d(1, 1, (k, 1), (s, 1)) for k, s in layers))
    for layer in net:
        nn.init.ones_(layer.weight)
    X = torch.zeros(1, 1, 40, 1, requires_grad=True)
    net(X)[0, 0, 1, 0].backward()
    assert own.receptive_fields(layers)[-1] == (X.grad != 0).sum()


def test_the_network_of_the_lab_is_conv_net():
    with seeded(0):
        net = own.small_conv_net()
    with seeded(0):
        library = ConvNet()
    X = normal(3, 1, 28, 28)
    assert torch.equal(net(X), library(X))


def test_the_panel_moves_what_is_validated_and_nothing_else():
    plain, moved = own.moved_images(0), own.moved_images(3)
    assert torch.equal(plain.train.X, moved.train.X)
    assert torch.equal(plain.test.X, moved.test.X)
    torch.testing.assert_close(own.move(plain.val.X, 3, -3), moved.val.X)
