"""Chapter 3: what the explorers draw and say."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from helpers.chapters.multilayer_perceptrons import (
    approximation,
    depth,
    explorers,
)
from helpers.words import number

MODULES = {
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "ReLU": nn.ReLU(),
    "LeakyReLU": nn.LeakyReLU(),
}


# -- activations --------------------------------------------------------------------


@pytest.mark.parametrize("z", [-6.0, -1.0, 0.0, 0.5, 6.0])
@pytest.mark.parametrize("name", MODULES)
def test_activations_are_those_of_torch(name, z):
    at = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    value = MODULES[name](at)
    value.backward()
    explorer = explorers.activations()
    explorer.set(activation=name, z=z, layers=1)
    assert explorer.sentence.startswith(f"{name}({z:.2f}) is ".replace("-", "−"))
    said = re.search(r"is ([−\d.]+) and", explorer.sentence)[1].replace("−", "-")
    assert float(said) == pytest.approx(value.item(), abs=6e-5)
    slope = at.grad.item()
    assert f"its slope there is {number(slope)}. " in explorer.sentence
    # one layer: no weight stands between layers, so the factor is the slope
    assert explorer.sentence.endswith(f"is multiplied by {number(slope)}.")
    marks = [explorer.scene[name]["xy"][0] for name in ("value", "slope")]
    assert marks[0] == pytest.approx((z, value.item()))
    assert marks[1] == pytest.approx((z, slope))
    (x0, y0), (x1, y1) = explorer.scene["tangent"]["xy"]
    assert (y1 - y0) / (x1 - x0) == pytest.approx(slope), "the tangent has the slope"
    assert (y0 + y1) / 2 == pytest.approx(value.item()), "and touches at z"
    for k, curve in enumerate(("values", "slopes")):
        around, drawn = explorer.scene[curve]["xy"].T
        t = torch.tensor(around, requires_grad=True)
        both = MODULES[name](t), torch.autograd.grad(MODULES[name](t).sum(), t)[0]
        assert drawn == pytest.approx(both[k].detach().numpy())


@pytest.mark.parametrize("weight, layers", [(1.0, 3), (4.0, 10), (100.0, 5)])
def test_the_chain_is_that_of_autograd(weight, layers):
    """One sigmoid unit in each layer, every z 0: the gradient of the first bias."""
    first = b = torch.zeros((), dtype=torch.float64, requires_grad=True)
    a = torch.sigmoid(first)
    for _ in range(layers - 1):
        b = -weight * a.detach()  # a bias that makes the next z 0
        a = torch.sigmoid(weight * a + b)
    a.backward()
    explorer = explorers.activations()
    explorer.set(activation="sigmoid", z=0.0, weight=weight, layers=layers)
    factor = first.grad.item()
    assert explorer.sentence.endswith(f"is multiplied by {number(factor)}.")
    n, drawn = explorer.scene["inside"]["xy"].T
    assert n.tolist() == list(range(1, layers + 1))
    assert drawn[-1] == pytest.approx(factor)


def test_what_leaves_the_picture_is_pale_and_said():
    scene = explorers.activations.scene(activation="ReLU", z=2.0, weight=50.0)
    assert scene["inside"]["xy"][:, 0].tolist() == list(range(1, 9))
    assert scene["outside"]["xy"].tolist() == [[9, 1e12], [10, 1e12]]
    assert scene["note"]["text"] == "pale: outside the picture"
    scene = explorers.activations.scene(activation="ReLU", z=-1.0)
    assert scene["note"]["text"] == "zero: below the picture"


def test_a_slope_of_zero_stops_the_chain():
    explorer = explorers.activations()
    explorer.set(activation="ReLU", z=1e-4)  # the 0 of a slider; torch's slope at 0
    assert explorer.sentence.startswith("ReLU(0.00) is 0.0000 and its slope there is 0")
    assert explorer.sentence.endswith("multiplied by 0.")


# -- approximation ------------------------------------------------------------------


@pytest.mark.parametrize("target", approximation.TARGETS)
def test_a_wider_network_never_fits_worse(target):
    y = approximation.TARGETS[target](approximation.X_TRAIN)
    errors = [
        np.mean((approximation.output(weights, approximation.X_TRAIN) - y) ** 2)
        for weights in approximation.networks(target)
    ]
    assert len(errors) == approximation.MOST
    assert np.all(np.diff(errors) <= 1e-15)
    assert errors[-1] < 1e-5 and errors[0] > 0.01


def test_the_network_is_one_of_torch():
    weights = approximation.networks("sin 6x")[4]
    w, b, c = torch.tensor(weights[:-1]).view(3, 5)
    net = nn.Sequential(nn.Linear(1, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    with torch.no_grad():
        net[0].weight.copy_(w[:, None])
        net[0].bias.copy_(b)
        net[2].weight.copy_(c[None])
        net[2].bias.fill_(weights[-1])
        y_hat = net(torch.tensor(approximation.X_SHOWN)[:, None]).squeeze(1)
    ours = approximation.output(weights, approximation.X_SHOWN)
    np.testing.assert_allclose(ours, y_hat.numpy(), atol=1e-12)


def test_the_jacobian_is_the_derivative():
    weights = np.random.default_rng(0).normal(size=7)
    f = lambda v: approximation.output(v, approximation.X_TRAIN)  # noqa: E731
    slopes = [(f(weights + h) - f(weights - h)) / 2e-6 for h in 1e-6 * np.eye(7)]
    found = approximation.jacobian(weights)
    np.testing.assert_allclose(found, np.stack(slopes, 1), atol=1e-7)


@pytest.mark.parametrize("target, few, enough", [("sin 6x", 2, 8), ("sin 20x", 4, 24)])
def test_it_fits_where_it_was_trained_and_nowhere_else(target, few, enough):
    errors = approximation.largest_errors(target)
    assert errors[few - 1, 0] > 0.5 and errors[enough - 1, 0] < 0.05
    assert errors[:, 1].min() > 0.5, "no width extrapolates"


def test_approximation_says_its_errors():
    explorer = explorers.approximation()
    for target, m in (("|x|", 1), ("sin 20x", 64)):
        explorer.set(target=target, num_hiddens=m)
        inside, beyond = approximation.largest_errors(target)[m - 1]
        units = "1 tanh unit" if m == 1 else f"{m} tanh units"
        assert explorer.sentence == (
            f"With {units}, {3 * m + 1} parameters, the network is at most "
            f"{number(inside)} away from {target} on −1 to 1, where it was fitted, "
            f"and up to {number(beyond)} away on 1 to 2."
        )
        x, y = explorer.scene["network"]["xy"].T
        weights = approximation.networks(target)[m - 1]
        assert y == pytest.approx(approximation.output(weights, x))
        distance = np.abs(y - explorer.scene["function"]["xy"][:, 1])
        seen = [distance[np.abs(x) <= 1].max(), distance[x >= 1].max()]
        assert seen == pytest.approx([inside, beyond], rel=0.1), "as far as it is drawn"
        for name, error in (("on −1 to 1", inside), ("on 1 to 2", beyond)):
            assert explorer.scene[name]["xy"][m - 1] == pytest.approx((m, error))


# -- depth --------------------------------------------------------------------------


@pytest.mark.parametrize("activation", depth.ACTIVATIONS)
def test_the_signal_is_that_of_a_torch_network(activation):
    sd, layers = 0.1, 4
    X, y, W, W_out = depth.drawn()
    net = nn.Sequential()
    for k in range(layers):
        net.append(nn.Linear(depth.WIDTH, depth.WIDTH, bias=False))
        net[-1].weight.data = sd * W[k].T.clone()
        net.append(MODULES[activation])
    loss = nn.functional.cross_entropy(net(X) @ W_out, y)
    loss.backward()
    found = depth.signal(activation, sd, layers)
    norms = torch.stack([m.weight.grad.norm() for m in net[::2]]).double()
    torch.testing.assert_close(found.gradients, norms, rtol=1e-4, atol=0)
    torch.testing.assert_close(found.activations[-1], net(X))
    torch.testing.assert_close(found.activations[0], X)
    assert found.deviations[-1].item() == pytest.approx(net(X).std().item(), rel=1e-4)


@pytest.mark.parametrize(
    "activation, weight_sd, words",
    [
        ("tanh", "0.01", "The gradient has vanished"),
        ("tanh", "Xavier", "The gradient arrives"),
        ("tanh", "1", "The gradient has exploded"),
        ("ReLU", "0.01", "The gradient has vanished"),
        ("ReLU", "Kaiming", "The gradient arrives"),
        ("ReLU", "1", "The gradient has exploded"),
        ("sigmoid", "Xavier", "The gradient has vanished"),
    ],
)
def test_depth_says_what_becomes_of_the_gradient(activation, weight_sd, words):
    explorer = explorers.depth()
    explorer.set(activation=activation, weight_sd=weight_sd, layers=20)
    found = depth.signal(activation, depth.INITS[weight_sd], 20)
    first, last = found.gradients[0].item(), found.gradients[-1].item()
    assert explorer.sentence.endswith(
        f"{words}: its norm is {number(last)} in layer 20 and {number(first)} in "
        "layer 1."
    )
    spread = number(found.deviations[-1].item())
    assert f"Layer 20: activations with standard deviation {spread}, " in (
        explorer.sentence
    )
    scene = explorer.scene
    norms = scene["gradient of the weights, norm"]["xy"]
    assert norms == pytest.approx(np.c_[range(1, 21), found.gradients])
    spreads = scene["activations, standard deviation"]["xy"]
    assert spreads == pytest.approx(np.c_[range(21), found.deviations])


def test_depth_draws_histograms_from_the_left_and_upward():
    scene = explorers.depth.scene(activation="ReLU", weight_sd="Kaiming", layers=5)
    image = scene["activations"]["values"]
    assert image.shape == (depth.BINS.num, depth.MOST + 1)
    assert (image[:, 6:] == 0).all() and (image[:, :6].max(0) > 0).all()
    below = image[depth.BINS.num // 2 + 1 :, 1:6]
    assert below.max() == 0 and image[: depth.BINS.num // 2, 1:6].max() > 0, (
        "none negative"
    )
    assert (image[depth.BINS.num // 2 + 1 :, 0] > 0).any(), "but for the input"


def test_xavier_and_kaiming_are_those_of_torch():
    weight = torch.empty(depth.WIDTH, depth.WIDTH)
    for name, init in (
        ("Xavier", nn.init.xavier_normal_),
        ("Kaiming", lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")),
    ):
        assert init(weight).std().item() == pytest.approx(depth.INITS[name], rel=0.03)


def test_what_leaves_float32_is_said():
    explorer = explorers.depth()
    explorer.set(activation="ReLU", weight_sd="1", factor=10.0, layers=30)
    assert "have left the range of float32" in explorer.sentence
    explorer.set(layers=1)
    assert "in the only hidden layer" in explorer.sentence


# -- the two passes -----------------------------------------------------------------


def test_the_passes_are_those_of_autograd():
    """Every number in the picture, and the order in which they come."""
    double = {"dtype": torch.float64, "requires_grad": True}
    W1 = torch.tensor([[0.1, 0.2], [0.3, 0.4]], **double)
    W2 = torch.tensor([[0.5, 0.6]], **double)
    b1, b2 = torch.full((2,), 0.1, **double), torch.full((1,), 0.1, **double)
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    a1 = torch.sigmoid(W1 @ x + b1)
    a2 = torch.sigmoid(W2 @ a1 + b2)
    found = torch.autograd.grad(0.5 * (a2 - 1).square().sum(), [W1, W2, b1, b2])
    expected = {
        f"value {k} {i}": f"{v:.4g}"
        for k, layer in enumerate((x, a1, a2))
        for i, v in enumerate(layer.tolist())
    }
    for k, (W, dW, db) in enumerate(zip((W1, W2), found, found[2:], strict=False)):
        for (j, i), value in np.ndenumerate(dW.numpy()):
            expected[f"weight {k} {i} {j}"] = f"{W[j, i].item():.4g}"
            expected[f"derivative {k} {i} {j}"] = f"{value:.3g}"
        for j, delta in enumerate(db.tolist()):
            expected[f"signal {k + 1} {j}"] = f"δ = {delta:.3g}"
    expected["target"] = f"target 1, ℓ = {0.5 * (a2 - 1).square().item():.4g}"
    (pane,) = explorers.passes().scene.panes
    written = {m["name"]: m["text"] for m in pane.marks if m["kind"] == "text"}
    assert written == {n: t.replace("-", "−") for n, t in expected.items()}


def test_the_backward_half_starts_at_the_output():
    explorer, come = explorers.passes(), {}
    for step in range(7):
        explorer.set(step=step)
        for mark in explorer.scene.panes[0].marks:
            if mark["kind"] == "text":
                come.setdefault(" ".join(mark["name"].split()[:2]), step)
    assert come == {
        "weight 0": 0,
        "weight 1": 0,
        "value 0": 0,
        "value 1": 1,
        "value 2": 2,
        "target": 2,
        "signal 2": 3,
        "derivative 1": 4,
        "signal 1": 5,
        "derivative 0": 6,
    }
