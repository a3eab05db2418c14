"""Chapter 8: the cells that draw or print hand the right things on under their names.

The drawings themselves are tested in `test_figures`; here, what the notebook gives to
them, which no number beside the picture betrays.
"""

import importlib
import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from helpers import Bottleneck, Residual, ResNet, evaluate, seeded
from helpers.chapters.residual_networks import claims, explorers, figures
from tests.taught import source_of, taught, text_of

own = taught("08", "small_images", "deepened", "weights")


def shown_by(cell_id: str, function: str, **names) -> list:
    """What a cell hands to one of `figures`: its arguments, call by call."""
    calls = []
    drawing = SimpleNamespace(
        **{function: lambda *args, **named: calls.append((args, named))}
    )
    space = {"torch": torch, "nn": nn, "math": math, "Residual": Residual}
    exec(
        source_of("08", cell_id),
        space | {"Bottleneck": Bottleneck, "figures": drawing} | names,
    )
    return calls


@pytest.fixture(scope="module")
def data():
    return own.small_images("digits")


def test_the_training_accuracy_by_depth_is_that_of_the_claim():
    found = claims.degradation.stored()["digits"].table
    ((args, _),) = shown_by(
        "depth-figure",
        "show_by_depth",
        claims=claims,
        data=SimpleNamespace(name="digits"),
    )
    means, label, spread = args
    assert label == "training accuracy" and [*means] == ["plain", "residual"]
    for kind in means:
        assert [*means[kind]] == [*spread[kind]] == [8, 20, 44]
        for depth in means[kind]:
            runs = found[f"{kind}, {depth} layers"][label]
            assert (means[kind][depth], spread[kind][depth]) == (runs.mean, runs.sd)


def test_the_ratio_is_named_in_the_order_in_which_it_is_divided():
    ((args, named),) = shown_by("ratios-figure", "show_by_depth", ratios="ratios")
    assert args == ("ratios", "gradient, first over last block")
    assert named == {"log": True}
    assert "first / last" in source_of("08", "ratios-measured")


BASIC = ["3x3, 64", "norm", "ReLU", "3x3, 64", "norm"]


def test_blocks_are_drawn_under_their_names():
    ((args, _),) = shown_by("drawn-figure", "show_blocks")
    made = {title: figures.parts(block) for title, block in args[0].items()}
    assert [*made] == ["plain", "residual", "with projection"]
    assert made["plain"].shortcut is None and made["residual"].shortcut == []
    assert made["with projection"].shortcut == ["1x1 / 2, 128", "norm"]
    assert made["plain"].long[:5] == made["residual"].long == BASIC

    ((args, _),) = shown_by("pre-figure", "show_blocks")
    made = {title: figures.parts(block) for title, block in args[0].items()}
    assert made["residual"].long == BASIC and made["residual"].last == ["ReLU"]
    assert made["pre-activation"].long[0] == "norm"
    assert made["pre-activation"].last == []

    ((args, _),) = shown_by("bottleneck-figure", "show_blocks")
    made = {title: figures.parts(block).long for title, block in args[0].items()}
    assert made["basic"][0] == "3x3, 256"
    assert made["bottleneck"][::3] == ["1x1, 64", "3x3, 64", "1x1, 256"]

    ((args, _),) = shown_by("next-figure", "show_blocks")
    made = {title: figures.parts(block).long for title, block in args[0].items()}
    assert made["ResNet"][3] == "3x3, 64"
    assert made["ResNeXt"][3] == "3x3, 128, 32 groups"


def test_groups_and_ways_are_drawn_under_their_names():
    ((args, _),) = shown_by("groups-figure", "show_connections")
    assert [*args[0]] == ["1 group", "2 groups", "4 groups", "8 groups"]
    for title, conv in args[0].items():
        assert title.rstrip("s") == f"{conv.groups} group"
        assert figures.connections(conv).sum() == 64 / conv.groups
    ((args, _),) = shown_by("ways-figure", "show_shares", shares="shares")
    shares, label = args
    assert shares["of the gradient"] == "shares" and label == "blocks passed"
    counts = [0] * 10
    for way in range(2**9):  # bit k of a way: whether it goes through block k
        counts[way.bit_count()] += 1
    of_the_ways = shares["of the ways"]
    assert (512 * of_the_ways).tolist() == pytest.approx(counts)


