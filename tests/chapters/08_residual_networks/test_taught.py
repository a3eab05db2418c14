"""Chapter 8: the notebook's own definitions compute what the text says."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    BatchNorm,
    Residual,
    ResNet,
    load_images,
    residual_stages,
    seeded,
)
from tests.taught import taught

own = taught(
    "08",
    "halved",
    "small_images",
    "deepened",
    "gradient_sizes",
    "Block",
    "num_dropouts",
    "stages",
    "small_net",
)


def test_images_are_halved_by_means_of_four_pixels():
    data = own.small_images("digits")
    whole = load_images("digits")
    assert [len(part) for part in (data.train, data.val, data.test)] == [2000] * 3
    for part in ("train", "val", "test"):
        X, small = getattr(whole, part).X, getattr(data, part).X
        corner = X[:, :, 0:2, 4:6].mean((2, 3))
        torch.testing.assert_close(small[:, :, 0, 2], corner[: len(small)])
        assert small.shape[1:] == (1, 14, 14)
        assert getattr(data, part).y.equal(getattr(whole, part).y[: len(small)])


@pytest.mark.parametrize("blocks", [(1, 1, 1), (2, 1)])
def test_the_deepened_network_gives_the_same_answers_from_more_layers(blocks):
    with seeded(0):
        net = ResNet(blocks, (4, 8, 16)[: len(blocks)], skip=0)
        X = torch.rand(16, 1, 14, 14)
    net(X)  # moves the running statistics
    before = copy.deepcopy(net.state_dict())
    deep = own.deepened(net)
    for model in (net, deep):
        model.eval()
    assert [len(stage) for stage in deep.stages] == [n + 2 for n in blocks]
    torch.testing.assert_close(deep(X), net(X), rtol=1e-3, atol=1e-4)
    assert all(before[k].equal(v) for k, v in net.state_dict().items()), "a copy"
    added = [block for stage in deep.stages for block in list(stage)[-2:]]
    assert not any(hasattr(block, "shortcut") for block in added), "plain ones"


def test_gradients_stand_at_the_outputs_of_the_blocks():
    with seeded(0):
        net = ResNet((2, 1), (4, 8), norm=None)
        X, y = torch.rand(8, 1, 6, 6), torch.arange(8)
    found = own.gradient_sizes(net, X, y)
    outputs, h = [], net.stem(X)
    for stage in net.stages:
        for block in stage:
            h = block(h)
            outputs.append(h)
    loss = F.cross_entropy(net.head(h), y)
    expected = [g.norm().item() for g in torch.autograd.grad(loss, outputs)]
    assert found == pytest.approx(expected)


def test_the_block_is_helpers_residual():
    block, theirs = own.Block(5), Residual(5, 5)
    values = block.state_dict().values()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), values, strict=True)))
    X = torch.randn(3, 5, 7, 6)
    for training in (True, False):
        torch.testing.assert_close(block.train(training)(X), theirs.train(training)(X))


def test_dropouts_are_counted_wherever_they_are():
    inner = nn.Sequential(nn.Dropout(), nn.ReLU())
    assert own.num_dropouts(nn.Sequential(inner, nn.Dropout(0.1), nn.Linear(2, 2))) == 2


@pytest.mark.parametrize("kind", ["plain", "residual", "pre-activation"])
@pytest.mark.parametrize("norm", [BatchNorm, None])
def test_the_panels_network_is_what_its_controls_say(kind, norm):
    net = own.small_net(kind, 2, 4, norm)
    blocks = [block for stage in net.stages for block in stage]
    assert [block.conv1.out_channels for block in blocks] == [4, 4, 8, 8, 16, 16]
    assert all(block.pre_activation == (kind == "pre-activation") for block in blocks)
    assert all(bool(block.skip) == (kind != "plain") for block in blocks)
    has_norm = any(isinstance(m, BatchNorm) for m in net.modules())
    assert has_norm == (norm is not None)


@pytest.mark.parametrize("num_blocks", [(1, 2, 3), (2, 1)])
def test_the_taught_stages_are_those_of_the_course(num_blocks):
    channels = (4, 6, 8)[: len(num_blocks)]
    made = own.stages(3, channels, num_blocks, Residual)
    theirs = residual_stages(3, channels, num_blocks)
    assert str(nn.Sequential(*made)) == str(theirs)
    assert isinstance(made, list) and len(made) == len(num_blocks)
