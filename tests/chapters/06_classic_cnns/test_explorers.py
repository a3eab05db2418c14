"""Explorers of chapter 6: what they say and draw is what the networks are."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from helpers import GoogLeNet, Inception, layer_table
from helpers.chapters.classic_cnns import explorers
from helpers.chapters.classic_cnns.inception_branches import (
    C_IN,
    FIRST,
    PRESETS,
    branches_of,
    weights_of,
)
from helpers.chapters.classic_cnns.network_diagram import (
    MOST,
    SHOWN,
    SMALL,
    TORCHVISION,
    rows_of,
)

NETWORKS = [*SMALL, *TORCHVISION]


# -- network_diagram ----------------------------------------------------------------


def built(name, width=1.0):
    """Return a network of the explorer and the shape of its input."""
    if name in SMALL:
        return SMALL[name](width), (1, 28, 28)
    from torchvision import models

    function, options = TORCHVISION[name]
    with torch.device("meta"):
        return getattr(models, function)(**options), (3, 224, 224)


@pytest.mark.parametrize("bars", SHOWN.values())
@pytest.mark.parametrize("name", NETWORKS)
def test_the_bars_are_the_layer_table(name, bars):
    scene = explorers.network_diagram.scene(network=name, bars=bars)
    net, shape = built(name)
    table = layer_table(net, *shape, depth=None)
    kinds = r"Conv2d|Linear|\w*Pool2d"
    bytes_ = 4 * sum(r.values for r in table if re.fullmatch(kinds, r.kind))
    total = bytes_ if bars == "memory" else getattr(table, bars)
    lengths = scene["bar"]["lengths"]
    assert lengths.sum() == pytest.approx(total)
    assert f": {table.parameters:,} parameters, {table.multiplications:,} mult" in (
        scene.says
    )
    share, layer = re.search(
        r"largest share of the \w+, ([\d.]+)%, is in layer (\d+),", scene.says
    ).groups()
    assert int(layer) == lengths.argmax() + 1
    assert float(share) == pytest.approx(100 * lengths.max() / total, abs=0.051)
    # the largest alone has the other color, and whatever is as large
    marked = [k for k, color in enumerate(scene["bar"]["color"]) if color == MOST]
    assert marked == np.flatnonzero(lengths == lengths.max()).tolist()
    for k in range(1, len(lengths) + 1):
        assert (scene[f"box {k}"]["color"] == MOST) == (k - 1 in marked)
    alike = re.search(r"As much is in layers? ([\d, ]+)\.", scene.says)
    also = [int(k) - 1 for k in alike[1].split(", ")] if alike else []
    assert also == marked[1:]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_boxes_are_the_network_in_its_order(name):
    scene = explorers.network_diagram.scene(network=name)
    net, shape = built(name)
    assert scene["out 0"]["text"] == " × ".join(map(str, shape))
    rows = rows_of(name, 1.0)[1]
    layers = [scene[f"layer {k}"]["text"] for k in range(1, len(rows) + 1)]
    convs = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    if "GoogLeNet" not in name:
        linear = sum(isinstance(m, nn.Linear) for m in net.modules())
        assert len(layers) == len(convs) + linear
        sides = [re.match(r"\d+ conv (\d+) ×", text) for text in layers]
        assert [int(m[1]) for m in sides if m] == [c.kernel_size[0] for c in convs]
    blocks = sum("nception" in type(m).__name__ for m in net.children())
    assert sum("Inception" in text for text in layers) == blocks
    # the last output is that of the network
    assert scene[f"out {len(rows)}"]["text"] in ("10", "1000", "10 × 1 × 1")


def test_known_networks_have_known_numbers():
    def said(name, bars="parameters"):
        return explorers.network_diagram.scene(network=name, bars=bars).says

    alex = said("AlexNet, full size")
    assert alex.startswith("AlexNet, full size: 61,100,840 parameters, 714,188,480 m")
    assert "61.8%, is in layer 6, linear with output 4096: 37,752,832." in alex
    assert alex.endswith("The 3 linear layers together: 96.0%.")
    assert said("LeNet").startswith("LeNet: 61,706 parameters, 416,520 mult")
    assert "132,863,336" in said("VGG-11, full size")
    assert "6,624,904" in said("GoogLeNet, full size")
    work = said("VGG-16, full size", "multiplications")
    assert "138,357,544" in work and "As much is in layers 4, 6, 7, 9, 10." in work
    assert said("NiN").endswith("There is no linear layer.")
    outs = [row.shape for row in rows_of("AlexNet, full size", 1.0)[1]]
    assert [s[1:] for s in outs[:5]] == [(27, 27), (13, 13), (13, 13), (13, 13), (6, 6)]


def test_the_width_moves_what_has_a_width():
    for name in NETWORKS:
        totals = [
            explorers.network_diagram.scene(network=name, width=w)["bar"][
                "lengths"
            ].sum()
            for w in (1.0, 2.0)
        ]
        fixed = name == "LeNet" or name in TORCHVISION
        assert totals[1] == totals[0] if fixed else totals[1] > 2 * totals[0], name
        says = explorers.network_diagram.scene(network=name, width=2.0).says
        assert says.endswith("the slider does not move it.") == fixed


def test_a_network_is_built_once_for_all_stops_of_the_slider_that_make_it():
    for name in ("GoogLeNet", "LeNet", "VGG-11, full size"):
        scenes = []
        for width in (1.45, 1.5, 1.55):
            scenes.append(explorers.network_diagram.scene(network=name, width=width))
            if width == 1.45:
                misses = rows_of.cache_info().misses
        assert rows_of.cache_info().misses == misses
        assert (scenes[0]["bar"]["lengths"] == scenes[2]["bar"]["lengths"]).all()
    work = layer_table(GoogLeNet(48), 1, 28, 28).multiplications
    says = explorers.network_diagram.scene(network="GoogLeNet", width=1.55).says
    assert f", {work:,} multiplications" in says


# -- inception_branches -------------------------------------------------------------

ODD = {"c1": 20, "c2_reduced": 30, "c2": 50, "c3_reduced": 7, "c3": 11, "c4": 5}


def pairs(v):
    return v["c1"], (v["c2_reduced"], v["c2"]), (v["c3_reduced"], v["c3"]), v["c4"]


@pytest.mark.parametrize("values", [FIRST, ODD])
def test_the_branches_are_those_of_an_inception_block(values):
    scene = explorers.inception_branches.scene(**values)
    block = Inception(C_IN, *pairs(values))
    branches = [block.branch1, block.branch2, block.branch3, block.branch4]
    convs = [[m for m in b if isinstance(m, nn.Conv2d)] for b in branches]
    weights = [sum(c.weight.numel() for c in row) for row in convs]
    lengths = scene["bars"]["lengths"]
    assert lengths[:4].tolist() == weights and lengths[4] == sum(weights)
    table = layer_table(block, C_IN, 28, 28, depth=None)
    outs = [row[-1].out_channels for row in convs]
    one = nn.Conv2d(C_IN, sum(outs), 3, padding=1, bias=False).weight.numel()
    assert lengths[5] == one
    assert scene.says.startswith(
        f"{' + '.join(map(str, outs))} = {sum(outs)} output channels; "
        f"{sum(weights):,} weights without biases and {table.multiplications:,} mult"
    )
    assert f"has {one:,}, {one / sum(weights):.2f} times as many." in scene.says
    # boxes are as wide as they have channels, and the output's lie side by side
    for k, row in enumerate(convs, 1):
        first = 2 if k == 4 else 1
        for n, conv in enumerate(row, first):
            box = scene[f"branch {k} layer {n}"]["xy"]
            assert np.ptp(box[:, 0]) == pytest.approx(0.94 * conv.out_channels / 256)
            text = scene[f"branch {k} layer {n} channels"]["text"]
            assert text == str(conv.out_channels)
    boxes = [scene[f"output {k}"]["xy"][:, 0] for k in (1, 2, 3, 4)]
    widths = np.array([np.ptp(box) for box in boxes])
    assert widths / widths.sum() == pytest.approx(np.array(outs) / sum(outs))
    assert [b.max() for b in boxes[:3]] == pytest.approx([b.min() for b in boxes[1:]])


def test_the_numbers_of_googlenets_first_block():
    shown = explorers.inception_branches()
    assert shown.preset.value == "GoogLeNet's first block"
    assert shown.sentence == (
        "64 + 128 + 32 + 32 = 256 output channels; 163,328 weights without biases and "
        "128,049,152 multiplications for one image. Without the 1 × 1 reductions there "
        "would be 393,216 weights, 2.41 times as many; one 3 × 3 convolution to 256 "
        "channels has 442,368, 2.71 times as many."
    )
    shown.preset.value = "the same, not reduced"
    assert shown.values == PRESETS["the same, not reduced"]
    assert "; 393,216 weights without biases" in shown.sentence
    assert "With the 1 × 1 reductions there would be 163,328 weights" in shown.sentence
    assert shown.sentence.endswith(" The reduced channels of c2 and c3 do nothing now.")
    before = shown.scene["bars"]["lengths"]
    shown.set(c2_reduced=5, c3_reduced=50)
    assert (shown.scene["bars"]["lengths"] == before).all()
    shown.set(reductions="with")
    assert "do nothing" not in shown.sentence
    shown.set(c4=33)
    assert shown.preset.value == "own"


def test_no_line_runs_through_the_name_of_a_layer():
    """Texts stand above their boxes: a line ends before the text, in pixels."""
    scene = explorers.inception_branches.scene()
    (pane,) = [p for p in scene.sent()["panes"] if p["name"] == "block"]
    _, _, _, height = pane["box"]
    names = [m for m in pane["marks"] if m["kind"] == "text" and "×" in m["text"]]
    assert len(names) == 7
    for k in (1, 2, 3, 4):
        xy = scene[f"path {k}"]["xy"]
        lines = xy.reshape(-1, 3, 2)[:, :2]  # from, to, a gap
        for mark in names:
            x, y = mark["xy"][0]
            bottom = y * height + mark["shift"][1]
            top = bottom - mark["size"]
            for (x0, y0), (_, y1) in lines:
                apart = y1 * height <= top or y0 * height >= bottom
                assert x0 != x or apart, mark["text"]


@pytest.mark.parametrize("k, out", [(3, 128), (5, 32)])
def test_a_reduction_saves_up_to_a_width_that_can_be_computed(k, out):
    """192 r + k k r out < k k 192 out: for r below k k 192 out / (192 + k k out)."""
    edge = k * k * C_IN * out / (C_IN + k * k * out)
    for reduced in range(1, C_IN + 1):
        widths = (1, (reduced, out), (1, 1), 1)
        if k == 5:
            widths = (1, (1, 1), (reduced, out), 1)
        with_, without = (weights_of(branches_of(*widths, r)[k // 2]) for r in (1, 0))
        assert (with_ < without) == (reduced < edge)
