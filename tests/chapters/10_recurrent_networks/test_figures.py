"""The drawings of chapter 10 show what they are given, read from their marks."""

import torch
from matplotlib.patches import FancyBboxPatch

from helpers.chapters.recurrent_networks import figures
from helpers.figures.described import described


def test_a_matrix_is_drawn_around_zero():
    values = torch.tensor([[0.5, -2.0, 0.0], [0.25, 1.0, 0.1]])
    figure = figures.show_heat(values, ["one", "two", "six"], "x", "y", ["a", "b"])
    ax = figure.axes[0]
    assert ax.images[0].get_array().tolist() == values.tolist()
    assert ax.images[0].get_clim() == (-2, 2)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["one", "two", "six"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    assert "in row [0, 1, 1]" in described(figure)


def test_a_network_is_unrolled_over_its_inputs():
    figure = figures.show_unrolled(["a", "b", "c"])
    (ax,) = figure.axes
    assert sum(isinstance(p, FancyBboxPatch) for p in ax.patches) == 1 + 3
    words = [t.get_text() for t in ax.texts]
    for t, token in enumerate("abc", 1):
        assert f"$x_{t}$ = {token}" in words and f"$h_{t}$" in words
    for name in ("$W_{xh}$", "$W_{hh}$", "$W_{hy}$"):
        assert words.count(name) == 1 + 3
    assert "a, b, c" in described(figure)


def test_shapes_take_inputs_and_give_outputs_where_they_say():
    figure = figures.show_shapes()
    (ax,) = figure.axes
    marks = {"s": 0, "o": 0}
    for line in ax.lines:
        marks[line.get_marker()] += 1
    assert marks["s"] == sum(len(i) for i, _ in figures.SHAPES.values())
    assert marks["o"] == sum(len(o) for _, o in figures.SHAPES.values())
    steps = sum(1 + max(i + o) for i, o in figures.SHAPES.values())
    assert sum(isinstance(p, FancyBboxPatch) for p in ax.patches) == steps
    said = described(figure)
    assert "one to many: 1 in, 3 out" in said and "shorter: 4 in, 2 out" in said


def test_words_stand_above_their_images():
    letters = torch.tensor([[20, 23, 15, 0, 0], [19, 9, 24, 0, 0]])
    figure = figures.show_spelled(torch.rand(2, 1, 14, 14), letters)
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert titles == ["two", "six"]
