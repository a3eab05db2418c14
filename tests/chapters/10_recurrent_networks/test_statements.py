"""Chapter 10: statements of the text, each made anew from what it is about.

A direction, a name or an order in a sentence is computed, and the sentence that follows
from it must stand in the notebook: so it cannot be turned round unnoticed. Here up to
the gradient that goes back through time; `test_statements_gates` has the rest.
"""

import re
from collections import Counter

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import NGram, Vocab, load_names, load_time_machine, sequential_windows
from helpers.chapters.recurrent_networks import figures
from helpers.chapters.recurrent_networks.embeddings import TEMPLATES, sentences
from helpers.chapters.recurrent_networks.tasks import TAGS, tagged_sentences
from helpers.models.recurrent import CharModel, detached
from tests.taught import holding, taught, text_of

own = taught("10", "rnn", "by_distance", "Speller")


holds = holding("10")


@pytest.fixture(scope="module")
def text():
    return load_time_machine()


# -- numbers for tokens --------------------------------------------------------------


def test_the_most_frequent_character_has_the_first_number(text):
    vocab, counts = Vocab(text.train), Counter(text.train)
    assert max(counts, key=counts.get) == " " and vocab[" "] == 1
    assert counts.most_common(2)[1][0] == "e" and vocab["e"] == 2
    assert abs(vocab["t"] - vocab["a"]) == 1
    holds(
        "vocab-read",
        "The space is 1, being the most frequent character, e is 2.",
        "The numbers are names: that t stands near a means nothing.",
    )
    distances = torch.cdist(torch.eye(5), torch.eye(5)).square().unique()
    assert distances.tolist() == pytest.approx([0, 2])
    holds("numbers-more", r"any two different one-hot vectors is $\sqrt{2}$")
    assert len(text.val) == len(text.train + text.val) // 10
    holds(
        "numbers-more",
        "The last tenth is kept apart for validation and never trained on.",
    )


def test_a_bag_loses_the_order_and_nothing_else():
    vocab = Vocab("abc")
    bags = [F.one_hot(vocab.encode(s), 4).sum(0).tolist() for s in ("abca", "caba")]
    assert bags[0] == bags[1] and len(bags[0]) == len(vocab)
    holds("bag", "has the same length for every text, and has forgotten the order:")
    holds("bag-read", "Two different events, one bag.")
    holds("recall-questions", "What does a bag of words forget?</summary> The order of")


def test_what_an_n_gram_looks_at(text):
    by_n = {n: NGram(text.train, n).perplexity(text.val) for n in (4, 5, 6)}
    assert min(by_n, key=by_n.get) == 5
    seen = [len(NGram("abcabc", n).followers) - 1 for n in (1, 5)]
    assert seen == [0, 4], "the longest context of n = 5 has four characters"
    for cell_id in ("ngram", "terms"):
        holds(cell_id, "of the last $n - 1$ " if cell_id == "ngram" else "last n - 1 ")
    holds("ngram-read", "More context helps up to n = 5, four characters.")

    def new(k):
        """How many contexts of k characters in val were never seen in training."""
        seen = {text.train[i : i + k] for i in range(len(text.train))}
        asked = [text.val[i : i + k] for i in range(len(text.val) - k)]
        return sum(context not in seen for context in asked) / len(asked)

    assert new(6) > 3 * new(4)
    holds("ngram-read", "Longer contexts were seen too seldom.")
    equal = torch.full((1, 4), 1.0)
    nats = F.cross_entropy(equal, torch.tensor([2]))
    assert nats.exp().item() == pytest.approx(4)
    holds("ngram", "4 means as uncertain as a guess among four equally likely")
    holds("recall-questions", "as one that guesses among four equally likely")
    holds("terms", "| perplexity | 困惑度 | exp of the mean cross-entropy |")


def test_an_embedding_is_a_linear_layer_of_a_one_hot_vector():
    torch.manual_seed(0)
    embedding, tokens = nn.Embedding(6, 3), torch.tensor([4, 0, 4])
    bare = F.linear(F.one_hot(tokens, 6).float(), embedding.weight.T)
    torch.testing.assert_close(embedding(tokens), bare)
    holds("embedding-same", "what a linear layer without bias makes of a one-hot")
    assert len(TEMPLATES) == 6
    holds("embedding", "sentences made from six patterns:")
    holds(
        "embedding-read",
        "is large within cities, within days, within people, and small across them.",
    )
    holds("embedding-more", "the vectors that predict these places come out alike.")


# -- a window ------------------------------------------------------------------------


