"""The panel of chapter 9: each control does what its name says."""

import re
from dataclasses import replace

import pytest
import torch

from helpers import evaluate, load_emoji, seeded, train
from helpers.chapters.transfer_learning import panel
from helpers.data import Examples
from helpers.training.features import BLOCKS, featured, pick
from helpers.training.finetuning import SIZE
from tests.taught import text_of


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.mark.parametrize("style", ["noto", "twemoji"])
def test_the_set_is_that_of_the_style(style):
    """With nothing frozen a network gets the pictures themselves, prepared."""
    data = panel.target_data(0, 5, name=f"emoji_{style}", seed=2)
    emoji = load_emoji(style)
    expected = (255 * pick(emoji.train, 5, 2).X - 127) / 128
    torch.testing.assert_close(data.train.X, expected)
    torch.testing.assert_close(data.val.X, (255 * emoji.val.X - 127) / 128)
    assert data.test.y.equal(emoji.test.y) and data.name == f"emoji_{style}"


def test_a_probe_sees_the_late_blocks_at_the_size_of_all_others():
    data = panel.target_data(panel.PROBE, 5)
    expected = featured(load_emoji(), BLOCKS, SIZE)
    torch.testing.assert_close(data.test.X, expected.test.X)
    assert panel.target_data(14, 5).test.X.shape[-1] == SIZE // 32


def test_a_choice_freezes_as_many_stages_as_its_name_says():
    for name, frozen in panel.FROZEN.items():
        net = panel.target_net(frozen)
        if name == "probe":
            assert net.in_features == 304
            continue
        count = 17 if name == "all" else int(name)
        assert len(net.body) == 17 - count, name
        assert len(list(net.body.parameters())) == 0 or count < 17


def test_the_initial_weights_of_a_classifier_are_the_runs_own():
    def first(seed):
        with seeded(seed):
            return panel.target_net(14).classifier.weight.clone()

    assert first(0).equal(first(0)) and not first(0).equal(first(1))


def test_a_crop_leaves_most_of_a_picture_in_sight(monkeypatch):
    """Two slopes, along and across: what is left of them is the share in sight."""
    slope = torch.linspace(0, 1, 64)
    X = torch.stack([slope.expand(64, 64), slope[:, None].expand(64, 64)] * 2)[:3]
    train = Examples(X.expand(20, -1, -1, -1).clone(), torch.arange(20) % 4)
    emoji = load_emoji()
    monkeypatch.setattr(panel, "load_emoji", lambda _: replace(emoji, train=train))
    data = panel.target_data(0, 5, "crop", name="emoji_slopes")  # made up, and kept
    assert len(data.train) == 20 * (1 + panel.NUM_COPIES)
    copies = (128 * data.train.X[20:, :2].flatten(2) + 127) / 255
    spans = copies.amax(2) - copies.amin(2)
    area = spans.prod(1)
    assert area.min() > 0.5 and area.mean() < 0.95, "cropped, and not to a corner"
    originals = data.train.y[:20]
    assert data.train.y.equal(originals.repeat(1 + panel.NUM_COPIES))


@pytest.mark.parametrize("name", panel.OPTIMIZERS)
def test_an_optimizer_remembers_where_it_went(name):
    """After one step without a gradient a weight goes on, unlike that of plain SGD."""
    net = panel.target_net(17)
    optimizer = panel.OPTIMIZERS[name](net.parameters(), lr=0.1)
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    before = net.classifier.weight.clone()
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    assert not net.classifier.weight.equal(before)


def test_both_optimizers_have_the_rates_of_their_parts():
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(3)]
    for make in panel.OPTIMIZERS.values():
        groups = make(parameters, lr=0.3, lr_body=0.02).param_groups
        rates = {id(p): g["lr"] for g in groups for p in g["params"]}
        assert [rates[id(p)] for p in parameters] == [0.02, 0.3, 0.3]
    assert {*panel.OPTIMIZERS} == {"Adam", "momentum"}


# -- what its questions are answered with --------------------------------------------


def test_a_probe_on_late_blocks_is_ahead_of_one_on_the_head():
    """The ranges of the text, for 2, 5, 10 and 25 labels a class, and three runs."""
    text = text_of("09", "panel-answers")
    (late,) = re.findall(r" 1\. (.*?)\. A run", text)
    (head,) = re.findall(r" 2\. Worse, most of all with few labels: (.*?)\. 3\.", text)
    told = []
    for ranges in (late, head):
        ends = [
            tuple(map(float, e)) for e in re.findall(r"(0\.\d+) to (0\.\d+)", ranges)
        ]
        assert len(ends) == 4 and sorted(ends) == ends
        assert all(low < high for low, high in ends)
        told.append(ends)
    assert all(a > b for ours, theirs in zip(*told, strict=True)
               for a, b in zip(ours, theirs, strict=True))  # fmt: skip
    for frozen, ends in zip((panel.PROBE, panel.ALL_FROZEN), told, strict=True):
        for labels, (low, high) in zip((2, 5, 10, 25), ends, strict=True):
            data = panel.target_data(frozen, labels)
            with seeded(0):
                net = panel.target_net(frozen)
            train(net, data.train, data.val, num_epochs=8, batch_size=16,
                  optimizer=panel.two_rates, lr=0.005, lr_body=2e-4)  # fmt: skip
            right = evaluate(net, data.test).accuracy
            assert low - 0.05 <= right <= high + 0.05, (frozen, labels, right)
