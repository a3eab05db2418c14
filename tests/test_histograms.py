"""Histograms of layers: every value is counted once, in its bin."""

import math

import pytest
import torch

from helpers.figures.histograms import Bins, columns


def test_values_are_counted_in_their_bins():
    values = torch.tensor([[-9.0, 0.0, 0.01, 2.99], [9.0, math.inf, 3.0, -math.inf]])
    found = Bins(-3.0, 3.0, 61).counts(values)
    assert found.shape == (2, 61) and not found.is_floating_point()
    assert found[0, 0] == 1 and found[0, 30] == 2 and found[0, 60] == 1
    assert found[1, 60] == 3 and found[1, 0] == 1
    assert found.sum(1).tolist() == [4, 4]


def test_a_bin_begins_where_the_one_before_ends():
    bins = Bins(-2.0, 2.0, 4)
    (found,) = bins.counts([torch.tensor([-2.0, -1.01, -1.0, -0.01, 0.0, 1.99])])
    assert found.tolist() == [2, 2, 1, 1]


def test_magnitudes_are_counted_by_their_power_of_ten():
    bins = Bins(-3, 3, 6, log=True)
    values = torch.tensor([0.0, 1e-9, -0.02, 5.0, -50.0, 1e9, math.nan])
    (found,) = bins.counts([values])
    assert found.tolist() == [2, 1, 0, 1, 1, 1]


def test_layers_may_differ_in_size_and_what_is_no_number_is_not_counted():
    bins = Bins(-1.0, 1.0, 3)
    found = bins.counts([torch.zeros(2, 5), torch.full((4,), math.nan), torch.ones(3)])
    assert found.tolist() == [[0, 10, 0], [0, 0, 0], [0, 0, 3]]


def test_a_column_is_a_layer_and_the_highest_bin_is_above():
    shown = columns(torch.tensor([[1, 0, 3], [0, 0, 0]]))
    assert shown.shape == (3, 2)
    assert (0.6 * shown[:, 0]).tolist() == pytest.approx([0.75**0.5, 0, 0.5])
    assert not shown[:, 1].any(), "a layer without numbers"
