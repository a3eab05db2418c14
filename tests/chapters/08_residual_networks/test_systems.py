"""Systems of chapter 8: each model, layer and block works as its row says."""

import importlib

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import Bottleneck, Residual, ResNet, d2l, evaluate, load_images, seeded
from helpers import train as train_net
from tests.taught import taught

models = importlib.import_module("torchvision.models")  # after helpers, which mends it
own = taught("08", "imagenet_net", "Block", "weights", "next_block")

BASIC, BOTTLENECK = (64, 128, 256, 512), (256, 512, 1024, 2048)
FAMILY = {
    "resnet18": ((2, 2, 2, 2), Residual, BASIC, 11_689_512),
    "resnet34": ((3, 4, 6, 3), Residual, BASIC, 21_797_672),
    "resnet50": ((3, 4, 6, 3), Bottleneck, BOTTLENECK, 25_557_032),
    "resnext50_32x4d": ((3, 4, 6, 3), own.next_block, BOTTLENECK, 25_028_904),
}


def count(net):
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("name", FAMILY)
def test_11_resnet(name):
    """Parameters as published; the shapes are torchvision's, tensor by tensor."""
    num_blocks, block, channels, parameters = FAMILY[name]
    with torch.device("meta"):
        ours = own.imagenet_net(num_blocks, block, channels)
        theirs = getattr(models, name)()
    assert count(ours) == count(theirs) == parameters
    shapes = [tensor.shape for tensor in theirs.state_dict().values()]
    assert [tensor.shape for tensor in ours.state_dict().values()] == shapes


@pytest.mark.parametrize("name", ["resnet34", "resnet50"])
def test_11_resnet_answers(name):
    """The same answers as torchvision's from the same weights, and for each layer."""
    num_blocks, block, channels, _ = FAMILY[name]
    with seeded(0):
        theirs = getattr(models, name)().eval()
        X = torch.randn(1, 3, 65, 64)
    ours = own.imagenet_net(num_blocks, block, channels).eval()
    weights = theirs.state_dict().values()
    ours.load_state_dict(dict(zip(ours.state_dict(), weights, strict=True)))
    parts = [*theirs.children()]
    h = X
    with torch.no_grad():
        for k, layer in enumerate(ours):
            if k < len(parts) - 1:  # theirs flattens in its forward
                expected = parts[k](h)
                torch.testing.assert_close(layer(h), expected)
            h = layer(h)
        torch.testing.assert_close(h, theirs(X))


def test_11_resnet_trains():
    """ResNet-8 learns digits of 14 x 14 pixels, far above chance on new ones."""
    data = load_images("digits")
    data = data.train.take(1000), data.val.take(500)
    train, val = ((F.avg_pool2d(part.X, 2), part.y) for part in data)
    with seeded(0):
        net = ResNet((1, 1, 1), (8, 16, 32))
    train_net(net, train, num_epochs=6, lr=0.1, momentum=0.9, batch_size=32)
    assert evaluate(net, val).accuracy > 0.5  # six seeds: see the band beside the gate


def test_12_resnext():
    """70,144 weights; the sum over 32 ways equals the grouped form."""
    block = Bottleneck(256, 256, c_mid=128, groups=32, norm=None).double()
    first, middle, last = (m for m in block.residual if isinstance(m, nn.Conv2d))
    assert own.weights(first, middle, last) == 70_144
    X = torch.randn(2, 256, 5, 5, dtype=torch.float64)
    ways = 0
    for k in range(32):
        rows = slice(4 * k, 4 * k + 4)
        h = F.relu(F.conv2d(X, first.weight[rows], first.bias[rows]))
        h = F.conv2d(h, middle.weight[rows], middle.bias[rows], padding=1)
        ways = ways + F.conv2d(F.relu(h), last.weight[:, rows])
    ways = ways + last.bias[:, None, None]
    torch.testing.assert_close(F.relu(X + ways), block(X))


def test_27_group_convolution():
    """Parameters / g; split, convolved and laid side by side is the same."""
    for g in (1, 2, 4, 8):
        conv = nn.Conv2d(8, 16, 3, padding=1, groups=g, bias=False)
        assert conv.weight.numel() == 8 * 16 * 9 // g
        X = torch.randn(2, 8, 6, 5)
        pairs = zip(X.chunk(g, 1), conv.weight.chunk(g), strict=True)
        parts = [F.conv2d(x, w, padding=1) for x, w in pairs]
        torch.testing.assert_close(torch.cat(parts, 1), conv(X))


def test_28_depthwise_convolution():
    """576 weights for 64 channels; each map of the output is made of one map."""
    conv = nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False)
    assert own.weights(conv) == 576
    X = torch.randn(1, 64, 5, 5)
    changed = X.clone()
    changed[:, 7] += 1
    differs = (conv(changed) != conv(X)).flatten(2).any(2)[0]
    assert differs.nonzero().flatten().tolist() == [7]


@pytest.mark.parametrize("block", [Residual(6, 6), own.Block(6)])
def test_40_residual_block(block):
    """ReLU(x) where g = 0; the same shape with stride 1, half with the projection."""
    last = block.norm2 if isinstance(block, Residual) else block.g[-1]
    nn.init.zeros_(last.weight)
    X = torch.randn(3, 6, 8, 8)
    assert block(X).equal(F.relu(X))
    projected = Residual(6, 12, 2)
    assert projected(X).shape == (3, 12, 4, 4)
    assert [tuple(p.shape) for p in projected.shortcut.parameters()] == [
        (12, 6, 1, 1), (12,), (12,),
    ]  # fmt: skip


def test_40_residual_block_is_d2ls():
    """d2l's block with the same weights, whose biases its normalization takes out."""
    ours, theirs = own.Block(4), d2l.Residual(4, 4)
    ours.g[0].weight.data = theirs.conv1.weight.data
    ours.g[3].weight.data = theirs.conv2.weight.data
    X = torch.randn(3, 4, 6, 6)
    torch.testing.assert_close(ours(X), theirs(X), atol=1e-5, rtol=1e-5)


def test_41_bottleneck():
    """69,632 weights for 256 channels, against 1,179,648; the shape stays."""
    convs = [m for m in Bottleneck(256, 256).residual if isinstance(m, nn.Conv2d)]
    assert own.weights(*convs) == 69_632
    basic = Residual(256, 256)
    assert own.weights(basic.conv1, basic.conv2) == 1_179_648
    assert Bottleneck(16, 16)(torch.randn(1, 16, 5, 5)).shape == (1, 16, 5, 5)
