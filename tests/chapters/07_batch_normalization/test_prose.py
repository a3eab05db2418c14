"""Chapter 7: what its sentences say is computed anew, as the numbers in them ask."""

import json
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import BatchNorm, LeNet, layer_table
from helpers.chapters.batch_normalization import explorers, rates
from helpers.chapters.batch_normalization.signal import trained
from tests.taught import notebook_path, taught


def text_of(cell_id: str) -> str:
    """The text of a cell, without its line breaks."""
    cells = json.loads(notebook_path("07").read_text("utf-8"))["cells"]
    (source,) = (cell["source"] for cell in cells if cell["id"] == cell_id)
    return " ".join("".join(source).split())


def groups(pattern: str, cell_id: str) -> tuple[str, ...]:
    """What a pattern finds in a cell; the sentence must still be there."""
    found = re.search(pattern, text_of(cell_id))
    assert found, f"{cell_id}: no longer says {pattern!r}; change this test with it"
    return found.groups()


def as_number(text: str) -> float:
    return float(text.replace(",", ""))


# -- the layer -----------------------------------------------------------------------


def test_the_running_averages_move_as_the_formula_says():
    said = groups(
        r"\\leftarrow (0\.\d)\\,\\bar\\mu \+ (0\.\d)\\,\\mu_B.*\\leftarrow (0\.\d)"
        r"\\,\\bar\\sigma\^2 \+ (0\.\d)\\,\\frac\{m\}\{m-1\}",
        "running",
    )
    kept, new, kept_var, new_var = map(float, said)
    bn = nn.BatchNorm1d(1)
    bn.running_mean.fill_(3.0), bn.running_var.fill_(5.0)
    bn(torch.tensor([[1.0], [2.0], [3.0], [4.0]]))
    assert bn.running_mean.item() == pytest.approx(kept * 3 + new * 2.5)
    unbiased = 4 / 3 * 1.25
    assert bn.running_var.item() == pytest.approx(kept_var * 5 + new_var * unbiased)
    assert groups(r"root of (1\.25), and (1\.6667) goes", "running-more") == (
        "1.25", f"{unbiased:.4f}",
    )  # fmt: skip


def test_epsilon_and_the_first_gamma_and_beta_are_torchs():
    (power,) = groups(r"\$10\^\{-(\d)\}\$ in torch", "formula-more")
    bn = nn.BatchNorm2d(3)
    assert bn.eps == 10.0 ** -int(power)
    first, second = groups(r"start at (\d) and (\d)\.", "formula-more")
    assert bn.weight.tolist() == [float(first)] * 3
    assert bn.bias.tolist() == [float(second)] * 3


def test_the_formula_is_that_of_the_code():
    source = text_of("formula")
    assert r"\hat x_i = \frac{x_i - \mu_B}{\sqrt{\sigma_B^2 + \varepsilon}}" in source
    assert r"y_i = \gamma\, \hat x_i + \beta" in source
    own = taught("07", "batch_norm")
    x = torch.tensor([[1.0], [2.0], [3.0], [6.0]])
    Y = own.batch_norm(x, torch.tensor([2.0]), torch.tensor([7.0]), eps=0.5)
    torch.testing.assert_close(Y, 2 * (x - 3) / (3.5 + 0.5) ** 0.5 + 7)


def test_the_folded_formula_is_evaluation_mode():
    assert (
        r"\gamma\,\frac{Wx + b - \bar\mu}{\sqrt{\bar\sigma^2+\varepsilon}} + \beta"
        in (text_of("fold"))
    )
    torch.manual_seed(0)
    layer, bn = nn.Linear(4, 3), nn.BatchNorm1d(3)
    for p in (bn.weight, bn.bias, bn.running_mean, bn.running_var):
        p.data.uniform_(0.5, 2)
    x = torch.randn(5, 4)
    expected = (x @ layer.weight.T + layer.bias - bn.running_mean) / torch.sqrt(
        bn.running_var + bn.eps
    ) * bn.weight + bn.bias
    torch.testing.assert_close(bn.eval()(layer(x)), expected)


