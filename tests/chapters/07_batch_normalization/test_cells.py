"""Chapter 7: cells whose slips no shown number betrays, run or read apart."""

import ast
import copy
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from helpers import (
    MLP,
    BatchNorm,
    Choice,
    IntSlider,
    LeNet,
    LogSlider,
    evaluate,
    kaiming_init,
    load_images,
    seeded,
)
from helpers import train as helpers_train
from tests.taught import source_of, taught, text_of


@pytest.fixture(scope="module")
def data():
    return load_images("digits")


def run_cell(cell_id: str, **names) -> dict:
    """The names of a cell after it has run with these ones."""
    space = {"torch": torch, "nn": nn, "F": F, "copy": copy, **names}
    exec(source_of("07", cell_id), space)
    return space


class Figures:
    """Takes down what would be drawn."""

    def __getattr__(self, name):
        return lambda *arguments: (name, *arguments)


def shown(cell_id: str, **names):
    """What the last expression of a cell is, with drawings taken down."""
    tree = ast.parse(source_of("07", cell_id))
    last = tree.body.pop()
    space = {"torch": torch, "nn": nn, "F": F, "figures": Figures(), **names}
    exec(compile(tree, cell_id, "exec"), space)
    return eval(compile(ast.Expression(last.value), cell_id, "eval"), space)


def test_the_first_three_networks_differ_in_what_their_names_say(data):
    """Ten layers each, from the same seed, at the same rate."""
    seen = []

    def train(net, images, **settings):
        seen.append((net, settings))

    run_cell(
        "ten-code", MLP=MLP, BatchNorm=BatchNorm, kaiming_init=kaiming_init,
        seeded=seeded, train=train, some=data.train, data=data,
        plot_curves=lambda runs: None,
    )  # fmt: skip
    plain, kaiming, normalized = (net for net, _ in seen)
    assert all(settings == seen[0][1] for _, settings in seen)
    kinds = [[type(m).__name__ for m in net] for net in (plain, kaiming, normalized)]
    assert kinds[0] == kinds[1] == ["Flatten", *["Linear", "ReLU"] * 10, "Linear"]
    assert kinds[2] == ["Flatten", *["Linear", "BatchNorm", "ReLU"] * 10, "Linear"]
    assert kaiming[3].bias.abs().sum() == 0 and plain[3].bias.abs().sum() > 0
    spread = kaiming[3].weight.std().item()
    assert spread == pytest.approx((2 / 64) ** 0.5, rel=0.05)
    assert plain[1].weight.equal(normalized[1].weight)  # the same initial weights


def test_a_look_ahead_goes_along_the_gradient_and_leaves_the_network(data):
    own = taught("07", "ahead", "flat")
    with seeded(0):
        net = MLP((8,))
    X, y = data.train.X[:32], data.train.y[:32]
    start, weights = F.cross_entropy(net(X), y), list(net.parameters())
    gradient = torch.autograd.grad(start, weights)
    before = [p.detach().clone() for p in weights]
    slope = own.flat(gradient).square().sum().item()
    for size in (0.0, 1e-3):
        loss, change = own.ahead(net, gradient, X, y, size)
        assert loss == pytest.approx(start.item() - size * slope, abs=1e-4)
        assert (change == 0) == (size == 0)
    assert all(map(torch.equal, before, weights))


def test_constants_for_mean_and_variance_change_the_gradient_alone():
    own = taught("07", "Constants")
    X, outputs, gradients = torch.randn(9, 3), [], []
    for norm in (BatchNorm, own.Constants):
        inputs = X.clone().requires_grad_()
        outputs.append(norm(3)(inputs))
        outputs[-1].square().mul(torch.arange(9.0)[:, None]).sum().backward()
        gradients.append(inputs.grad)
    torch.testing.assert_close(*outputs)
    known, ignored = (gradient.sum(0).abs() for gradient in gradients)
    assert known.max() < 1e-3 < 1 < ignored.min()


def test_inputs_are_standardized_column_by_column():
    kept = {}

    def descent(X, num_steps):
        kept[num_steps] = X
        return [1.0]

    shown("inputs-figure", descent=descent)
    raw, scaled, standardized = (kept[n] for n in (20_000, 2_000, 200))
    torch.testing.assert_close(scaled.std(0), torch.ones(2))
    assert (scaled.mean(0) > 1).all() and raw.std(0)[1] > 20 * raw.std(0)[0] * 0.9
    torch.testing.assert_close(standardized.std(0), torch.ones(2))
    assert standardized.mean(0).abs().max() < 1e-5


def test_only_the_lower_half_learns_on(data):
    nets = []

    def train(net, images, **settings):
        nets.append([p.requires_grad for p in net.parameters()])
        return helpers_train(net, images, num_epochs=1, lr=0.1, batch_size=64)

    run_cell(
        "inside-frozen", MLP=MLP, BatchNorm=BatchNorm, kaiming_init=kaiming_init,
        seeded=seeded, train=train, evaluate=evaluate, data=data,
        some=data.train.take(200), print=lambda *words: None,
    )  # fmt: skip
    everything, plain, free, _, normalized, _ = nets
    assert all(everything) and all(free)
    assert plain == [True] * 4 + [False] * 4  # weight and bias of four layers
    # weight, bias, gamma and beta of a hidden layer
    assert normalized == [True] * 8 + [False] * 6


