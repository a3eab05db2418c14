"""The tuning panel without a front end: the same object that JupyterLab shows."""

import base64
import io
import itertools
import re
import threading

import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from helpers import (
    Choice,
    ImageData,
    IntSlider,
    LogSlider,
    Slider,
    SoftmaxRegression,
    TuningPanel,
    seeded,
    train,
)
from helpers.tuning import worker
from helpers.widgets.picture import VIEW
from tests.easy import easy_data
from tools.waiting import PATIENCE, wait_for


@pytest.fixture(scope="module")
def data() -> ImageData:
    return easy_data()


def build(num_hiddens: int = 4) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(16, num_hiddens), nn.ReLU(), nn.Linear(num_hiddens, 2)
    )


ENDLESS = 1_000_000  # epochs: such a training lasts until a test ends it


def make_panel(data, build=build, **more) -> TuningPanel:
    ranges = {
        "lr": LogSlider(0.01, 10, start=0.1),
        "batch_size": Choice(16, 64, start=64),
        "num_epochs": IntSlider(1, ENDLESS, start=3),
    }
    return TuningPanel(build, data, **(ranges | more))


@pytest.fixture
def slow(data):
    panel = make_panel(data)
    panel.set(num_epochs=ENDLESS, batch_size=16)
    yield panel
    panel.stop()
    panel.wait(PATIENCE)


def state(panel) -> str:
    return panel.session.state


def last(panel):
    """The last record of the training that goes on."""
    return panel.session.trial.recorder.last


def status(panel) -> str:
    return panel.lines.status.value


def enabled(panel) -> set[str]:
    return {n for n, b in panel.bar.buttons.items() if not b.disabled}


def click(panel, name: str) -> None:
    """Press a button as soon as it can be pressed, a moment after the state says so."""
    button = panel.bar.buttons[name]
    wait_for(lambda: not button.disabled)
    button.click()


# -- headless -----------------------------------------------------------------------


def test_run_trains_the_declared_epochs_and_equals_train(data):
    panel = make_panel(data, num_hiddens=IntSlider(1, 32), momentum=Slider(0, 0.99))
    run = panel.run(lr=0.5, num_hiddens=8, momentum=0.5, num_epochs=4, seed=3)
    with seeded(3):
        net = build(8)
    expected = train(
        net,
        data.train,
        data.val,
        lr=0.5,
        momentum=0.5,
        num_epochs=4,
        batch_size=64,
        seed=3,
    )
    assert run.state == "finished" and run.history.num_epochs == 4
    assert run.history.step_loss == expected.step_loss
    assert run.history.val_accuracy == expected.val_accuracy
    assert torch.equal(panel.net[1].weight, net[1].weight)
    assert panel.runs == [run] and run.final() == expected.val_accuracy[-1]


def test_the_background_training_equals_the_headless_one(data):
    panel = make_panel(data)
    headless = panel.run()
    click(panel, "run")
    assert panel.wait(PATIENCE)
    assert panel.runs[1].history == headless.history


def test_settings_go_where_they_belong_or_are_refused(data):
    panel = make_panel(data, no_such_option=Slider(0, 1))
    with pytest.raises(TypeError, match="no_such_option"):
        panel.run()
    assert state(panel) == "failed" and "no_such_option" in status(panel)
    with pytest.raises(TypeError, match="must be declared as Slider"):
        make_panel(data, momentum=(0, 1))


def test_functions_written_by_hand_can_be_tuned(data):
    def by_hand():
        W = torch.zeros(16, 2, requires_grad=True)
        return (lambda X: X.flatten(1) @ W), [W]

    run = make_panel(data, build=by_hand).run(lr=1.0, num_epochs=20)
    assert run.history.train_loss[-1] < run.history.train_loss[0] - 0.1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lr": -1}, "learning rate must lie in 0.01 to 10, got -1"),
        ({"lr": float("nan")}, "learning rate must be a finite number, got nan"),
        ({"lr": "fast"}, "learning rate must be a number, got 'fast'"),
        ({"num_epochs": 2.5}, "epochs must be a whole number, got 2.5"),
        ({"num_epochs": 0}, "epochs must lie in 1 to 1e.06, got 0"),
        ({"batch_size": 17}, "batch size must be one of 16, 64, got 17"),
        ({"width": 3}, "the panel has no 'width'; it has lr, batch_size"),
    ],
)
def test_bad_values_name_the_range_and_change_nothing(data, values, message):
    panel = make_panel(data)
    before = panel.settings
    with pytest.raises(ValueError, match=message):
        panel.set(**({"seed": 7} | values))
    assert panel.settings == before


