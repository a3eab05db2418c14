"""The drawings of chapter 8 show what they are given, read from their marks."""

import math

import pytest
import torch
from matplotlib.patches import Arc, FancyBboxPatch, Rectangle
from torch import nn
from torch.nn import functional as F

from helpers import Bottleneck, Residual, ResNet, residual_stages
from helpers.chapters.residual_networks import figures
from helpers.chapters.residual_networks.figures import Parts
from helpers.figures.described import described

CONVS = ["3x3, 8", "norm", "ReLU", "3x3, 8", "norm"]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (Residual(8, 8, skip=0), Parts([*CONVS, "ReLU"], None, [])),
        (Residual(8, 8), Parts(CONVS, [], ["ReLU"])),
        (
            Residual(4, 8, 2),
            Parts(["3x3 / 2, 8", *CONVS[1:]], ["1x1 / 2, 8", "norm"], ["ReLU"]),
        ),
        (
            Residual(8, 8, norm=None),
            Parts(["3x3, 8", "ReLU", "3x3, 8"], [], ["ReLU"]),
        ),
        (
            Residual(8, 8, pre_activation=True),
            Parts(["norm", "ReLU", "3x3, 8", "norm", "ReLU", "3x3, 8"], [], []),
        ),
        (
            Bottleneck(16, 16, c_mid=8, groups=4),
            Parts(
                ["1x1, 8", "norm", "ReLU", "3x3, 8, 4 groups", "norm", "ReLU"]
                + ["1x1, 16", "norm"],
                [],
                ["ReLU"],
            ),
        ),
    ],
)
def test_a_block_is_taken_apart_in_the_order_of_its_signal(block, expected):
    assert figures.parts(block) == expected


def test_each_block_is_drawn_from_top_to_bottom_with_its_shortcut_at_the_right():
    blocks = {"plain": Residual(8, 8, skip=0), "wider": Residual(4, 8, 2)}
    figure = figures.show_blocks(blocks)
    for ax, (title, block) in zip(figure.axes, blocks.items(), strict=True):
        made = figures.parts(block)
        places = {}
        for text in ax.texts:
            places.setdefault(round(text.get_position()[0], 3), []).append(text)
        assert ax.get_title("left") == title
        middle = sorted(places[0.0], key=lambda text: -text.get_position()[1])
        names = [text.get_text() for text in middle]
        plus = ["+"] if made.shortcut is not None else []
        assert names == ["input", *made.long, *plus, *made.last]
        right = [text.get_text() for text in places.get(figures.RIGHT, [])]
        assert right == (made.shortcut or [])
        boxes = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
        assert len(boxes) == len(names) - 1 + len(right)
        assert len(ax.lines) == len(plus), "one shortcut, or none"
        for line in ax.lines:
            assert line.get_xdata().max() == figures.RIGHT
            plus_at = middle[names.index("+")].get_position()[1]
            assert line.get_ydata().min() == plus_at
    said = described(figure)
    assert "plain: 3x3, 8, norm, ReLU, 3x3, 8, norm, ReLU; wider: 3x3 / 2, 8," in said
    assert "plus 1x1 / 2, 8, norm, then ReLU." in said


def test_texts_stand_inside_of_their_boxes():
    blocks = {"a": Bottleneck(256, 256, c_mid=128, groups=32), "b": Residual(256, 256)}
    figure = figures.show_blocks(blocks)
    figure.draw_without_rendering()
    for ax in figure.axes:
        boxes = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
        for text in ax.texts[1:]:
            extent = text.get_window_extent()
            holding = [
                box
                for box in boxes
                if box.get_window_extent().x0 <= extent.x0
                and box.get_window_extent().x1 >= extent.x1
                and box.get_window_extent().y0 <= extent.y0
                and box.get_window_extent().y1 >= extent.y1
            ]
            assert holding, text.get_text()


