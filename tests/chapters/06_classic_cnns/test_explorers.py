"""Explorers of chapter 6: what they say and draw is what the networks are."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from helpers import GoogLeNet, Inception, LeNet, layer_table
from helpers.chapters.classic_cnns import explorers, kernel_machine
from helpers.chapters.classic_cnns.inception_branches import (
    C_IN,
    FIRST,
    PRESETS,
    branches_of,
    weights_of,
)
from helpers.chapters.classic_cnns.kernel_machine import border, circles, kernels, rbf
from helpers.chapters.classic_cnns.layer_by_layer import feature_maps
from helpers.chapters.classic_cnns.network_diagram import (
    MOST,
    SHOWN,
    SMALL,
    TORCHVISION,
    rows_of,
)
from helpers.figures.plane import SIDE, plane_of
from helpers.words import number

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
    # the largest alone has the other colour, and whatever is as large
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


# -- layer_by_layer -----------------------------------------------------------------


class Odd(nn.Module):
    """Not a Sequential, with a ReLU in place and a dropout."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True), nn.Dropout(0.9), nn.MaxPool2d(2)
        )
        self.head = nn.Linear(3 * 13 * 13, 10)

    def forward(self, X):
        return self.head(self.features(X).flatten(1))


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(2)
    return torch.rand(4, 1, 28, 28, generator=generator)


@pytest.mark.parametrize("make", [LeNet, GoogLeNet, Odd])
def test_the_maps_are_the_networks(make, images):
    torch.manual_seed(0)
    net = make()
    shown = explorers.layer_by_layer(net, images)
    options = [label for label, _ in shown.controls["layer"].options]
    if make is GoogLeNet:  # an Inception block is one layer
        layers = [*net[0], *list(net)[1:6]]
    else:
        layers = list(net.features) if make is Odd else list(net)[:6]
    net.eval()
    expected, X = [], images[2:3]
    for layer in layers:
        X = layer(X.clone())
        expected.append(X[0].clone())
    assert len(options) == len(expected)
    for name, maps in zip(options, expected, strict=True):
        shown.set(image=2, layer=name)
        maps = maps.detach()
        low, high = min(0.0, maps.min().item()), maps.max().item()
        for k, one in enumerate(maps):
            values = shown.scene[f"{name} {k}"]["values"][..., 0]
            gray = (one - low) / (high - low) if high > low else 0 * one
            assert values == pytest.approx(gray.numpy(), abs=1e-5)
        c, h, w = maps.shape
        assert f"makes {c} map{'s' * (c > 1)} of {h} × {w} from" in shown.sentence
        empty = int((maps == 0).flatten(1).all(1).sum())
        number = {0: "none is", 1: "1 is"}.get(empty, f"{empty} are")
        assert f"; {number} 0 everywhere." in shown.sentence
    pixels = shown.scene["pixels"]["values"]
    assert pixels[..., 1] == pytest.approx(images[2, 0].numpy())


def test_one_channel_keeps_the_scale_of_its_layer(images):
    torch.manual_seed(0)
    net = LeNet()
    with torch.no_grad():
        net[0].weight[4], net[0].bias[4] = 0, -1  # a map that ReLU makes 0
    shown = explorers.layer_by_layer(net, images)
    shown.set(layer="2 ReLU")
    assert "; 1 is 0 everywhere." in shown.sentence
    together = shown.scene["2 ReLU 1"]["values"]
    assert not shown.scene["2 ReLU 4"]["values"].any()
    shown.set(channel=2)
    assert (shown.scene["2 ReLU 1"]["values"] == together).all()
    with pytest.raises(KeyError):
        shown.scene["2 ReLU 0"]
    shown.set(channel=5)
    assert "In channel 5, 100% of the values are 0." in shown.sentence
    shown.set(channel=16)
    assert "In channel 6, the last, " in shown.sentence


def test_the_value_that_is_opened_is_the_maps(images):
    torch.manual_seed(0)
    net = LeNet()
    shown = explorers.layer_by_layer(net, images)
    assert "handle" not in {m["kind"] for p in shown.scene.panes for m in p.marks}
    assert {"row", "column"} <= set(shown.view.controls), "they can be dragged later"
    shown.set(image=1, layer="4 conv 5 × 5", channel=3, row=4, column=7)
    value = feature_maps(net, images[1:2])["4 conv 5 × 5"].maps[2, 3, 6].item()
    assert f"At row 4, column 7 it has {number(value)}: " in shown.sentence
    assert ": 150 products from a window of 5 × 5 in 6 maps, with" in shown.sentence
    assert shown.scene["place"]["xy"].tolist() == [[7, 4]]
    assert shown.scene["map"].title == "channel 3 of 16, 10 × 10"
    assert shown.scene["in"].title == "goes in: 6 × 14 × 14"
    shown.set(row=28, column=28)  # beyond the map: its last
    assert "At row 10, column 10 it has " in shown.sentence
    shown.set(layer="3 average pooling")
    assert ": 4 products from a window of 2 × 2 in 1 map, with" in shown.sentence


def test_a_layer_with_one_map_says_so(images):
    net = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU())
    shown = explorers.layer_by_layer(net, images)
    shown.set(channel=1)
    assert shown.scene["map"].title == "its one channel, 26 × 26"


