"""Chapter 10: the notebook's own definitions compute what the text says."""

import pytest
import torch
from torch import nn

from tests.taught import taught

own = taught(
    "10",
    *("neighbors", "Tagger", "rnn", "Speller", "bag", "by_distance", "one_step"),
    "Attention",
)


def test_neighbors_are_at_most_so_far_away():
    assert own.neighbors("abc", 1) == [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")]
    pairs = own.neighbors("abcd")
    assert ("a", "c") in pairs and ("a", "d") not in pairs and len(pairs) == 10


def test_a_tagger_sees_a_word_and_its_two_neighbors():
    torch.manual_seed(0)
    net, X = own.Tagger(9), torch.tensor([[1, 2, 3, 4, 5, 6]])
    before = net(X)
    assert before.shape == (1, 3, 6)
    X[0, 3] = 8
    moved = (net(X) != before).any(1)[0]
    assert moved.tolist() == [False, False, True, True, True, False]


def test_the_loop_is_torchs_layer():
    torch.manual_seed(0)
    layer, X, h = nn.RNN(3, 4), torch.randn(5, 2, 3), torch.randn(1, 2, 4)
    b = layer.bias_ih_l0 + layer.bias_hh_l0
    states, last = own.rnn(X, h[0], layer.weight_ih_l0, layer.weight_hh_l0, b)
    expected, end = layer(X, h)
    torch.testing.assert_close(states, expected)
    torch.testing.assert_close(last, end[0])


def test_one_step_is_that_of_torchs_cell():
    torch.manual_seed(0)
    cell, x = nn.LSTMCell(3, 4), torch.randn(2, 3)
    h, c = torch.randn(2, 4), torch.randn(2, 4)
    b = cell.bias_ih + cell.bias_hh
    found = own.one_step(x, h, c, cell.weight_ih, cell.weight_hh, b)
    torch.testing.assert_close(found, cell(x, (h, c)))


def test_a_speller_begins_with_the_picture_and_writes_five_letters():
    torch.manual_seed(0)
    net, X = own.Speller(), torch.rand(3, 1, 14, 14)
    letters = net(X)
    assert letters.shape == (3, 27, 5)
    H, _ = net.rnn(torch.zeros(3, 5, 1), net.picture(X)[None])
    torch.testing.assert_close(letters, net.output(H).transpose(1, 2))


def test_a_bag_counts_letters_and_leaves_the_padding_out():
    counts = own.bag(torch.tensor([[0, 0, 1, 2, 1], [26, 26, 26, 26, 3]]))
    assert counts.shape == (2, 26) and counts.dtype == torch.float32
    assert counts[0, :2].tolist() == [2, 1] and counts[0].sum() == 3
    assert counts[1, 25] == 4 and counts[1, 2] == 1


def test_distance_is_counted_from_the_last_step_back():
    layer = nn.RNN(1, 1)
    for weight, value in zip(layer.parameters(), (1.0, 0.5, 0.0, 0.0), strict=True):
        nn.init.constant_(weight, value)
    norms = own.by_distance(layer, torch.zeros(4, 2, 1))  # tanh' is 1 at 0
    assert norms.tolist() == pytest.approx([1, 0.5, 0.25, 0.125])


def test_attention_is_a_mean_with_weights_that_sum_to_1():
    torch.manual_seed(0)
    net, X = own.Attention(8, 6), torch.randint(8, (5, 6))
    y = net(X)
    assert y.shape == (5, 8) and net.weights.shape == (5, 1, 6)
    torch.testing.assert_close(net.weights.sum(2), torch.ones(5, 1))
    Z = net.symbols(X) + net.places
    expected = net.output((net.weights @ net.value(Z))[:, 0])
    torch.testing.assert_close(y, expected)
    scores = (net.query(Z)[:, -1:] * net.key(Z)).sum(2) / Z.shape[2] ** 0.5
    torch.testing.assert_close(net.weights[:, 0], scores.softmax(1))
    with torch.no_grad():  # without places only the last symbol and the set count
        net.places.zero_()
    turned = X[:, [2, 0, 1, 4, 3, 5]]
    torch.testing.assert_close(net(X), net(turned))
