"""Residual networks: equal to torchvision's and to what their papers write."""

import importlib

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    BatchNorm,
    Bottleneck,
    Residual,
    ResNet,
    d2l,
    residual_stages,
    seeded,
)

resnet = importlib.import_module("torchvision.models.resnet")  # after compat


def copied(ours, theirs):
    """Give ours the parameters and buffers of theirs, by position."""
    with seeded(0):
        for tensor in theirs.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) / 2)
    values = theirs.state_dict().values()
    ours.load_state_dict(dict(zip(ours.state_dict(), values, strict=True)))
    return ours, theirs


def projection(c_in, c_out, stride):
    conv = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Residual(6, 6), resnet.BasicBlock(6, 6)),
        (
            Residual(6, 8, 2),
            resnet.BasicBlock(6, 8, 2, downsample=projection(6, 8, 2)),
        ),
        (Bottleneck(12, 12), resnet.Bottleneck(12, 3)),
        (
            Bottleneck(6, 12, 2),
            resnet.Bottleneck(6, 3, 2, downsample=projection(6, 12, 2)),
        ),
        (
            Bottleneck(12, 12, c_mid=18, groups=3),
            resnet.Bottleneck(12, 3, groups=3, base_width=128),
        ),
    ],
)
def test_a_block_is_torchvisions(ours, theirs, training):
    ours, theirs = copied(ours.train(training), theirs.train(training))
    X = torch.randn(4, next(theirs.parameters()).shape[1], 7, 9)
    assert torch.allclose(ours(X), theirs(X), atol=1e-5)


def test_without_normalization_the_block_is_d2ls_with_its_normalization_taken_out():
    ours, theirs = Residual(3, 5, 2, norm=None), d2l.Residual(3, 5, True, 2)
    theirs.bn1 = theirs.bn2 = nn.Identity()
    copied(ours, theirs)
    X = torch.randn(4, 3, 8, 8)
    assert torch.allclose(ours(X), theirs(X), atol=1e-5)


def test_pre_activation_is_the_papers_formula():
    block = Residual(3, 5, 2, pre_activation=True).eval()
    with torch.no_grad():
        for norm in (block.norm1, block.norm2):
            norm.running_mean.uniform_(-1, 1)
            norm.weight.uniform_(0.5, 2)
    X = torch.randn(4, 3, 8, 8)
    h = F.conv2d(F.relu(block.norm1(X)), block.conv1.weight, stride=2, padding=1)
    h = F.conv2d(F.relu(block.norm2(h)), block.conv2.weight, padding=1)
    shortcut = F.conv2d(X, block.shortcut[0].weight, stride=2)
    assert len(block.shortcut) == 1, "nothing behind the projection"
    assert torch.allclose(block(X), shortcut + h, atol=1e-6)
    assert (block(X) < 0).any(), "nothing behind the sum"


@pytest.mark.parametrize("pre_activation", [True, False])
def test_the_shortcut_is_multiplied_and_can_be_taken_away(pre_activation):
    block = Residual(4, 4, norm=None, pre_activation=pre_activation)
    X, last = torch.randn(2, 4, 5, 5), nn.Identity() if pre_activation else nn.ReLU()
    for block.skip in (1, 0.25, 0):
        expected = last(block.residual(X) + block.skip * X)
        assert torch.allclose(block(X), expected)
    plain = Residual(4, 8, 2, pre_activation=pre_activation, skip=0)
    assert not hasattr(plain, "shortcut")
    assert plain(X).equal(last(plain.residual(X)))


@pytest.mark.parametrize("block", [Residual, Bottleneck])
def test_a_block_without_normalization_has_biases_instead(block):
    bare, usual = block(4, 8, 2, norm=None), block(4, 8, 2)
    for net, has_norm in ((bare, False), (usual, True)):
        found = {type(m) for m in net.modules()}
        assert (BatchNorm in found) == has_norm
        convs = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
        assert all((conv.bias is None) == has_norm for conv in convs)
    assert bare(torch.rand(1, 4, 5, 5)).shape == (1, 8, 3, 3)


def test_stages_halve_the_maps_but_not_in_the_first():
    stages = residual_stages(3, (3, 4, 8), (1, 2, 3))
    assert [len(stage) for stage in stages] == [1, 2, 3]
    X, shapes = torch.rand(2, 3, 13, 13), []
    for stage in stages:
        X = stage(X)
        shapes.append(X.shape[1:])
    assert shapes == [(3, 13, 13), (4, 7, 7), (8, 4, 4)]
    strides = [block.conv1.stride[0] for stage in stages for block in stage]
    assert strides == [1, 2, 1, 2, 1, 1]
    assert isinstance(stages[0][0].shortcut, nn.Identity)


@pytest.mark.parametrize(("n", "layers"), [(1, 8), (3, 20), (7, 44)])
@pytest.mark.parametrize("skip", [0, 1])
def test_a_resnet_has_the_layers_of_its_name(n, layers, skip):
    net = ResNet((n, n, n), (2, 4, 8), skip=skip)
    in_the_way = [
        name
        for name, m in net.named_modules()
        if isinstance(m, (nn.Conv2d, nn.Linear)) and "shortcut" not in name
    ]
    assert len(in_the_way) == layers


@pytest.mark.parametrize("pre_activation", [True, False])
@pytest.mark.parametrize("norm", [BatchNorm, None])
def test_every_convolution_but_the_last_has_its_relu(pre_activation, norm):
    net = ResNet(norm=norm, pre_activation=pre_activation)
    kinds = [type(m).__name__ for m in (*net.stem, *net.head)]
    active = ["ReLU"] if norm is None else ["BatchNorm", "ReLU"]
    end = ["AdaptiveAvgPool2d", "Flatten", "Linear"]
    assert kinds == ["Conv2d", *active, *end]
    assert len(net.stem) == (1 if pre_activation else 1 + len(active))


def test_a_resnet_takes_another_block_and_other_images():
    net = ResNet((2, 1), (8, 16), block=Bottleneck, in_channels=3, num_outputs=7)
    assert {type(block) for stage in net.stages for block in stage} == {Bottleneck}
    assert net(torch.rand(2, 3, 9, 9)).shape == (2, 7)
