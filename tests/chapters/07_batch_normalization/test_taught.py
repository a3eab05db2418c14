"""Chapter 7: the notebook's own definitions agree with torch's."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import MLP, BatchNorm, LeNet, kaiming_init, load_images, seeded
from tests.taught import source_of, taught

own = taught(
    "07",
    "batch_norm",
    "descent",
    "received",
    "with_fresh_statistics",
    "loss_and_gradient",
    "gradient_sizes",
    "normalized_net",
)


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def some():
    return load_images("digits").train.take(600)


def run_cell(cell_id: str, **names) -> dict:
    """The names of a cell after it has run with these ones."""
    space = {"torch": torch, "nn": nn, "F": F, **names}
    exec(source_of("07", cell_id), space)
    return space


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (4, 3, 5, 6)])
def test_batch_norm_is_torchs(shape):
    X = 2 * normal(*shape) + 3
    gamma, beta = torch.tensor([0.5, 1, 2]), torch.tensor([3.0, 2, 1])
    expected = F.batch_norm(X, None, None, gamma, beta, training=True)
    torch.testing.assert_close(own.batch_norm(X, gamma, beta), expected)


def test_eps_stands_under_the_root():
    X = torch.tensor([[0.0], [2.0]])  # mean 1, variance 1
    Y = own.batch_norm(X, torch.ones(1), torch.zeros(1), eps=3.0)
    assert Y.flatten().tolist() == [-0.5, 0.5]


def test_the_first_batch_norm_of_the_notebook_is_torchs_too():
    space = run_cell("ours-code")
    torch.testing.assert_close(space["Y"].mean(0), torch.tensor([1.0, 2, 3]))
    Y = space["batch_norm"](normal(9, 3), torch.ones(3), torch.zeros(3), eps=1.0)
    expected = F.batch_norm(normal(9, 3), None, None, training=True, eps=1.0)
    torch.testing.assert_close(Y, expected)


def test_descent_is_gradient_descent_on_the_mean_squared_error():
    X, price = 3 * normal(20, 2) + 1, normal(20, 1, seed=1).double()
    descent = own.descent
    descent.__globals__["price"] = price
    found = descent(X, 3)
    A = torch.cat([X, torch.ones(20, 1)], 1).double()
    best = torch.linalg.lstsq(A, price).solution[:, 0]
    lr = 1 / torch.linalg.eigvalsh(2 * A.T @ A / 20)[-1]

    def loss(w):
        return (A @ w - price[:, 0]).square().mean()

    w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    expected = []
    for _ in range(3):
        (slope,) = torch.autograd.grad(loss(w), w)
        w = (w - lr * slope).detach().requires_grad_()
        expected.append((loss(w) - loss(best)).item())
    assert found == pytest.approx(expected)


def test_fresh_statistics_are_those_of_all_images(some):
    with seeded(0):
        net = LeNet(norm=BatchNorm)
    first = next(m for m in net if isinstance(m, BatchNorm))
    before = {k: v.clone() for k, v in net.state_dict().items()}
    fresh = own.with_fresh_statistics(net, some.X[:512])
    found = next(m for m in fresh if isinstance(m, BatchNorm))
    with torch.no_grad():
        maps = net[0](some.X[:512])
    torch.testing.assert_close(found.running_mean, maps.mean((0, 2, 3)))
    torch.testing.assert_close(
        found.running_var, maps.var((0, 2, 3)), rtol=1e-2, atol=1e-4
    )
    assert first.num_batches_tracked == 0  # the net itself stays as it was
    for key, value in net.state_dict().items():
        assert value.equal(before[key])
    for (name, p), q in zip(net.named_parameters(), fresh.parameters(), strict=True):
        assert p.equal(q), name


def test_only_the_weights_in_front_are_scaled(some):
    own.loss_and_gradient.__globals__["some"] = some
    loss, gradient = own.loss_and_gradient(1)
    scaled_loss, scaled = own.loss_and_gradient(4)
    assert scaled_loss == pytest.approx(loss, rel=1e-4)
    assert gradient / scaled == pytest.approx(4, rel=1e-3)


def test_gradient_sizes_are_those_of_the_outputs(some):
    own.gradient_sizes.__globals__["some"] = some
    found = own.gradient_sizes(3, nn.Tanh, init=kaiming_init)
    with seeded(0):
        net = MLP((64,) * 3, activation=nn.Tanh, init=kaiming_init)
    with torch.no_grad():
        h = net[2](net[1](some.X[:256].flatten(1)))
    h.requires_grad_()
    loss = F.cross_entropy(net[3:](h), some.y[:256])
    (slope,) = torch.autograd.grad(loss, h)
    assert len(found) == 3
    assert found[0] == pytest.approx(slope.square().mean().sqrt().item(), rel=1e-4)


def test_received_is_the_input_of_the_third_activation(some):
    own.received.__globals__["some"] = some
    for norm in (None, BatchNorm):
        rows = own.received(norm)
        assert rows.shape == (13, 500)
        with seeded(1):
            net = MLP((64,) * 5, activation=nn.Tanh, norm=norm)
        third = [k for k, layer in enumerate(net) if isinstance(layer, nn.Tanh)][2]
        with torch.no_grad():
            expected = net[:third](some.X[:500])[:, 0]
        torch.testing.assert_close(rows[0], expected)
        assert not rows[-1].equal(rows[0])


def test_the_panels_network_has_the_norm_that_is_chosen():
    norms = run_cell("families", BatchNorm=BatchNorm, LeNet=LeNet, MLP=MLP)["norms"]
    own.normalized_net.__globals__.update(MLP=MLP, LeNet=LeNet)
    kinds = {"batch": BatchNorm, "layer": nn.GroupNorm, "group": nn.GroupNorm}
    for name, norm in norms.items():
        for family, count in (("MLP", 4), ("LeNet", 4)):
            net = own.normalized_net(family, 4, norm, nn.Tanh)
            found = [
                m for m in net.modules() if isinstance(m, BatchNorm | nn.GroupNorm)
            ]
            assert len(found) == (count if norm else 0), (name, family)
            assert all(isinstance(m, kinds[name]) for m in found)
            assert sum(isinstance(m, nn.Tanh) for m in net.modules()) == 4
            assert net(torch.rand(3, 1, 28, 28)).shape == (3, 10)
    assert norms["layer"](8).num_groups == 1 and norms["group"](8).num_groups == 2
