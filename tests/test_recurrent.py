"""Recurrent cells from scratch beside torch's, the character model, and sampling."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    CharModel,
    GRUCell,
    LSTMCell,
    Recurrent,
    RNNCell,
    Vocab,
    d2l,
    detached,
    generate,
    perplexity,
    seeded,
    set_forget_bias,
    softmax_at,
)
from helpers.models.recurrent import CELLS, LAYERS

TORCH_CELLS = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
KINDS = list(CELLS)
same = {"rtol": 1e-10, "atol": 1e-12}


@pytest.fixture(autouse=True)
def _double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def state_of(kind, *shape):
    h, c = noise(*shape, seed=1), noise(*shape, seed=2)
    return (h, c) if kind == "lstm" else h


def as_tuple(state):
    return state if isinstance(state, tuple) else (state,)


# --- cells


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_is_that_of_torch(kind):
    expected = TORCH_CELLS[kind](3, 5)
    cell = CELLS[kind](3, 5)
    cell.load_state_dict(expected.state_dict())  # the same names, shapes and order
    x, state = noise(4, 3), state_of(kind, 4, 5)
    for got, want in zip(
        as_tuple(cell(x, state)), as_tuple(expected(x, state)), strict=True
    ):
        torch.testing.assert_close(got, want, **same)


def test_a_plain_cell_by_hand():
    """The memory of one unit: h = tanh(0.5 h + x), for x = 1, 0, 1."""
    cell = RNNCell(1, 1)
    for parameter, value in zip(cell.parameters(), (1.0, 0.5, 0.0, 0.0), strict=True):
        nn.init.constant_(parameter, value)
    h, seen = torch.zeros(1, 1), []
    for x in (1.0, 0.0, 1.0):
        h = cell(torch.tensor([[x]]), h)
        seen.append(h.item())
    assert seen == pytest.approx([0.7616, 0.3634, 0.8280], abs=1e-4)


def gated(i, f, o):
    """An LSTM cell of one unit whose gates are held open (40) or shut (-40)."""
    cell = LSTMCell(1, 1)
    for parameter in cell.parameters():
        nn.init.zeros_(parameter)
    with torch.no_grad():
        cell.bias_ih.copy_(torch.tensor([i, f, 0.0, o]))
        cell.weight_ih[2] = 1.0  # the new value is tanh(x)
    return cell


def test_each_gate_of_an_lstm_does_its_part():
    x, h, c = torch.full((1, 1), 0.3), torch.zeros(1, 1), torch.full((1, 1), 0.8)
    new = math.tanh(0.3)
    for gates, cell, shown in (
        ((-40.0, 40.0, 40.0), 0.8, True),  # kept
        ((40.0, -40.0, 40.0), new, True),  # replaced
        ((40.0, 40.0, 40.0), 0.8 + new, True),  # added
        ((-40.0, -40.0, 40.0), 0.0, True),  # cleared
        ((40.0, 40.0, -40.0), 0.8 + new, False),  # kept to itself
    ):
        h_new, c_new = gated(*gates)(x, (h, c))
        assert c_new.item() == pytest.approx(cell, abs=1e-12)
        assert h_new.item() == pytest.approx(math.tanh(cell) * shown, abs=1e-12)


def test_a_gru_keeps_its_state_where_the_update_gate_is_one():
    cell = GRUCell(2, 3)
    with torch.no_grad():
        cell.bias_ih[3:6] = 40.0
    h = noise(4, 3)
    torch.testing.assert_close(cell(noise(4, 2, seed=1), h), h, **same)


def test_parameters_are_counted_as_in_torch():
    for kind, count in (("rnn", 640), ("lstm", 2560), ("gru", 1920)):
        assert sum(p.numel() for p in CELLS[kind](10, 20).parameters()) == count


# --- the loop over time


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "state"])
def test_outputs_and_gradients_are_those_of_torch(kind, num_layers, batch_first, given):
    expected = LAYERS[kind](3, 5, num_layers, batch_first=batch_first)
    own = Recurrent(kind, 3, 5, num_layers, batch_first=batch_first)
    own.load_weights(expected)
    results = []
    for net in (own, expected):
        X = noise(4, 7, 3).requires_grad_()
        rows = 4 if batch_first else 7
        state = state_of(kind, num_layers, rows, 5) if given else None
        H, last = net(X, state)
        parts = [H, *as_tuple(last)]
        # a loss that reads every output and state, each with another weight
        loss = sum((part * noise(*part.shape, seed=9)).sum() for part in parts)
        loss.backward()
        results.append((parts, X.grad))
    (got, x_got), (want, x_want) = results
    for a, b in zip([*got, x_got], [*want, x_want], strict=True):
        torch.testing.assert_close(a, b, **same)
    for k, cell in enumerate(own.cells):
        for name, parameter in cell.named_parameters():
            there = getattr(expected, f"{name}_l{k}")
            torch.testing.assert_close(parameter.grad, there.grad, **same)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_initial_weights(kind):
    with seeded(3):
        own = Recurrent(kind, 3, 5, 2)
    with seeded(3):
        expected = LAYERS[kind](3, 5, 2)
    for a, b in zip(own.parameters(), expected.parameters(), strict=True):
        assert a.equal(b)


@pytest.mark.parametrize(
    "layer",
    [
        nn.RNN(3, 5, 2, nonlinearity="relu"),
        nn.RNN(3, 5, 2, bidirectional=True),
        nn.RNN(3, 5, 2, bias=False),
        nn.RNN(3, 4, 2),
        nn.RNN(3, 5, 1),
        nn.RNN(2, 5, 2),
        nn.LSTM(3, 5, 2),
        nn.GRU(3, 5, 2),
    ],
    ids=str,
)
def test_weights_of_another_layer_are_refused(layer):
    own = Recurrent("rnn", 3, 5, 2)
    before = [p.clone() for p in own.parameters()]
    with pytest.raises(ValueError, match="expected a plain RNN of 3 inputs, 5 hidden"):
        own.load_weights(layer)
    assert all(a.equal(b) for a, b in zip(before, own.parameters(), strict=True))


@pytest.mark.parametrize(
    "make", [lambda c: Recurrent(c, 3, 5), lambda c: CharModel(5, cell=c)]
)
def test_an_unknown_cell(make):
    with pytest.raises(
        ValueError, match="cell='cnn': allowed are 'rnn', 'lstm', 'gru'"
    ):
        make("cnn")


def test_the_forget_bias_is_set():
    net = nn.ModuleDict({"rnn": nn.LSTM(3, 2, 2), "other": nn.GRU(3, 2)})
    before = {name: p.clone() for name, p in net.named_parameters()}
    set_forget_bias(net, 3.0)
    for name, parameter in net.named_parameters():
        expected = before[name].clone()
        if "bias" in name and name.startswith("rnn"):
            expected[2:4] = 3.0 if "bias_ih" in name else 0.0
        assert parameter.equal(expected), name


# --- the language model

VOCAB = Vocab("abcabcabd")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 2}, {"num_embedding": 3}], ids=str
)
def test_a_model_is_its_layers(kind, options):
    net = CharModel(5, 4, kind, **options)
    X = torch.tensor([[1, 2, 3, 4, 0, 1], [2, 2, 2, 1, 3, 4]])
    vectors = net.embedding.weight if net.embedding else torch.eye(5)
    H, _ = net.rnn(vectors[X].transpose(0, 1))
    expected = net.output(H).permute(1, 2, 0)  # (T, n, V) -> (n, V, T)
    assert net(X).shape == (2, 5, 6)
    torch.testing.assert_close(net(X), expected, **same)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_model_of_d2l(kind):
    torch.set_default_dtype(torch.float32)  # that of d2l's one-hot vectors
    net = CharModel(5, 4, kind)
    other = d2l.RNNModel(net.rnn, 5)
    other.linear = net.output
    X = torch.tensor([[1, 2, 3], [4, 0, 1]])
    rows, state = other(X, other.begin_state("cpu", batch_size=2))  # (T * n, V)
    logits, own = net.unroll(X)
    torch.testing.assert_close(logits.permute(2, 0, 1).reshape(-1, 5), rows)
    for a, b in zip(as_tuple(own), as_tuple(state), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_a_carried_state_makes_one_text_of_two(kind):
    net, X = CharModel(5, 4, kind, num_layers=2), torch.randint(5, (3, 8))
    whole, last = net.unroll(X)
    first, state = net.unroll(X[:, :5])
    second, end = net.unroll(X[:, 5:], detached(state))
    torch.testing.assert_close(torch.cat([first, second], 2), whole, **same)
    for a, b in zip(as_tuple(end), as_tuple(last), strict=True):
        torch.testing.assert_close(a, b, **same)


@pytest.mark.parametrize("kind", KINDS)
def test_a_detached_state_ends_the_gradient(kind):
    net, X = CharModel(5, 4, kind, num_embedding=3), torch.tensor([[1]])
    grads = []
    for carry in (lambda state: state, detached):
        net.zero_grad()
        _, state = net.unroll(X, None)
        net.unroll(X + 1, carry(state))[0].sum().backward()
        grads.append(net.embedding.weight.grad[1].abs().sum().item())
    assert grads[0] > 0 == grads[1]


def test_perplexity_by_hand():
    net = CharModel(4, 3)
    nn.init.zeros_(net.output.weight)
    net.output.bias.data = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    tokens = torch.tensor([3, 0, 1, 1, 2])  # 0, 1, 1, 2 are predicted
    expected = (0.5 * 0.25 * 0.25 * 0.125) ** (-1 / 4)
    assert perplexity(net, tokens) == pytest.approx(expected)
    nn.init.zeros_(net.output.bias)
    assert perplexity(net, tokens) == pytest.approx(4)


def test_perplexity_reads_the_text_once():
    net, tokens = CharModel(5, 4), torch.randint(5, (9,))
    log_p = [
        net(tokens[None, :t])[0, :, -1].log_softmax(0)[tokens[t]] for t in range(1, 9)
    ]
    assert perplexity(net, tokens) == pytest.approx(math.exp(-sum(log_p).item() / 8))


# --- sampling


def test_softmax_at_a_temperature():
    logits = torch.tensor([[1.0, 3.0, 2.0], [0.0, 0.0, -1.0]])
    torch.testing.assert_close(softmax_at(logits), logits.softmax(-1))
    torch.testing.assert_close(softmax_at(logits, 0.5), (2 * logits).softmax(-1))
    assert softmax_at(logits, 0)[0].tolist() == [0, 1, 0]
    assert softmax_at(logits, 1e-300)[0].tolist() == [0, 1, 0]
    assert softmax_at(logits, 1e9).max() == pytest.approx(1 / 3, abs=1e-6)
    for wrong in (-1, math.nan, math.inf):
        with pytest.raises(ValueError, match="expected 0 or more"):
            softmax_at(logits, wrong)


class Cycle(CharModel):
    """Knows a -> b -> c -> a, and counts the tokens that it was given."""

    def __init__(self, sure=50.0):
        super().__init__(len(VOCAB), 2)
        self.follows = torch.eye(len(VOCAB))[[1, 2, 3, 1, 1]] * sure
        self.read = []

    def unroll(self, X, state=None):
        self.read.append(X.tolist())
        return self.follows[X].transpose(1, 2), (state or 0) + X.shape[1]


def test_a_model_goes_on_writing():
    net = Cycle()
    assert generate(net, VOCAB, "ab", 5) == "abcabca"
    # the start at once, then what was drawn, one by one
    assert net.read == [[[1, 2]], [[3]], [[1]], [[2]], [[3]]]
    assert generate(net, VOCAB, "?b", 2, temperature=0) == "?bca"
    assert generate(net, VOCAB, "ab", 0) == "ab"
    with pytest.raises(ValueError, match="start is empty"):
        generate(net, VOCAB, "", 3)
    with pytest.raises(ValueError, match="temperature=-1"):
        generate(net, VOCAB, "a", 3, temperature=-1)


def test_what_is_drawn_is_as_likely_as_the_model_says():
    generator = torch.Generator().manual_seed(0)
    text = generate(Cycle(sure=0.0), VOCAB, "a", 2000, generator=generator)
    counts = torch.tensor([text.count(c) for c in "abcd"])
    assert len(text) == 2001 and (counts / 2001 - 0.25).abs().max() < 0.04
    assert "<" not in text  # the unknown token is never drawn
    sharp, flat = (
        generate(Cycle(2.0), VOCAB, "a", 500, t, torch.Generator().manual_seed(0))
        for t in (0.3, 5.0)
    )
    assert sharp.count("abc") > 130 > 30 > flat.count("abc")


def test_the_same_generator_writes_the_same():
    with seeded(0):
        net = CharModel(len(VOCAB), 4)
    texts = [
        generate(net, VOCAB, "a", 40, 1.0, torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_a_text_is_learned_by_heart():
    text = "the cat sat on the mat. " * 3
    vocab = Vocab(text)
    tokens = vocab.encode(text)
    with seeded(0):
        net = CharModel(len(vocab), 32)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    for _ in range(80):
        optimizer.zero_grad()
        F.cross_entropy(net(tokens[None, :-1]), tokens[None, 1:]).backward()
        optimizer.step()
    assert perplexity(net, tokens) < 1.3
    assert generate(net, vocab, "the cat", 17, temperature=0) == text[:24]
