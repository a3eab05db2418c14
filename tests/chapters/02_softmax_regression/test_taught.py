"""Chapter 2: the notebook's own definitions agree with helpers' and with torch's."""

import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import helpers
from helpers import Examples
from helpers.chapters.softmax_regression import explorers
from tests.taught import taught

own = taught(
    "02",
    "naive_softmax",
    "softmax",
    "log_sum_exp",
    "cross_entropy",
    "focal_loss",
    "accuracy",
    "batches",
    "SoftmaxRegression",
)
SHAPES = [(1, 2), (5, 3), (64, 10), (7, 1)]
# As they come from a fresh network, from a sure one, and beyond what exp can take.
SCALES = [1.0, 30.0, 1e4]


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return request.param


@pytest.fixture(params=SCALES, ids=lambda scale: f"logits of {scale:g}")
def logits(request, shape):
    generator = torch.Generator().manual_seed(4)
    return request.param * torch.randn(shape, generator=generator)


@pytest.fixture
def y(logits):
    generator = torch.Generator().manual_seed(5)
    return torch.randint(logits.shape[1], (len(logits),), generator=generator)


def images(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.rand(n, 1, 4, 5, generator=generator)
    return Examples(X, torch.randint(3, (n,), generator=generator))


# -- what is computed from logits ---------------------------------------------------


def test_softmax(logits):
    torch.testing.assert_close(own.softmax(logits), torch.softmax(logits, -1))
    torch.testing.assert_close(own.softmax(logits[0]), torch.softmax(logits[0], -1))


def test_naive_softmax_is_right_only_below_the_overflow(shape):
    logits = 30 * torch.randn(shape, generator=torch.Generator().manual_seed(4)).tanh()
    torch.testing.assert_close(own.naive_softmax(logits), torch.softmax(logits, -1))
    assert own.naive_softmax(torch.tensor([1000.0, 0.0])).isnan().any()


def test_log_sum_exp(logits):
    torch.testing.assert_close(own.log_sum_exp(logits), torch.logsumexp(logits, -1))


def test_cross_entropy_and_its_gradient(logits, y):
    logits.requires_grad_()
    ours, theirs = own.cross_entropy(logits, y), F.cross_entropy(logits, y)
    torch.testing.assert_close(ours, theirs)
    (ours,) = torch.autograd.grad(ours, logits)
    (theirs,) = torch.autograd.grad(theirs, logits)
    torch.testing.assert_close(ours, theirs)


def test_focal_loss_without_focus_is_cross_entropy(logits, y):
    plain = F.cross_entropy(logits, y, reduction="none")
    torch.testing.assert_close(own.focal_loss(logits, y, gamma=0.0), plain)


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_loss_of_two_classes_is_that_of_torchvision(gamma):
    # Not at the top: torchvision needs what `import helpers` puts in order.
    from torchvision.ops import sigmoid_focal_loss

    z = torch.linspace(-6, 6, 101)
    y = torch.arange(101) % 2
    logits, alpha = torch.stack([0 * z, z], 1), torch.tensor([0.9, 0.1])
    ours = own.focal_loss(logits, y, gamma, alpha)
    theirs = sigmoid_focal_loss(z, y.float(), alpha=0.1, gamma=gamma)
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-4)


def test_accuracy(logits, y):
    assert own.accuracy(logits, y) == helpers.accuracy(logits, y)
    hits = sum(int(row.argmax()) == int(k) for row, k in zip(logits, y, strict=True))
    assert own.accuracy(logits, y) == pytest.approx(hits / len(y))


# -- batches, model, training -------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 8, 10, 64])
def test_batches(batch_size):
    examples = images(30)
    ours = own.batches(examples, batch_size, torch.Generator().manual_seed(6))
    theirs = helpers.minibatches(examples, batch_size, torch.Generator().manual_seed(6))
    for (X, y), (X_theirs, y_theirs) in zip(ours, theirs, strict=True):
        assert torch.equal(X, X_theirs)
        assert torch.equal(y, y_theirs)


def test_model():
    ours, theirs = own.SoftmaxRegression(20, 3), helpers.SoftmaxRegression(20, 3)
    theirs.load_state_dict(ours.state_dict())
    X = images(9).X
    assert ours(X).shape == (9, 3)
    assert torch.equal(ours(X), theirs(X))
    assert torch.equal(ours(X), X.flatten(1) @ ours.linear.weight.T + ours.linear.bias)


