"""The drawings of chapter 5 show what they are given, read from their numbers."""

import io
import re

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex, to_rgb
from PIL import Image
from torch.nn import functional as F

from helpers.chapters.convolution import figures, grids
from helpers.chapters.convolution.exercises import shifts
from helpers.figures import to_png
from helpers.figures.described import described
from helpers.words import number


def test_accuracy_against_the_move():
    (ax,) = figures.show_against_move(
        (0, 2, 5), {"a": (1, 0.5, 0), "b": (0, 0, 1)}
    ).axes
    lines = {line.get_label(): line.get_xydata().T.tolist() for line in ax.lines}
    assert lines == {"a": [[0, 2, 5], [1, 0.5, 0]], "b": [[0, 2, 5], [0, 0, 1]]}
    assert ax.get_ylim() == (0, 1)


def test_weight_matrices_hide_what_is_no_weight():
    W = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, -3.0]])
    figure = figures.show_weight_matrices({"some": W, "all": W + 4})
    some, everything = figure.axes
    shown = some.images[0].get_array()
    assert shown.mask.tolist() == [[False, True, False], [True, False, False]]
    assert np.array_equal(shown.filled(0), W.numpy())
    assert some.images[0].get_clim() == (-3, 3)
    assert some.get_title(loc="left") == "some: 3 weights"  # one of them stands twice
    assert everything.get_title(loc="left") == "all: 4 weights"
    assert "some: 4 of 6 entries, 3 different" in described(figure)


def test_patches_stand_beside_their_kernel():
    kernels = torch.arange(18.0).view(2, 3, 3) - 9
    patches = torch.rand(2, 4, 7, 7, generator=torch.Generator().manual_seed(0))
    figure = figures.show_kernels_and_patches(kernels, patches)
    shown = [ax.images[0].get_array() for ax in figure.axes if ax.images]
    assert np.array_equal(shown[0], kernels[0]) and np.array_equal(shown[5], kernels[1])
    for c in range(2):
        for m in range(4):
            assert np.array_equal(shown[5 * c + 1 + m], patches[c, m])
    frames = [p for ax in figure.axes for p in ax.patches if p.get_width() > 1]
    assert {(f.get_x(), f.get_y(), f.get_width()) for f in frames} == {(1.5, 1.5, 3)}


def test_a_kernel_before_training_stands_at_its_left_on_its_own_scale():
    generator = torch.Generator().manual_seed(0)
    before, after = torch.randn(2, 2, 3, 3, generator=generator)
    figure = figures.show_kernels_and_patches(after, torch.rand(2, 4, 7, 7), before)
    shown = [ax.images[0] for ax in figure.axes if ax.images]
    assert len(shown) == 2 * (2 + 4)
    written = [t.get_text() for ax in figure.axes for t in ax.texts]
    for c in range(2):
        for image, kernel, text in zip(
            shown[6 * c :], (before[c], after[c]), written[2 * c :], strict=False
        ):
            assert np.array_equal(image.get_array(), kernel)
            reach = kernel.abs().max().item()
            assert image.get_clim() == (-reach, reach) and text == f"{reach:.2f}"
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert [t for t in titles if t] == 2 * ["before", "after", "patches"]
    assert "before and after training" in described(figure)


def test_a_small_weight_of_a_matrix_is_not_white():
    W = torch.tensor([[1.0, 0.01, -0.01, 0.0]])
    image = figures.show_weight_matrices({"a": W, "b": W}).axes[0].images[0]
    for r, g, b, _ in image.to_rgba(image.get_array())[0, :3]:
        assert max(r, g, b) - min(r, g, b) > 0.15