def test_either_the_norms_or_everything_is_trained(data):
    trained = []

    def train(net, *rest, **settings):
        trained.append({name for name, p in net.named_parameters() if p.requires_grad})
        return type("History", (), {"train_accuracy": [0.5]})

    run_cell(
        "only-gamma-code", MLP=MLP, BatchNorm=BatchNorm, seeded=seeded, train=train,
        some=None, data=data,
    )  # fmt: skip
    some, everything = trained
    net = MLP((256,) * 3, norm=BatchNorm)
    norms = {
        f"{name}.{what}"
        for name, layer in net.named_modules()
        if isinstance(layer, BatchNorm)
        for what in ("weight", "bias")
    }
    assert some == norms and everything == {name for name, _ in net.named_parameters()}


def test_an_image_is_compared_among_two_sets_of_neighbors(data, capsys):
    some = data.train.take(200)

    def train(net, images, **settings):
        return helpers_train(net, images, num_epochs=1, lr=0.1, batch_size=64)

    run_cell(
        "modes-code", LeNet=LeNet, BatchNorm=BatchNorm, seeded=seeded, train=train,
        some=some, data=data,
    )  # fmt: skip
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("train:") and float(first.split()[-1]) > 0.1
    assert second.startswith("eval:") and float(second.split()[-1]) < 1e-3


def test_the_folded_layer_is_the_pair_in_one(data):
    def train(net, images, **settings):
        return helpers_train(net, images, num_epochs=1, lr=0.1, batch_size=64)

    space = run_cell(
        "fold-code", fuse_conv_bn_eval=fuse_conv_bn_eval, LeNet=LeNet,
        BatchNorm=BatchNorm, seeded=seeded, train=train,
        some=data.train.take(200), data=data, print=lambda *words: None,
    )  # fmt: skip
    net, folded = space["net"], space["folded"]
    assert len(folded) == len(net) - 1 and isinstance(folded[0], nn.Conv2d)
    X = data.val.X[:3]
    torch.testing.assert_close(folded[0](X), net[1](net[0](X)), atol=1e-5, rtol=1e-4)
    assert not folded[0].weight.equal(net[0].weight)


def test_both_lenets_of_the_lab_begin_alike(data):
    seen = []

    def train(net, images, val, **settings):
        seen.append((net, settings))

    run_cell(
        "baseline", LeNet=LeNet, BatchNorm=BatchNorm, kaiming_init=kaiming_init,
        seeded=seeded, train=train, some=data.train, data=data,
        plot_curves=lambda runs: None,
    )  # fmt: skip
    (plain, first), (normalized, second) = seen
    assert first == second
    assert not any(isinstance(m, BatchNorm) for m in plain)
    assert sum(isinstance(m, BatchNorm) for m in normalized) == 4
    assert plain[0].weight.equal(normalized[0].weight)


def test_statistics_are_compared_on_the_validation_images(data):
    judged, trained = [], []

    def noting(net, images):
        judged.append(images)
        return type("Result", (), {"accuracy": 0.5})

    shown(
        "stale-code",
        copy=copy, BatchNorm=BatchNorm, LeNet=LeNet, seeded=seeded, data=data,
        some=data.train.take(256), evaluate=noting,
        train=lambda net, images, **how: trained.append((images, how["lr"])),
    )  # fmt: skip
    assert len(judged) == 6 and all(images is data.val for images in judged)
    assert [lr for _, lr in trained] == [0.1, 0.3, 1.0]


def test_the_panel_can_be_set_to_what_its_questions_ask():
    norms = run_cell("families", BatchNorm=BatchNorm, LeNet=LeNet, MLP=MLP)
    knobs = {}
    run_cell(
        "panel", **{k: norms[k] for k in ("norms", "normalized_net", "four_thousand")},
        BatchNorm=BatchNorm, history=None, Choice=Choice, IntSlider=IntSlider,
        LogSlider=LogSlider, TuningPanel=lambda *_, **named: knobs.update(named),
    )  # fmt: skip
    text = text_of("07", "panel-questions") + text_of("07", "panel-answers")
    asked = {
        "depth": map(int, re.findall(r"depth (\d+)", text)),
        "batch_size": map(int, re.findall(r"batches of (\d+)", text)),
        "lr": [
            float(number)
            for found in re.findall(r"rate ([\d.]+\d)|from ([\d.]+) to (\d+) it|"
                                    r"at ([\d.]+) it is only slow, at (\d+)", text)
            for number in found if number
        ],
        "num_epochs": [4],
        "activation": re.findall(r"(sigmoid|tanh|ReLU) units", text),
        "norm": ["none", "batch", "layer", "group"],
        "family": re.findall(r"\. (MLP|LeNet) of", text),
    }  # fmt: skip
    for name, values in asked.items():
        values = list(values)
        assert values, name
        for value in values:
            knobs[name].check(name, value)
