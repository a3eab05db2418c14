"""Systems of chapter 3: each model, layer and method works as its row says."""

import math
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import MLP, seeded
from helpers.chapters.multilayer_perceptrons import exercises
from tests.taught import taught


def test_03_multilayer_perceptron():
    """XOR is learned to a squared error below 1e-3, and not without the bend.

    Of 20 networks with 8 tanh units all reach it in 3000 steps; the best line, and so
    any number of linear layers, stays at 0.25.
    """
    X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])

    def train(activation):
        with seeded(0):
            net = nn.Sequential(nn.Linear(2, 8), activation, nn.Linear(8, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
        for _ in range(3000):
            optimizer.zero_grad()
            loss = F.mse_loss(net(X), y)
            loss.backward()
            optimizer.step()
        return loss.item()

    assert train(nn.Tanh()) < 1e-3
    assert train(nn.Identity()) == pytest.approx(0.25, abs=1e-3)
    own, theirs = taught("03", "MLP").MLP(), MLP()
    own.hidden.load_state_dict(theirs[1].state_dict())
    own.output.load_state_dict(theirs[3].state_dict())
    X = torch.rand(5, 1, 28, 28)
    torch.testing.assert_close(own(X), theirs(X))


def test_20_linear():
    """(n, 3) becomes (n, 5) with 3 * 5 + 5 numbers, as X W^T + b."""
    layer, X = nn.Linear(3, 5), torch.randn(4, 3)
    assert layer.weight.shape == (5, 3) and layer(X).shape == (4, 5)
    torch.testing.assert_close(layer(X), X @ layer.weight.T + layer.bias)
    count = sum(p.numel() for p in layer.parameters())
    assert count == 20 == exercises.layers.num_parameters.solution([3, 5])
    assert exercises.layers.num_parameters.solution([784, 256, 10]) == 203_530


def test_35_activations():
    """Values and slopes: 1/4 for the sigmoid at 0, .00665 at 5; ReLU has 0 at 0."""
    own = taught("03", "sigmoid", "tanh", "relu")
    z = torch.linspace(-6, 6, 25, dtype=torch.float64, requires_grad=True)
    for ours, theirs in (
        (own.sigmoid, torch.sigmoid),
        (own.tanh, torch.tanh),
        (own.relu, torch.relu),
    ):
        torch.testing.assert_close(ours(z), theirs(z))
    at = torch.tensor([0.0, 5.0, 10.0], dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(own.sigmoid(at).sum(), at)
    assert slopes.tolist() == pytest.approx([0.25, 0.00665, 4.54e-5], rel=1e-3)
    soft = F.softplus(at)
    torch.testing.assert_close(
        exercises.layers.softplus_slope.solution(soft),
        torch.autograd.grad(soft.sum(), at)[0],
    )
    (slopes,) = torch.autograd.grad(own.tanh(at).sum(), at)
    assert slopes[0] == 1
    zero = torch.zeros(1, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.relu(zero), zero)
    assert slope == 0


def test_45_module_sequential_moduledict():
    """Module, Sequential and ModuleDict with the same weights answer the same."""
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    own = exercises.networks.Sequential.solution(*net)
    parts = nn.ModuleDict({"first": net[0], "second": net[2]})

    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = parts

        def forward(self, X):
            return self.parts["second"](F.relu(self.parts["first"](X)))

    X = torch.randn(3, 4)
    for other in (own, Module()):
        assert other(X).equal(net(X))
        assert len(list(other.parameters())) == 4
    assert list(net._modules) == list(own._modules) == ["0", "1", "2"]
    with pytest.raises(NotImplementedError):
        parts(X)


def test_46_parameters():
    """A layer used twice counts once; its gradient is the sum over both uses."""
    shared = nn.Linear(8, 8)
    net = nn.Sequential(nn.Linear(4, 8), shared, nn.ReLU(), shared, nn.Linear(8, 1))
    tensors = list(net.parameters())
    assert len(tensors) == 6 and sum(p.numel() for p in tensors) == 121
    assert len(net.state_dict()) == 8 and net[1].weight is net[3].weight
    assert isinstance(net[4].bias, nn.Parameter) and net[4].bias.grad is None
    assert nn.init.normal_(shared.weight) is shared.weight
    twin = nn.Linear(8, 8)
    twin.load_state_dict(shared.state_dict())
    untied = nn.Sequential(*net[:3], twin, net[4])
    X = torch.randn(5, 4)
    (both,) = torch.autograd.grad(net(X).sum(), [shared.weight])
    parts = torch.autograd.grad(untied(X).sum(), [shared.weight, twin.weight])
    torch.testing.assert_close(both, sum(parts))


def test_47_save_and_load():
    """Tensors, lists, dicts and states survive a file; objects are refused."""
    path = Path("x.pt")
    x = torch.arange(4)
    for value in (x, [x, x + 1], {"x": x, "y": x + 1}):
        torch.save(value, path)
        again = torch.load(path)
        assert type(again) is type(value) and str(again) == str(value)
    with seeded(0):
        net, clone = MLP((8,)), MLP((8,))
    X = torch.rand(3, 1, 28, 28)
    assert not clone(X).equal(net(X))
    torch.save(net.state_dict(), path)
    assert exercises.networks.load_fitting.solution(clone, path) == []
    assert clone(X).equal(net(X))
    wider = MLP((9,))
    own = {name: p.clone() for name, p in wider.state_dict().items()}
    left = exercises.networks.load_fitting.solution(wider, path)
    assert left == ["1.weight", "1.bias", "3.weight"], "and 3.bias has its shape"
    assert wider[3].bias.equal(net[3].bias) and wider[1].weight.equal(own["1.weight"])
    with pytest.raises(RuntimeError, match="Missing key"):
        clone.load_state_dict({})
    torch.save(net, path)
    with pytest.raises(Exception, match="(?i)weights.only"):
        torch.load(path)


def test_50_backpropagation_by_hand():
    """The 2-2-1 network by hand: loss .042738, and gradients equal to autograd's."""
    own = taught("03", "forward", "backward")
    double = {"dtype": torch.float64, "requires_grad": True}
    W1 = torch.tensor([[0.1, 0.2], [0.3, 0.4]], **double)
    W2 = torch.tensor([[0.5, 0.6]], **double)
    b1, b2 = torch.tensor([0.1, 0.1], **double), torch.tensor([0.1], **double)
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    layers = [(W1, b1), (W2, b2)]
    activations = own.forward(x, layers)
    loss = 0.5 * (activations[-1] - 1).square().sum()
    assert loss.item() == pytest.approx(0.042738, abs=1e-6)
    theirs = torch.autograd.grad(loss, [W1, b1, W2, b2])
    with torch.no_grad():
        (dW1, db1), (dW2, db2) = own.backward(own.forward(x, layers), 1.0, layers)
    for ours, other in zip((dW1, db1, dW2, db2), theirs, strict=True):
        torch.testing.assert_close(ours, other, rtol=0, atol=1e-12)
    assert dW2.flatten().tolist() == pytest.approx([-0.039053, -0.046485], abs=1e-6)
    assert dW1.tolist()[0] == pytest.approx([-0.006919, -0.013838], abs=1e-6)

    generator = torch.Generator().manual_seed(0)
    X, y = torch.randn(6, 4, generator=generator), torch.arange(6) % 3
    net = MLP((5,), num_inputs=4, num_outputs=3).double()
    loss = F.cross_entropy(net(X.double()), y)
    loss.backward()
    weights = [p.detach() for p in net.parameters()]
    ours = exercises.builds.mlp_backward.solution(X.double(), y, *weights)
    for found, p in zip(ours[1:], net.parameters(), strict=True):
        torch.testing.assert_close(found, p.grad, rtol=0, atol=1e-12)


def test_66_constant_initialization():
    """Units that start equal stay equal through 100 steps; random ones do not."""
    X = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    y = (X[:, :1] * X[:, 1:2]).sign()
    for fill, same in (
        (lambda w: nn.init.constant_(w, 0.1), True),
        (lambda w: nn.init.uniform_(w, -0.5, 0.5), False),
        (lambda w: nn.init.normal_(w, std=0.5), False),
    ):
        with seeded(0):
            net = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))
            for p in net.parameters():
                fill(p.data)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(100):
            optimizer.zero_grad()
            F.mse_loss(net(X), y).backward()
            optimizer.step()
        spread = (net[0].weight - net[0].weight[0]).abs().max()
        assert (spread < 1e-5) == same, spread


def test_67_xavier():
    """Its variance is 2 / (n_in + n_out); 20 tanh layers keep a signal."""
    w = nn.init.xavier_normal_(torch.empty(300, 100))
    assert w.var().item() == pytest.approx(2 / 400, rel=0.05)
    w = nn.init.xavier_uniform_(torch.empty(100, 100))
    assert w.abs().max() <= math.sqrt(6 / 200) == pytest.approx(0.1732, abs=1e-4)
    assert through_layers(torch.tanh, nn.init.xavier_normal_) > 0.1
    assert through_layers(torch.tanh, lambda w: nn.init.normal_(w, std=0.01)) < 1e-12


def test_68_kaiming():
    """Its variance is 2 / n_in; 20 ReLU layers keep a signal; Xavier loses it."""
    layer, last = nn.Linear(100, 300), nn.Linear(300, 100)
    exercises.starts.init_weights.solution(nn.Sequential(layer, nn.ReLU(), last))
    assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / 100), rel=0.05)
    assert last.weight.std().item() == pytest.approx(1 / 300, rel=0.05)
    assert not layer.bias.any() and not last.bias.any()
    assert 0.3 < through_layers(torch.relu, nn.init.kaiming_normal_) < 3
    assert through_layers(torch.relu, nn.init.xavier_normal_) < 0.01


def through_layers(f, fill):
    """Standard deviation after 20 layers of 256 units that started with 1."""
    with seeded(0):
        A = torch.randn(256, 256)
        for _ in range(20):
            A = f(A @ fill(torch.empty(256, 256)).T)
    return A.std().item()