def test_two_networks_are_judged_on_the_images_that_one_learned(data):
    asked = []

    def judged(net, examples):
        asked.append((net, examples))
        return evaluate(net, examples.take(50))

    with seeded(0):
        nets = {
            f"plain, {6 * n + 2} layers": ResNet((n, n, n), (4, 8, 16), skip=0)
            for n in (1, 3)
        }
    space = {"nn": nn, "Residual": Residual, "copy": importlib.import_module("copy")}
    exec(
        source_of("08", "knows-code"),
        space | {"nets": nets, "evaluate": judged, "data": data, "print": lambda _: _},
    )
    shallow, deep = (net for net, _ in asked)
    assert all(examples is data.train for _, examples in asked)
    assert shallow is nets["plain, 8 layers"]
    sizes = [len(stage) for stage in deep.stages]
    assert sizes == [len(s) for s in nets["plain, 20 layers"].stages] == [3, 3, 3]
    assert "twelve more layers" in source_of("08", "knows-code")


def test_eight_and_twenty_layers_are_compared_first():
    source = source_of("08", "deeper-code")
    assert "for n in (1, 3):" in source
    text = text_of("08", "deeper")
    assert "Each is trained with eight layers and with twenty:" in text


def test_the_pad_has_the_network_of_the_lab_and_the_panel_its_choices():
    given = []
    exec(
        source_of("08", "pad-code"),
        {"SketchPad": lambda *args: given.append(args), "net": "net", "data": "data",
         "nets": {}},
    )  # fmt: skip
    assert given == [("net", "data")]
    source = " ".join(source_of("08", "panel").split())
    said = '{"batch": BatchNorm, "group": partial(nn.GroupNorm, 2), "none": None}'
    assert f"norms = {said}" in source
    source = source_of("08", "baseline")
    assert "train(net, data.train, data.val," in source, "not the test images"


def test_printed_counts_are_of_what_their_line_says():
    rows = []
    exec(
        source_of("08", "next-table-code"),
        {"Bottleneck": Bottleneck, "nn": nn, "weights": own.weights,
         "print": lambda line: rows.append(line.split())},
    )  # fmt: skip
    widths = {"1": "64", "2": "40", "4": "24", "8": "14", "32": "4"}
    assert {row[0]: row[1] for row in rows[1:]} == widths, "Xie et al. 2017, table 2"
    for C, d, all_of_them, count in rows[1:]:
        assert int(C) * int(d) == int(all_of_them)
        assert int(count.replace(",", "")) == pytest.approx(70_000, rel=0.06)


def test_the_given_function_has_the_three_bugs_of_its_exercise():
    source = " ".join(source_of("08", "ex-forward-blocks-code").split())
    bugs = (
        "shortcut = X for block in blocks:",  # set once, outside of the loop
        "h = F.relu(block.norm2(block.conv2(h)))",  # a ReLU before the sum
        "shortcut += h",  # in place
    )
    assert all(bug in source for bug in bugs)
    assert "there are three bugs" in text_of("08", "ex-forward-blocks")


# -- what pictures carry beside their numbers ----------------------------------------


def test_bars_have_the_colors_of_their_series():
    figure = figures.show_shares({"a": [0.1, 0.9], "b": [0.5, 0.5]}, "part")
    (ax,) = figure.axes
    colors = [bars[0].get_facecolor() for bars in ax.containers]
    assert len({*colors}) == 2
    keys = [patch.get_facecolor() for patch in ax.get_legend().get_patches()]
    assert keys == colors and ax.get_ylabel() == "percent"


@pytest.mark.parametrize("cut", [-4, 0, 3])
def test_the_cut_is_marked_on_the_maps_where_it_runs(cut):
    scene = explorers.loss_surface.scene(cut=cut)
    for pane in scene.panes[:2]:
        lines = [m for m in pane.marks if m["kind"] == "line" and m["width"] == 3]
        (line,) = lines
        assert [y for _, y in line["xy"]] == pytest.approx([cut / 5] * 2)
        (cross,) = (m for m in pane.marks if m.get("shape") == "x")
        assert cross["xy"][0].tolist() == [0, 0], "the trained weights"


def test_the_explanation_of_the_gradient_names_its_own_bounds():
    module = importlib.import_module("helpers.chapters.residual_networks.gradient_path")
    said = " ".join(explorers.gradient_path.__doc__.split())
    assert f"multiplied by less than {module.VANISHED:g} on its way is" in said
    assert f"more than {module.GROWN:g} to grow" in said
