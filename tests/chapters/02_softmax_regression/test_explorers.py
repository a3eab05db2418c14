"""Chapter 2: what its explorers say and draw is what the notebook computes."""

import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from helpers.chapters.softmax_regression import explorers
from tests.taught import taught

own = taught("02", "log_sum_exp", "cross_entropy", "focal_loss", "accuracy")


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
    title = explorer.scene.sent()["panes"][1]["title"]
    assert title == f"softmax(o / T), T = {temperature:g}"


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


def test_decision_borders_color_each_place_by_its_class():
    """The colors at two places, far from the borders, and the rows from the top."""
    explorer = explorers.decision_borders(weight_factor=10.0)
    image = explorer.scene["regions"]
    assert (image["x"], image["y"]) == ((-3, 3), (-3, 3))
    _, _, W, b = explorers.border_path()
    for row, column, x in ((3, 40, (0.04, 2.74)), (70, 5, (-2.59, -2.29))):
        y_hat = torch.softmax(10 * (torch.tensor(x) @ W[-1] + b[-1]), 0)
        (k,) = (y_hat > 0.98).nonzero()[0]
        color = [int(explorers.COLORS[k][i : i + 2], 16) / 255 for i in (1, 3, 5)]
        assert image["values"][row, column] == pytest.approx(np.array(color), abs=0.03)


@pytest.mark.parametrize("factor", [0.1, 10.0])
@pytest.mark.parametrize("step", [1, 30, 100])
def test_on_a_border_two_classes_are_equal_and_the_third_is_no_larger(step, factor):
    explorer = explorers.decision_borders()
    explorer.set(training_steps=step, weight_factor=factor)
    xy = torch.tensor(explorer.scene["borders"]["xy"]).float()
    xy = xy[~xy.isnan().any(1)]
    assert len(xy) == 6 and xy.abs().max() <= 3
    _, _, W, b = explorers.border_path()
    most, second, third = (xy @ W[step] + b[step]).sort(1, descending=True).values.T
    assert torch.allclose(most, second, atol=1e-5) and (third <= second).all()
    middle, outside = xy.view(3, 2, 2).norm(dim=2).sort(1).values.T
    assert middle.max() < 0.2 and outside.min() > 2.9, "from the middle to the edge"


def test_without_a_step_there_is_no_border():
    explorer = explorers.decision_borders(training_steps=0)
    assert "borders" not in str(explorer.scene.sent())


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
