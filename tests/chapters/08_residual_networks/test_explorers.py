"""Explorers of chapter 8: what they say and draw is what the networks do."""

import copy
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from helpers import BatchNorm, ResNet, evaluate, kaiming_init, load_images, seeded
from helpers.chapters.residual_networks import explorers
from helpers.chapters.residual_networks.gradient_path import factors, path
from helpers.chapters.residual_networks.loss_surface import (
    GUESSING,
    PLACES,
    STATISTICS,
    directions,
    surface,
)
from helpers.chapters.residual_networks.networks import KINDS, images, trained
from helpers.chapters.residual_networks.remove_block import answers

BOTH = ("without skips", "with skips")  # as the loss surface names the networks
POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
NUMBER = r"([\d.,]*\d)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?"


def numbers(says):
    """Return all numbers of a sentence."""
    return [
        float(digits.replace(",", "")) * 10.0 ** int(power.translate(POWERS) or 0)
        for digits, power in re.findall(NUMBER, says)
    ]


# -- the networks -------------------------------------------------------------------


def test_the_digits_are_halved():
    data = load_images("digits")
    for part, n in (("train", 2000), ("test", 1000)):
        found, whole = getattr(images(), part), getattr(data, part)
        assert found.X.shape == (n, 1, 14, 14)
        means = whole.X[7, 0].view(14, 2, 14, 2).mean((1, 3))
        torch.testing.assert_close(found.X[7, 0], 3 * means)
        assert torch.equal(found.y, whole.y[:n])


def test_the_trained_networks_differ_in_their_shortcuts_alone():
    residual, plain = trained("residual", 20), trained("plain", 20)
    shapes = [{n: p.shape for n, p in net.named_parameters()} for net in
              (residual, plain)]  # fmt: skip
    more = shapes[0].keys() - shapes[1].keys()
    assert more and all("shortcut" in name for name in more)
    assert shapes[1].items() <= shapes[0].items()
    weights = [n for n in shapes[1] if re.search(r"conv\d.weight|head.*weight", n)]
    assert len(weights) + 1 == 20, "and the stem's"
    for net, least in ((residual, 0.9), (plain, 0.5)):
        assert not net.training and evaluate(net, images().test).accuracy > least


# -- gradient_path ------------------------------------------------------------------

WEIGHTS = {"torch's": lambda layer: None, "Kaiming": kaiming_init}


@pytest.mark.parametrize("block", ["ReLU behind the sum", "pre-activation"])
@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("weights, skip", [("torch's", 0.0), ("Kaiming", 0.3),
                                           ("torch's", 1.0)])  # fmt: skip
def test_the_factors_are_those_of_one_backward_pass(weights, skip, norm, block):
    with seeded(0):
        net = ResNet((10,), (8,), {"none": None, "batch": BatchNorm}[norm],
                     block == "pre-activation").apply(WEIGHTS[weights])  # fmt: skip
    net.double()
    batch, outputs = images().train.take(16), []
    for layer in net.stages[0]:
        layer.skip = skip
        layer.register_forward_pre_hook(lambda layer, X: outputs.append(X[0]))
        layer.register_forward_hook(lambda layer, X, Y: outputs.append(Y))
    loss = F.cross_entropy(net(batch.X.double()), batch.y)
    norms = [G.norm().item() for G in torch.autograd.grad(loss, outputs)]
    expected = [below / above for below, above in zip(norms[::2], norms[1::2],
                                                      strict=True)]  # fmt: skip
    found = factors(10, weights, norm, block, skip)
    assert found == pytest.approx(expected, rel=1e-3)
    whole = [norm / norms[-1] for norm in (*norms[::2], norms[-1])]
    assert path(found) == pytest.approx(whole, rel=3e-3)


def test_a_product_is_not_lost_below_the_range_of_float32():
    whole = path(factors(50, "torch's", "none", "pre-activation", 0.0))
    assert 0 < whole[0] < 1e-39


@pytest.mark.parametrize("skip", [0.0, 0.37, 0.9])
def test_the_slider_draws_its_own_line_between_the_ends(skip):
    scene = explorers.gradient_path.scene(skip=skip, num_blocks=10)
    for name, at in (("plain", 0.0), ("whole", 1.0), ("chosen", skip)):
        found = factors(10, "torch's", "none", "ReLU behind the sum", at)
        x, y = scene[f"gradient {name}"]["xy"].T
        assert x.tolist() == list(range(11)) and y == pytest.approx(path(found))
        x, y = scene[f"factors {name}"]["xy"].T
        assert x.tolist() == list(range(1, 11)) and y == pytest.approx(found)
    said = numbers(scene.says)
    values = [skip, path(found)[0], 10, found.min(), found.max(),
              path(found)[0] ** 0.1]  # fmt: skip
    assert said == pytest.approx(values, rel=0.006)
    assert [pane.log for pane in scene.panes] == ["y", "y"]


