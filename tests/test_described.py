"""Figures in words: the alternative text of the pictures in a notebook."""

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

from helpers import show_figures, show_images
from helpers.figures.described import described


def chart():
    figure = Figure()
    ax = figure.subplots()
    ax.set(title="Rates", xlabel="$x_1$", ylabel="value")
    return figure, ax


def test_lines_by_their_ends():
    figure, ax = chart()
    ax.plot([0, 1, 2], [1, 5, 0.25], label="train")
    ax.plot([0, 1, 2], [np.nan, 2, 3])
    ax.plot([0, 1, 2], [1, 2, 3], "o", label="seen")
    ax.axhline(0)
    ax.text(0, 0, "train")
    ax.text(0, 0, "here")
    assert described(figure) == (
        "Rates, value against x_1: train from 1 to 0.25; a line from 2 to 3;"
        " seen (3); here."
    )


def test_many_lines_are_counted_and_areas_are_measured():
    figure, ax = chart()
    for k in range(7):
        ax.plot([0, 1, 2], [k, k, k])
    ax.scatter([1], [1])
    ax.set(xlim=(-1, 2), ylim=(0, 6))
    says = "Rates, value against x_1: 7 lines; drawn over −1 to 2 and 0 to 6."
    assert described(figure) == says


def test_images_by_their_titles():
    images = np.zeros((3, 4, 4))
    assert described(show_images(images)) == "3 images."
    assert described(show_images(images, ["a", "b\nnot c", "d"])) == (
        "3 images: a; b not c; d."
    )


def test_rows_of_images_have_their_names_at_the_left():
    figure = show_images(np.zeros((4, 4, 4)), "abcd", num_cols=2, rows=("x", "y"))
    assert described(figure) == "4 images: a; b; c; d. Rows, from the top: x; y."
    upper, lower = (text.get_position() for text in figure.texts)
    middles = [ax.get_position() for ax in figure.axes[::2]]
    for (x, y), box in zip((upper, lower), middles, strict=True):
        assert x < box.x0 and y == pytest.approx((box.y0 + box.y1) / 2)
    with pytest.raises(ValueError, match="2 rows need 2 names, got 1"):
        show_images(np.zeros((4, 4, 4)), num_cols=2, rows=("x",))


@pytest.fixture
def shell():
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_notebook_stores_them(shell):
    show_figures()
    figure, _ = chart()
    data, metadata = shell.display_formatter.format(figure)
    assert metadata["image/png"] == {"alt": described(figure)}
    assert data["image/png"].startswith(b"\x89PNG")