@pytest.mark.parametrize(
    "declare",
    [
        lambda: LogSlider(0, 1),
        lambda: LogSlider(1, 0.1),
        lambda: Slider(1, 1),
        lambda: IntSlider(0.5, 3),
        lambda: IntSlider(1, 10, start=11),
        lambda: Choice(1),
        lambda: Choice(1, 2, start=3),
    ],
)
def test_ranges_that_cannot_be(declare):
    with pytest.raises(ValueError):
        declare()


def test_controls_hold_their_ends(data):
    panel = make_panel(data)
    for lr in (0.01, 10.0):
        panel.set(lr=lr)
        assert panel.settings["lr"] == lr


# -- buttons ------------------------------------------------------------------------


def test_pause_holds_step_moves_one_run_goes_on(slow):
    click(slow, "run")
    wait_for(lambda: slow.session.trial.worker.taken >= 3)
    click(slow, "pause")
    wait_for(lambda: state(slow) == "paused")
    held = last(slow).step
    wait_for(lambda: enabled(slow) == {"run", "step", "stop", "reset"})
    click(slow, "step")
    wait_for(lambda: last(slow).step > held and state(slow) == "paused")
    assert last(slow).step == held + 1, "it moved while it was paused"
    click(slow, "run")
    wait_for(lambda: last(slow).step > held + 3)
    assert enabled(slow) == {"pause", "stop", "reset"}


def test_step_as_the_first_click_trains_one_minibatch(slow):
    click(slow, "step")
    wait_for(lambda: state(slow) == "paused")
    assert last(slow).step == 1 and last(slow).examples == 16


