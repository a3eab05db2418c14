"""Chapter 5: what is said of networks, costs, claims and sources is what is counted.

Each word or number is read out of its cell and compared with layers as they run, with
the explorers' colors, the stored claims or the docstrings.
"""

import math
import re
from functools import partial

import pytest
import torch
from torch import nn

from helpers import MLP, ConvNet
from helpers.chapters.convolution import grids
from helpers.chapters.convolution.exercises import shifts
from tests.said import WORDS
from tests.said import said as said_in
from tests.taught import source_of, taught
from tests.verdicts import of_chapter
from tools.stored import ROOT

PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10, "twentieth": 20}
own = taught("05", "small_conv_net")
said = partial(said_in, "05")


def size_of(net) -> int:
    """The number of a network's parameters."""
    return sum(p.numel() for p in net.parameters())


# -- networks ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell, nets",
    [
        (
            "moved-more",
            (
                MLP((64,), num_inputs=1600),
                ConvNet((16, 32), num_inputs=1600, head="max"),
            ),
        ),
        ("small-net-cost-read", (MLP(), ConvNet())),
    ],
    ids=["moved", "lab"],
)
def test_which_part_of_the_parameters(cell, nets):
    (part,) = said(cell, r"[Aa] (\w+) of the parameters")
    ratio = size_of(nets[0]) / size_of(nets[1])
    assert part == min(PARTS, key=lambda word: abs(math.log(PARTS[word] / ratio)))


def test_what_double_channels_at_half_the_size_cost():
    activations, parameters = said(
        "small-net-more",
        r"the number of activations (\w+) and that of parameters (.*?)\.",
    )
    before, after = (nn.Conv2d(c, c, 3, padding=1, bias=False) for c in (64, 128))
    values = 64 * 56**2, 128 * 28**2
    weights = before.weight.numel(), after.weight.numel()
    words = {"halves": 0.5, "stays": 1, "doubles": 2, "grows fourfold": 4}
    assert words[activations] == values[1] / values[0]
    assert words[parameters] == weights[1] / weights[0]
    cost = [v * w / c for v, w, c in zip(values, weights, (64, 128), strict=True)]
    assert cost[0] == cost[1]  # "the same multiplications before and after"


def multiplications(net, X) -> int:
    """Counted in the layers as they run: weights times places, no biases."""
    counted = []

    def count(layer, given, result):
        places = result[0].numel() // result.shape[1]
        counted.append(layer.weight.numel() * places)

    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    net(X)
    return sum(counted)


def test_the_cost_of_the_lab_is_counted_in_its_layers():
    printed, X = [], torch.zeros(1, 1, 28, 28)
    space = {"ConvNet": ConvNet, "small_conv_net": own.small_conv_net}
    exec(source_of("05", "small-net-cost"), space | {"print": printed.append})
    counts = [re.findall(r"[\d,]*\d{2,}", line) for line in printed]
    nets = own.small_conv_net(), MLP()
    for net, (parameters, cost) in zip(nets, counts, strict=True):
        assert parameters == f"{size_of(net):,}"
        assert cost == f"{multiplications(net, X):,}"


def test_without_pooling_there_is_more_to_compute():
    (how,) = said("panel-answers", r"instead of 0\.94, (?:and|but) (\w+)\.")
    X = torch.zeros(1, 1, 28, 28)
    none, usual = (multiplications(ConvNet(pooling=p), X) for p in ("none", "max"))
    assert how == ("slower" if none > usual else "faster")


# -- pictures and claims -------------------------------------------------------------


def test_the_color_that_wants_ink():
    """Ink is 1, so a positive weight wants it."""
    wants, not_wants = said(
        "inside-read", r"(\w+) weights want ink, which is white .* (\w+) ones want none"
    )
    colors = {"blue": "#0072B2", "orange": "#D55E00"}
    assert colors[wants.lower()] == grids.POSITIVE
    assert colors[not_wants] == grids.NEGATIVE


@pytest.mark.parametrize("cell", ["which", "ex-trained-on-moved-digits"])
def test_how_far_digits_were_moved_in_training(cell):
    (far,) = said(cell, r"by up to (\w+) pixels")
    assert WORDS.index(far) == shifts.FAR_IN_TRAINING
    hint = re.search(r"moved the digits by 0 to (\d) pixels",
                     shifts.trained_on_moved_digits.hint)  # fmt: skip
    assert int(hint[1]) == shifts.FAR_IN_TRAINING


def test_how_many_points_a_global_maximum_loses():
    found = said(
        "claim-moved-digits-read", r"it loses (\w+) points on the digits and (\w+) on"
    )
    stored = of_chapter("05")["moved-digits"].stored()
    for word, data in zip(found, ("digits", "fashion_mnist"), strict=True):
        runs = stored[data].table["global max"]
        lost = 100 * (runs["centered"].mean - runs["moved"].mean)
        assert WORDS.index(word) == round(lost)


def test_a_step_of_two_halves_a_map_as_a_pooling_does():
    by, like = said(
        "claim-stride-for-pooling",
        r"moves by (\d) makes maps (.*?) as one with pooling",
    )
    assert like == "as small"
    sides = [ConvNet(pooling=p).features(torch.zeros(1, 1, 28, 28)).shape
             for p in ("stride", "max")]  # fmt: skip
    assert sides[0] == sides[1]
    assert [m.stride for m in ConvNet(pooling="stride").features if hasattr(m, "stride")
            ] == [(int(by), int(by))] * 2  # fmt: skip


def test_sources_have_one_year():
    """Who is named in a docstring stands in the notebook with the same year."""
    listed = source_of("05", "sources")
    years = dict(re.findall(r"- (?:\w\. )*(\w+).*? \((\d{4})\)", listed))
    named = {}
    for path in (ROOT / "helpers/chapters/convolution").rglob("*.py"):
        text = " ".join(path.read_text("utf-8").split())
        named |= dict(re.findall(r"Source: (\w+)[\w\s,.]*? (\d{4})", text))
    assert len(named) >= 4
    assert {name: years.get(name) for name in named} == named
