"""Explorers of chapter 6: the maps of a network, and the kernel machine."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from helpers import GoogLeNet, LeNet
from helpers.chapters.classic_cnns import explorers, kernel_machine
from helpers.chapters.classic_cnns.kernel_machine import border, circles, kernels, rbf
from helpers.chapters.classic_cnns.layer_by_layer import feature_maps
from helpers.figures.plane import SIDE, plane_of
from helpers.words import number

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
