"""Chapter 6: the notebook's own definitions agree with torch's and with helpers'."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import helpers
from helpers import kaiming_init, seeded
from tests.taught import taught

own = taught(
    "06",
    "lenet",
    "phi",
    "rbf",
    "descend",
    "by_hand",
    "gradient_ratio",
    "vgg_block",
    "vgg_net",
    "nin_block",
    "conv",
    "spread",
    "Inception",
    "WithHead",
    "loss_with_head",
    "pyramid_pool",
    "small_net",
)


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def same_weights(net, other):
    """Give both networks the first one's weights, matched by order and shape."""
    mine, theirs = list(net.parameters()), list(other.parameters())
    assert [p.shape for p in mine] == [p.shape for p in theirs]
    with torch.no_grad():
        for p, q in zip(mine, theirs, strict=True):
            q.copy_(p)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Sigmoid])
def test_lenet_is_that_of_helpers(activation):
    net, other = own.lenet(activation), helpers.LeNet(activation)
    same_weights(net, other)
    X = normal(3, 1, 28, 28)
    assert net(X).equal(other(X))


@pytest.mark.parametrize(("num_convs", "c_in", "c_out"), [(1, 3, 5), (3, 2, 4)])
def test_a_vgg_block_is_that_of_helpers(num_convs, c_in, c_out):
    block = own.vgg_block(num_convs, c_in, c_out)
    other = helpers.vgg_block(num_convs, c_in, c_out)
    same_weights(block, other)
    X = normal(2, c_in, 9, 6)
    assert block(X).equal(other(X)) and block(X).shape == (2, c_out, 4, 3)


def test_a_nin_block_is_that_of_helpers():
    block = own.nin_block(3, 5, 3, stride=2, padding=1)
    other = helpers.nin_block(3, 5, 3, stride=2, padding=1)
    same_weights(block, other)
    X = normal(2, 3, 8, 7)
    assert block(X).equal(other(X)) and block(X).shape == (2, 5, 4, 4)


def test_an_inception_block_is_that_of_helpers():
    block = own.Inception(5, 2, (4, 3), (1, 6), 7)
    other = helpers.Inception(5, 2, (4, 3), (1, 6), 7)
    same_weights(block, other)
    X = normal(2, 5, 8, 7)
    torch.testing.assert_close(block(X), other(X))
    assert block(X).shape == (2, 2 + 3 + 6 + 7, 8, 7)


def test_convolutions_that_keep_the_size_have_no_bias():
    layer = own.conv(3, 4, 5)
    assert layer.bias is None and layer(normal(1, 3, 6, 9)).shape == (1, 4, 6, 9)


def test_the_map_has_the_kernels_inner_product():
    X, Z = normal(5, 2), normal(4, 2, seed=1)
    torch.testing.assert_close(own.phi(X) @ own.phi(Z).T, (X @ Z.T) ** 2)
    x1, x2 = X[0]
    torch.testing.assert_close(own.phi(X)[0, 1], 2**0.5 * x1 * x2)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_the_gaussian_kernel(gamma):
    X, Z = normal(5, 3), normal(4, 3, seed=1)
    K = own.rbf(X, Z, gamma)
    assert K.shape == (5, 4)
    for i in range(5):
        for j in range(4):
            distance = (X[i] - Z[j]).square().sum()
            torch.testing.assert_close(K[i, j], torch.exp(-gamma * distance))


def test_descent_reaches_the_minimum_and_leaves_no_gradient():
    w = torch.tensor([3.0, -4.0], requires_grad=True)
    end = own.descend(lambda w: (w - 1).square().sum() + 0.5, [w], lr=0.25)
    assert end == pytest.approx(0.5) and w.grad is None
    torch.testing.assert_close(w.detach(), torch.ones(2))


def test_features_by_hand():
    X = torch.zeros(2, 1, 28, 28)
    X[1, 0, 3, 5:9] = 1  # four pixels of one row
    rows, columns, down, right = own.by_hand(X)[1].split(28)
    assert own.by_hand(X)[0].eq(0).all()
    assert rows.nonzero().tolist() == [[3]]
    assert columns.nonzero().flatten().tolist() == [5, 6, 7, 8]
    assert down.nonzero().flatten().tolist() == [3, 4]  # into the row, and out of it
    assert right.nonzero().flatten().tolist() == [5, 9]
    assert rows[3] == pytest.approx(4 * 4 / 28)


def test_the_gradient_fades_faster_through_sigmoids():
    class Images:
        X, y = normal(256, 1, 28, 28), torch.arange(256) % 10

    own.gradient_ratio.__globals__["data"] = type("Data", (), {"train": Images})
    for depth in (2, 6):
        ratio = [own.gradient_ratio(f, depth, 0) for f in (nn.Sigmoid, nn.ReLU)]
        assert 0 < ratio[0] < ratio[1] / 3


def test_the_spread_is_measured_behind_every_convolution():
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 3, 1))
    X = normal(50, 1, 4, 4)
    found = own.spread(net, X)
    expected = [net[:1](X), net(X)]
    assert found == pytest.approx([h.std(0).mean().item() for h in expected])
    with seeded(0):
        good, bad = helpers.NiN().apply(kaiming_init), helpers.NiN()
    X = normal(64, 1, 28, 28).abs()
    assert len(own.spread(good, X)) == 12
    assert own.spread(good, X)[-1] > 100 * own.spread(bad, X)[-1]


def test_an_auxiliary_head_counts_in_training_alone():
    lower, upper, head = nn.Linear(4, 5), nn.Linear(5, 3), nn.Linear(5, 3)
    net, X, y = own.WithHead(lower, upper, head), normal(6, 4), torch.arange(6) % 3
    logits, auxiliary = net(X)
    assert logits.equal(upper(lower(X))) and auxiliary.equal(head(lower(X)))
    expected = F.cross_entropy(logits, y) + 0.3 * F.cross_entropy(auxiliary, y)
    torch.testing.assert_close(own.loss_with_head((logits, auxiliary), y), expected)
    assert net.eval()(X).equal(logits)


@pytest.mark.parametrize("shape", [(7, 7), (13, 9), (32, 32)])
def test_a_pyramid_has_the_maximum_of_every_part(shape):
    X = normal(2, 3, *shape)
    pooled = own.pyramid_pool(X)
    assert pooled.shape == (2, 3 * 21)
    assert pooled[:, :3].equal(X.amax((2, 3)))
    h, w = -(-shape[0] // 2), -(-shape[1] // 2)  # the upper left quarter, rounded up
    assert pooled[1, 3] == X[1, 0, :h, :w].max()


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
def test_the_panel_has_five_families(width):
    X = normal(2, 1, 28, 28)
    for family in ("LeNet", "AlexNet", "VGG", "NiN", "GoogLeNet"):
        net = own.small_net(family, width, 0.0, "torch")
        assert net(X).shape == (2, 10)
        assert type(net).__name__ == family
    with seeded(0):
        net = own.small_net("VGG", width, 0.3, "Kaiming")
    assert {m.p for m in net.modules() if isinstance(m, nn.Dropout)} == {0.3}
    biases = [p for name, p in net.named_parameters() if name.endswith("bias")]
    assert all(p.eq(0).all() for p in biases)
