"""Chapter 8: cells whose slips no shown number betrays, run or read apart."""

import importlib
import re
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    BatchNorm,
    Bottleneck,
    Choice,
    IntSlider,
    LogSlider,
    Residual,
    ResNet,
    seeded,
)
from tests.taught import source_of, taught, text_of

importlib.import_module("torchvision.models")  # after helpers, which mends it
own = taught("08", "small_images", "small_net", "imagenet_net", "gradient_sizes")


@pytest.fixture(scope="module")
def data():
    return own.small_images("digits")


def run_cell(cell_id: str, **names) -> dict:
    """The names of a cell after it has run with these ones."""
    space = {
        "torch": torch,
        "nn": nn,
        "F": F,
        "partial": partial,
        **names,
    }
    exec(source_of("08", cell_id), space)
    return space


def layers_of(net):
    """How many layers with weights stand in the way of the signal."""
    kinds = nn.Conv2d, nn.Linear
    return sum(
        isinstance(m, kinds)
        for name, m in net.named_modules()
        if "shortcut" not in name
    )


def test_the_first_four_networks_differ_in_depth_and_shortcuts_alone(data):
    seen = []

    def train(net, images, **settings):
        weights = [p.detach().clone() for p in net.parameters()]
        seen.append((net, images, settings, weights))

    space = run_cell(
        "deeper-code", ResNet=ResNet, seeded=seeded, train=train, data=data,
        plot_curves=lambda runs: None,
    )  # fmt: skip
    assert all(images is data.train for _, images, _, _ in seen)
    assert all(settings == seen[0][2] for _, _, settings, _ in seen)
    for (name, net), (trained, *_) in zip(space["nets"].items(), seen, strict=True):
        assert net is trained
        kind, layers = re.fullmatch(r"(\w+), (\d+) layers", name).groups()
        assert layers_of(net) == int(layers)
        skips = {bool(block.skip) for stage in net.stages for block in stage}
        assert skips == {kind == "residual"}
    plain, residual = seen[0][3], seen[1][3]
    assert plain[0].equal(residual[0]), "the same seed"


def test_three_kinds_of_networks_are_measured_at_four_depths(data):
    made = []

    def resnet(num_blocks, channels, **options):
        made.append((num_blocks, channels, options))
        return ResNet(num_blocks, channels, **options)

    def sizes(net, X, y):
        assert len(X) == len(y) == 64
        kind = made[-1][2]
        value = 1e-9 if "norm" in kind else 20.0 if "skip" in kind else 5.0
        return [value, 3.0, 1.0]

    space = run_cell(
        "ratios-measured", ResNet=resnet, seeded=seeded, data=data, gradient_sizes=sizes
    )
    depths = {depth for by_depth in space["ratios"].values() for depth in by_depth}
    assert depths == {2 * blocks + 2 for (blocks,), _, _ in made}
    assert layers_of(ResNet((5,), (8,))) == 12
    assert space["kinds"] == {
        "plain, no norm": {"skip": 0, "norm": None},
        "plain, batch norm": {"skip": 0},
        "residual, batch norm": {},
    }
    assert space["ratios"]["plain, batch norm"][22] == 20.0, "first over last"


def test_a_thousand_layers_are_a_thousand(data):
    built = []

    def resnet(num_blocks, channels, **options):
        built.append((num_blocks, options))
        return ResNet((1,), channels, **options)

    space = run_cell(
        "thousand", ResNet=resnet, seeded=seeded, data=data,
        gradient_sizes=own.gradient_sizes, print=lambda line: None,
    )  # fmt: skip
    assert all(2 * blocks == 1000 for (blocks,), _ in built)
    options = [options for _, options in built]
    assert dict(zip(space["found"], options, strict=True)) == {
        "plain, no norm": {"skip": 0, "norm": None},
        "plain, batch norm": {"skip": 0},
        "residual": {},
        "pre-activation": {"pre_activation": True},
    }


def test_the_family_on_the_meta_device_is_named_by_its_layers():
    stages = run_cell("resnets-code")["stages"]
    space = run_cell("imagenet-code", stages=stages)
    shown = []
    run_cell(
        "resnets-figure", imagenet_net=space["imagenet_net"], Residual=Residual,
        Bottleneck=Bottleneck,
        figures=type("F", (), {"show_network": lambda net, X: shown.append((net, X))}),
    )  # fmt: skip
    ((net, shape),) = shown
    assert shape == (1, 3, 224, 224) and layers_of(net) == 34
    for depth in (18, 34, 50):
        assert f"{depth}: imagenet_net(" in source_of("08", "resnets-figure")


def test_the_network_for_photographs_takes_them_to_a_quarter_before_the_stages():
    net = own.imagenet_net((1, 1), Residual, (64, 80), num_classes=7).eval()
    h = torch.rand(1, 3, 64, 96)
    for layer in net[:4]:
        h = layer(h)
    assert h.shape == (1, 64, 16, 24)
    assert net(torch.rand(2, 3, 64, 96)).shape == (2, 7)


def test_the_lab_trains_what_the_panel_starts_with(data):
    seen, knobs = [], {}

    def train(net, images, val, **settings):
        seen.append((net, settings))
        return "history"

    space = run_cell(
        "baseline", ResNet=ResNet, BatchNorm=BatchNorm, seeded=seeded, train=train,
        data=data, plot_curves=lambda history: None,
    )  # fmt: skip
    run_cell(
        "panel", small_net=space["small_net"], small_images=own.small_images,
        BatchNorm=BatchNorm, history=space["history"], Choice=Choice,
        IntSlider=IntSlider, LogSlider=LogSlider,
        TuningPanel=lambda *_, **named: knobs.update(named),
    )  # fmt: skip
    ((net, settings),) = seen
    assert settings["lr"] == knobs["lr"].start
    assert settings["num_epochs"] == knobs["num_epochs"].start
    assert knobs["batch_size"].start == settings["batch_size"]
    assert layers_of(net) == 6 * knobs["num_blocks"].start + 2 == 14
    assert net.stem[0].out_channels == knobs["width"].start == 16
    assert knobs["kind"].start == "residual" and knobs["norm"].start is BatchNorm
    words = {14: "fourteen", 16: "sixteen"}
    assert f"a residual network of {words[14]} layers" in text_of("08", "lab")
    assert f"{words[16]} channels wide" in text_of("08", "lab")


def test_the_panel_can_be_set_to_what_its_questions_ask():
    knobs = {}
    run_cell(
        "panel", small_net=None, small_images=None, BatchNorm=BatchNorm, history=None,
        Choice=Choice, IntSlider=IntSlider, LogSlider=LogSlider,
        TuningPanel=lambda *_, **named: knobs.update(named),
    )  # fmt: skip
    for name, values in {
        "num_blocks": (1, 5),
        "width": (8, 32),
        "lr": (0.002, 0.2),
        "norm": ("none", "group"),
        "kind": ("plain", "residual", "pre-activation"),
        "num_epochs": (4,),
    }.items():
        for value in values:
            knobs[name].check(name, value)
    assert layers_of(own.small_net("plain", 5, 8, BatchNorm)) == 32
    sizes = [
        sum(
            p.numel()
            for p in own.small_net("residual", n, width, BatchNorm).parameters()
        )
        for n, width in ((1, 32), (5, 8))
    ]
    assert f"{sizes[0] / sizes[1]:.1f} times as many" in text_of("08", "panel-answers")
