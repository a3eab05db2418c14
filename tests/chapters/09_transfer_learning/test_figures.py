"""The drawings of chapter 9 show what they are given, read from their marks."""

import torch
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from helpers.chapters.transfer_learning import figures
from helpers.figures.described import described


def test_lines_lie_where_their_values_are():
    values = {"a": {1: 0.5, 10: 0.75, 100: 0.25}, "b": {1: 0.1, 100: 0.9}}
    figure = figures.show_lines(values, "labels", "accuracy", log="x")
    (ax,) = figure.axes
    for line, (name, by_x) in zip(ax.lines, values.items(), strict=True):
        assert line.get_label() == name
        assert dict(line.get_xydata().tolist()) == by_x
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 2 and len({style for _, style in looks}) == 2
    assert ax.get_xscale() == "log" and (ax.get_xlabel(), ax.get_ylabel()) == (
        "labels",
        "accuracy",
    )
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "10", "100"]
    assert figures.show_lines(values, "x", "y").axes[0].get_xscale() == "linear"
    assert "a 1: 0.50, 10: 0.75" in described(figure)


def test_rows_hold_their_images_in_order():
    rows = {"one": torch.rand(3, 1, 4, 4), "two": torch.rand(3, 1, 4, 4)}
    figure = figures.show_rows(rows)
    drawn = [ax.images[0].get_array().tolist() for ax in figure.axes]
    assert drawn == [X[0].tolist() for part in rows.values() for X in part]
    assert {ax.images[0].get_clim() for ax in figure.axes} == {(0, 1)}
    named = [ax.texts[0].get_text() for ax in figure.axes if ax.texts]
    assert named == ["one", "two"]


def test_ways_are_boxes_in_the_colors_of_their_kinds():
    ways = {"first": ("frozen", "trained", "new"), "second": ("", "new", "frozen")}
    figure = figures.show_ways(ways, ("stem", "blocks", "classifier"))
    (ax,) = figure.axes
    boxes = [p for p in ax.patches if isinstance(p, Rectangle)]
    found = [
        (b.get_x(), round(b.get_y() + b.get_height() / 2), to_hex(b.get_facecolor()))
        for b in boxes
    ]
    expected = [
        (k, -row, figures.KINDS[kind])
        for row, kinds in enumerate(ways.values())
        for k, kind in enumerate(kinds)
        if kind
    ]
    assert found == expected
    assert len(set(figures.KINDS.values())) == 3
    words = [t.get_text() for t in ax.texts]
    assert all(word in words for word in (*ways, "stem", "blocks", "classifier"))
    assert "second: blocks new, classifier frozen" in described(figure)