@pytest.mark.parametrize(
    "verb, values",
    [
        ("vanishes", {"skip": 0.0}),
        ("vanishes", {"skip": 0.8}),
        ("is carried", {"skip": 1.0}),
        ("is carried", {"skip": 0.0, "initial_weights": "Kaiming"}),
        ("grows", {"skip": 1.0, "initial_weights": "Kaiming"}),
        ("grows", {"skip": 0.0, "norm": "batch"}),
        ("is carried", {"skip": 1.0, "norm": "batch"}),
    ],
)
@pytest.mark.parametrize("block", ["ReLU behind the sum", "pre-activation"])
def test_what_becomes_of_the_gradient_of_50_blocks(verb, values, block):
    """Error E77: it need not survive, and may grow."""
    scene = explorers.gradient_path.scene(num_blocks=50, block=block, **values)
    assert f"the gradient {verb}: " in scene.says
    for name, low in (("gradient chosen", 1e-12), ("factors chosen", 1e-2)):
        ys = scene[name]["xy"][:, 1]
        assert (ys > low).all() and (ys < 1e21 * low).all(), "beyond it: at the edge"


# -- loss_surface -------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_at_the_origin_stands_the_loss_of_the_trained_network(kind):
    net, batch = trained(kind, 20), images().train.take(64)
    before = copy.deepcopy(net.state_dict())
    found = surface(kind, 20, "running")
    assert found[5, 5] == pytest.approx(evaluate(net, batch).loss, rel=1e-4)
    found = surface(kind, 20, "of the images")
    loss = F.cross_entropy(copy.deepcopy(net).train()(batch.X), batch.y)
    assert found[5, 5] == pytest.approx(loss.item(), rel=1e-4)
    assert not net.training
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), f"{name} of the network moved"


@pytest.mark.parametrize("statistics", STATISTICS)
def test_a_point_of_the_surface_is_the_loss_of_the_moved_network(statistics):
    net = copy.deepcopy(trained("residual", 20)).train(STATISTICS[statistics])
    first, second = directions(net)
    moved = {
        name: p + 0.6 * first[name] - 0.2 * second[name]
        for name, p in net.named_parameters()
        if name in first
    }
    batch = images().train.take(64)
    loss = F.cross_entropy(functional_call(net, moved, (batch.X,)), batch.y).item()
    row, column = (np.abs(PLACES - at).argmin() for at in (-0.2, 0.6))
    found = surface("residual", 20, statistics)
    assert found[row, column] == pytest.approx(loss, rel=1e-3)


def test_directions_are_as_long_as_the_filters_and_the_same_for_both_networks():
    residual, plain = trained("residual", 20), trained("plain", 20)
    of_residual, of_plain = directions(residual), directions(plain)
    for net, found in ((residual, of_residual), (plain, of_plain)):
        weights = {n: p for n, p in net.named_parameters() if "weight" in n}
        weights = {n: p for n, p in weights.items() if p.ndim > 1}
        for direction in found:
            assert direction.keys() == weights.keys(), "biases and norms stay"
            for name, W in weights.items():
                lengths = [V.flatten(1).norm(dim=1) for V in (direction[name], W)]
                torch.testing.assert_close(*lengths)
    for a, b in zip(of_residual, of_plain, strict=True):
        for name, step in b.items():
            units = [F.normalize(s.flatten(1)) for s in (step, a[name])]
            torch.testing.assert_close(*units)
    first, second = (torch.cat([s.flatten() for s in found.values()]) for found in
                     of_plain)  # fmt: skip
    assert abs(F.cosine_similarity(first, second, 0)) < 0.1


@pytest.mark.parametrize("cut", [-5, 0, 2])
def test_maps_and_cut_show_the_surfaces(cut):
    scene = explorers.loss_surface.scene(cut=cut)
    depth, *said = numbers(scene.says.replace("−", ""))
    assert depth == 20
    for k, (kind, word) in enumerate(zip(("plain", "residual"), BOTH, strict=True)):
        found = surface(kind, 20, "of the images")
        x, y = scene[f"cut {word}"]["xy"].T
        assert x == pytest.approx(PLACES) and y == pytest.approx(found[cut + 5])
        shown = scene[f"map {word}"]["values"][::-1]
        logs = np.log(found / 0.05) / np.log(400)
        assert shown == pytest.approx(logs), "the second direction runs upward"
        assert said[3 * k] == pytest.approx(found[5, 5], abs=0.006)
        assert said[3 * k + 1] == pytest.approx(GUESSING, abs=0.006)
        assert said[3 * k + 2] == pytest.approx(100 * (found < GUESSING).mean(), abs=1)
        assert said[6 + k] == pytest.approx(found[cut + 5].min(), abs=0.006)
    assert scene.panes[2].title == f"cut at {cut / 5:.3g}".replace("-", "−")
    assert scene["guessing"]["xy"][:, 1] == pytest.approx(GUESSING)