def test_a_network_has_an_arc_over_each_block_dashed_where_the_shape_changes():
    with torch.device("meta"):
        net = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1),
            *residual_stages(4, (4, 8), (2, 3)),
            nn.AdaptiveAvgPool2d(1),
        )
    figure = figures.show_network(net, (1, 3, 12, 10))
    (ax,) = figure.axes
    arcs = [p for p in ax.patches if isinstance(p, Arc)]
    blocks = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert len(arcs) == len(blocks) == 5
    assert [arc.get_linestyle() for arc in arcs] == ["-", "-", "--", "-", "-"]
    assert len({arc.get_edgecolor() for arc in arcs}) == 1
    for arc, block in zip(arcs, blocks, strict=True):
        assert arc.center[0] == pytest.approx(block.get_x() + block.get_width() / 2)
    heights = [block.get_height() for block in blocks]
    assert heights[0] == heights[1] > heights[2] == heights[3] == heights[4]
    assert len({block.get_facecolor() for block in blocks}) == 2
    said = [text.get_text() for text in ax.texts]
    assert said == ["2 blocks\n4 x 12 x 10", "3 blocks\n8 x 6 x 5"]
    assert "2 of 4 x 12 x 10; 3 of 8 x 6 x 5" in described(figure)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_channels_are_connected_where_an_input_changes_an_output(groups):
    conv = nn.Conv2d(6, 12, 3, groups=groups, padding=1)
    J = torch.autograd.functional.jacobian(conv, torch.zeros(1, 6, 4, 4))
    expected = (J.abs().sum((0, 2, 3, 4, 6, 7)) > 0).float()
    assert figures.connections(conv).equal(expected)


def test_connections_are_drawn_output_from_top_to_bottom():
    convs = {"all": nn.Conv2d(3, 3, 1), "own": nn.Conv2d(4, 8, 3, groups=2)}
    figure = figures.show_connections(convs)
    for ax, conv in zip(figure.axes, convs.values(), strict=True):
        (mesh,) = ax.collections
        drawn = torch.as_tensor(mesh.get_array())
        assert drawn.equal(figures.connections(conv)) and ax.yaxis_inverted()
        assert (ax.get_xlabel(), mesh.get_clim()) == ("input", (0, 1))
        white, blue = mesh.cmap(0.0), mesh.cmap(1.0)
        assert white[:3] == (1, 1, 1) and blue[2] > blue[0]
    assert figure.axes[0].get_ylabel() == "output"
    assert "all, 9 of 9 pairs; own, 16 of 32 pairs" in described(figure)


def test_values_stand_at_their_depths_with_their_spread():
    values = {"plain": {8: 0.9, 44: 0.2}, "residual": {8: 0.8, 44: 0.7}}
    spread = {"plain": {8: 0.01, 44: 0.1}, "residual": {8: 0.02, 44: 0.03}}
    figure = figures.show_by_depth(values, "accuracy", spread)
    (ax,) = figure.axes
    for bars, name in zip(ax.containers, values, strict=True):
        line, _, (reach,) = bars
        assert dict(line.get_xydata().tolist()) == values[name]
        assert bars.get_label() == name
        for depth, (low, high) in zip(values[name], reach.get_segments(), strict=True):
            middle, half = values[name][depth], spread[name][depth]
            assert low[1] == pytest.approx(middle - half)
            assert high[1] == pytest.approx(middle + half)
    assert ax.get_xticks().tolist() == [8, 44] and ax.get_yscale() == "linear"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("layers", "accuracy")
    said = described(figure)
    assert "plain 8: 0.9, 44: 0.2; residual 8: 0.8, 44: 0.7" in said


def test_on_a_logarithmic_axis_what_cannot_be_drawn_is_left_out():
    values = {"a": {8: 1.0, 20: 0.0}, "b": {8: 2.0, 20: math.nan}, "c": {8: 3, 20: 4}}
    figure = figures.show_by_depth(values, "gradient", log=True)
    (ax,) = figure.axes
    assert ax.get_yscale() == "log" and ax.get_xticks().tolist() == [8, 20]
    drawn = [bars[0].get_xydata().tolist() for bars in ax.containers]
    assert drawn == [[[8, 1]], [[8, 2]], [[8, 3], [20, 4]]]


def test_the_drawn_parts_compute_what_the_block_does():
    block = Residual(4, 8, 2).eval()
    X = torch.randn(2, 4, 6, 6)
    long = block.norm2(block.conv2(F.relu(block.norm1(block.conv1(X)))))
    assert torch.allclose(block(X), F.relu(long + block.shortcut(X)))
    assert [len(stage) for stage in ResNet((1, 2, 3)).stages] == [1, 2, 3]


def test_shares_stand_side_by_side_in_percent():
    figure = figures.show_shares({"a": [0.1, 0.7, 0.2], "b": [0.5, 0.25, 0.25]}, "part")
    (ax,) = figure.axes
    heights = [[bar.get_height() for bar in bars] for bars in ax.containers]
    assert heights == [pytest.approx([10, 70, 20]), pytest.approx([50, 25, 25])]
    places = [[bar.get_x() for bar in bars] for bars in ax.containers]
    for k, (a, b) in enumerate(zip(*places, strict=True)):
        assert k - 0.5 < a < b < k + 0.5
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]
    assert "a most, 70 %, at 1; b most, 50 %, at 0" in described(figure)
