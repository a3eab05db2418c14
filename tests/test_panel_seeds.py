"""The same settings with several seeds: a band, a mean, and the buttons in between."""

import math
import statistics

import pytest
from torch import nn

from helpers import (
    Choice,
    History,
    ImageData,
    IntSlider,
    LogSlider,
    TuningPanel,
    seeded,
    train,
)
from helpers.tuning import trial
from helpers.tuning.runs import mean_history
from tests.easy import easy_data
from tests.test_curves import titled
from tools.waiting import PATIENCE, wait_for


@pytest.fixture(scope="module")
def data() -> ImageData:
    return easy_data()


class Net(nn.Linear):
    """A linear classifier."""

    def __init__(self):
        super().__init__(16, 2)

    def forward(self, X):
        return super().forward(X.flatten(1))


class Pressing(Net):
    """Its training presses a button, in the third minibatch with one of the seeds."""

    made = 0
    seed, button = 0, None

    def __init__(self):
        super().__init__()
        Pressing.made += 1
        self.seed_number, self.minibatches = Pressing.made, 0

    def forward(self, X):
        self.minibatches += 1
        if (self.seed_number, self.minibatches) == (Pressing.seed, 3):
            Pressing.button()
        return super().forward(X)


def make_panel(data, build=Net, **more) -> TuningPanel:
    return TuningPanel(
        build,
        data,
        lr=LogSlider(0.01, 10, start=1.0),
        batch_size=Choice(16, 64),
        num_epochs=IntSlider(1, 50, start=3),
        **more,
    )


@pytest.fixture
def slow(data, monkeypatch):
    for name in ("made", "seed", "button"):
        monkeypatch.setattr(Pressing, name, 0)
    panel = make_panel(data, Pressing)
    panel.set(num_epochs=2, seeds=3)
    yield panel
    panel.stop()
    panel.wait(PATIENCE)


def start(panel, seed: int, button) -> None:
    """Start, with a button that is pressed in the midst of one of the seeds."""
    Pressing.seed, Pressing.button = seed, staticmethod(button)
    panel.start()


def last(panel):
    """The last record of the seed that trains; None between two seeds."""
    return panel.session.trial.recorder.last


def in_seed(panel, number: int) -> bool:
    return panel.session.trial.seed_number == number and last(panel) is not None


def row(panel) -> dict:
    return panel.table.rows[-1]


def test_each_seed_is_the_training_that_train_does(data):
    run = make_panel(data).run(seed=4, seeds=3)
    assert run.seeds == (4, 5, 6) and run.state == "finished"
    for seed, history in zip(run.seeds, run.histories, strict=True):
        with seeded(seed):
            net = Net()
        alone = train(
            net, data.train, data.val, lr=1.0, batch_size=16, num_epochs=3, seed=seed
        )
        assert history.step_loss == alone.step_loss
        assert history.val_accuracy == alone.val_accuracy
        assert history.settings["seed"] == seed


def test_the_row_shows_mean_and_standard_deviation(data):
    panel = make_panel(data)
    run = panel.run(seeds=4, num_epochs=1)
    finals = [h.val_accuracy[-1] for h in run.histories]
    mean, sd = statistics.mean(finals), statistics.stdev(finals)
    assert run.final() == pytest.approx(mean) and run.spread() == pytest.approx(sd)
    assert row(panel)["final"] == f"{mean:.3f}\u00a0±\u00a0{sd:.3f}" and sd > 0
    assert "0..3" in row(panel)["values"]
    assert f"{mean:.3f} ± {sd:.3f} over 4 seeds" in panel.lines.status.value
    panel.run(seeds=1)
    assert "±" not in row(panel)["final"] and "0" in row(panel)["values"]


def test_the_chart_gets_a_band_from_lowest_to_highest(data):
    panel = make_panel(data)
    run = panel.run(seeds=3)
    drawn = panel.view.widget.runs[0]
    for key in ("val_loss", "val_accuracy"):
        columns = list(zip(*(getattr(h, key) for h in run.histories), strict=True))
        band = drawn["band"][key]
        assert band["x"] == [1.0, 2.0, 3.0]
        assert band["low"] == [min(c) for c in columns]
        assert band["high"] == [max(c) for c in columns]
        assert drawn[key]["y"] == pytest.approx([sum(c) / 3 for c in columns])
    panel.run(seeds=1)
    assert "band" not in panel.view.widget.runs[1]


def test_the_still_picture_has_the_band(data):
    panel = make_panel(data)
    panel.run(seeds=3)
    bands = [ax.collections for ax in panel.picture().findobj(lambda a: a.axes is a)]
    assert sum(len(found) for found in bands) == 2
    panel = make_panel(data)
    panel.run()
    bands = [ax.collections for ax in panel.picture().findobj(lambda a: a.axes is a)]
    assert sum(len(found) for found in bands) == 0


