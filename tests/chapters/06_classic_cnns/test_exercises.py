"""The solutions of chapter 6 agree with torch, and other right answers pass."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.classic_cnns.exercises import (
    alexnet,
    blocks,
    inception,
    kernels,
    pyramid,
)
from helpers.chapters.classic_cnns.exercises.auxiliary import auxiliary_loss
from helpers.models import VGG, Inception, nin_block


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def count(net):
    return sum(p.numel() for p in net.parameters())


def filled(net, *weights):
    """Give a network these weights, and biases of 0 where none are left for them."""
    given = iter(weights)
    with torch.no_grad():
        for parameter in net.parameters():
            kernel = parameter.ndim == 4
            if kernel or len(weights) == len(list(net.parameters())):
                parameter.copy_(next(given).view(parameter.shape))
            else:
                parameter.zero_()
    return net


# -- the solutions ------------------------------------------------------------------


def test_kernel_ridge_with_inner_products_is_ridge_regression():
    X, X_new, y = torch.randn(6, 3), torch.randn(4, 3), torch.randn(6)
    w = torch.linalg.solve(X.T @ X + 0.3 * torch.eye(3), X.T @ y)
    ours = kernels.kernel_ridge.solution(X @ X.T, y, 0.3, X_new @ X.T)
    torch.testing.assert_close(ours, X_new @ w, rtol=1e-3, atol=1e-4)


def test_the_sizes_of_alexnet_are_those_of_torch():
    X, found = torch.zeros(1, 1, 224, 224), []
    convs = {0: (11, 4, 2), 2: (5, 1, 2)}  # kernel, stride, padding
    for k in range(8):
        if k in (1, 3, 7):
            X = F.max_pool2d(X, 3, stride=2)
        else:
            X = nn.Conv2d(1, 1, *convs.get(k, (3, 1, 1)))(X)
        found.append(X.shape[-1])
    assert tuple(found) == alexnet.alexnet_sizes.solution()


@pytest.mark.parametrize("case", alexnet.local_response_norm.cases)
def test_local_response_norm_is_that_of_torch_with_size_times_alpha(case):
    X, size, alpha, beta, k = case
    ours = alexnet.local_response_norm.solution(*case)
    theirs = nn.LocalResponseNorm(size, size * alpha, beta, k)(X)
    torch.testing.assert_close(ours, theirs)


def test_the_papers_constants_are_the_defaults():
    X = alexnet.draw(1, 9, 2, 2, seed=5, size=30.0)
    theirs = nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0)(X)
    torch.testing.assert_close(alexnet.local_response_norm.solution(X), theirs)


@pytest.mark.parametrize("case", blocks.vgg.cases, ids=str)
def test_vgg_is_that_of_the_house(case):
    layers, c_in = case
    theirs = VGG(layers, in_channels=c_in).features
    assert blocks.described(blocks.vgg.solution, *case) == blocks.described(
        lambda *_: theirs, *case
    )


def test_vgg_11_has_its_parameters():
    """132,863,336 of torchvision's VGG-11, without its three linear layers."""
    layers = [(1, 64), (1, 128), (2, 256), (2, 512), (2, 512)]
    linear = [(512 * 7 * 7, 4096), (4096, 4096), (4096, 1000)]
    rest = sum((n_in + 1) * n_out for n_in, n_out in linear)
    assert count(blocks.vgg.solution(layers, 3)) + rest == 132_863_336


@pytest.mark.parametrize("case", blocks.nin_forward.cases)
def test_a_nin_block_is_that_of_1x1_convolutions(case):
    X, *weights, padding = case
    c_out, c_in, k, _ = weights[0].shape
    net = filled(nin_block(c_in, c_out, k, padding=padding), *weights)
    torch.testing.assert_close(blocks.nin_forward.solution(*case), net(X))


def test_heads_have_the_parameters_of_torch():
    heads = (
        nn.Linear(1024 * 7 * 7, 1000),
        nn.Linear(1024, 1000),
        nn.Conv2d(1024, 1000, 1),
    )
    assert tuple(map(count, heads)) == blocks.head_parameters.solution()
    with torch.no_grad():  # what is said when it is found
        X = torch.randn(1, 1024, 7, 7)
        heads[1].weight.copy_(heads[2].weight.view(1000, 1024))
        heads[1].bias.copy_(heads[2].bias)
        before, after = heads[2](X).mean((2, 3)), heads[1](X.mean((2, 3)))
    torch.testing.assert_close(before, after, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("case", inception.inception_forward.cases)
def test_inception_is_that_of_the_house(case):
    X, K1, K2, K3, K4 = case
    widths = len(K1), tuple(map(len, K2)), tuple(map(len, K3)), len(K4)
    net = filled(Inception(X.shape[1], *widths), K1, *K2, *K3, K4)
    torch.testing.assert_close(inception.inception_forward.solution(*case), net(X))


def test_the_weights_of_an_inception_block():
    googlenet = (192, 64, (96, 128), (16, 32), 32)
    assert inception.inception_widths.solution(*googlenet) == 163_328
    assert inception.inception_widths.mistakes[0].wrong(*googlenet) == 393_216
    for case in inception.inception_widths.cases:
        kernels = [p for p in Inception(*case).parameters() if p.ndim == 4]
        assert inception.inception_widths.solution(*case) == sum(
            kernel.numel() for kernel in kernels
        )


@pytest.mark.parametrize("size", [7, 13, 32])
def test_a_pyramid_has_168_numbers_for_maps_of_any_size(size):
    X = torch.randn(2, 8, size, size)
    ours = pyramid.pyramid_pooling.solution(X, (1, 2, 4))
    assert ours.shape == (2, 168)
    assert ours[:, :8].equal(X.amax((2, 3)))


@pytest.mark.parametrize("case", auxiliary_loss.cases)
def test_the_repaired_step_is_that_of_modules_and_an_optimizer(case):
    X, y, *weights, lr = case
    layers = [nn.Linear(*W.shape, bias=False) for W in weights]
    for layer, W in zip(layers, weights, strict=True):
        layer.weight.data = W.T.clone()
    first, second, head, auxiliary = layers
    optimizer = torch.optim.SGD(nn.ModuleList(layers).parameters(), lr)
    main = nn.Sequential(first, nn.Sigmoid(), second, nn.Sigmoid(), head)
    aux = F.cross_entropy(auxiliary(first(X).sigmoid()), y)
    loss = F.cross_entropy(main(X), y) + 0.3 * aux
    loss.backward()
    optimizer.step()
    ours = auxiliary_loss.solution(*case)
    for a, b in zip(ours, (loss, first.weight.T, main(X)), strict=True):
        torch.testing.assert_close(a, b.detach())


def test_no_bug_of_the_stub_raises_and_each_is_seen_by_itself():
    """In every case each bug alone changes what the function returns."""
    asked = auxiliary_loss
    alone = [m.wrong for m in asked.mistakes if m.left == "Bugs left: 1 of 3."]
    assert len(alone) == 3
    for case in asked.cases:
        right = asked.solution(*case)
        for wrong in (asked.broken, *alone):
            pairs = zip(right, wrong(*case), strict=True)
            assert not all(torch.allclose(a, b) for a, b in pairs)
