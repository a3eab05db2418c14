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
from helpers.chapters.batch_normalization.signal import (
    INPUTS,
    ROUNDING,
    SIZES,
    STEPS,
    trained,
)
from helpers.figures import COLORS
from helpers.words import number

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
def test_initial_weights_do_not_depend_on_the_norm(norm):
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
        scene = explorers.rates.scene(initial_weights=weights)
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
    says = explorers.rates.scene(initial_weights="Kaiming").says
    for (lowest, rate, good), kind in zip(told(says), ("", "batch"), strict=True):
        last = losses(5, "ReLU", "Kaiming", kind)[:, -8:].mean(1)
        best = int(np.nanargmin(last))
        assert lowest == pytest.approx(last[best], abs=0.006)
        assert rate == pytest.approx(RATES[best], rel=0.01)
        assert good == (last < GUESSING / 2).sum()
    lost = int((~np.isfinite(losses(5, "ReLU", "Kaiming", ""))).any(1).sum())
    assert lost > 0 and f"; at {lost} rates the loss is not a number (×)." in says
    says = explorers.rates.scene(depth=10, initial_weights="too large, 1").says
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
    assert len(found) == STEPS + 1
    history = train(net, digits(), num_epochs=1, lr=0.1, batch_size=64, seed=0)
    losses_of_steps = [float(step["loss"]) for step in found[:8]]
    assert losses_of_steps == pytest.approx(history.step_loss, rel=1e-3)
    # after one epoch: the first batch of the second
    order = torch.Generator().manual_seed(0)
    list(minibatches(digits(), 64, order))
    X, y = next(minibatches(digits(), 64, order))
    ends = [k for k, m in enumerate(net) if isinstance(m, nn.Linear)]
    H, outputs, inputs = X, [], []
    for a, b in zip(ends, ends[1:], strict=False):
        place = next(k for k in range(a, b) if isinstance(net[k], nn.ReLU))
        inputs.append(net[a:place](H))
        H = net[place:b](inputs[-1])
        H.retain_grad()
        outputs.append(H)
    loss = F.cross_entropy(net[-1](H), y)
    net.zero_grad()
    loss.backward()
    look, step = {"rel": 2e-2}, found[8]
    for of, layers in (("activations", outputs), ("inputs", inputs)):
        spread = [H.detach().std(0).square().mean().sqrt().item() for H in layers]
        assert step[f"spread of {of}"] == pytest.approx(spread, **look)
    by_weights = [net[k].weight.grad.norm().item() for k in ends[:-1]]
    assert step["norm of weights"] == pytest.approx(by_weights, **look)
    by_activations = [H.grad.norm().item() for H in outputs]
    assert step["norm of activations"] == pytest.approx(by_activations, **look)
    # rounding moves values over the edge of their bin, and none much farther
    centered = [(H - H.mean(0)).detach() for H in inputs]
    gradients = [net[k].weight.grad for k in ends[:-1]], [H.grad for H in outputs]
    for of, layers, bins in (
        ("inputs", centered, INPUTS),
        ("weights", gradients[0], SIZES),
        ("activations", gradients[1], SIZES),
    ):
        for counts, values in zip(step[of], layers, strict=True):
            values = values.flatten().double().numpy()
            with np.errstate(divide="ignore"):
                values = np.log10(np.abs(values)) if bins.log else values
            edges = np.linspace(bins.low, bins.high, bins.num + 1)
            inside = values.clip(bins.low, bins.high)
            expected, _ = np.histogram(inside, edges)
            beyond = np.cumsum(counts - expected)
            assert beyond[-1] == 0 and np.abs(beyond).max() <= 0.03 * len(values)


def test_the_panes_show_the_step_of_the_slider():
    for steps in (0, 1, STEPS):
        for of in ("weights", "activations"):
            scene = explorers.signal.scene(depth=5, steps=steps, gradient_of=of)
            assert scene.says.startswith(f"After {steps} step")
            for word, kind in (("without", ""), ("with", "batch")):
                found = trained(5, "sigmoid", "torch's", kind)[steps]
                spread = scene[f"spread {word}"]["xy"]
                assert spread[:, 0].tolist() == [1, 2, 3, 4, 5]
                assert spread[:, 1] == pytest.approx(found["spread of activations"])
                gradient = scene[f"gradient {word}"]["xy"][:, 1]
                assert gradient == pytest.approx(found[f"norm of {of}"])


# -- signal: histograms ---------------------------------------------------------------


def histograms(**values):
    return explorers.signal.scene(view="histograms", **values)


