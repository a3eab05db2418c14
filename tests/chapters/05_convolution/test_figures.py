"""The drawings of chapter 5 show what they are given, read from their numbers."""

import numpy as np
import torch

from helpers.chapters.convolution import figures
from helpers.figures.described import described


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
    frames = [p for ax in figure.axes for p in ax.patches]
    assert {(f.get_x(), f.get_y(), f.get_width()) for f in frames} == {(1.5, 1.5, 3)}


def test_positive_weights_are_red_and_negative_ones_blue():
    """As the notebook reads them: red weights want ink, blue ones want none."""
    kernels = torch.tensor([[[1.0, 0, -1]] * 3] * 2)
    kernel_figure = figures.show_kernels_and_patches(kernels, torch.rand(2, 1, 7, 7))
    matrix_figure = figures.show_weight_matrices(dict(zip("ab", kernels, strict=True)))
    for figure in (kernel_figure, matrix_figure):
        image = figure.axes[0].images[0]
        red, _, blue, _ = image.to_rgba(image.get_array())[0].T
        assert red[0] > blue[0] and red[2] < blue[2]