def test_a_contour_lies_where_the_loss_is_that_of_guessing():
    scene = explorers.loss_surface.scene()
    found = surface("plain", 20, "of the images")
    for x, y in scene["without skips 2.3"]["xy"]:
        column, row = (x + 1) * 5, (y + 1) * 5
        low, high = np.floor([row, column]).astype(int), np.ceil([row, column])
        corners = found[np.ix_(*zip(low, high.astype(int), strict=True))]
        assert corners.min() - 1e-6 <= GUESSING <= corners.max() + 1e-6


# -- remove_block -------------------------------------------------------------------


class Subsampled(nn.Module):
    """Every second row and column, and channels of zeros behind the input's own."""

    def forward(self, X):
        kept = X[:, :, ::2, ::2]
        return torch.cat([kept, torch.zeros_like(kept)], 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_is_taken_out_as_by_hand(kind):
    net, X = trained(kind, 20), images().test.X
    with torch.no_grad():
        assert answers(kind)[0].tolist() == net(X).argmax(1).tolist()
        for block in range(1, 10):
            other = copy.deepcopy(net)
            stage, k = divmod(block - 1, 3)
            if kind == "plain":
                changes = stage > 0 and k == 0
                other.stages[stage][k] = Subsampled() if changes else nn.Identity()
            else:  # what follows the last convolution makes 0 of it
                nn.init.zeros_(other.stages[stage][k].norm2.weight)
                nn.init.zeros_(other.stages[stage][k].norm2.bias)
            expected = other(X).argmax(1).numpy()
            assert (answers(kind)[block] == expected).mean() > 0.998, block


def test_bars_and_lines_are_accuracies_and_the_chosen_block_is_marked():
    y = images().test.y.numpy()
    for block in (1, 7, 9):
        scene = explorers.remove_block.scene(block=block)
        edges = scene["chosen"]["xy"][:, 0]
        assert (edges.min(), edges.max()) == (block - 0.5, block + 0.5)
    for kind in KINDS:
        right = [(row == y).mean() for row in answers(kind)]
        assert scene[kind]["lengths"] == pytest.approx(right[1:])
        assert np.round(scene[kind]["at"]).tolist() == list(range(1, 10))
        assert scene[f"whole {kind}"]["xy"][:, 1] == pytest.approx(right[0])
        colors = {*scene[kind]["color"], scene[f"whole {kind}"]["color"]}
        assert len(colors) == 1


@pytest.mark.parametrize("kind, block", [("residual", 4), ("residual", 9),
                                         ("plain", 5)])  # fmt: skip
def test_the_digits_are_those_that_are_wrong_now(kind, block):
    scene = explorers.remove_block.scene(network=kind, block=block)
    y, (whole, now) = images().test.y.numpy(), answers(kind)[[0, block]]
    lost = np.flatnonzero((whole == y) & (now != y))
    gained = ((whole != y) & (now == y)).sum()
    said = [block, (whole == y).mean(), 1000, (now == y).mean(), len(lost), gained]
    assert sorted(numbers(scene.says)) == pytest.approx(sorted(said), abs=6e-4)
    texts = [m["text"] for m in scene.panes[1].marks if m["kind"] == "text"]
    assert texts == [f"{y[i]} → {now[i]}" for i in lost[:9]] or not len(lost)
    for k, i in enumerate(lost[:9]):
        shown = scene[f"image {k}"]["values"]
        assert shown[..., 1] == pytest.approx(1 - images().test.X[i, 0].numpy() / 3)
    assert kind in scene.panes[1].title


# -- titles and keys ----------------------------------------------------------------


def test_titles_and_keys_say_what_is_shown():
    scene = explorers.gradient_path.scene()
    left, right = scene.panes
    assert left.title == "gradient, relative to the last block's"
    assert left.labels[0] == "output of block (at the lower edge: 10⁻¹² or less)"
    assert (right.title, right.labels[0]) == ("factor of each block", "block")
    named = {"plain": "skip 0", "whole": "skip 1", "chosen": "skip of the slider"}
    for name, label in named.items():
        assert scene[f"gradient {name}"]["label"] == label
        colors = {scene[f"{what} {name}"]["color"] for what in ("gradient", "factors")}
        assert len(colors) == 1
    scene = explorers.loss_surface.scene()
    assert tuple(pane.title for pane in scene.panes[:2]) == BOTH
    for pane, word in zip(scene.panes, BOTH, strict=False):
        assert pane.labels == ("first direction", "second")
        assert pane.color == scene[f"map {word}"]["color"]
        assert pane.color == scene[f"cut {word}"]["color"]
        assert scene[f"cut {word}"]["label"] == word.split()[0]
    scene = explorers.remove_block.scene()
    assert scene.panes[0].title == "accuracy without the block"
    for kind in KINDS:
        labels = scene[kind]["label"], scene[f"whole {kind}"]["label"]
        assert labels == (kind, f"{kind}, whole")