@pytest.mark.parametrize("seed", [0, 7])
def test_train_is_the_loop_of_the_notebook(seed):
    """With validation examples at hand, and in the order that belongs to the seed."""
    examples, val = images(50, seed=1), images(20, seed=2)
    net, plain = (own.SoftmaxRegression(20, 3) for _ in range(2))
    plain.load_state_dict(net.state_dict())
    history = helpers.train(
        net, examples, val, num_epochs=3, lr=0.5, batch_size=16, seed=seed
    )
    order = torch.Generator().manual_seed(seed)
    for _ in range(3):
        for X, y in own.batches(examples, 16, order):
            plain.zero_grad()
            own.cross_entropy(plain(X), y).backward()
            with torch.no_grad():
                for parameter in plain.parameters():
                    parameter -= 0.5 * parameter.grad
    nn_weights = nn.utils.parameters_to_vector
    torch.testing.assert_close(
        nn_weights(net.parameters()), nn_weights(plain.parameters())
    )
    assert history.val_accuracy[-1] == pytest.approx(
        own.accuracy(plain(val.X), val.y), abs=1e-6
    )


# -- explorers ----------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("o", [(1.0, 2.0, 3.0), (-5.0, 5.0, 0.0), (2.0, 2.0, 2.0)])
def test_softmax_temperature_says_and_draws_the_softmax(temperature, o):
    explorer = explorers.softmax_temperature()
    names = [name for name in explorer.controls if name != "temperature"]
    explorer.set(**dict(zip(names, o, strict=True)), temperature=temperature)
    expected = torch.softmax(torch.tensor(o) / temperature, 0)
    said = [float(p) for p in re.findall(r"\b[01]\.\d{3}\b", explorer.sentence)]
    assert said == pytest.approx(expected.tolist(), abs=6e-4)
    heights = explorer.scene["probabilities"]["lengths"]
    assert heights == pytest.approx(expected.numpy(), abs=1e-6)
    assert explorer.scene["logits"]["lengths"].tolist() == list(o)


def test_decision_borders_are_those_of_gradient_descent():
    X, y, W, b = explorers.border_path(num_steps=20, lr=0.3)
    weights, bias = torch.zeros(2, 3), torch.zeros(3)
    for step in range(20):
        torch.testing.assert_close(W[step], weights)
        torch.testing.assert_close(b[step], bias)
        weights.requires_grad_(), bias.requires_grad_()
        loss = own.cross_entropy(X @ weights + bias, y)
        slopes = torch.autograd.grad(loss, (weights, bias))
        weights = (weights - 0.3 * slopes[0]).detach()
        bias = (bias - 0.3 * slopes[1]).detach()


@pytest.mark.parametrize("factor", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("step", [0, 1, 100])
def test_decision_borders_say_accuracy_and_loss(step, factor):
    explorer = explorers.decision_borders()
    explorer.set(training_steps=step, weight_factor=factor)
    X, y, W, b = explorers.border_path()
    logits = factor * (X @ W[step] + b[step])
    assert explorer.sentence == (
        f"Accuracy {own.accuracy(logits, y):.2f}, "
        f"cross-entropy {own.cross_entropy(logits, y):.3f}."
    )
    for k in range(3):
        points = explorer.scene[f"class {k}"]["xy"]
        assert points == pytest.approx(X[y == k].double().numpy())


def test_decision_borders_colour_each_place_by_its_class():
    """The colours at two places, far from the borders, and the rows from the top."""
    explorer = explorers.decision_borders(weight_factor=10.0)
    image = explorer.scene["regions"]
    assert (image["x"], image["y"]) == ((-3, 3), (-3, 3))
    _, _, W, b = explorers.border_path()
    for row, column, x in ((3, 40, (0.04, 2.74)), (70, 5, (-2.59, -2.29))):
        y_hat = torch.softmax(10 * (torch.tensor(x) @ W[-1] + b[-1]), 0)
        (k,) = (y_hat > 0.98).nonzero()[0]
        color = [int(explorers.COLORS[k][i : i + 2], 16) / 255 for i in (1, 3, 5)]
        assert image["values"][row, column] == pytest.approx(np.array(color), abs=0.03)


@pytest.mark.parametrize("gamma", [0.0, 2.0, 5.0])
@pytest.mark.parametrize("p", [0.01, 0.5, 0.99])
def test_focal_factor_is_that_of_the_notebook(p, gamma):
    explorer = explorers.focal_factor()
    explorer.set(gamma=gamma, probability=p)
    logits, y = torch.tensor([[p, 1 - p]]).log(), torch.tensor([0])
    plain = F.cross_entropy(logits, y)
    focal = own.focal_loss(logits, y, gamma=gamma)
    said = [float(x) for x in re.findall(r"\d\.\d{4}", explorer.sentence)]
    expected = [plain.item(), (1 - p) ** gamma, focal.item()]
    assert said == pytest.approx(expected, abs=6e-5)
    assert explorers.focal_loss_of(p, gamma) == pytest.approx(focal.item(), rel=1e-4)
    ((x, y),) = explorer.scene["here"]["xy"]
    assert (x, y) == pytest.approx((p, focal.item()), rel=1e-4)
    curve = explorer.scene["focal"]["xy"]
    assert np.interp(p, *curve.T) == pytest.approx(y, abs=0.05), "the dot lies on it"
    assert (curve[:, 1] <= explorer.scene["plain"]["xy"][:, 1] + 1e-12).all()