def test_lenet_gets_as_many_parameters_as_said():
    count, added, before = groups(
        r"LeNet with (\w+) batch normalizations.* add (\d+) parameters to ([\d,]+)\.",
        "where-read",
    )
    net = LeNet(norm=BatchNorm)
    assert count == "four" and sum(isinstance(m, BatchNorm) for m in net) == 4
    plain = layer_table(LeNet(), 1, 28, 28).parameters
    assert as_number(before) == plain
    assert int(added) == layer_table(net, 1, 28, 28).parameters - plain


def test_how_much_fresh_statistics_bring_in_the_stored_run():
    low, high = groups(r"run stored here by (\d+) to (\d+) points", "stale-read")
    cells = json.loads(notebook_path("07").read_text("utf-8"))["cells"]
    (cell,) = (cell for cell in cells if cell["id"] == "stale-code")
    alt = cell["outputs"][0]["metadata"]["image/png"]["alt"]
    pairs = re.findall(r"rate [\d.]+, ([\d.]+) and ([\d.]+\d)", alt)
    points = sorted(round(100 * (float(b) - float(a))) for a, b in pairs)
    assert len(points) == 3
    assert [points[0], points[-1]] == [int(low), int(high)]


def test_two_images_become_one_and_minus_one():
    said = "With a batch of 2 there are only two bars, at 1 and −1"
    assert said in text_of("statistics-read")
    X = torch.randn(2, 50, generator=torch.Generator().manual_seed(0))
    values = F.batch_norm(X, None, None, training=True, eps=1e-12)
    torch.testing.assert_close(values.abs(), torch.ones(2, 50))
    assert (values.sum(0).abs() < 1e-5).all()


def test_the_brake_is_the_inverse_square():
    """The effective rate: a step changes scaled weights' direction as lr / scale^2."""
    assert "divided by the squared length of the weights" in text_of("scale-more")
    assert "a tenth of the gradient" in text_of("scale-read")
    X = torch.randn(20, 6, generator=torch.Generator().manual_seed(0)).double()
    y = torch.randn(20, 4, generator=torch.Generator().manual_seed(1)).double()

    def turned(scale, lr):
        W = torch.ones(4, 6, dtype=torch.float64).triu().requires_grad_()
        scaled = (scale * W.detach()).requires_grad_()
        out = F.batch_norm(X @ scaled.T, None, None, training=True, eps=1e-12)
        (slope,) = torch.autograd.grad((out - y).square().mean(), scaled)
        after = (scaled - lr * slope).detach()
        assert (slope * scaled).sum().abs() < 1e-6  # a right angle
        return after / scale - W.detach()

    torch.testing.assert_close(turned(10, 1.0), turned(1, 0.01))


# -- the signal ----------------------------------------------------------------------


def test_gradients_grow_by_a_fifth_per_layer():
    own = taught("07", "gradient_sizes")
    from helpers import load_images

    own.gradient_sizes.__globals__["some"] = load_images("digits").train.take(256)
    growth = {}
    for depth in (10, 50):
        sizes = own.gradient_sizes(depth, nn.ReLU, norm=BatchNorm)
        growth[depth] = sizes[0] / sizes[-1]
    (ten,) = groups(r"Ten layers make a factor of (\w+) of that", "signal-more")
    assert ten == "six" and 5 < growth[10] < 7
    kept, left, growing = groups(
        r"mean square of ([\d.]+)\..* variance that is left is only ([\d.]+): .* = "
        r"([\d.]+)\$ per layer",
        "signal-more",
    )
    h = torch.randn(10**6, generator=torch.Generator().manual_seed(0)).relu()
    assert h.square().mean().item() == pytest.approx(float(kept), abs=0.005)
    assert h.var().item() == pytest.approx(float(left), abs=0.005)
    assert (float(kept) / float(left)) ** 0.5 == pytest.approx(
        float(growing), abs=0.005
    )
    assert growth[50] ** (1 / 49) == pytest.approx(float(growing), abs=0.03)
    assert "fifty of ten thousand" in text_of("signal-more")
    assert "about ten thousandfold" in text_of("signal-read")
    assert 5_000 < growth[50] < 20_000
    hundred = own.gradient_sizes(100, nn.ReLU, norm=BatchNorm)
    assert "a hundred of a hundred million" in text_of("signal-more")
    assert 5e7 < hundred[0] / hundred[-1] < 3e8


