"""Learning curves say the same wherever they are shown: live, kept, drawn, stored."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers import (
    Examples,
    History,
    ImageData,
    IntSlider,
    LogSlider,
    SoftmaxRegression,
    TuningPanel,
    fit,
    plot_curves,
)
from helpers.training.history import Recorder
from helpers.tuning.runs import Run
from helpers.widgets.curves_view import MAX_POINTS, CurvesView, series_of

EPOCHS = [1.0, 2.0, 3.0]
METRICS = ("val_loss", "train_accuracy", "val_accuracy")


def easy(n: int, seed: int) -> Examples:
    X = torch.rand(n, 1, 4, 4, generator=torch.Generator().manual_seed(seed))
    return Examples(X, (X.flatten(1)[:, 0] > 0.5).long())


DATA = ImageData("easy", ("dark", "light"), easy(60, 0), easy(30, 1), easy(30, 2))


@pytest.fixture(scope="module")
def history() -> History:
    """Three epochs of four steps, the last of them smaller."""
    net, recorder = SoftmaxRegression(16, 2), Recorder()
    for record in fit(
        net, DATA.train, DATA.val, num_epochs=3, lr=1.0, batch_size=16, device="cpu"
    ):
        recorder.add(record)
    return recorder.history()


def lines(ax: Axes) -> list[tuple[list[float], list[float]]]:
    """What is drawn: x and y of every line."""
    return [(list(map(float, a.get_xdata())), list(a.get_ydata())) for a in ax.lines]


def titled(figure: Figure) -> dict[str, Axes]:
    places = ("left", "center", "right")
    return {
        title: ax
        for ax in figure.findobj(Axes)
        for place in places
        if (title := ax.get_title(place))
    }


@pytest.mark.parametrize("kept", [False, True], ids=["live", "kept"])
def test_charts_show_the_history(history, kept):
    view = CurvesView()
    run = Run.trained_elsewhere("run", history, DATA, 0, {})
    if kept:
        view.show([run], "")
        (shown,) = view.widget.runs
    else:
        view.begin(replace(run, histories=[]), None)
        view.push(history)
        shown = view.widget.live
    assert [round(x * 60) for x in shown["loss"]["x"]] == list(history.step_examples)
    assert shown["loss"]["y"] == pytest.approx(history.step_loss)
    for name in METRICS:
        drawn = shown[name.removeprefix("train_")]
        assert drawn["x"] == EPOCHS
        assert drawn["y"] == pytest.approx(getattr(history, name))


@pytest.mark.parametrize("metric", METRICS + ("train_loss",))
def test_the_best_of_a_run_is_its_highest_accuracy_or_its_lowest_loss(metric):
    """Of all that a run may be judged by; neither the first nor the last value."""
    values = (0.5, 0.7, 0.2, 0.4)
    kept = dict.fromkeys((*METRICS, "train_loss"), ()) | {metric: values}
    history = History((), (), (12, 24, 36, 48), **kept, seconds=1.0, settings={})
    run = Run.trained_elsewhere("run", history, DATA, 0, {})
    assert run.metric_name() == metric.replace("_", " ")
    assert run.best() == (0.7 if metric.endswith("accuracy") else 0.2)


def test_long_runs_are_drawn_with_few_points_and_their_mean_stays():
    losses, seen = tuple(float(k % 7) for k in range(5000)), tuple(range(1, 5001))
    drawn = series_of(History(seen, losses, (), (), (), (), (), 1.0, {}), 10)["loss"]
    assert MAX_POINTS / 2 <= len(drawn["y"]) <= MAX_POINTS
    steps = [10 * (b - a) for a, b in pairwise([0.0, *drawn["x"]])]
    assert sum(steps) == pytest.approx(5000) and drawn["x"][-1] == 500.0
    total = sum(n * y for n, y in zip(steps, drawn["y"], strict=True))
    assert total == pytest.approx(sum(losses))


def test_the_figure_draws_the_history(history):
    axes = titled(plot_curves(history))
    for metric in ("loss", "accuracy"):
        assert lines(axes[metric]) == [
            (EPOCHS, list(getattr(history, f"train_{metric}"))),
            (EPOCHS, list(getattr(history, f"val_{metric}"))),
        ]


def test_a_smaller_figure_draws_the_same(history):
    whole, small = plot_curves(history), plot_curves(history, scale=0.7)
    assert list(small.get_size_inches()) == pytest.approx(0.7 * whole.get_size_inches())
    for title, ax in titled(small).items():
        assert lines(ax) == lines(titled(whole)[title])


def test_the_still_picture_draws_the_runs_that_are_not_hidden():
    panel = TuningPanel(
        lambda: SoftmaxRegression(16, 2),
        DATA,
        lr=LogSlider(0.01, 10, start=1.0),
        num_epochs=IntSlider(1, 9, start=3),
    )
    for lr in (1.0, 0.1):
        panel.run(lr=lr)
    panel.toggle(panel.runs[0].id)
    axes = titled(panel.picture())
    history = panel.runs[1].history
    for metric in ("loss", "accuracy"):
        assert lines(axes[metric]) == [
            (EPOCHS, list(getattr(history, f"train_{metric}"))),
            (EPOCHS, list(getattr(history, f"val_{metric}"))),
        ]
