"""The panel on ants and bees: it trains on them, or says how they are fetched."""

from pathlib import Path

import pytest
import torch

from helpers import Choice, IntSlider, TuningPanel, evaluate, seeded, train
from helpers.chapters.transfer_learning.panel import (
    PROBE,
    target_data,
    target_net,
    two_rates,
)
from helpers.data import DataError, load_photo_set, real

SHARED = Path(__file__).parents[4] / "shared/data/hymenoptera_256"


def panel():
    return TuningPanel(
        target_net,
        target_data,
        datasets=("emoji_noto", "hymenoptera"),
        labels_per_class=Choice(5, 25),
        num_epochs=IntSlider(1, 60, start=1),
    )


def test_photographs_that_are_missing_can_be_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setattr(real, "__file__", str(tmp_path / "a/b/real.py"))
    shown = panel()
    shown.set(data="hymenoptera")
    session = shown.session
    assert isinstance(session.source.problem, DataError)
    assert "hymenoptera is not on this machine. Download fetches 47 MB" in (
        session.source.told
    )


@pytest.fixture
def photographs(monkeypatch, tmp_path):
    if SHARED.is_dir():  # the same photographs, made smaller
        (tmp_path / "hymenoptera").mkdir()
        (tmp_path / "hymenoptera/hymenoptera_data").symlink_to(SHARED.resolve())
        monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    try:
        return load_photo_set("hymenoptera", 64)
    except DataError:
        pytest.skip("the photographs of ants and bees are not on this machine")


def test_it_trains_on_photographs(photographs):
    made = target_data(0, 5, name="hymenoptera", seed=3)
    assert made.name == "hymenoptera" and made.train.y.tolist() == [0] * 5 + [1] * 5
    assert torch.equal(made.test.y, photographs.test.y)
    shown = panel()
    shown.set(data="hymenoptera")
    shown.run()
    assert shown.session.state == "finished", shown.session.message


def test_a_probe_on_photographs(photographs):
    """Eight draws of 25 labels a class: .634 to .699, mean .663, sd .025."""
    made = target_data(PROBE, 25, name="hymenoptera", seed=0)
    with seeded(0):
        net = target_net()
    train(net, made.train, num_epochs=20, optimizer=two_rates, lr=0.005, batch_size=16)
    assert 0.56 < evaluate(net, made.test).accuracy < 0.77  # 83 of 153 are bees