def test_positive_weights_are_blue_and_negative_ones_orange():
    """As the notebook reads them, and as the explorers have them."""
    kernels = torch.tensor([[[1.0, 0, -1]] * 3] * 2)
    kernel_figure = figures.show_kernels_and_patches(kernels, torch.rand(2, 1, 7, 7))
    matrix_figure = figures.show_weight_matrices(dict(zip("ab", kernels, strict=True)))
    for figure in (kernel_figure, matrix_figure):
        image = figure.axes[0].images[0]
        first, *_, last = image.to_rgba(image.get_array())[0]
        assert to_hex(first).upper() == grids.POSITIVE
        assert to_hex(last).upper() == grids.NEGATIVE


def test_a_patch_that_is_white_at_its_border_has_an_edge():
    white = torch.ones(2, 2, 7, 7)
    for ax in figures.show_kernels_and_patches(white[:, 0, :3, :3], white).axes:
        edges = [p for p in ax.patches if p.get_bbox().bounds == (0, 0, 1, 1)]
        assert len(edges) == len(ax.images)
        assert all(p.contains_point(ax.transAxes.transform((0.9, 0.9))) for p in edges)


def test_the_strongest_weights_keep_their_colors_in_the_stored_picture():
    """A palette of few colors may have none for a cell that stands alone."""
    generators = (torch.Generator().manual_seed(seed) for seed in (0, 1))
    pale = torch.rand(8, 3, 3, generator=next(generators)) - 0.5
    kernels, patches = 0.3 * pale, torch.rand(8, 5, 7, 7, generator=next(generators))
    kernels[1, 2, 2], kernels[4, 2, 1] = 1.0, -1.0
    file = to_png(figures.show_kernels_and_patches(kernels, patches))
    cells = np.array(Image.open(io.BytesIO(file)).convert("RGBA"))[..., :3].astype(int)
    for sign in (grids.POSITIVE, grids.NEGATIVE):
        wanted = 255 * np.array(to_rgb(sign))
        assert (np.abs(cells - wanted).max(-1) < 40).sum() >= 50, sign


def numbers(figure, column):
    """The numbers that stand between two places of a drawing of cells, row by row."""
    low, high = column
    texts = [t for t in figure.axes[0].texts if low < t.get_position()[0] < high]
    found = [(t.get_position()[::-1], t.get_text().replace("−", "-")) for t in texts]
    return [float(t) for _, t in sorted(found) if re.fullmatch(r"-?[\d.,]+", t)]


def filters():
    """Three channels of 3 x 4 pixels and a filter of 2 x 2, all numbers different."""
    X = torch.arange(36.0).view(3, 3, 4).flip(2) - 7
    K = torch.tensor([1.0, -2, 3, 0, 5, -1, 2, 7, -4, 6, -3, 8]).view(3, 2, 2)
    return X, K


def test_maps_of_the_channels_add_up_to_the_output():
    X, K = filters()
    figure = figures.show_channels_added(X, K, bias=-20.0)
    image, kernel, maps, total, output = (
        numbers(figure, ends)
        for ends in ((0, 4), (5, 7), (8, 11), (12, 15), (16.8, 20))
    )
    assert image == X.flatten().tolist() and kernel == K.flatten().tolist()
    apart = [F.conv2d(x[None, None], k[None, None]) for x, k in zip(X, K, strict=True)]
    assert maps == torch.stack(apart).flatten().tolist()
    assert total == sum(apart).flatten().tolist()
    expected = F.conv2d(X[None], K[None], torch.tensor([-20.0]))
    assert output == expected.flatten().tolist()
    firsts = " + ".join(f"{m.flatten()[0]:.0f}" for m in apart).replace("-", "−")
    assert f"first value: {firsts} = " in described(figure)
    signs = [t.get_text() for t in figure.axes[0].texts]
    assert [signs.count(sign) for sign in "∗=+"] == [3, 4, 2]
    assert "+ −20 =" in signs


def test_the_first_window_is_framed_and_what_it_becomes():
    figure = figures.show_channels_added(*filters(), bias=1.0)
    frames = [p for p in figure.axes[0].patches if not p.get_fill()]
    sizes = sorted((p.get_x(), p.get_width()) for p in frames)
    assert sizes == [(0, 2)] * 3 + [(5, 2)] * 3 + [(8, 1)] * 3 + [
        (12, 1), (pytest.approx(16.8), 1)]  # fmt: skip


