"""Explorers of chapter 7: what they say and draw is what the networks do."""

import math
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    MLP,
    BatchNorm,
    kaiming_init,
    load_images,
    minibatches,
    seeded,
    train,
)
from helpers.chapters.batch_normalization import explorers
from helpers.chapters.batch_normalization.batch_statistics import (
    FEATURES,
    batches,
    feature,
    law,
)
from helpers.chapters.batch_normalization.networks import (
    NORMS,
    STARTS,
    digits,
    network,
)
from helpers.chapters.batch_normalization.rates import GUESSING, RATES, losses
from helpers.chapters.batch_normalization.signal import STEPS, trained

# -- the networks -------------------------------------------------------------------


def test_the_digits_are_standardized_and_halved():
    X = digits().X
    assert X.shape == (512, 196)
    assert X.mean() == pytest.approx(0, abs=1e-5) and X.std() == pytest.approx(1)
    image = load_images("digits").train.X[7, 0]
    means = image.view(14, 2, 14, 2).mean((1, 3)).flatten()
    assert np.corrcoef(means, X[7])[0, 1] == pytest.approx(1)


def test_a_network_is_the_mlp_of_the_course():
    with seeded(3):
        plain = MLP((32,) * 4, 196, 10, init=kaiming_init)
    with seeded(3):
        normalized = MLP((32,) * 4, 196, 10, init=kaiming_init, norm=BatchNorm)
    X = digits().X[:9]
    assert torch.equal(network(4, "ReLU", "Kaiming", "", 3)(X), plain(X))
    assert torch.equal(network(4, "ReLU", "Kaiming", "batch", 3)(X), normalized(X))
    kinds = [type(m).__name__ for m in network(1, "sigmoid", "Kaiming", "")]
    assert kinds == ["Linear", "Sigmoid", "Linear"]
    after = network(1, "sigmoid", "torch's", "batch, after the activation")
    assert [type(m).__name__ for m in after][1:3] == ["Sigmoid", "BatchNorm"]
    layer = network(1, "ReLU", "torch's", "layer")
    expected = F.relu(F.layer_norm(layer[0](X), (32,)))
    torch.testing.assert_close(layer[:3](X), expected)


@pytest.mark.parametrize("norm", ["", *NORMS])
def test_first_weights_do_not_depend_on_the_norm(norm):
    for name, sd in zip(STARTS, (3**-0.5 / 14, (2 / 196) ** 0.5, 0.01, 1), strict=True):
        linear = [
            [m for m in network(2, "ReLU", name, n) if isinstance(m, nn.Linear)]
            for n in ("", norm)
        ]
        assert linear[0][0].weight.std().item() == pytest.approx(sd, rel=0.05)
        for a, b in zip(*linear, strict=True):
            assert torch.equal(a.weight, b.weight) and torch.equal(a.bias, b.bias)


# -- rates --------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_a_point_is_a_run_of_train(norm):
    scene = explorers.rates.scene(depth=2, norm=norm, lr=0.1)
    for word, kind in (("without", ""), ("with", norm)):
        net = network(2, "ReLU", "torch's", kind, 0)
        history = train(net, digits(), num_epochs=10, lr=0.1, batch_size=64, seed=0)
        curve = scene[f"{word} curve"]["xy"]
        assert curve[:, 0].tolist() == list(range(1, 81))
        assert curve[:, 1] == pytest.approx(history.step_loss, rel=2e-3)
        x, y = scene[f"{word} inside"]["xy"][6]
        assert x == pytest.approx(0.1)
        assert y == pytest.approx(history.train_loss[-1], rel=2e-3)


def test_every_run_is_drawn_inside_above_or_as_diverged():
    seen = set()
    for weights in ("too large, 1", "torch's"):
        scene = explorers.rates.scene(first_weights=weights)
        for word, kind in (("without", ""), ("with", "batch")):
            last = losses(5, "ReLU", weights, kind)[:, -8:].mean(1)
            drawn = {}
            for name in ("inside", "above 4", "not a number"):
                for x, y in scene[f"{word} {name}"]["xy"]:
                    drawn[x] = (name, y)
            assert sorted(drawn) == pytest.approx(RATES)
            for (_, (name, y)), value in zip(sorted(drawn.items()), last, strict=True):
                fits = {
                    "inside": value <= 4 and y == pytest.approx(value),
                    "above 4": value > 4 and 3.5 < y < 4,
                    "not a number": not math.isfinite(value) and 3.5 < y < 4,
                }
                assert fits[name], (value, name, y)
                seen.add(name)
    assert seen == {"inside", "above 4", "not a number"}


def told(says):
    """Return lowest loss, its rate, and how many rates are good, of both arms."""
    pattern = r"lowest loss is ([\d.]+), at ([\d.]+); (\d+) of 13 rates reach less"
    return [[float(v) for v in found] for found in re.findall(pattern, says)]