def test_what_stands_before_places_and_times():
    words = Vocab(word for row in sentences() for word in row)
    unseen = tagged_sentences(words, unseen=True)
    before = {"place": set(), "time": set()}
    for x, y in zip(unseen.X.tolist(), unseen.y.tolist(), strict=True):
        for t in range(1, len(y)):
            if y[t]:
                before[TAGS[y[t]]].add(words.idx_to_token[x[t - 1]])
    assert before["place"] <= {"in", "to"} and before["time"] <= {"on", "last"}
    holds(
        "window-read",
        "An unknown word after *in* or *to* is a place, and one after *on* or *last* "
        "is a time.",
    )
    tagged = tagged_sentences(words)
    slots = tagged.y > 0
    hidden = ((tagged.X == words.unk) & slots).any(1).float().sum()
    assert hidden / slots.any(1).sum() == pytest.approx(1 / 4, abs=0.02)
    holds("window-more", "In one training sentence of four the places and times are")
    holds("window-more", "The window is three words wide")
    assert not (set(map(tuple, unseen.X.tolist())) & set(map(tuple, tagged.X.tolist())))
    holds("window-why", "The test sentences are others, and their places and times unk")


# -- the state -----------------------------------------------------------------------


def test_the_formula_is_the_taught_loop():
    torch.manual_seed(0)
    X, W_xh = torch.randn(3, 1, 2), torch.randn(4, 2)
    W_hh, b, h = torch.randn(4, 4), torch.randn(4), torch.zeros(1, 4)
    states, _ = own.rnn(X, h, W_xh, W_hh, b)
    for x, state in zip(X, states, strict=True):
        h = torch.tanh((W_xh @ x.T).T + (W_hh @ h.T).T + b)
        torch.testing.assert_close(state, h)
    holds(
        "rnn",
        r"h_t = \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b), \qquad y_t = W_{hy}\, h_t",
        "$W_{xh}$ reads the input, $W_{hh}$ carries the state on, and $W_{hy}$ makes",
    )
    holds("ex-run-rnn", r"$\tanh(x W_{ih}^T + h W_{hh}^T + b)$")


def test_the_same_input_twice_makes_two_states():
    h, states = torch.tensor(0.0), []
    for x in (1, 0, 1):
        h = torch.tanh(0.5 * h + x)
        states.append(f"{h:.4f}")
    assert states[0] != states[2]
    holds(
        "state-read",
        f"is different: {states[0]}, then {states[2]}.",
        "The second time the network remembers the first.",
    )
    holds("rnn-more", "The same input twice gives different outputs, since the state")
    holds("recall-questions", "The state has changed in between, and the output dep")


def test_time_runs_to_the_right_with_the_same_matrices():
    figure = figures.show_unrolled(["a", "b", "c"])
    at = {t.get_text(): t.get_position()[0] for t in figure.axes[0].texts}
    assert at["$h_1$"] < at["$h_2$"] < at["$h_3$"]
    holds(
        "unrolled-read",
        "Time runs to the right. Every arrow with the same label is the same matrix,",
    )
    holds("recall-questions", "Their weights. The gradient of a weight is the sum over")


def test_what_torch_puts_first_and_returns():
    X = torch.zeros(7, 3, 8)
    H, state = nn.RNN(8, 16, num_layers=2)(X)
    assert H.shape == (7, 3, 16), "all states, of the last layer"
    assert state.shape == (2, 3, 16), "the last state, of all layers"
    assert nn.RNN(8, 16, batch_first=True)(X.transpose(0, 1))[0].shape == (3, 7, 16)
    holds(
        "rnn-more",
        "Torch puts time first, (T, n, d), unless you say `batch_first=True`; then it "
        "is (n, T, d).",
        "It returns all states of the last layer, and the last state of all layers.",
        "torch keeps two biases, 16 more numbers",
    )


def test_a_word_has_the_same_translation_everywhere():
    rows = re.findall(r"\| ([^|]+) \| ([^|]+) \| [^|]+ \|", text_of("10", "terms"))
    terms = dict(rows)
    recurrent, recursive = "recurrent network", "recursive network"
    assert terms[recurrent].startswith("循环") and terms[recursive].startswith("递归")
    holds(
        "rnn-more",
        "*Recurrent* (循环) means over time. A *recursive* network (递归) is something",
    )
    holds("terms", "| the state of one step is an input of the next |")


# -- shapes of task ------------------------------------------------------------------


def test_shapes_are_read_as_they_are_drawn():
    shapes = {name.split(",")[0]: v for name, v in figures.SHAPES.items()}
    assert shapes["many to one"] == ((0, 1, 2), (2,)), "the last step answers"
    holds("many-to-one", "the last state has to say whether their sum is positive.")
    assert shapes["one to many"] == ((0,), (0, 1, 2))
    assert shapes["one to one"] == ((0,), (0,))
    holds("shapes-read", "One to one has no time at all: a single step")
    holds("one-to-many", "A picture comes in at the beginning, as the state, and a")
    one, more = own.Speller(), torch.rand(2, 1, 14, 14)
    assert one.rnn(torch.zeros(2, 5, 1), one.picture(more)[None])[0].shape[1] == 5
    holds(
        "many-to-many-more",
        "an *encoder* that reads the whole sentence and a *decoder* that starts from "
        "its last state and writes",
        "a second layer may read it from its end: *bidirectional*.",
    )


