"""The drawings of chapter 7 show what they are given, read from their numbers."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from torch import nn
from torch.nn import functional as F

from helpers.chapters.batch_normalization import figures
from helpers.figures.described import described


def lines_of(ax):
    return [line.get_xydata() for line in ax.lines]


def test_losses_stand_at_their_steps_on_logarithmic_axes():
    figure = figures.show_losses({"a": [4.0, 2.0, 1.0], "b": [3.0, 0.5]})
    (ax,) = figure.axes
    first, second = lines_of(ax)
    assert first.tolist() == [[1, 4], [2, 2], [3, 1]]
    assert second.tolist() == [[1, 3], [2, 0.5]]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]
    assert "a, 1 after 3 steps; b, 0.5 after 2 steps" in described(figure)


def test_bands_hold_the_middle_seventy_percent():
    values = torch.arange(101.0).repeat(3, 1) + torch.tensor([[0.0], [10], [20]])
    figure = figures.show_input_bands({"a": values, "b": -values})
    left, right = figure.axes
    low, middle, high = lines_of(left)
    assert low[:, 1].tolist() == [15, 25, 35] and low[:, 0].tolist() == [0, 1, 2]
    assert middle[:, 1].tolist() == [50, 60, 70]
    assert high[:, 1].tolist() == [85, 95, 105]
    assert lines_of(right)[0][:, 1].tolist() == [-85, -95, -105]
    assert left.get_ylim() == right.get_ylim() and left.get_title("left") == "a"
    (band,) = left.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == 15 and heights.max() == 105
    assert "a, the middle 70 % from 15.0 to 85.0 before and from 35.0" in described(
        figure
    )


X = torch.randn(4, 6, 2, 2, generator=torch.Generator().manual_seed(0))
NORMALIZATIONS = {
    "batch": lambda X: F.batch_norm(X, None, None, training=True),
    "layer": nn.GroupNorm(1, 6),
    "group": nn.GroupNorm(2, 6),
    "instance": nn.GroupNorm(6, 6),
}


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_maps_are_blue_if_they_reach_the_marked_ones_output(name):
    """As torch's layer says: which maps have a gradient from map (1, 0)'s output."""
    leaf = X.clone().requires_grad_()
    (NORMALIZATIONS[name](leaf)[1, 0] ** 3).sum().backward()
    reached = leaf.grad.abs().sum((2, 3)).numpy() > 1e-7
    assert (figures.shares_mean(name) == reached).all()
    (ax,) = figures.show_averaged([name]).axes
    blue = to_rgba(figures.COLORS[0], 0.85)
    found = np.zeros((4, 6), bool)
    for square in ax.patches:
        column, row = map(int, square.get_xy())
        found[row, column] = square.get_facecolor() == blue
    assert (found == reached).all() and len(ax.patches) == 24
    assert ax.get_title("left") == name and ax.get_ylim()[0] > ax.get_ylim()[1]


def test_the_groups_are_as_many_as_asked():
    assert figures.shares_mean("group", 3).sum() == 2
    text = described(figures.show_averaged(["batch", "group"], num_groups=3))
    assert "batch, 4 of 4 images and 1 of 6 channels" in text
    assert "group, 1 of 4 images and 2 of 6 channels" in text


def test_histograms_count_every_value_once():
    values = torch.stack([torch.linspace(-1, 3, 50), torch.linspace(0, 1, 50)], 1)
    figure = figures.show_distributions(
        {"a": values, "b": 2 * values}, ["x", "y"], bins=8
    )
    for ax, most in zip(figure.axes, (3, 6), strict=True):
        for patch in ax.patches:
            x, y = patch.get_path().vertices.T
            assert sum(y[1:-1:2]) == 50 and x.max() == most
    legend = figure.axes[1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["x", "y"]
    colors = [patch.get_edgecolor() for patch in figure.axes[0].patches]
    assert colors == [to_rgba(c) for c in figures.COLORS[:2]]
    assert "a, mean ± standard deviation 1.0 ± 1.2 and 0.5 ± 0.3" in described(figure)


def test_sizes_run_from_the_first_to_the_last_layer():
    figure = figures.show_by_layer({"a": [8.0, 4, 2], "b": [0.0, 1]}, "size")
    (ax,) = figure.axes
    first, second = lines_of(ax)
    assert first.tolist() == [[0, 8], [0.5, 4], [1, 2]]
    assert np.isnan(second[0, 1]) and second[1].tolist() == [1, 1]
    assert ax.get_yscale() == "log" and ax.get_ylabel() == "size"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["first", "last"]
    assert "a, 8 at the first and 2; b, 0 at the first and 1 at the last" in described(
        figure
    )


def test_pairs_stand_in_their_rows():
    figure = figures.show_pairs({"a": (0.5, 0.75), "b": (0.25, 0.5)}, ["x", "y"])
    (ax,) = figure.axes
    marks = [line for line in ax.lines if line.get_marker() in "os"]
    assert [(m.get_marker(), *m.get_xydata()[0]) for m in marks] == [
        ("o", 0.5, 0), ("s", 0.75, 0), ("o", 0.25, 1), ("s", 0.5, 1),
    ]  # fmt: skip
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["x", "y"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert described(figure).endswith(
        "x and y: a, 0.500 and 0.750; b, 0.250 and 0.500."
    )


# -- what is along the axes ----------------------------------------------------------

LABELS = {
    "losses": ("step", "loss above the lowest"),
    "bands": ("epoch", "input of one unit"),
    "averaged": ("channels", "images"),
    "by layer": ("layer", "size"),
    "pairs": ("validation accuracy", ""),
}


@pytest.mark.parametrize("name", LABELS)
def test_the_axes_are_named_as_what_is_along_them(name):
    series = {"a": [2.0, 1.0], "b": [3.0, 1.0]}
    figure = {
        "losses": lambda: figures.show_losses(series),
        "bands": lambda: figures.show_input_bands({"a": X[0, 0], "b": X[1, 0]}),
        "averaged": lambda: figures.show_averaged(["batch", "layer"]),
        "by layer": lambda: figures.show_by_layer(series, "size"),
        "pairs": lambda: figures.show_pairs({"a": (0.5, 0.75)}, ["x", "y"]),
    }[name]()
    along, up = LABELS[name]
    assert {ax.get_xlabel() for ax in figure.axes} == {along}
    assert figure.axes[0].get_ylabel() == up


def test_the_names_in_a_key_have_the_colors_of_their_marks():
    """A key's entry and what it names: one color, marker and place in the data."""
    figure = figures.show_pairs({"a": (0.5, 0.75), "b": (0.25, 0.5)}, ["x", "y"])
    series = {"a": [2.0, 1.0], "b": [3.0, 1.5]}
    for ax, drawn in (
        (figure.axes[0], {"x": 0.5, "y": 0.75}),
        (figures.show_losses(series).axes[0], {"a": 2.0, "b": 3.0}),
        (figures.show_by_layer(series, "size").axes[0], {"a": 2.0, "b": 3.0}),
    ):
        handles, labels = ax.get_legend_handles_labels()
        for name, first in drawn.items():
            handle = handles[labels.index(name)]
            values = handle.get_xdata() if name in "xy" else handle.get_ydata()
            assert values[0] == first, name
        colors = [handles[labels.index(name)].get_color() for name in drawn]
        assert colors == list(figures.COLORS[:2])


def test_bands_go_from_the_lowest_to_the_highest_of_the_sizes():
    rows = torch.tensor([[[1.0, 0.5], [3, 2], [2, 4]], [[2, 1], [1, 8], [5, 2]]])
    figure = figures.show_along_steps({"one": rows, "two": 2 * rows}, every=15)
    wanted = {"loss": ([1, 1], [3, 5]), "change of the gradient": ([0.5, 1], [4, 8])}
    assert [ax.get_title("left") for ax in figure.axes] == [*wanted]
    for ax, (low, high) in zip(figure.axes, wanted.values(), strict=True):
        lines = [line.get_xydata().T.tolist() for line in ax.lines]
        assert lines[:2] == [[[0, 15], low], [[0, 15], high]]
        assert lines[2][1] == [2 * v for v in low], "the second network"
        styles = {line.get_linestyle() for line in ax.lines}
        assert len(styles) == 2 and ax.get_yscale() == "log"
    assert "one, the loss from 1.0 to 3.0" in figure.get_label()