def test_the_band_of_the_picture_goes_from_the_lowest_to_the_highest_seed(data):
    panel = make_panel(data)
    run = panel.run(seeds=3)
    axes = titled(panel.picture())
    for metric in ("loss", "accuracy"):
        (band,) = axes[metric].collections
        (path,) = band.get_paths()
        epochs = zip(*(getattr(h, f"val_{metric}") for h in run.histories), strict=True)
        for epoch, values in enumerate(epochs, 1):
            ends = path.vertices[path.vertices[:, 0] == epoch, 1]
            assert (min(ends), max(ends)) == pytest.approx((min(values), max(values)))
        assert len(set(values)) == 3, "seeds that end alike would show no difference"


def test_in_the_background_it_is_the_same(data):
    panel = make_panel(data)
    here = panel.run(seeds=2)
    panel.start()
    assert panel.wait(PATIENCE)
    assert panel.runs[1].histories == here.histories


def test_buttons_in_the_second_seed(slow):
    start(slow, 2, slow.pause)
    wait_for(lambda: slow.session.state == "paused")
    wait_for(lambda: "seed 2/3 · epoch" in slow.bar.numbers.value)
    assert 1 / 3 < slow.bar.progress.value < 2 / 3
    held = last(slow).step
    slow.step()
    wait_for(lambda: last(slow).step == held + 1)
    wait_for(lambda: slow.session.state == "paused")
    live = slow.view.widget.live
    first = slow.session.trial.run.histories[0]
    assert live["band"]["val_loss"]["low"] == list(first.val_loss)
    slow.start()
    assert slow.wait(PATIENCE)
    (run,) = slow.runs
    assert [h.num_epochs for h in run.histories] == [2, 2, 2]


def test_steps_walk_from_one_seed_into_the_next(slow):
    slow.set(num_epochs=1, batch_size=64)
    for seed, step in [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (2, 4)]:
        slow.step()
        wait_for(lambda n=step: last(slow) is not None and last(slow).step == n)
        wait_for(lambda: slow.session.state == "paused")
        assert in_seed(slow, seed)
    slow.step()
    wait_for(lambda: in_seed(slow, 3) and slow.session.state == "paused")
    assert in_seed(slow, 3) and last(slow).step == 1


def test_stop_in_the_second_seed_keeps_what_was_done(slow):
    start(slow, 2, slow.stop)
    assert slow.wait(PATIENCE)
    (run,) = slow.runs
    assert run.state == "stopped" and len(run.histories) == 2
    assert run.history == run.histories[0], "the mean is over complete seeds"
    assert "(stopped, 1 of 3 seeds)" in row(slow)["final"]
    rows = slow.csv().splitlines()[1:]
    assert len(rows) == 2 + run.histories[1].num_epochs


def test_stop_in_the_first_seed(slow):
    start(slow, 1, slow.stop)
    assert slow.wait(PATIENCE)
    assert len(slow.runs[0].histories) == 1
    assert "± " not in row(slow)["final"]


def test_the_rate_does_not_move_between_seeds(slow):
    said = []

    def move():
        slow.controls["lr"].value = 0.5
        said.append(slow.lines.status.value)

    start(slow, 1, move)
    assert slow.wait(PATIENCE)
    assert "holds for the next run" in said[0]
    assert slow.runs[0].lr_changes == [] and slow.runs[0].settings["lr"] == 1.0


def test_loading_brings_the_seeds_back(data):
    panel = make_panel(data)
    panel.run(seed=2, seeds=3)
    panel.reset()
    assert panel.settings["seeds"] == 1
    panel.load("run-1")
    assert panel.settings["seeds"] == 3 and panel.settings["seed"] == 2


def history(losses) -> History:
    n = tuple(range(1, len(losses) + 1))
    return History(n, losses, n, losses, (), losses, (), 1.0, {})


def test_the_mean_of_a_lost_seed_is_no_number():
    mean = mean_history([history((1.0, 2.0)), history((3.0, math.nan))])
    assert mean.val_loss[0] == 2.0 and math.isnan(mean.val_loss[1])
    assert mean.seconds == 2.0 and mean.val_accuracy == ()


def test_a_lost_seed_breaks_the_band_and_is_named(data, monkeypatch):
    # The doctor has named the state, without a seed, before the run is over.
    monkeypatch.setattr(trial, "FINDING_SECONDS", 0.0)
    monkeypatch.setattr(trial, "PUSH_SECONDS", 0.0)

    class Lost(Net):
        seeds = 0

        def __init__(self):
            super().__init__()
            Lost.seeds += 1
            self.factor = math.nan if Lost.seeds == 2 else 1.0

        def forward(self, X):
            return super().forward(X) * self.factor

    panel = make_panel(data, Lost)
    panel.run(seeds=3)
    band = panel.view.widget.runs[0]["band"]["val_loss"]
    assert band["low"] == band["high"] == [None] * 3
    assert "With seed 1: The loss is no longer a number" in panel.lines.doctor.value