def test_looking_changes_no_network(images):
    net = Odd()
    before, state = torch.get_rng_state(), torch.clone(net.head.weight)
    maps = feature_maps(net, images[:1])
    assert net.training and not any(m._forward_hooks for m in net.modules())
    assert torch.get_rng_state().equal(before) and net.head.weight.equal(state)
    assert maps["1 conv 3 × 3"].maps.min() < 0, "not yet changed by the ReLU in place"
    for wrong in (images[0], images[:1], images.expand(-1, 3, -1, -1)):
        with pytest.raises(ValueError, match=r"expected \(n, 1, h, w\) with n of"):
            explorers.layer_by_layer(net, wrong)
    with pytest.raises(ValueError, match="Sequential has no two layers"):
        explorers.layer_by_layer(nn.Sequential(nn.Flatten(), nn.Linear(784, 2)), images)


# -- kernel_machine -----------------------------------------------------------------


def direct(gamma, lambda_):
    """Return coefficients and degrees of freedom by solving, without eigenvalues."""
    X = circles().train.X.double().numpy()
    K, y = rbf(X, X, gamma), 2.0 * circles().train.y.numpy() - 1
    regular = K + lambda_ * np.eye(len(K))
    return np.linalg.solve(regular, y), np.trace(np.linalg.solve(regular, K))


def test_the_kernel_falls_with_the_squared_distance():
    K = rbf(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 0.0]]), 0.02)
    assert K == pytest.approx(np.exp([[0.0], [-0.5]]))


STATES = [(0.1, 10.0), (0.1, 0.1), (10.0, 0.001), (3.0, 0.01), (10.0, 20.0)]


@pytest.mark.parametrize("gamma, lambda_", STATES)
def test_the_kernel_machine_solves_ridge_regression(gamma, lambda_):
    scene = explorers.kernel_machine.scene(gamma=gamma, lambda_=lambda_)
    alpha, freedom = direct(gamma, lambda_)
    assert f"freedom: {freedom:.1f} of 200" in scene.says
    shares = scene["shares"]["xy"][:, 1]
    assert shares.sum() == pytest.approx(freedom, rel=1e-6)
    assert (np.diff(shares) <= 1e-12).all()
    X = circles().train.X.double().numpy()
    for word in ("train", "val"):
        part = getattr(circles(), word)
        scores = rbf(part.X.double().numpy(), X, gamma) @ alpha
        accuracy = ((scores > 0) == (part.y.numpy() == 1)).mean()
        name = {"train": "training", "val": "validation"}[word]
        assert f"{name} accuracy {accuracy:.3f}" in scene.says
        drawn = np.concatenate([scene[f"{word} {k}"]["xy"] for k in (0, 1)])
        assert len(drawn) == 200 and (drawn[:100] == part.X[part.y == 0].numpy()).all()
    grid = rbf(plane_of(circles()).grid.double().numpy(), X, gamma) @ alpha
    signed = scene["orange"]["values"] - scene["blue"]["values"]
    expected = 0.5 * grid.reshape(SIDE, SIDE).clip(-1, 1)
    assert signed == pytest.approx(expected, abs=1e-6)
    # on the border the score is 0, as far as it is linear between cells
    places = scene["border"]["xy"]
    places = places[np.isfinite(places).all(1)]
    on_border = rbf(places, X, gamma) @ alpha
    assert np.abs(on_border).max() < 0.1 * np.abs(grid).max()


def test_both_parts_have_the_same_labels_and_other_points():
    """So a vector of labels does not tell which part it is of; the points do."""
    train, val = circles().train, circles().val
    assert train.y.equal(val.y) and not train.X.equal(val.X)
    states = {(p["gamma"], p["lambda_"]) for p in kernel_machine.PRESETS.values()}
    assert states <= set(STATES)


def test_the_border_of_a_plane_is_a_straight_line():
    x, y = plane_of(circles()).grid.numpy().reshape(SIDE, SIDE, 2).transpose(2, 0, 1)
    places = border(x + 2 * y - 0.3)
    kept = places[np.isfinite(places).all(1)]
    assert kept @ [1, 2] == pytest.approx(np.full(len(kept), 0.3), abs=1e-6)
    assert len(kept) > 100 and np.ptp(kept[:, 0]) > 3
    assert len(border(np.ones((SIDE, SIDE)))) == 0


@pytest.mark.parametrize("gamma", [0.01, 0.3, 10.0, 100.0])
def test_degrees_of_freedom_fall_as_lambda_grows(gamma):
    def freedom(lambda_):
        scene = explorers.kernel_machine.scene(gamma=gamma, lambda_=lambda_)
        return scene["shares"]["xy"][:, 1].sum()

    found = [freedom(10.0**power) for power in (-4, -3, -2, -1, 0, 1, 2)]
    assert all(a > b for a, b in zip(found, found[1:], strict=False))
    assert 200 >= found[0] and found[-1] > 0


def test_presets_are_too_smooth_about_right_and_too_wiggly():
    shown = explorers.kernel_machine()
    assert shown.preset.value == "about right"
    found = {}
    for name in ("too smooth", "about right", "too wiggly"):
        shown.preset.value = name
        numbers = r"training accuracy (\S+), validation accuracy (\S+)\. .*: (\S+) of"
        found[name] = [float(v) for v in re.search(numbers, shown.sentence).groups()]
    smooth, right, wiggly = found.values()
    assert smooth[2] < right[2] < wiggly[2]
    assert right[1] > smooth[1] + 0.1 and right[1] > wiggly[1] + 0.05
    assert wiggly[0] > right[0] > smooth[0] + 0.1


def test_kernels_are_kept_while_lambda_moves():
    explorers.kernel_machine.scene(gamma=0.5, lambda_=1.0)
    misses = kernels.cache_info().misses
    explorers.kernel_machine.scene(gamma=0.5, lambda_=2.0)
    assert kernels.cache_info().misses == misses
