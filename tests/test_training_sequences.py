"""Training on sequences with a target for each step: outputs (n, K, T), y (n, T)."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    CharModel,
    Choice,
    Examples,
    IntSlider,
    LogSlider,
    Text,
    accuracy,
    evaluate,
    fit,
    seeded,
    text_windows,
    train,
)
from helpers.tuning.session import Session


@pytest.fixture
def examples():
    generator = torch.Generator().manual_seed(0)
    X = torch.randint(5, (30, 6), generator=generator)
    return Examples(X, (X + X.roll(1, 1)) % 5)


def small_net(cell="gru"):
    with seeded(0):
        return CharModel(5, 8, cell)


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def test_fit_is_the_plain_loop(examples):
    net, plain = small_net(), small_net()
    settings = {"lr": 0.5, "momentum": 0.9, "clip_norm": 0.1}
    for _ in fit(net, examples, num_epochs=3, batch_size=8, **settings):
        pass
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.5, momentum=0.9)
    order = torch.Generator().manual_seed(0)
    for _ in range(3):
        for index in torch.randperm(30, generator=order).split(8):
            optimizer.zero_grad()
            logits, _ = plain.unroll(examples.X[index])  # every row begins with zeros
            rows = logits.transpose(1, 2).reshape(-1, 5)
            F.cross_entropy(rows, examples.y[index].flatten()).backward()
            nn.utils.clip_grad_norm_(plain.parameters(), 0.1)
            optimizer.step()
    torch.testing.assert_close(weights(net), weights(plain), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("batch_size", [30, 7])
def test_metrics_are_means_over_all_steps(examples, batch_size):
    net = small_net()
    right = (net(examples.X).argmax(1) == examples.y).double().mean().item()
    logits = net(examples.X)
    loss = -logits.log_softmax(1).gather(1, examples.y[:, None]).mean().item()
    epoch = list(fit(net, examples, num_epochs=1, lr=0.0, batch_size=batch_size))[-1]
    for metrics in (epoch.train, evaluate(net, examples, batch_size=batch_size)):
        assert metrics.accuracy == pytest.approx(right, abs=1e-6)
        assert metrics.loss == pytest.approx(loss, abs=1e-6)
    assert accuracy(logits, examples.y) == pytest.approx(right, abs=1e-6)
    assert epoch.examples == 30  # sequences, not steps


def test_it_learns(examples):
    settings = {"num_epochs": 60, "lr": 0.05, "batch_size": 10, "clip_norm": 1.0}
    history = train(
        small_net("lstm"), examples, examples, optimizer=torch.optim.Adam, **settings
    )
    assert history.val_accuracy[0] < 0.5 and history.val_accuracy[-1] > 0.8


def test_vectors_at_every_step(examples):
    """Inputs (n, T, d) with targets (n, T): tagging."""

    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, X):
            return self.layer(X).transpose(1, 2)

    X = torch.randn(64, 4, 3, generator=torch.Generator().manual_seed(0))
    tagged = Examples(X, (X[:, :, 0] > 0).long())
    history = train(Tagger(), tagged, num_epochs=30, lr=1.0, batch_size=16)
    assert history.train_accuracy[-1] > 0.95


def test_a_label_without_an_output_is_named(examples):
    wrong = Examples(examples.X, examples.y + 3)
    with pytest.raises(ValueError, match="label 7 needs 8 outputs, and the network"):
        train(small_net(), wrong, num_epochs=1)


def test_sequences_are_dealt_out(examples):
    part = examples.parts(3)
    assert part.bincount().tolist() == [10, 10, 10]
    assert len(examples.at(part == 1)) == 10


def test_a_panel_tunes_a_model_of_characters():
    text = Text("toy", "the cat sat on the mat. " * 40, "the mat sat on the cat. " * 5)

    def windowed(num_steps=8):
        return text_windows(text, num_steps)

    def build(cell="lstm", num_hiddens=16):
        return CharModel(12, num_hiddens, cell)

    session = Session(
        build,
        windowed,
        num_steps=IntSlider(4, 32, start=8),
        cell=Choice("rnn", "lstm", "gru", start="gru"),
        lr=LogSlider(0.01, 10, start=2.0),
        clip_norm=LogSlider(0.1, 10, start=1.0),
        batch_size=IntSlider(4, 64, start=16),
        num_epochs=IntSlider(1, 10, start=5),
    )
    short, long = session.run(), session.run(num_steps=16)
    first, *_, last = short.history.val_accuracy
    assert last > 0.5 > first
    assert (short.num_examples, long.num_examples) == (119, 59)  # windows


@pytest.mark.parametrize(
    "X, y",
    [
        ((30, 6), (30, 5)),  # a step without a target
        ((30, 1, 8, 8), (30, 1)),  # images: a column of labels is a usual mistake
        ((30, 64), (30, 1)),
        ((30, 6), (30, 6, 1)),
    ],
)
def test_other_targets_are_refused(X, y):
    with pytest.raises(ValueError, match=r"of sequences \(n, T\) or \(n, T, d\)"):
        Examples(torch.zeros(X), torch.zeros(y, dtype=torch.int64))