def test_names_are_padded_before_their_letters():
    names = load_names()
    X = names.train.X
    assert (X[:, -1] > 0).all() and (X[:, 0] == 0).any()
    assert (X.ne(0).long().diff(dim=1) >= 0).all(), "no padding behind a letter"
    holds(
        "names-more",
        "padded with zeros *before* their letters, so that all end at the last step: "
        "what a network read last it remembers best.",
    )
    counts = names.train.y.bincount().tolist()
    assert len(counts) == 6 and set(counts) == {198}
    holds("names", "Six languages, 198 last names of each to learn from.")


# -- back through time ---------------------------------------------------------------


def test_the_product_of_the_formula_is_the_gradient():
    torch.manual_seed(0)
    layer, X = nn.RNN(2, 3).double(), torch.randn(6, 2).double()
    h = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    states = [h]
    W = layer.weight_hh_l0
    for x in X:
        inner = layer.weight_ih_l0 @ x + layer.bias_ih_l0 + layer.bias_hh_l0
        states.append(torch.tanh(inner + W @ states[-1]))
    t, k = 6, 4
    J = torch.stack([
        torch.autograd.grad(states[t][j], states[t - k], retain_graph=True)[0]
        for j in range(3)
    ])  # fmt: skip
    product = torch.eye(3).double()
    for i in range(t, t - k, -1):  # the last of them is t - k + 1
        product = product @ torch.diag(1 - states[i] ** 2) @ W
    assert i == t - k + 1
    torch.testing.assert_close(J, product)
    holds(
        "time",
        r"= D_t W_{hh}\, D_{t-1} W_{hh} \cdots D_{t-k+1} W_{hh}",
        "over $k$ steps back, $D_i$ the diagonal matrix of tanh's derivatives $1 - h_",
    )


def test_which_factor_vanishes_and_which_explodes():
    assert 0.98**999 < 1e-8 and 1e8 < 1.02**999 < 1e9
    holds("time-read", "0.98 leaves nothing, 1.02 makes it hundreds of millions of")
    slope = 1 - torch.linspace(-3, 3, 601).tanh() ** 2
    assert slope.max() <= 1
    holds(
        "time-more",
        "at most 1, so that the gradient of a tanh network vanishes more often than it "
        "explodes.",
        "With ReLU the factor is 1 wherever the unit is on, and nothing stops",
    )


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_thirty_steps_ago_has_hardly_any_influence(kind):
    X = torch.randn(60, 16, 8, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    norms = own.by_distance(kind(8, 32), X)
    assert norms[30] < 1e-4 * norms[0]
    steps = norms[5:55].log10().diff()
    assert steps.mean() < -0.1 and steps.std() < 3 * abs(steps.mean())
    holds(
        "cells-read",
        "all three forget at an even rate: straight lines on a logarithmic axis",
        "What stood thirty steps ago has hardly any influence on the first steps",
    )


def test_clipping_shortens_and_never_lengthens():
    for g in (torch.tensor([3.0, 4.0]), torch.tensor([0.3, 0.4])):
        p = nn.Parameter(torch.zeros(2))
        p.grad = g.clone()
        nn.utils.clip_grad_norm_([p], 1.0)
        torch.testing.assert_close(p.grad, min(1.0, 1.0 / g.norm().item()) * g)
    holds(
        "clip",
        r"g \leftarrow \min\!\left(1, \frac{\theta}{\lVert g \rVert}\right) g",
        "## Short steps, short windows",
        "The direction stays, and no step of plain descent is longer than the rate",
    )
    holds(
        "clip-more",
        "Clipping each number by itself would turn the direction.",
        "Nothing of the kind helps against gradients that vanish:",
    )
    holds(
        "recall-questions",
        "Against gradients that explode. Not against those that vanish.",
    )
    holds(
        "summary",
        "and explodes or vanishes: clipping holds the one, a gated cell the other.",
    )
    holds("terms", "shorten the gradient where its norm is too large")


def test_each_row_goes_on_where_its_own_ended():
    batches = list(sequential_windows(torch.arange(41), 2, 5))
    for (before, _), (X, _) in zip(batches, batches[1:], strict=False):
        assert torch.equal(X[:, 0], before[:, -1] + 1)
    holds(
        "detach-more",
        "row i of a batch goes on where row i of the batch before ended, and the state",
        "At random, each begins with the state 0:",
    )


def test_a_state_that_is_not_detached_runs_through_all_windows():
    net, tokens = CharModel(4, 3, "rnn"), torch.arange(41) % 4
    for cut in (detached, lambda state: state):
        state = None
        with pytest.raises(RuntimeError, match="second time") if cut is not detached \
                else torch.enable_grad():  # fmt: skip
            for X, y in sequential_windows(tokens, 2, 5):
                logits, state = net.unroll(X, cut(state) if state is not None else None)
                F.cross_entropy(logits, y).backward()
    holds("detach-more", "torch then stops with an error, because that graph was freed")
    holds("detach", "*detached*: as numbers, without its history.")
    holds("recall-questions", "Its values are to go on, the gradient is not.")