def test_the_sentence_counts_the_rates():
    says = explorers.rates.scene(first_weights="Kaiming").says
    for (lowest, rate, good), kind in zip(told(says), ("", "batch"), strict=True):
        last = losses(5, "ReLU", "Kaiming", kind)[:, -8:].mean(1)
        best = int(np.nanargmin(last))
        assert lowest == pytest.approx(last[best], abs=0.006)
        assert rate == pytest.approx(RATES[best], rel=0.01)
        assert good == (last < GUESSING / 2).sum()
    lost = int((~np.isfinite(losses(5, "ReLU", "Kaiming", ""))).any(1).sum())
    assert lost > 0 and f"and at {lost} the loss is not a number (×)." in says
    says = explorers.rates.scene(depth=10, first_weights="too large, 1").says
    assert says.startswith("Without normalization, the loss is not a number at all 13")


def test_normalization_widens_the_range_of_rates_and_does_not_remove_it():
    for activation in ("ReLU", "sigmoid"):
        scene = explorers.rates.scene(activation=activation)
        without, with_ = told(scene.says)
        assert without[2] == 0 and with_[2] >= 3 and with_[0] < without[0] - 1
    scene = explorers.rates.scene()
    last = scene["with inside"]["xy"][:, 1]
    assert last[0] > 2 and last[-1] > GUESSING, "too small and too large a rate"


def test_only_the_arm_with_the_norm_is_trained_anew():
    explorers.rates.scene(norm="batch")
    misses = losses.cache_info().misses
    for lr in (0.001, 0.3, 10.0):
        explorers.rates.scene(norm="batch", lr=lr)
    assert losses.cache_info().misses == misses
    before = explorers.rates.scene(norm="batch")["without"]["xy"]
    after = explorers.rates.scene(norm="layer")["without"]["xy"]
    np.testing.assert_equal(before, after)


def test_the_chosen_run_is_that_of_the_nearest_rate():
    for lr, nearest in ((0.001, 0), (0.14, 6), (0.15, 7), (10.0, 12)):
        curve = explorers.rates.scene(depth=2, lr=lr)["with curve"]["xy"][:, 1]
        found = losses(2, "ReLU", "torch's", "batch")[nearest]
        assert curve == pytest.approx(found)


# -- signal -------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["", "batch", "batch, after the activation"])
def test_the_signal_is_that_of_a_network_trained_by_train(norm):
    net = network(5, "ReLU", "Kaiming", norm)
    found = trained(5, "ReLU", "Kaiming", norm)
    history = train(net, digits(), num_epochs=1, lr=0.1, batch_size=64, seed=0)
    assert found.loss[:8] == pytest.approx(history.step_loss, rel=1e-3)
    # after one epoch: the first batch of the second
    order = torch.Generator().manual_seed(0)
    list(minibatches(digits(), 64, order))
    X, y = next(minibatches(digits(), 64, order))
    ends = [k for k, m in enumerate(net) if isinstance(m, nn.Linear)]
    H, outputs = X, []
    for a, b in zip(ends, ends[1:], strict=False):
        H = net[a:b](H)
        H.retain_grad()
        outputs.append(H)
    loss = F.cross_entropy(net[-1](H), y)
    net.zero_grad()
    loss.backward()
    look = {"rel": 2e-2}
    spread = [H.detach().std(0).square().mean().sqrt().item() for H in outputs]
    assert found.spread[8] == pytest.approx(spread, **look)
    by_weights = [net[k].weight.grad.norm().item() for k in ends[:-1]]
    assert found.gradients["weights"][8] == pytest.approx(by_weights, **look)
    by_activations = [H.grad.norm().item() for H in outputs]
    assert found.gradients["activations"][8] == pytest.approx(by_activations, **look)


def test_the_panes_show_the_step_of_the_slider():
    for steps in (0, 1, STEPS):
        for of in ("weights", "activations"):
            scene = explorers.signal.scene(depth=5, steps=steps, gradient_of=of)
            assert scene.says.startswith(f"After {steps} step")
            for word, kind in (("without", ""), ("with", "batch")):
                found = trained(5, "sigmoid", "torch's", kind)
                spread = scene[f"spread {word}"]["xy"]
                assert spread[:, 0].tolist() == [1, 2, 3, 4, 5]
                assert spread[:, 1] == pytest.approx(found.spread[steps])
                gradient = scene[f"gradient {word}"]["xy"][:, 1]
                assert gradient == pytest.approx(found.gradients[of][steps])


def ratios(**values):
    """Return the verbs and the ratios of both arms."""
    says = explorers.signal.scene(**values).says
    pattern = r"gradient (\w+) .*?where it is ([\d.,]+)(?: × 10(\S+))? times"
    powers = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    return [
        (verb, float(digit.replace(",", "")) * 10 ** int(power.translate(powers) or 0))
        for verb, digit, power in re.findall(pattern, says)
    ]