@pytest.mark.parametrize("depth, activation", [(5, "ReLU"), (20, "sigmoid")])
@pytest.mark.parametrize("norm", ["", *NORMS])
def test_a_histogram_counts_every_value_of_its_layer(depth, activation, norm):
    """64 images x 32 units; the first layer has 32 x 196 weights, others 32 x 32."""
    for step in trained(depth, activation, "torch's", norm)[:: STEPS // 4]:
        for of in ("inputs", "activations"):
            assert step[of].sum(1).tolist() == [64 * 32] * depth
        assert step["weights"].sum(1).tolist() == [32 * 196] + [32 * 32] * (depth - 1)
        assert min(step[of].min() for of in ("inputs", "weights", "activations")) >= 0


def spread_of(counts):
    """Standard deviation of the middles of the bins, the mean of a unit being 0."""
    middles = np.linspace(INPUTS.low, INPUTS.high, 2 * INPUTS.num + 1)[1::2]
    return np.sqrt((counts * middles**2).sum(-1) / counts.sum(-1))


@pytest.mark.parametrize("activation, least", [("sigmoid", 0.99), ("ReLU", 0.93)])
def test_with_batch_norm_every_layer_has_spread_one(activation, least):
    """Before the first step exactly. The histogram leaves out how far tails reach.

    Of five initial weights the histograms' spreads were 0.998 to 1.004 with sigmoid and
    0.953 to 1.004 with ReLU. The scale of a unit is learned: after 60 steps the spreads
    were 1.007 to 1.037 with sigmoid, 1.008 to 1.009 with ReLU.
    """
    start, *_, end = trained(20, activation, "torch's", "batch")
    # n - 1 instead of n, and eps
    assert start["spread of inputs"] == pytest.approx((64 / 63) ** 0.5, abs=0.01)
    found = spread_of(start["inputs"])
    assert least < found.min() and found.max() < 1.01
    assert end["spread of inputs"] == pytest.approx(1.02, abs=0.06)


@pytest.mark.parametrize(
    "activation, factor, reach", [("sigmoid", 0.138, 0.008), ("ReLU", 0.375, 0.058)]
)
def test_without_it_the_spread_shrinks_from_layer_to_layer(activation, factor, reach):
    """The mean factor from layer to layer, over layers 1 to 5.

    Five initial weights had 0.135 to 0.139 with sigmoid, 0.359 to 0.395 with ReLU; the
    band is the mean and four standard deviations.
    """
    start = trained(20, activation, "torch's", "")[0]
    spread, counts = start["spread of inputs"], start["inputs"]
    assert (spread[4] / spread[0]) ** 0.25 == pytest.approx(factor, abs=reach)
    middle = INPUTS.num // 2
    assert counts[0, middle] < 0.3 * 64 * 32 and counts[-1, middle] == 64 * 32


def test_the_histograms_are_those_of_the_step_with_the_highest_bin_above():
    for steps, of in ((0, "weights"), (40, "activations")):
        scene = histograms(depth=5, activation="ReLU", steps=steps, gradient_of=of)
        for word, kind in (("without", ""), ("with", "batch")):
            found = trained(5, "ReLU", "torch's", kind)[steps]
            for name in ("inputs", of):
                image = scene[f"{name} {word}"]
                shares = found[name] / found[name].sum(1, keepdims=True)
                assert (0.6 * image["values"][::-1].T) ** 2 == pytest.approx(shares)
                assert tuple(image["x"]) == (0.5, 5.5)
        one, two, three, four = scene.panes
        assert tuple(one.ends[1]) == tuple(two.ends[1]) == (-4, 4)
        assert tuple(three.ends[1]) == tuple(four.ends[1]) == (-12, 4), "powers of ten"


def test_the_histograms_are_told_apart():
    scene = histograms(depth=5, gradient_of="activations")
    titles = [pane.title for pane in scene.panes]
    assert titles == ["without norm", "with norm"] * 2
    assert [pane.labels[1] for pane in scene.panes] == [
        "input, less its unit's mean",
        "",
        "gradient of the activations",
        "",
    ]
    for pane, color in zip(scene.panes, 2 * COLORS[:2], strict=True):
        (image,) = pane.marks
        assert image["color"] == pane.color == color
        assert pane.labels[0] == "layer"


def test_the_sentence_has_the_spread_of_the_last_layer():
    for values in ({}, {"activation": "ReLU", "norm": "layer", "steps": 30}):
        says = histograms(depth=10, **values).says
        assert says.startswith(explorers.signal.scene(depth=10, **values).says)
        activation, steps = values.get("activation", "sigmoid"), values.get("steps", 0)
        steps_of = (
            trained(10, activation, "torch's", kind)[steps]
            for kind in ("", values.get("norm", "batch"))
        )
        spreads = [float(step["spread of inputs"][-1]) for step in steps_of]
        spreads = [number(s) if s > ROUNDING else "10⁻⁷ or less" for s in spreads]
        assert says.endswith(
            "Over the images, what a unit of the last hidden layer gives to its "
            f"activation has a standard deviation of {spreads[0]} without "
            f"normalization and of {spreads[1]} with it."
        )


def test_layer_norm_keeps_images_alike_that_are():
    """It compares the units of one image, and the images do not differ in them."""
    layer, batch = (
        trained(20, "sigmoid", "torch's", norm)[0]["spread of inputs"]
        for norm in ("layer", "batch")
    )
    assert layer[0] > 0.5 and layer[-1] < 1e-6, "five initial weights: at most 1e-7"
    assert batch.min() > 0.9


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
        "initial_weights": "Kaiming",
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
