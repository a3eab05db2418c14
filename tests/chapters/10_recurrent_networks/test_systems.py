"""Systems of chapter 10: each kind of sequence model works as it should."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import Examples, Vocab, evaluate, load_images, seeded, train
from helpers.chapters.recurrent_networks.embeddings import GROUPS, sentences
from helpers.chapters.recurrent_networks.tasks import (
    DIGITS,
    LETTERS,
    TAGS,
    LastState,
    adding,
    recall,
    spelled_digits,
    tagged_sentences,
)
from helpers.models.recurrent import Recurrent, set_forget_bias
from tests.taught import taught

own = taught("10", "Tagger", "neighbors", "Speller", "Attention")


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def adam(lr=0.01):
    return {"optimizer": torch.optim.Adam, "lr": lr, "batch_size": 64}


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_15_17_the_courses_layers_are_torchs(kind):
    layer = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[kind](3, 5, 2)
    ours = Recurrent(kind, 3, 5, 2)
    ours.load_weights(layer)
    X = torch.randn(7, 2, 3)
    torch.testing.assert_close(ours(X)[0], layer(X)[0], atol=1e-6, rtol=1e-5)


def test_16_many_to_one_the_sign_of_a_sum(generator):
    X = torch.randn(1_500, 10, 1, generator=generator)
    y = (X.sum((1, 2)) > 0).long()
    with seeded(0):
        net = LastState(1, 2, 16, "gru")
    train(net, (X[:1_000], y[:1_000]), num_epochs=5, **adam())
    assert evaluate(net, Examples(X[1_000:], y[1_000:])).accuracy > 0.9


def test_16_one_to_many_spells_digits():
    digits = load_images("digits", n_train=100, n_test=50)
    (X, letters), (X_test, letters_test) = spelled_digits(digits)
    assert X.shape == (100, 1, 14, 14) and letters.shape == (100, 5)
    assert len(X_test) == len(letters_test) == 50
    torch.testing.assert_close(X, F.avg_pool2d(digits.train.X, 2))
    for row, label in zip(letters.tolist(), digits.train.y.tolist(), strict=True):
        assert "".join(LETTERS[k] for k in row).strip() == DIGITS[label]
    with seeded(0):
        net = own.Speller()
        optimizer = torch.optim.Adam(net.parameters(), 0.005)
        for _ in range(200):
            optimizer.zero_grad()
            F.cross_entropy(net(X), letters).backward()
            optimizer.step()
    assert (net(X).argmax(1) == letters).all(1).float().mean() > 0.9


def test_17_an_lstm_recalls_with_a_large_forget_bias_alone(generator):
    rows, others = recall(3_200, 12, generator), recall(500, 12, generator)
    found = {}
    for bias in (0.0, 3.0):
        with seeded(0):
            net = LastState(8, 8, 32, "lstm")
        set_forget_bias(net, bias)
        train(net, rows, num_epochs=8, **adam())
        found[bias] = evaluate(net, others).accuracy
    assert found[3.0] > 0.9 > found[0.0] + 0.2


def test_18_words_of_a_kind_have_similar_vectors():
    rows = sentences()
    words = Vocab(word for row in rows for word in row)
    pairs = torch.stack([words.encode(p) for r in rows for p in own.neighbors(r)])
    with seeded(0):
        embedding = nn.Embedding(len(words), 8)
        net = nn.Sequential(embedding, nn.Flatten(), nn.Linear(8, len(words)))
    train(net, Examples(pairs[:, :1], pairs[:, 1]), num_epochs=3, **adam(0.03))
    W = F.normalize(embedding.weight.detach(), dim=1)
    index = [words.encode(some) for some in GROUPS["words"].values()]
    within = [(W[i] @ W[i].T).mean().item() for i in index]
    across = [(W[i] @ W[j].T).mean() for i in index for j in index if i is not j]
    assert min(within) > 0.6 > max(across) + 0.2


def test_19_a_text_cnn_fills_slots_with_unseen_words():
    words = Vocab(word for row in sentences() for word in row)
    with seeded(0):
        net = own.Tagger(len(words))
    train(net, tagged_sentences(words), num_epochs=12, **adam(0.02))
    unseen = tagged_sentences(words, unseen=True)
    right = net(unseen.X).argmax(1) == unseen.y
    assert right[unseen.y > 0].float().mean() >= 0.95


@pytest.mark.parametrize("unseen", [False, True])
def test_tags_are_those_of_the_words(unseen):
    tag = dict.fromkeys(GROUPS["words"]["cities"], "place")
    tag |= dict.fromkeys(GROUPS["words"]["weekdays"], "time")
    rows = [row for row in sentences() if ("emma" in row) == unseen]
    if unseen:
        rows = [row for row in rows if tag.keys() & set(row)]
    words = Vocab(word for row in sentences() for word in row)
    examples = tagged_sentences(words, unseen)
    assert len(examples) == len(rows)
    for k, row in enumerate(rows):
        n, X, y = len(row), examples.X[k], examples.y[k]
        assert [TAGS[t] for t in y[:n]] == [tag.get(word, "other") for word in row]
        assert (y[n:] == 0).all() and (X[n:] == words.unk).all()
        known, slot = words.encode(row), y[:n] > 0
        assert X[:n][~slot].equal(known[~slot])
        hidden = unseen or k % 4 == 0
        assert X[:n][slot].equal(
            torch.where(torch.tensor(hidden), words.unk, known[slot])
        )


def test_recall_asks_for_the_first_symbol(generator):
    rows = recall(500, 7, generator, num_symbols=4)
    assert rows.X.shape == (500, 7) and rows.y.equal(rows.X[:, 0])
    assert (rows.X.flatten().bincount() / 3_500 - 0.25).abs().max() < 0.03


def test_adding_marks_two_numbers_one_in_each_half(generator):
    rows = adding(400, 9, generator)
    numbers, marks = rows.X.unbind(2)
    assert rows.X.shape == (400, 9, 2) and rows.y.shape == (400, 1)
    assert (marks[:, :4].sum(1) == 1).all() and (marks[:, 4:].sum(1) == 1).all()
    torch.testing.assert_close((numbers * marks).sum(1, keepdim=True), rows.y)
    assert (marks.sum(0) > 0).all() and 0 <= numbers.min() and numbers.max() < 1
    assert F.mse_loss(torch.ones(400, 1), rows.y).item() == pytest.approx(
        1 / 6, abs=0.03
    )


def test_the_last_state_alone_is_read():
    torch.manual_seed(0)
    net = LastState(5, 3, 4, "gru", num_layers=2)
    X = torch.randint(5, (2, 6))
    H, _ = net.rnn(F.one_hot(X, 5).float())
    torch.testing.assert_close(net(X), net.output(H[:, -1]))
    assert LastState(2, 1)(torch.rand(3, 4, 2)).shape == (3, 1)


def test_attention_recalls_what_stands_far_back(generator):
    rows, others = recall(3_200, 30, generator), recall(500, 30, generator)
    with seeded(0):
        net = own.Attention(8, 30)
    train(net, rows, num_epochs=6, **adam())
    assert evaluate(net, others).accuracy > 0.97
    net(others.X)
    assert (net.weights[:, 0].argmax(1) == 0).all()
