"""Explorers of chapter 6: their texts and the order of their boxes, from the marks."""

import re

import pytest
from torch import nn

from helpers.chapters.classic_cnns import explorers
from helpers.chapters.classic_cnns.kernel_machine import PRESETS
from helpers.chapters.classic_cnns.parts import text_of
from helpers.models import Inception


@pytest.mark.parametrize("bars", ["parameters", "multiplications", "memory"])
def test_a_bars_text_is_its_length_and_its_share_of_all(bars):
    scene = explorers.network_diagram.scene(network="VGG", bars=bars)
    lengths = scene["bar"]["lengths"]
    for k, length in enumerate(lengths, 1):
        text = scene[f"amount {k}"]["text"]
        assert text == f"{length:,.0f} ({length / lengths.sum():.1%})"


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_every_stride_but_one_is_named(stride):
    text = text_of(nn.Conv2d(3, 8, 7, stride=stride))
    assert text == "conv 7 × 7" + (f", stride {stride}" if stride > 1 else "")


def test_the_layers_of_a_branch_stand_in_the_order_of_the_block():
    scene = explorers.inception_branches.scene()
    block = Inception(192, 64, (96, 128), (16, 32), 32)
    texts = [m for m in scene["block"].marks if m["kind"] == "text"]
    for k in (1, 2, 3, 4):
        expected = [
            f"{layer.kernel_size[0]} × {layer.kernel_size[1]} conv"
            if isinstance(layer, nn.Conv2d)
            else f"{layer.kernel_size} × {layer.kernel_size} max pool"
            for layer in getattr(block, f"branch{k}")
            if not isinstance(layer, nn.ReLU)
        ]
        column = [m for m in texts if m["xy"][0, 0] == k - 0.5]
        column.sort(key=lambda m: m["xy"][0, 1])
        found = [m["text"] for m in column if re.search("conv|pool", m["text"])]
        assert found == expected


def test_the_other_way_is_compared_with_this_one():
    for reductions in (True, False):
        says = explorers.inception_branches.scene(reductions=reductions).says
        this, other, ratio = re.search(
            r"; ([\d,]+) weights.*? would be ([\d,]+) weights, ([\d.]+) times", says
        ).groups()
        expected = int(other.replace(",", "")) / int(this.replace(",", ""))
        assert ratio == f"{expected:.2f}"


def test_more_wiggly_presets_have_more_degrees_of_freedom():
    scenes = [explorers.kernel_machine.scene(**values) for values in PRESETS.values()]
    freedom = [
        float(re.search(r"freedom: ([\d.]+) of", scene.says)[1]) for scene in scenes
    ]
    assert freedom == sorted(freedom) and freedom[2] > 100 > 20 > freedom[1]
