"""Explorers of chapter 6: their texts and the order of their boxes, from the marks."""

import re
from dataclasses import replace

import pytest
from torch import nn

from helpers.chapters.classic_cnns import explorers, kernel_machine, network_diagram
from helpers.chapters.classic_cnns.parts import text_of
from helpers.models import Inception, LeNet, layer_table


@pytest.mark.parametrize("bars", ["parameters", "multiplications", "memory"])
def test_a_bars_text_is_its_length_and_its_share_of_all(bars):
    scene = explorers.network_diagram.scene(network="VGG", bars=bars)
    lengths = scene["bar"]["lengths"]
    for k, length in enumerate(lengths, 1):
        text = scene[f"amount {k}"]["text"]
        amount, share = text.removesuffix(")").split(" (")
        assert share == f"{length / lengths.sum():.1%}"
        if bars != "memory":
            assert amount == f"{length:,.0f}"
            continue
        value, unit = amount.split()
        value = float(value) * {"bytes": 1, "KB": 1e3, "MB": 1e6}[unit]
        assert value == pytest.approx(length, rel=0.05) and value > 0


def test_memory_is_written_in_a_unit_that_fits():
    assert network_diagram.written(40, "memory") == "40 bytes"
    assert network_diagram.written(4_704, "memory") == "4.7 KB"
    assert network_diagram.written(12_845_056, "memory") == "12.8 MB"
    says = explorers.network_diagram.scene(network="LeNet", bars="memory").says
    total = 4 * sum(
        row.values
        for row in layer_table(LeNet(), 1, 28, 28)
        if row.kind in ("Conv2d", "AvgPool2d", "Linear")
    )
    assert f", {total / 1000:.1f} KB of values." in says


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


def test_each_accuracy_is_counted_with_labels_of_its_own(monkeypatch):
    """Both parts of the circles have the same labels in the same order: turn one's."""

    def accuracies():
        says = explorers.kernel_machine.scene().says
        return [float(a) for a in re.findall(r"accuracy (\d\.\d+)", says)]

    train, val = accuracies()
    data = kernel_machine.circles()
    turned = replace(data, val=replace(data.val, y=1 - data.val.y))
    monkeypatch.setattr(kernel_machine, "circles", lambda: turned)
    assert accuracies() == pytest.approx([train, 1 - val])
