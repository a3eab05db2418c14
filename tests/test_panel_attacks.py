"""What learners did to the panel that it did not expect."""

import threading

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    Choice,
    IntSlider,
    LogSlider,
    SoftmaxRegression,
    TuningPanel,
    printed,
    seeded,
    train,
)
from helpers.figures import show_images
from helpers.tuning import settings_line
from tests.easy import easy_data
from tools.waiting import PATIENCE

START = {"default": None, "zero": nn.init.zeros_, "one": nn.init.ones_}


def build(start=None, kind="$x_$"):
    net = SoftmaxRegression(16, 2)
    if start is not None:
        start(net[-1].weight)
    return net


def panel_of(**ranges) -> TuningPanel:
    return TuningPanel(build, easy_data(), num_epochs=IntSlider(1, 10**6, start=2),
                       **ranges)  # fmt: skip


# -- None is a choice like any other ---------------------------------------------------


def test_a_choice_of_none_shows_its_label():
    panel = panel_of(start=Choice(START))
    control = panel.controls["start"]
    assert control.label == "default" and panel.settings["start"] is None
    control.label = "one"
    assert panel.settings["start"] is nn.init.ones_
    panel.set(start=None)
    assert control.label == "default" and panel.settings["start"] is None
    control.label = "zero"
    panel.reset()
    assert control.label == "default"
    panel.paste("start=one")
    assert control.label == "one"
    panel.paste("start=default")
    assert control.label == "default" and panel.settings["start"] is None


def test_a_choice_of_none_tells_the_session_once():
    panel = panel_of(start=Choice(START))
    told = []
    panel.session.changed.append(told.append)
    panel.set(start=nn.init.ones_)
    once = told.count("settings")
    panel.set(start=None)
    assert told.count("settings") == 2 * once


# -- texts of any size -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text, says",
    [
        ("num_epochs=" + "9" * 400, "epochs is too large a number"),
        ("lr=" + "9" * 400, "learning rate must be"),
        ("seed=" + "9" * 400, "too large a number"),
        ("lr=1e999", "must be a finite number"),
        ("lr=0.1 " * 20_000, "the settings have 140,000 characters"),
        ("'" * 100_001, "the settings have 100,001 characters"),
    ],
)
def test_a_text_of_any_size_is_refused_in_a_sentence(text, says):
    panel = panel_of(lr=LogSlider(0.01, 1))
    before = panel.settings
    with pytest.raises(ValueError, match=says) as raised:
        panel.paste(text)
    assert len(str(raised.value)) < 600
    panel.more.settings.value = text
    assert "Nothing was changed" in panel.lines.status.value
    assert panel.settings == before


def test_the_longest_line_that_is_read():
    ranges = {"lr": LogSlider(0.01, 1)}
    padded = "lr=0.1".ljust(settings_line.LONGEST)
    assert settings_line.parse(padded, ranges) == {"lr": 0.1}
    with pytest.raises(ValueError, match="2,001 characters"):
        settings_line.parse(padded + " ", ranges)


# -- names with signs of mathematics ---------------------------------------------------


def test_a_name_may_hold_dollars():
    panel = panel_of(kind=Choice("$x_$", "$\\frac$"))
    panel.run()
    panel.picture().canvas.draw()


def test_a_title_may_hold_dollars():
    show_images(torch.zeros(2, 4, 4), titles=["$x_$", "5 $"]).canvas.draw()


# -- the panel goes away ---------------------------------------------------------------


@pytest.mark.parametrize("paused", [False, True])
def test_closing_a_panel_ends_its_training(paused):
    panel = panel_of()
    panel.set(num_epochs=10**6)
    panel.start()
    if paused:
        panel.step()
    before = threading.active_count()
    panel.close()
    assert panel.wait(PATIENCE)
    assert threading.active_count() < before
    panel.close()  # once more does nothing


def test_every_setting_of_a_baseline_is_put_back():
    """Also those that its cell left at their defaults."""
    with seeded(0):
        net = build()
    data = easy_data()
    history = train(net, data.train, data.val, num_epochs=1, batch_size=32)
    ranges = {
        "lr": LogSlider(0.01, 1),
        "start": Choice(START),
        "weight_decay": Choice(0.0, 0.1),
        "reduction": Choice("mean", "sum"),
        "batch_size": Choice(16, 32, start=16),
    }
    panel = TuningPanel(build, data, loss=F.cross_entropy, first_run=history,
                        num_epochs=IntSlider(1, 9, start=3), **ranges)  # fmt: skip
    other = {"start": nn.init.ones_, "weight_decay": 0.1, "reduction": "sum"}
    panel.set(lr=0.5, num_epochs=4, seed=3, **other)
    panel.load("baseline")
    expected = {"lr": 0.1, "start": None, "weight_decay": 0.0, "reduction": "mean"}
    expected |= {"batch_size": 32, "num_epochs": 1, "seed": 0, "seeds": 1}
    assert panel.settings == expected
    assert "The controls show the settings of baseline." in panel.lines.status.value


def test_what_nobody_knows_of_a_baseline_is_said():
    data = easy_data()
    history = train(SoftmaxRegression(16, 2), data.train, num_epochs=1)

    def needs(width, **more):
        return SoftmaxRegression(16, 2)

    panel = TuningPanel(needs, data, first_run=history, width=IntSlider(1, 9, start=3))
    panel.set(width=5)
    panel.load("baseline")
    assert panel.settings["width"] == 5
    assert "baseline, but nobody knows its width." in panel.lines.status.value


# -- what a network prints -----------------------------------------------------------


class Talks(SoftmaxRegression):
    def forward(self, X):
        print(f"<b>{tuple(X.shape)}")
        return super().forward(X)


def test_what_a_network_prints_in_the_background_is_shown(capsys):
    panel = TuningPanel(lambda: Talks(16, 2), easy_data(),
                        num_epochs=IntSlider(1, 200, start=200))  # fmt: skip
    panel.start()
    assert panel.wait(PATIENCE)
    shown = panel.lines.printed.value
    assert shown.startswith("<pre>&lt;b&gt;(256, 1, 4, 4)\n")
    assert len(panel.session.trial.worker.printed.text) == printed.MOST
    assert capsys.readouterr().out == ""
    panel.run(num_epochs=1)
    assert "<b>(256, 1, 4, 4)" in capsys.readouterr().out, "in a cell as ever"


def test_a_panel_that_could_not_be_made_can_be_thrown_away():
    with pytest.raises(TypeError):
        TuningPanel(build, easy_data(), num_epochs=3)
    panel = TuningPanel.__new__(TuningPanel)
    TuningPanel.close(panel)