def test_what_vanishes_and_what_explodes():
    """Errors E31 and E32: it depends on activation, weights and normalization."""
    (without, small), (with_, kept) = ratios(depth=10, gradient_of="activations")
    assert without == "vanishes" and small < 1e-6
    assert with_ == "arrives" and 0.1 < kept < 10
    deep = {
        "depth": 50,
        "activation": "ReLU",
        "first_weights": "Kaiming",
        "gradient_of": "activations",
    }
    (without, kept), (with_, large) = ratios(**deep)
    assert without == "arrives" and 0.01 < kept < 100
    assert with_ == "explodes" and large > 1e3


def test_the_steps_are_trained_once():
    explorers.signal.scene(depth=5, steps=0)
    misses = trained.cache_info().misses
    for steps in (1, 30, STEPS):
        explorers.signal.scene(depth=5, steps=steps, gradient_of="activations")
    assert trained.cache_info().misses == misses


# -- batch_statistics ---------------------------------------------------------------


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("of", ["mean", "variance"])
def test_the_law_is_that_of_many_batches(name, of):
    true = feature(name)
    rng = np.random.default_rng(5)
    for B in (2, 3, 16, 256):
        drawn = rng.choice(true.values, (20_000, B))
        errors = (
            (drawn.mean(1) - true.mean) / true.std
            if of == "mean"
            else drawn.var(1) / true.std**2 - 1
        )
        center, spread = law(name, B, of)
        assert errors.std() == pytest.approx(spread, rel=0.06)
        assert errors.mean() == pytest.approx(center, abs=4 * spread / 20_000**0.5)
        if of == "mean":
            assert spread == pytest.approx(B**-0.5)


def test_the_shapes_of_the_distributions():
    normal, skewed, unit, pixel = (feature(name) for name in FEATURES)
    assert normal.kurtosis == pytest.approx(3, abs=0.1)
    assert skewed.kurtosis == pytest.approx(9, abs=0.5)
    assert len(unit.values) == len(pixel.values) == 512
    assert set(pixel.values) <= set(digits().X[:, 105].double().tolist())


@pytest.mark.parametrize("name", ["normal", "a hidden unit before ReLU"])
@pytest.mark.parametrize("batch_size", [2, 37, 256])
def test_the_dots_are_batches_and_their_spread_is_said(name, batch_size):
    true, drawn = feature(name), batches(name, batch_size, 200)
    for of in ("mean", "variance"):
        scene = explorers.batch_statistics.scene(
            values=name, batch_size=batch_size, statistic=of
        )
        xy = scene["errors"]["xy"]
        expected = [
            (row.mean() - true.mean) / true.std
            if of == "mean"
            else row.var() / true.std**2 - 1
            for row in drawn
        ]
        assert xy[:, 1] == pytest.approx(expected) and (xy[:, 0] == batch_size).all()
        pattern = rf"The {of}s of batches of {batch_size} spread by (\S+) σ²? \(the l"
        said = float(re.match(pattern, scene.says)[1])
        assert said == pytest.approx(np.std(expected), rel=0.006)


def test_the_example_is_normalized_as_by_batch_norm():
    drawn, true = batches("skewed", 8, 200), feature("skewed")
    rows = torch.tensor(drawn)
    rows[:, -1] = true.mean + 2 * true.std
    layer = nn.BatchNorm1d(1).double()
    expected = torch.stack([layer(row[:, None])[-1, 0] for row in rows])
    scene = explorers.batch_statistics.scene(values="skewed", batch_size=8, example=2.0)
    said = re.search(r"at 2.00 σ becomes (\S+) ± (\S+)\. After", scene.says).groups()
    assert float(said[0]) == pytest.approx(expected.mean().item(), abs=0.006)
    assert float(said[1]) == pytest.approx(expected.std(correction=0).item(), abs=0.006)
    edges = np.linspace(-4, 4, 33)
    counts, _ = np.histogram(expected.detach(), edges)
    assert scene["shares"]["lengths"] == pytest.approx(counts / 200)
    assert scene["shares"]["at"][0] == pytest.approx(-3.875)


def test_of_two_examples_each_becomes_plus_or_minus_one():
    scene = explorers.batch_statistics.scene(batch_size=2, values="normal")
    bars = scene["shares"]
    near = np.abs(np.abs(bars["at"]) - 1) < 0.2
    assert bars["lengths"][near].sum() > 0.97


def test_the_running_mean_is_that_of_batch_norm():
    for momentum in (0.02, 1.0):
        layer = nn.BatchNorm1d(1, momentum=momentum).double()
        course = [0.0]
        for row in batches("normal", 16, 200)[:100]:
            layer(torch.tensor(row)[:, None])
            course.append(layer.running_mean.item())
        scene = explorers.batch_statistics.scene(momentum=momentum)
        assert scene["course"]["xy"][:, 1] == pytest.approx(course)
        assert f"running mean is {course[-1]:.3g}, the true" in scene.says
    assert scene["means"]["xy"][:, 1] == pytest.approx(course[1:])
