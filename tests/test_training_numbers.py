"""What training reports, against the same numbers computed another way.

At a rate of 0 the weights stand still, so that the running means of an epoch are those
of `evaluate`; more than 64 batches, two groups of parameters, validation examples of
their own and more than one epoch each find what the plain cases leave alone.
"""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import Examples, evaluate, fit, minibatches, train
from helpers.training import History
from helpers.training.history import Epoch, Recorder, Step
from helpers.training.rate import Rate
from helpers.widgets.curves_view import band_of, series_of


def examples(n, seed, shift=0.0):
    X = torch.randn(n, 4, generator=torch.Generator().manual_seed(seed)) + shift
    return Examples(X, (X[:, 0] + X[:, 1] > 0).long())


@pytest.fixture(scope="module")
def parts():
    """150 training examples, and 40 others that are harder."""
    return examples(150, 0), examples(40, 1, shift=0.7)


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))


@pytest.mark.parametrize("batch_size", [1, 2, 64, 149, 150])
def test_at_rate_0_every_epoch_is_what_evaluate_says(parts, batch_size):
    still = net()
    history = train(still, *parts, lr=0.0, num_epochs=3, batch_size=batch_size)
    on_train, on_val = (evaluate(still, part) for part in parts)
    assert abs(on_train.loss - on_val.loss) > 0.01
    assert history.train_loss == pytest.approx([on_train.loss] * 3, rel=1e-5)
    assert history.train_accuracy == pytest.approx([on_train.accuracy] * 3)
    assert history.val_loss == pytest.approx([on_val.loss] * 3, rel=1e-5)
    assert history.val_accuracy == pytest.approx([on_val.accuracy] * 3)
    steps = -(-150 // batch_size)
    assert len(history.step_loss) == 3 * steps
    assert history.epoch_examples == (150, 300, 450)
    assert history.step_examples[-1] == 450
    mean = sum(history.step_loss[:steps]) / steps  # the last batch may be smaller
    assert mean == pytest.approx(on_train.loss, rel=0.3)


def test_a_history_holds_every_step_and_epoch_in_its_place(parts):
    recorder, records = Recorder({"num_epochs": 3}), []
    for record in fit(net(), *parts, lr=0.3, num_epochs=3, batch_size=50):
        recorder.add(record)
        records.append(record)
    steps = [r for r in records if isinstance(r, Step)]
    epochs = [r for r in records if isinstance(r, Epoch)]
    history = recorder.history()
    assert [(s.epoch, s.step) for s in steps] == [(1 + k // 3, k + 1) for k in range(9)]
    assert history.step_loss == tuple(s.loss for s in steps)
    for name, part in (("train", "train"), ("val", "val")):
        for metric in ("loss", "accuracy"):
            found = getattr(history, f"{name}_{metric}")
            assert found == tuple(getattr(getattr(e, part), metric) for e in epochs)
            assert len(set(found)) > 1
    assert history.seconds == epochs[-1].seconds
    last = (
        "train_loss {:.3f}, train_accuracy {:.3f}, val_loss {:.3f}, val_accuracy {:.3f}"
    )
    numbers = [history.train_loss[-1], history.train_accuracy[-1]]
    numbers += [history.val_loss[-1], history.val_accuracy[-1]]
    assert repr(history) == f"History(3 epochs, {last.format(*numbers)})"
    assert recorder.history() == history, "asked for twice"


def test_the_first_loss_of_a_step_is_reported(parts):
    """LBFGS looks at several points in one step; the others are not yet decided."""
    whole, model = parts[0], net()
    before = evaluate(model, whole).loss
    history = train(
        *(model, whole),
        optimizer=torch.optim.LBFGS,
        lr=0.5,
        batch_size=150,
        num_epochs=2,
    )
    assert history.step_loss[0] == pytest.approx(before, rel=1e-5)
    assert history.step_loss[1] < before


def test_groups_keep_their_ratio_when_a_rate_is_sent(parts):
    model = net()
    groups = [
        {"params": model[0].parameters(), "lr": 0.1},
        {"params": model[2].parameters(), "lr": 0.02},
    ]
    optimizer = torch.optim.SGD(groups)
    half = partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5)
    settings = {"schedule": half, "num_epochs": 3, "batch_size": 50}
    records = fit(model, *parts, optimizer=optimizer, **settings)
    next(records)
    records.send(0.4)
    rates = [tuple(group["lr"] for group in optimizer.param_groups)]
    for _ in records:
        rates.append(tuple(group["lr"] for group in optimizer.param_groups))
    assert rates[0][0] == pytest.approx(0.4) and rates[-1][0] == pytest.approx(0.05)
    for first, second in rates:
        assert second == pytest.approx(first / 5)


def test_a_rate_is_sent_once():
    """A schedule goes on from it, and is not held where it was sent to."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    rate = Rate(optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1))
    rate.set(0.5)
    seen = []
    for _ in range(3):
        optimizer.step()
        rate.advance(1.0)
        seen.append(rate.get())
    assert seen == pytest.approx([0.05, 0.005, 0.0005])


@pytest.mark.parametrize("with_val", [True, False])
def test_a_plateau_is_one_of_the_validation_loss(parts, with_val):
    train_part, val = parts
    seen = []

    class Plateau(torch.optim.lr_scheduler.ReduceLROnPlateau):
        def step(self, metrics, *arguments):
            seen.append(metrics)
            super().step(metrics, *arguments)

    history = train(
        *(net(), train_part, val if with_val else None),
        schedule=Plateau,
        num_epochs=3,
    )
    watched = history.val_loss if with_val else history.train_loss
    assert seen == pytest.approx(list(watched))
    assert history.train_loss != history.val_loss


def test_weight_decay_and_clipping_reach_the_optimizer(parts):
    one, other = net(), net()
    train(one, parts[0], lr=0.1, num_epochs=2, batch_size=150, weight_decay=0.5)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1, weight_decay=0.5)
    for _ in range(2):
        optimizer.zero_grad()
        F.cross_entropy(other(parts[0].X), parts[0].y).backward()
        optimizer.step()
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-6)


def test_every_epoch_has_every_example_once_in_another_order():
    numbered = Examples(torch.arange(10.0)[:, None], torch.arange(10))
    order = torch.Generator().manual_seed(1)
    epochs = []
    for _ in range(3):
        batches = list(minibatches(numbered, 4, order))
        assert [len(y) for _, y in batches] == [4, 4, 2]
        for X, y in batches:
            assert torch.equal(X[:, 0].long(), y)
        epochs.append(torch.cat([y for _, y in batches]).tolist())
        assert sorted(epochs[-1]) == list(range(10))
    assert len(set(map(tuple, epochs))) == 3


# -- from a history to curves -------------------------------------------------------


def history(num_steps, num_epochs, shift=0.0):
    losses = tuple(3.0 - 0.01 * k + shift for k in range(num_steps))
    per = num_steps // num_epochs
    ends = tuple(8 * per * (k + 1) for k in range(num_epochs))
    val = tuple(2.0 + shift - 0.2 * k for k in range(num_epochs))
    seen = tuple(8 * (k + 1) for k in range(num_steps))
    shares = tuple(0.1 * (k + 1) for k in range(num_epochs))
    return History(seen, losses, ends, val, shares, val, shares, 1.0, {})


@pytest.mark.parametrize("num_steps", [20, 200, 202, 900])
def test_curves_stand_at_the_epochs_of_their_steps(num_steps):
    made = history(num_steps, 2)
    drawn = series_of(made, 8 * num_steps // 2)
    x, y = drawn["loss"]["x"], drawn["loss"]["y"]
    assert len(x) == len(y) <= 200 and x[-1] == pytest.approx(2.0)
    assert x == sorted(x) and y == sorted(y, reverse=True)
    width = next(w for w in (1, 2, 4, 8) if num_steps <= 200 * w)
    first = sum(made.step_loss[:width]) / width
    assert y[0] == pytest.approx(first)
    assert x[0] == pytest.approx(2 * width / num_steps)
    assert drawn["val_loss"] == {"x": [1.0, 2.0], "y": list(made.val_loss)}
    assert drawn["accuracy"]["y"] == list(made.train_accuracy)


def test_a_band_reaches_from_the_lowest_seed_to_the_highest():
    seeds = [series_of(history(20, 2, shift), 80) for shift in (0.1, -0.3, 0.2)]
    band = band_of(seeds)["val_loss"]
    assert band["low"] == pytest.approx([1.7, 1.5])
    assert band["high"] == pytest.approx([2.2, 2.0])
    assert band["x"] == [1.0, 2.0]
