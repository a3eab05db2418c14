"""Systems of chapter 6: each model, layer and method works as its row says."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    VGG,
    GoogLeNet,
    Inception,
    LeNet,
    NiN,
    layer_table,
    make_points,
    nin_block,
    vgg_block,
)
from tests.taught import source_of, taught


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def run(*cells):
    """What some cells of the notebook print, and what they leave."""
    printed = []
    import torchvision  # after helpers, which mends it

    space = {"torch": torch, "nn": nn, "F": F, "layer_table": layer_table}
    space["torchvision"] = torchvision
    space["print"] = lambda *words: printed.append(" ".join(map(str, words)))
    for cell in cells:
        exec(source_of("06", cell), space)
    return printed, space


def test_04_kernel_method():
    """Two circles: the linear kernel guesses, the RBF kernel is right on >= .98."""
    rbf = taught("06", "rbf").rbf
    for seed in range(5):
        points = make_points("circles", noise=0.1, seed=seed)
        X, y = points.train.X, 2.0 * points.train.y - 1
        right = {}
        for name, k in (("linear", lambda X, Z: X @ Z.T), ("rbf", rbf)):
            alpha = torch.linalg.solve(k(X, X) + 0.1 * torch.eye(len(X)), y)
            guess = (k(points.val.X, X) @ alpha > 0).long()
            right[name] = (guess == points.val.y).float().mean().item()
        assert 0.35 < right["linear"] < 0.65 and right["rbf"] >= 0.97


def test_06_lenet():
    """61,706 parameters; 28, 14, 10, 5 pixels, 400 values."""
    table = layer_table(LeNet(), 1, 28, 28)
    assert (table.parameters, table.multiplications) == (61_706, 416_520)
    sizes = [row.shape for row in table if row.kind in ("Conv2d", "AvgPool2d")]
    assert sizes == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5)]


def test_07_alexnet():
    """61,100,840 parameters; 55, 27, 13 and 6 pixels; 96 % in the linear layers."""
    printed, space = run("alexnet-code", "alexnet-table")
    table = space["table"]
    assert table.parameters == 61_100_840
    pooled = [row.shape[-1] for row in table if row.kind == "MaxPool2d"]
    assert pooled == [27, 13, 6] and table.rows[0].shape == (64, 55, 55)
    linear = sum(row.parameters for row in table if row.kind == "Linear")
    assert linear == 58_631_144 and len(printed) == 8


def test_08_vgg():
    """132,863,336 and 138,357,544 parameters for VGG-11 and VGG-16."""
    vgg_net = taught("06", "vgg_net").vgg_net
    _, space = run("vgg-code", "vgg-whole-code")
    for name, count in (("eleven", 132_863_336), ("sixteen", 138_357_544)):
        with torch.device("meta"):
            own = vgg_net(space[name])
            ours = VGG(space[name], (4096, 4096), 0.5, 3, 224, 1000)
        assert sum(p.numel() for p in own.parameters()) == count
        assert sum(p.numel() for p in ours.parameters()) == count


def test_09_nin():
    """No linear layer, (n, 10) out, whatever the size of the image."""
    net = NiN()
    assert not any(isinstance(layer, nn.Linear) for layer in net.modules())
    for side in (17, 28, 50):
        assert net(normal(3, 1, side, side)).shape == (3, 10)
    assert (net(normal(3, 1, 28, 28)) >= 0).all()  # the last ReLU
    assert NiN(last_relu=False)(normal(3, 1, 28, 28)).min() < 0
    _, space = run("nin-block-code", "gap-code")
    table = layer_table(space["nin"], 3, 224, 224)
    sides = [row.shape[-1] for row in table][:7]
    assert sides == [54, 26, 26, 12, 12, 5, 5]
    assert table.rows[7].parameters == 34_790


def test_10_googlenet():
    """Nine blocks published, three here; one linear layer over means."""
    net = GoogLeNet()
    linear = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in linear] == [64]
    assert sum(isinstance(layer, Inception) for layer in net.modules()) == 3
    for side in (20, 28, 41):
        assert net(normal(2, 1, side, side)).shape == (2, 10)
    normed = GoogLeNet(norm=nn.BatchNorm2d)
    convs = sum(isinstance(layer, nn.Conv2d) for layer in normed.modules())
    norms = sum(isinstance(layer, nn.BatchNorm2d) for layer in normed.modules())
    assert convs == norms == 1 + 3 * 6


def test_32_local_response_normalization():
    """The paper's formula is torch's layer with five times the alpha."""
    X = 40 * normal(2, 9, 3, 4).abs()
    squares = X.square()
    expected = torch.stack(
        [
            X[:, c] / (2 + 1e-4 * squares[:, max(0, c - 2) : c + 3].sum(1)) ** 0.75
            for c in range(9)
        ],
        dim=1,
    )
    torch.testing.assert_close(nn.LocalResponseNorm(5, 5e-4, 0.75, 2)(X), expected)
    run("lrn-code")  # asserts the same for the notebook's code


@pytest.mark.parametrize("num_convs", [1, 2, 4])
def test_36_vgg_block(num_convs):
    """Halves height and width; channels as given."""
    block = vgg_block(num_convs, 3, 7)
    assert block(normal(2, 3, 12, 20)).shape == (2, 7, 6, 10)
    assert sum(isinstance(layer, nn.Conv2d) for layer in block) == num_convs


def test_37_nin_block():
    """A multilayer perceptron on the channels of every pixel."""
    block, X = nin_block(3, 5, 3, padding=1), normal(2, 3, 6, 4)
    h = block[:2](X).permute(0, 2, 3, 1)  # (n, h, w, c)
    for layer in (block[2], block[4]):
        h = (h @ layer.weight[:, :, 0, 0].T + layer.bias).relu()
    torch.testing.assert_close(block(X), h.permute(0, 3, 1, 2))


def test_38_inception_block():
    """64 + 128 + 32 + 32 = 256 channels, 163,328 weights, the branches in order."""
    with torch.device("meta"):
        large = Inception(192, 64, (96, 128), (16, 32), 32)
        assert large(torch.empty(1, 192, 28, 28)).shape == (1, 256, 28, 28)
    assert sum(p.numel() for p in large.parameters() if p.ndim == 4) == 163_328
    block, X = Inception(3, 2, (4, 5), (6, 7), 8), normal(2, 3, 9, 9)
    parts = block(X).split((2, 5, 7, 8), dim=1)
    for part, branch in zip(parts, block.children(), strict=True):
        assert part.equal(branch(X))


def test_39_auxiliary_classifier():
    """The first layer's gradient grows at least tenfold."""
    own = taught("06", "WithHead", "loss_with_head")
    X, y, ratios = normal(256, 64), torch.arange(256) % 10, []
    for seed in range(5):
        torch.manual_seed(seed)
        lower = nn.Sequential(nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 64),
                              nn.Sigmoid())  # fmt: skip
        upper = nn.Sequential(nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 64),
                              nn.Sigmoid(), nn.Linear(64, 10))  # fmt: skip
        net = own.WithHead(lower, upper, nn.Linear(64, 10))
        (alone,) = torch.autograd.grad(F.cross_entropy(net(X)[0], y), lower[0].weight)
        (both,) = torch.autograd.grad(own.loss_with_head(net(X), y), lower[0].weight)
        ratios.append((both.norm() / alone.norm()).item())
    assert min(ratios) > 10


def test_42_pyramid_pooling():
    """168 features from 8 maps, at any size."""
    pool = taught("06", "pyramid_pool").pyramid_pool
    for shape in ((7, 7), (13, 10), (32, 32)):
        assert pool(normal(2, 8, *shape)).shape == (2, 168)


def test_43_pyramid_convolution():
    """Keeps height and width; 10,992 parameters, where one 7 x 7 has 75,312."""
    printed, space = run_pyramid()
    assert space["out"].shape == (1, 48, 14, 14)
    assert printed == ["(1, 48, 14, 14), 10,992 parameters; one 7 x 7: 75,312"]


def test_44_multi_scale_features():
    """Means of the first and the second layer's maps, side by side."""
    _, space = run_pyramid()
    h1, h2 = space["h1"], space["h2"]
    assert space["fused"].equal(torch.cat([h1.mean((2, 3)), h2.mean((2, 3))], dim=1))


def run_pyramid():
    class Some:
        X = normal(6, 1, 28, 28)

    printed, space = [], {"torch": torch, "nn": nn, "F": F, "some": Some}
    space["print"] = lambda *words: printed.append(" ".join(map(str, words)))
    exec(source_of("06", "pyramid-conv-code"), space)
    return printed, space
