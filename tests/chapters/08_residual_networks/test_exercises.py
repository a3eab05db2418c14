"""The solutions of chapter 8 agree with torch, torchvision and the networks here."""

import importlib

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import Bottleneck, Residual, ResNet, seeded
from helpers.chapters.residual_networks.exercises import (
    block,
    counting,
    dropping,
    groups,
    paths,
    repairs,
    slopes,
)

ops = importlib.import_module("torchvision.ops")  # after compat
resnet = importlib.import_module("torchvision.models.resnet")


@pytest.mark.parametrize("pre_activation", [False, True])
def test_a_residual_of_zero_hands_on_what_is_said(pre_activation):
    net = Residual(1, 1, pre_activation=pre_activation)
    for p in net.parameters():
        nn.init.zeros_(p)
    given = torch.tensor([-2.0, 0.0, 3.0]).view(1, 1, 1, 3)
    right = block.zero_block.solution()[pre_activation]
    assert tuple(net(given).flatten().tolist()) == right


@pytest.mark.parametrize("sizes", [(4, 4, 1), (4, 8, 2), (4, 6, 1), (4, 4, 2)], ids=str)
@pytest.mark.parametrize("others", ["the course", "torchvision"])
def test_the_block_is_that_of(others, sizes):
    c_in, c_out, stride = sizes
    with seeded(0):
        ours = block.BasicBlock.solution(*sizes)
        down = None
        if ours.shortcut._modules:
            down = nn.Sequential(
                nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out)
            )
        theirs = (
            Residual(*sizes)
            if others == "the course"
            else resnet.BasicBlock(c_in, c_out, stride, down)
        )
        X = torch.randn(3, c_in, 5, 7)
    values = ours.state_dict().values()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), values, strict=True)))
    torch.testing.assert_close(ours(X), theirs(X))
    torch.testing.assert_close(ours.eval()(X), theirs.eval()(X))


def test_the_slopes_are_those_of_autograd():
    found = []
    for skip, residuals in (
        (1, 50 * [0.1]),
        (0, 50 * [0.1]),
        (1, 50 * [-0.1]),
        (1, 49 * [0.1] + [-1.0]),
    ):
        x = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
        y = x
        for slope in residuals:
            y = skip * y + slope * y
        found.append(torch.autograd.grad(y, x)[0].item())
    read = [slopes.two_digits(value) for value in found]
    assert read == [slopes.two_digits(value) for value in slopes.slopes.solution()]
    assert read == ["1.2e+02", "1.0e-50", "5.2e-03", "0.0e+00"]


@pytest.mark.parametrize("case", repairs.forward_blocks.cases, ids=lambda c: len(c[0]))
def test_the_repaired_pass_is_that_of_the_blocks_one_behind_another(case):
    blocks, X = case
    theirs = nn.Sequential(*blocks)(X.clone())
    torch.testing.assert_close(repairs.forward_blocks.solution(blocks, X), theirs)


def test_adding_in_place_stops_the_first_backward_pass():
    """What is said when the repair is right, and it is no part of the right answer."""
    blocks, X = repairs.forward_blocks.cases[0]
    repairs.forward_blocks.solution(blocks, X.clone()).sum().backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        repairs.forward_blocks.broken(blocks, X.clone()).sum().backward()


def layers_with_weights(net):
    """Count convolutions and linear layers, without those of the shortcuts."""
    return sum(
        isinstance(module, nn.Conv2d | nn.Linear)
        for name, module in net.named_modules()
        if "downsample" not in name and "shortcut" not in name
    )


def test_the_numbers_of_layers_are_those_of_torchvision():
    with torch.device("meta"):
        nets = (
            resnet.ResNet(resnet.BasicBlock, [3, 4, 23, 3]),
            resnet.resnet101(),
            ResNet((9, 9, 9)),
        )
    assert tuple(map(layers_with_weights, nets)) == counting.num_layers.solution()
    # The projections that the sentences speak of.
    found = [
        sum(isinstance(m, nn.Conv2d | nn.Linear) for m in net.modules())
        - layers_with_weights(net)
        for net in nets
    ]
    assert found == [3, 4, 2]


@pytest.mark.parametrize("case", dropping.without_block.cases, ids=lambda c: c[1:])
def test_without_a_block_the_next_one_gets_its_input(case):
    net, s, k = case
    X = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    removed = net.stages[s][k]
    new = dropping.without_block.solution(net, s, k)
    assert net.stages[s][k] is removed
    h = net.stem(X)
    for block_ in (b for stage in net.stages for b in stage if b is not removed):
        h = block_(h)
    torch.testing.assert_close(new(X), net.head(h))


@pytest.mark.parametrize("case", dropping.drop_path.cases, ids=str)
def test_stochastic_depth_is_that_of_torchvision(case):
    def theirs(residual, p, training):
        return ops.stochastic_depth(residual, p, "row", training)

    with seeded(0):
        told = dropping.told(dropping.drop_path.solution, *case)
        assert told == dropping.told(theirs, *case)
        X = torch.ones(20_000, 1, 1, 1)
        mean = dropping.drop_path.solution(X, *case[1:]).mean().item()
    assert mean == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("case", groups.group_conv.cases, ids=lambda c: c[2])
def test_group_conv_is_that_of_torch(case):
    X, W, g = case
    ours = groups.group_conv.solution(*case)
    torch.testing.assert_close(ours, F.conv2d(X, W, groups=g))


def test_the_weights_in_groups_are_those_of_torch():
    layers = (
        nn.Conv2d(32, 32, 3, groups=4),
        nn.Conv2d(32, 32, 3, groups=32),
        nn.Conv2d(32, 96, 1),
        nn.Conv2d(32, 96, 3),
    )
    counts = tuple(layer.weight.numel() for layer in layers)
    assert counts == groups.group_weights.solution()
    together = counts[1] + counts[2]
    assert f"have {together:,} weights" in groups.group_weights.then
    assert 8 < counts[3] / together < 9


@pytest.mark.parametrize("case", [(256, 4, 1), *paths.bottleneck_weights.cases])
def test_the_weights_of_a_bottleneck_are_those_of_the_course(case):
    c, m, g = case
    net = Bottleneck(c, c, c_mid=m, groups=g, norm=None)
    count = sum(p.numel() for p in net.parameters() if p.ndim == 4)
    assert paths.bottleneck_weights.solution(*case) == count
    if case in ((256, 64, 1), (256, 128, 32)):
        assert f"{case}, has {count:,}" in paths.bottleneck_weights.then


@pytest.mark.parametrize("case", paths.resnext_paths.cases, ids=lambda c: c[4])
def test_the_paths_are_the_grouped_form(case):
    X, W1, W2, W3, g = case
    net = Bottleneck(len(W3), len(W3), c_mid=len(W1), groups=g, norm=None)
    convs = [layer for layer in net.residual if isinstance(layer, nn.Conv2d)]
    with torch.no_grad():
        for conv, W in zip(convs, (W1, W2, W3), strict=True):
            conv.weight.copy_(W)
            conv.bias.zero_()
    torch.testing.assert_close(
        paths.resnext_paths.solution(*case), net(X), rtol=1e-5, atol=1e-5
    )