def test_each_step_trains_a_minibatch_also_over_the_end_of_an_epoch(data):
    panel = make_panel(data)
    panel.set(num_epochs=3, batch_size=64)
    steps = 3 * -(-len(data.train) // 64)
    for taken in range(1, steps + 1):
        click(panel, "step")
        wait_for(lambda n=taken: state(panel) == "paused" and last(panel).step == n)
    click(panel, "step")  # what is left is the end of the third epoch
    assert panel.wait(PATIENCE)
    (run,) = panel.runs
    assert run.state == "finished" and len(run.history.step_loss) == steps


def test_stop_ends_with_the_minibatch_and_keeps_the_run(slow):
    click(slow, "run")
    wait_for(lambda: last(slow) is not None and last(slow).epoch > 1)
    recorder = slow.session.trial.recorder
    click(slow, "stop")
    taken = recorder.last.step  # and at most the one that is being made
    assert slow.wait(PATIENCE)
    (run,) = slow.runs
    assert run.state == "stopped" and 0 < run.history.num_epochs < ENDLESS
    assert len(run.history.step_loss) <= taken + 1
    assert "stopped" in slow.table.rows[0]["final"]
    assert slow.session.trial.worker.thread not in threading.enumerate()


def test_stop_while_paused(slow):
    click(slow, "step")
    wait_for(lambda: state(slow) == "paused")
    click(slow, "stop")
    wait_for(lambda: state(slow) == "stopped")
    assert len(slow.runs) == 1


def test_two_clicks_in_a_row_start_one_training(slow):
    click(slow, "run")
    first = slow.session.trial
    slow.bar.buttons["run"].click()  # on its way before the button was disabled
    slow.start()
    assert slow.session.trial is first


def test_reset_drops_the_training_and_puts_the_controls_back(slow):
    slow.set(lr=1.0)
    click(slow, "run")
    wait_for(lambda: last(slow) is not None)
    click(slow, "reset")
    assert slow.wait(PATIENCE)
    assert slow.runs == [] and slow.settings["lr"] == 0.1
    assert slow.settings["num_epochs"] == 3
    assert "dropped" in status(slow) and enabled(slow) == {"run", "step", "reset"}


def test_the_rate_moves_while_it_trains(slow):
    click(slow, "run")
    wait_for(lambda: last(slow) is not None)
    slow.controls["lr"].value = 2.0
    wait_for(lambda: last(slow).lr == pytest.approx(2.0))
    click(slow, "stop")
    slow.wait(PATIENCE)
    assert slow.table.rows[0]["values"][0] == "0.1 → 2"


def test_other_controls_do_not_touch_a_running_training(slow):
    click(slow, "run")
    wait_for(lambda: last(slow) is not None)
    slow.controls["num_epochs"].value = 1
    click(slow, "stop")
    slow.wait(PATIENCE)
    assert slow.runs[0].settings["num_epochs"] == ENDLESS


def test_a_second_panel_pauses_the_first_and_says_so(slow, data):
    click(slow, "run")
    wait_for(lambda: last(slow) is not None)
    make_panel(data).run()
    wait_for(lambda: state(slow) == "paused")
    wait_for(lambda: "because another training was started" in status(slow))
    click(slow, "run")
    wait_for(lambda: state(slow) == "running")
    wait_for(lambda: "because" not in status(slow))


# -- faults -------------------------------------------------------------------------


class Broken(nn.Linear):
    def forward(self, X):
        raise RuntimeError("shapes <do> not fit")


def test_an_exception_is_shown_and_raised_by_whoever_waits(data):
    panel = make_panel(data, build=lambda: Broken(16, 2))
    click(panel, "run")
    with pytest.raises(RuntimeError, match="do not fit|<do>"):
        panel.wait(PATIENCE)
    assert "RuntimeError: shapes &lt;do&gt; not fit" in status(panel)
    assert enabled(panel) == {"run", "step", "reset"}
    with pytest.raises(RuntimeError):
        panel.run()
    assert panel.runs == []


def test_an_interrupt_counts_as_stop(data):
    class Interrupted(nn.Linear):
        calls = 0

        def forward(self, X):
            Interrupted.calls += 1
            if Interrupted.calls == 5:
                raise KeyboardInterrupt
            return super().forward(X.flatten(1))

    panel = make_panel(data, build=lambda: Interrupted(16, 2))
    with pytest.raises(KeyboardInterrupt):
        panel.run(num_epochs=50)
    assert [run.state for run in panel.runs] == ["stopped"]
    assert enabled(panel) == {"run", "step", "reset"}


def test_a_loss_that_is_no_number_is_said(data):
    class Lost(nn.Linear):
        def forward(self, X):
            return super().forward(X.flatten(1)) * float("nan")

    panel = make_panel(data, build=lambda: Lost(16, 2))
    panel.run()
    assert "no longer a number" in panel.lines.doctor.value
    assert panel.view.widget.runs[0]["loss"]["y"][0] is None  # JSON has no NaN


def test_a_training_does_not_keep_the_process_alive(slow):
    click(slow, "run")
    assert slow.session.trial.worker.thread.daemon


# -- kept runs ----------------------------------------------------------------------


def test_runs_are_kept_hidden_loaded_and_removed(data):
    panel = make_panel(data)
    panel.run(lr=0.05)
    panel.run(lr=1.0, seed=4)
    rows = panel.table.rows
    assert [row["name"] for row in rows] == ["run 1", "run 2"]
    assert (rows[0]["color"], rows[0]["dash"]) != (rows[1]["color"], rows[1]["dash"])
    press = panel.table.press
    press("toggle", "run-1")
    assert panel.view.widget.runs[0]["hidden"] and panel.runs[0].hidden
    press("load", "run-1")
    assert panel.settings["lr"] == pytest.approx(0.05) and panel.settings["seed"] == 0
    press("remove", "run-1")
    press("remove", "run-1")  # a second click finds nothing
    assert [run.name for run in panel.runs] == ["run 2"]
    assert len(panel.view.widget.runs) == 1


def test_twelve_runs_look_different(data):
    panel = make_panel(data)
    for _ in range(12):
        panel.run(num_epochs=1)
    rows = panel.table.rows
    assert len({(row["color"], tuple(row["dash"])) for row in rows}) == 12


def test_a_history_from_a_cell_is_the_first_run(data):
    with seeded(0):
        net = build()
    history = train(net, data.train, data.val, lr=0.5, num_epochs=2, batch_size=16)
    panel = make_panel(data, first_run=history)
    assert panel.runs[0].name == "baseline"
    assert panel.view.widget.runs[0]["val_loss"]["x"] == [1.0, 2.0]
    panel.load("baseline")
    assert panel.settings["lr"] == pytest.approx(0.5)
    panel = make_panel(data, first_run=history, lr=LogSlider(0.01, 0.1))
    panel.load("baseline")
    assert "learning rate must lie in 0.01 to 0.1, got 0.5" in status(panel)


def test_loading_is_refused_while_it_trains(slow):
    slow.run(num_epochs=1)
    slow.set(num_epochs=ENDLESS, lr=1.0)
    click(slow, "run")
    slow.load("run-1")
    assert "Stop the training first" in status(slow)
    assert slow.settings["lr"] == 1.0


# -- what is shown ------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    """The clock that the panel reads; it moves only where a test moves it."""
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    return now


def timed(clock) -> nn.Module:
    """A network whose every minibatch takes 10 ms by that clock."""

    class Timed(nn.Linear):
        def forward(self, X):
            clock[0] += 0.01
            return super().forward(X.flatten(1))

    return Timed(16, 2)


def test_the_chart_grows_and_shows_every_epoch(data, clock):
    panel = make_panel(data, build=lambda: timed(clock))
    seen = []
    panel.view.widget.observe(lambda c: seen.append(c["new"]), "live")
    panel.run(num_epochs=2, batch_size=16)
    points = [len(live["loss"]["x"]) for live in seen if live]
    assert len(points) >= 3 and points == sorted(points) and points[-1] > points[0]
    assert panel.view.widget.runs[0]["val_accuracy"]["x"] == [1.0, 2.0]
    assert "epoch 2 of 2" in panel.bar.numbers.value


def test_ten_pictures_a_second(data, clock):
    panel = make_panel(data, build=lambda: timed(clock))
    times = []
    panel.view.widget.observe(lambda c: times.append(clock[0]), "live")
    panel.run(num_epochs=10, batch_size=16)
    gaps = [b - a for a, b in itertools.pairwise(times[:-1])]
    assert len(gaps) > 10
    assert 0.1 <= min(gaps) and max(gaps) < 0.15


def test_the_panel_carries_a_picture_of_its_runs(data):
    panel = make_panel(data)
    empty = panel._repr_mimebundle_()[0]["image/png"]
    panel.run(lr=1.0, num_epochs=5)
    bundle, metadata = panel._repr_mimebundle_()
    words = metadata["image/png"]["alt"]
    assert words.startswith("Tuning panel: learning rate 1, batch size ")
    assert re.search(r"run 1: val accuracy 0\.\d+ after 5 epochs\.$", words)
    assert set(bundle) == {"text/plain", "image/png", VIEW}
    assert bundle["text/plain"] == (
        "TuningPanel(learning rate, batch size, epochs, seed)"
    )
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.width > 800 and bundle["image/png"] != empty
    assert isinstance(panel.picture(), Figure)


def test_only_the_engine_of_the_last_training_is_current(data):
    panel = make_panel(data)
    panel.run()
    assert worker.current() is panel.session.trial.worker


def test_the_test_set_is_never_touched(data):
    class NoTest:
        name, classes, train, val = data.name, data.classes, data.train, data.val

    make_panel(NoTest()).run()


def test_softmax_regression_in_the_panel(data):
    panel = make_panel(data, build=lambda: SoftmaxRegression(16, 2))
    assert panel.run(lr=1.0, num_epochs=30, batch_size=16).best() > 0.9