def test_paths_and_gradient_have_one_sum_and_one_frame():
    paths = torch.outer(
        torch.tensor([1.0, 2, 3, 4, 1]), torch.tensor([1.0, 1, 5, 2, 1])
    )
    gradient = torch.arange(25.0).view(5, 5) / 7
    figure = figures.show_paths(paths, gradient)
    left, right = numbers(figure, (0, 5)), numbers(figure, (6, 11))
    assert left == paths.flatten().tolist()
    scaled = gradient * paths.sum() / gradient.sum()
    assert right == scaled.round().flatten().tolist()
    frames = [p for p in figure.axes[0].patches if not p.get_fill()]
    assert [(p.get_x(), p.get_y(), p.get_width()) for p in frames] == [
        (1, 1, 3), (7, 1, 3)]  # fmt: skip
    held = paths[1:4, 1:4].sum().item(), scaled[1:4, 1:4].sum().item()
    assert f"hold {number(held[0])} and {number(held[1])}." in described(figure)


def tints(figure):
    """(x, y) of each cell of a drawing -> above 0 for a blue one, below for orange."""
    cells = [p for p in figure.axes[0].patches if p.get_fill()]
    found = {}
    for cell in cells:
        red, _, blue, _ = cell.get_facecolor()
        found[cell.get_x(), cell.get_y()] = round(blue - red, 6)
    return found


def test_numbers_in_cells_are_blue_above_0_and_orange_below():
    X, K = filters()
    figure = figures.show_channels_added(X, K, bias=0.0)
    tinted = tints(figure)
    texts = [t for t in figure.axes[0].texts if re.fullmatch(r"−?\d+", t.get_text())]
    signs = set()
    for text in texts:
        x, y = text.get_position()
        value = int(text.get_text().replace("−", "-"))
        cell = next(c for c in tinted if c == pytest.approx((x - 0.5, y - 0.5)))
        assert np.sign(tinted[cell]) == np.sign(value)
        signs.add(np.sign(value))
    assert signs == {-1, 0, 1}


def test_each_grid_of_the_channels_has_its_name_above_it():
    figure = figures.show_channels_added(*filters(), bias=1.0)
    names = [
        (round(t.get_position()[0], 1), t.get_text())
        for t in figure.axes[0].texts
        if t.get_text()[0].isalpha()
    ]
    expected = [(12.0, "sum"), (16.8, "output")]
    for n in (1, 2, 3):
        expected += [(0.0, f"channel {n}"), (5.0, "slice"), (8.0, "map")]
    assert sorted(names) == sorted(expected)


def test_what_is_said_of_the_paths_is_what_is_drawn():
    """Middle, corner and sum; no two of the counts are alike."""
    paths = torch.tensor([[1.0, 5, 2], [6, 40, 7], [3, 8, 4]])
    text = described(figures.show_paths(paths, paths, inner=1))
    assert f"{paths.sum():.0f} paths from its pixels" in text
    assert f"From the middle {paths[1, 1]:.0f} paths, from a corner 1;" in text


def test_the_dotted_line_of_the_curves_is_what_guessing_reaches(monkeypatch):
    curves = {name: [k / 10] * 7 for k, name in enumerate(shifts.NETWORKS)}
    monkeypatch.setattr(shifts, "accuracies", lambda: curves)
    axes = shifts.four_networks().axes
    for ax, (name, values) in zip(axes, curves.items(), strict=True):
        measured, guessed = ax.lines
        assert ax.get_title(loc="left") + ax.get_title() == name
        assert measured.get_ydata().tolist() == values
        assert set(guessed.get_ydata()) == {1 / 10}  # ten digits
        assert ax.get_ylim() == (0, 1) and "pixels" in ax.get_xlabel()