def test_the_signal_explorers_ratios_are_those_said():
    (before,) = groups(
        r"is some ([\d,]+) times the last one's; after a single step it is a "
        r"few dozen times at most",
        "signal-explorer-read",
    )
    ratios = {}
    for steps in (0, 1, 20, 60):
        scene = explorers.signal.scene(activation="ReLU", depth=50, steps=steps)
        (found,) = re.findall(
            r"; with normalization .*? it is ([\d,.]+) times", scene.says
        )
        ratios[steps] = as_number(found)
        (loss,) = re.findall(r"\(loss ([\d.]+)\)\.$", scene.says)
        assert float(loss) == pytest.approx(np.log(10), abs=0.15)  # that of guessing
    assert ratios[0] == pytest.approx(as_number(before), rel=0.1)
    assert ratios[1] < 200  # it hangs on rounding
    learned = explorers.signal.scene(activation="ReLU", depth=10, steps=60).says
    assert float(re.findall(r"\(loss ([\d.]+)\)\.$", learned)[0]) < 1.8


def test_the_histograms_columns_are_those_said():
    """Sigmoid, from torch's initial weights: a seventh of the width in each layer."""
    (share,) = groups(
        r"A sigmoid layer leaves about a (\w+) of the width", "signal-explorer-read"
    )
    shares = {"sixth": 6, "seventh": 7, "eighth": 8}
    start = {
        norm: trained(20, "sigmoid", "torch's", norm)[0]["spread of inputs"]
        for norm in ("", "batch", "layer")
    }
    leaves = (start[""][1:5] / start[""][:4]).mean()
    assert round(1 / leaves) == shares[share]
    text = text_of("signal-explorer-read")
    assert "is the same bell, of standard deviation 1." in text
    assert np.round(start["batch"], 1).tolist() == [1.0] * 20
    assert "With layer normalization they become alike, too." in text
    assert start["layer"][-1] < 1e-6


def test_the_rates_that_work_are_those_said():
    count, low, high = groups(
        r"with it (\w+) do, from ([\d.]+) to ([\d.]+)\.", "rates-read"
    )
    found = {
        norm: rates.ends(rates.losses(5, "ReLU", "torch's", norm))
        for norm in ("", "batch")
    }
    good = [
        rate
        for rate, loss in zip(rates.RATES, found["batch"], strict=True)
        if loss < rates.GUESSING / 2
    ]
    assert count == "six" and len(good) == 6
    assert good[0] == pytest.approx(float(low), rel=0.02)
    assert good[-1] == pytest.approx(float(high), rel=0.03)
    assert not (found[""] < rates.GUESSING / 2).any()
    assert "four times Kaiming's, leave one rate" in text_of("rates-read")
    large = rates.ends(rates.losses(5, "ReLU", "too large, 1", "batch"))
    assert (large < rates.GUESSING / 2).sum() == 1


def test_kaimings_rates_are_those_said():
    (best,) = groups(
        r"learns too, at rates near ([\d.]+); at 1 it is lost", "rates-read"
    )
    for seed in range(3):
        plain, normalized = (
            rates.ends(rates.losses(5, "ReLU", "Kaiming", norm, seed))
            for norm in ("", "batch")
        )
        assert rates.RATES[plain.argmin()] == pytest.approx(float(best), rel=0.01)
        at_one = rates.RATES.index(1.0)
        assert plain[at_one] > 2.2  # guessing's is 2.30
        assert normalized[at_one] - normalized.min() < 0.15


# -- references ----------------------------------------------------------------------


def test_the_recall_answers_hold():
    answers = text_of("recall-questions")
    assert "The output stays, the gradient becomes a tenth." in answers
    assert "Its gradient is 0." in answers
    bn = nn.BatchNorm2d(3)
    assert len(bn.state_dict()) == 5  # four vectors and a counter
    assert "Which four vectors belong to the layer" in answers
    assert [name for name, _ in bn.named_parameters()] == ["weight", "bias"]


def test_group_norm_with_the_panels_settings_compares_the_units_of_one_image():
    assert "these three compare the units or pixels of one image" in text_of(
        "others-more"
    )
    X = torch.randn(4, 6, 3, 3, generator=torch.Generator().manual_seed(0))
    for groups_ in (1, 2, 6):
        norm = nn.GroupNorm(groups_, 6)
        torch.testing.assert_close(norm(X)[:1], norm(X[:1]))
