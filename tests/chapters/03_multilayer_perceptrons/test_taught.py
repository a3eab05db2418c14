"""Chapter 3: the notebook's own definitions agree with helpers' and with torch's."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import helpers
from helpers import make_points, models, seeded
from helpers.chapters.multilayer_perceptrons import figures
from tests.taught import taught

own = taught(
    "03",
    "sigmoid",
    "tanh",
    "relu",
    "slope_at",
    "ScaledSigmoid",
    "perceptron",
    "train_xor",
    "hinges",
    "interpolating_network",
    "wave",
    "forward",
    "backward",
    "num_saved",
    "MLP",
    "init_with",
    "layer_by_layer",
    "dead_shares",
    "spread",
    "silu",
    "gelu",
    "sigma",
)
PAIRS = {
    "sigmoid": (own.sigmoid, torch.sigmoid),
    "tanh": (own.tanh, torch.tanh),
    "relu": (own.relu, torch.relu),
    "scaled sigmoid": (own.ScaledSigmoid(), lambda z: 2 * torch.tanh(z / 2)),
}
XOR = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


# -- units and activations ----------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_activations_and_their_slopes(name):
    ours, theirs = PAIRS[name]
    points = torch.linspace(-20, 20, 81, dtype=torch.float64)  # 0 is one of them
    torch.testing.assert_close(ours(points), theirs(points), rtol=0, atol=1e-12)
    slopes = [own.slope_at(f, *points.tolist()) for f in (ours, theirs)]
    torch.testing.assert_close(*slopes, rtol=0, atol=1e-12)


def test_slopes_that_the_text_names():
    slopes = own.slope_at(own.sigmoid, 0.0, 5.0, 10.0).tolist()
    assert slopes == pytest.approx([0.25, 0.00665, 4.54e-5], rel=1e-3)
    assert own.slope_at(own.tanh, 0.0).item() == pytest.approx(1)
    assert own.slope_at(own.relu, -1.0, 0.0, 1.0).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("threshold", "expected"), [(1.5, [0, 0, 0, 1]), (0.5, [0, 1, 1, 1])]
)
def test_a_bias_is_minus_a_threshold(threshold, expected):
    w = torch.ones(2)
    assert own.perceptron(XOR, w, threshold).tolist() == expected
    assert ((XOR @ w - threshold) > 0).int().tolist() == expected


def test_xor_needs_a_bend():
    names = own.train_xor.__globals__
    names["X"], names["y"] = XOR, torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    line, _ = own.train_xor(nn.Identity(), 4, num_nets=5, lr=0.1, num_steps=500)
    bent, trained = own.train_xor(torch.tanh, 8, num_nets=5, num_steps=500)
    W1, b1, W2, b2 = trained
    y_hat = torch.tanh(XOR @ W1.mT + b1) @ W2.mT + b2
    now = ((y_hat - names["y"]) ** 2).mean((1, 2))
    assert (now < 0.02).all(), "the parameters are those of the trained networks"
    torch.testing.assert_close(line, torch.full((5,), 0.25), rtol=0, atol=1e-3)
    assert (bent < 0.01).all()


@pytest.mark.parametrize("width", [1, 4, 16])
def test_interpolating_network_meets_its_knots(width):
    net = own.interpolating_network(own.wave, width)
    knots = torch.linspace(-1, 1, width + 1)
    torch.testing.assert_close(net(knots), own.wave(knots), rtol=0, atol=1e-4)
    middle = (knots[1:] + knots[:-1]) / 2  # on the straight line between two knots
    ends = own.wave(knots)
    torch.testing.assert_close(
        net(middle), (ends[1:] + ends[:-1]) / 2, rtol=0, atol=1e-4
    )


# -- forward and backward -----------------------------------------------------------


@pytest.mark.parametrize("widths", [(2, 2, 1), (3, 1), (5, 4, 3, 2), (4,) * 9], ids=str)
def test_backward_is_autograd(widths):
    generator = torch.Generator().manual_seed(1)

    def make(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    layers = [
        (make(n, m).requires_grad_(), make(n).requires_grad_())
        for m, n in zip(widths, widths[1:], strict=False)
    ]
    x, target = make(widths[0]), make(widths[-1])
    activations = own.forward(x, layers)
    a = x
    for (W, b), ours in zip(layers, activations[1:], strict=True):
        a = torch.sigmoid(F.linear(a, W, b))
        torch.testing.assert_close(ours, a)
    loss = 0.5 * ((a - target) ** 2).sum()
    theirs = torch.autograd.grad(loss, [p for layer in layers for p in layer])
    with torch.no_grad():
        ours = own.backward(own.forward(x, layers), target, layers)
    ours = [gradient for layer in ours for gradient in layer]
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_the_example_worked_by_hand():
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    bias = torch.tensor([0.1, 0.1], dtype=torch.float64)
    layers = [
        (torch.tensor([[0.1, 0.2], [0.3, 0.4]], dtype=torch.float64), bias),
        (torch.tensor([[0.5, 0.6]], dtype=torch.float64), bias[:1]),
    ]
    _, a1, y_hat = activations = own.forward(x, layers)
    assert a1.tolist() == pytest.approx([0.64566, 0.76852], abs=5e-6)
    assert y_hat.item() == pytest.approx(0.70764, abs=5e-6)
    assert 0.5 * (y_hat.item() - 1) ** 2 == pytest.approx(0.042738, abs=5e-7)
    (dW1, db1), (dW2, db2) = own.backward(activations, 1.0, layers)
    assert db2.tolist() == pytest.approx([-0.060486], abs=5e-7)
    assert db1.tolist() == pytest.approx([-0.006919, -0.006456], abs=5e-7)
    assert dW2[0].tolist() == pytest.approx([-0.039053, -0.046485], abs=5e-7)
    assert dW1[1].tolist() == pytest.approx([-0.006456, -0.012912], abs=5e-7)


@pytest.mark.parametrize(("depth", "batch_size"), [(1, 1), (3, 7), (6, 32)])
def test_what_the_forward_half_keeps(depth, batch_size):
    assert own.num_saved(depth, batch_size) == (depth + 1) * 64 * batch_size


# -- modules and initial weights ----------------------------------------------------


@pytest.mark.parametrize("sizes", [(784, 256, 10), (12, 5, 3)], ids=str)
def test_model(sizes):
    num_inputs, num_hiddens, num_outputs = sizes
    ours = own.MLP(*sizes)
    theirs = helpers.MLP((num_hiddens,), num_inputs, num_outputs)
    theirs[1].load_state_dict(ours.hidden.state_dict())
    theirs[3].load_state_dict(ours.output.state_dict())
    X = torch.rand(9, 1, 2, num_inputs // 2)
    assert torch.equal(ours(X), theirs(X))
    assert (ours(X) == ours.output(ours.hidden(X.flatten(1)).clamp(min=0))).all()
    count = (num_inputs + 1) * num_hiddens + (num_hiddens + 1) * num_outputs
    assert sum(p.numel() for p in ours.parameters()) == count


def test_init_with_fills_weights_and_clears_biases():
    net = helpers.MLP((300, 400), 200, 10)
    net.apply(own.init_with(nn.init.kaiming_normal_))
    for layer in net:
        if isinstance(layer, nn.Linear):
            expected = math.sqrt(2 / layer.in_features)
            assert layer.weight.std().item() == pytest.approx(expected, rel=0.05)
            assert not layer.bias.any()


def test_layer_by_layer_gives_activations_and_error_signals():
    X, y = torch.rand(300, 1, 2, 3), torch.randint(4, (300,))
    examples = helpers.Examples(X, y)
    own.layer_by_layer.__globals__["data"] = type("Data", (), {"train": examples})
    net = helpers.MLP((5, 7), 6, 4)
    activations, signals = own.layer_by_layer(net)
    assert [a.shape[1] for a in activations] == [5, 7]
    assert [d.shape for d in signals] == [(256, 5), (256, 7), (256, 4)]
    assert torch.equal(activations[0], net[1](X[:256].flatten(1)).relu())
    loss = F.cross_entropy(net(X[:256]), y[:256])
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    biases = torch.autograd.grad(loss, [layer.bias for layer in linear])
    for signal, expected in zip(signals, biases, strict=True):
        torch.testing.assert_close(signal.sum(0), expected)


def test_a_unit_that_is_0_for_every_input_is_dead():
    net = helpers.MLP((4, 2), 3, 2)
    with torch.no_grad():
        net[1].bias.copy_(torch.tensor([-100.0, 1.0, -100.0, -100.0]))
        net[3].weight.zero_()
        net[3].bias.copy_(torch.tensor([1.0, -1.0]))
    X = torch.rand(20, 3)
    assert own.dead_shares(net, X) == [0.75, 0.5]


@pytest.mark.parametrize("f", [torch.tanh, torch.relu])
def test_spread_follows_the_signal(f):
    found = own.spread(f, (2 / 64) ** 0.5, num_layers=6, width=64)
    assert len(found) == 7 and found[0] == pytest.approx(1, abs=0.05)
    if f is torch.relu:  # Kaiming's start keeps the mean square, not the deviation
        assert all(0.5 < std < 1.1 for std in found)
    assert own.spread(f, 1e-3, num_layers=6, width=64)[-1] < 1e-9


def test_smooth_relatives_of_relu():
    z = torch.linspace(-20, 20, 81, dtype=torch.float64)
    torch.testing.assert_close(own.silu(z), F.silu(z))
    torch.testing.assert_close(own.gelu(z), F.gelu(z))
    assert own.sigma(0.6) == pytest.approx(0.64566, abs=5e-6)


# -- pictures -----------------------------------------------------------------------


def test_show_planes_draws_a_line_that_parts_the_classes():
    H = torch.relu(XOR.sum(1, keepdim=True) + torch.tensor([[0.0, -1.0]]))
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    left, right = figures.show_planes(XOR, H, y).axes
    assert len(left.lines) == 2
    (named,) = (line for line in right.lines if "h_1" in line.get_label())
    assert named.get_label() == "$h_1 - 2h_2 = 1/2$"
    assert named.get_label() in [t.get_text() for t in right.get_legend().texts]
    (x0, x1), (y0, y1) = right.lines[2].get_data()
    assert x0 - 2 * y0 == x1 - 2 * y1 == 0.5
    above = (y1 - y0) * (H[:, 0] - x0) < (x1 - x0) * (H[:, 1] - y0)
    assert above.tolist() == [True, False, False, True]


def test_networks_trained_together_are_those_trained_alone():
    """Three rates and two seeds side by side, and each of them by its own loop."""
    own = taught("03", "init_with", "train_together")
    points = make_points("spirals", n_train=50, n_val=50)
    rates, seeds, epochs = (0.1, 0.4, 1.0), (3, 4), 30
    together = own.train_together((5, 4), rates, seeds, points, num_epochs=epochs)
    found = together(points.val)
    assert found.shape == (3, 2)
    for i, lr in enumerate(rates):
        for j, seed in enumerate(seeds):
            with seeded(seed):
                init = own.init_with(nn.init.kaiming_normal_)
                net = models.MLP((5, 4), 2, 2, init=init)
            optimizer = torch.optim.SGD(net.parameters(), lr=lr)
            for _ in range(epochs):  # 50 points make one batch
                loss = F.cross_entropy(net(points.train.X), points.train.y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            right = (net(points.val.X).argmax(1) == points.val.y).float().mean()
            assert found[i, j].item() == pytest.approx(right.item(), abs=0.021)
