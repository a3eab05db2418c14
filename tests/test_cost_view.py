"""Accuracy against cost: the view in the panel, its sentence and its still picture."""

import dataclasses
import re

import numpy as np
import pytest
import torch
from torch import nn

from helpers import (
    MLP,
    Choice,
    CostView,
    IntSlider,
    LogSlider,
    TuningPanel,
    layer_table,
    make_points,
    make_regression,
    train,
)
from helpers.figures import COLORS, DASHES
from helpers.training import History
from helpers.tuning.runs import Run
from helpers.widgets.cost_view import SHAPES, cost_of
from helpers.widgets.curves_view import CurvesView
from helpers.widgets.scene_figure import figure_of
from tools.waiting import PATIENCE, wait_for

POINTS = make_points("moons", 100, 50)


def build(family="small", width=8):
    return MLP((width,) * {"small": 1, "deep": 3}[family], 2, 2)


def make_panel(build=build, data=POINTS, view=None, **more) -> TuningPanel:
    ranges = {
        "family": Choice("small", "deep"),
        "width": IntSlider(1, 200, start=8),
        "lr": LogSlider(0.01, 10, start=0.3),
        "batch_size": Choice(10, 50),
        "num_epochs": IntSlider(1, 500, start=3),
    }
    return TuningPanel(build, data, view=view or CostView(), **(ranges | more))


def points_of(view):
    """Return what is drawn: id of a run -> (multiplications, accuracy)."""
    return {
        mark["name"].removeprefix("point "): tuple(mark["xy"][0])
        for mark in view.scene["cost"].marks
        if mark["name"].startswith("point ")
    }


def past(mark, accuracies, cost=None, **more):
    """Return a finished run of these accuracies (one sequence for each seed)."""
    seeds = [accuracies] if isinstance(accuracies[0], float) else accuracies
    histories = [
        History(
            step_examples=(), epoch_examples=tuple(range(len(a))), step_loss=(),
            train_loss=(), train_accuracy=(), val_loss=(), val_accuracy=tuple(a),
            seconds=1.0, settings={},
        )
        for a in seeds
    ]  # fmt: skip
    run = Run(id=f"run-{mark}", name=f"run {mark}", mark=mark, index=int(mark) - 1,
              settings={}, num_epochs=len(seeds[0]), histories=histories,
              seeds=tuple(range(len(seeds))), state="finished")  # fmt: skip
    return dataclasses.replace(run, **more)


def shown(*runs, **known):
    """Return a view of these runs; ``known`` are costs, run_1=... ."""
    view = CostView({name.replace("_", "-"): cost for name, cost in known.items()})
    view.show(runs, "")
    return view


# -- in the panel -------------------------------------------------------------------


def test_every_kept_run_is_a_point():
    panel = make_panel()
    runs = [panel.run(width=w, family=f) for f in ("small", "deep") for w in (4, 30)]
    view = panel.view
    found = points_of(view)
    assert list(found) == [run.id for run in runs]
    for run in runs:
        net = build(run.settings["family"], run.settings["width"])
        cost, accuracy = found[run.id]
        assert cost == layer_table(net, 2, depth=None).multiplications
        assert accuracy == run.history.val_accuracy[-1]
        curve = view.scene[f"curve {run.id}"]
        assert curve["xy"].tolist() == [
            [k, a] for k, a in enumerate(run.history.val_accuracy, 1)
        ]
        assert (
            curve["color"] == COLORS[run.index] and curve["dash"] == DASHES[run.index]
        )
        mark = view.scene[f"point {run.id}"]
        assert (mark["color"], mark["shape"]) == (COLORS[run.index], SHAPES[run.index])
        for pane in ("curves", "cost"):
            text = view.scene[f"{pane} mark {run.id}"]
            assert (text["text"], text["color"]) == (run.mark, COLORS[run.index])
    assert view.canvas.scene == view.scene.sent()
    assert view.sentence in view.widget.children[1].value
    assert view.canvas.says == view.sentence


def test_hidden_and_removed_runs_leave_no_point():
    panel = make_panel()
    first, second, third = (panel.run(width=w) for w in (4, 8, 16))
    panel.toggle(first.id)
    panel.remove(second.id)
    assert list(points_of(panel.view)) == [third.id]
    assert f"accuracy: {third.name}," in panel.view.sentence
    panel.toggle(first.id)
    assert list(points_of(panel.view)) == [first.id, third.id]


def test_the_point_of_a_live_run_moves():
    panel = make_panel()
    kept = panel.run(width=4)
    panel.set(num_epochs=500, width=20, lr=0.01)  # slow: its accuracy goes on moving
    seen = []
    panel.view.canvas.observe(lambda _: seen.append(points_of(panel.view)), "scene")
    panel.start()
    wait_for(lambda: len({s["run-2"] for s in seen if "run-2" in s}) > 1)
    assert kept.id in seen[-1]
    assert "run 2" not in panel.view.sentence, "it says what was kept"
    panel.pause()
    wait_for(lambda: panel.session.state == "paused")
    panel.toggle(kept.id)
    assert list(points_of(panel.view)) == ["run-2"]
    panel.stop()
    assert panel.wait(PATIENCE)
    last = panel.runs[-1]
    assert points_of(panel.view)[last.id] == (20 * 4, last.history.val_accuracy[-1])


def test_a_dropped_training_takes_its_point_with_it():
    panel = make_panel()
    panel.set(num_epochs=500)
    panel.start()
    wait_for(lambda: points_of(panel.view))
    panel.reset()
    assert panel.wait(PATIENCE)
    assert not points_of(panel.view) and panel.picture()


def test_the_view_changes_no_training():
    def with_dropout(family, width):
        return MLP((width,), 2, 2, dropout=0.3)

    runs = [
        make_panel(with_dropout, view=view).run() for view in (CostView(), CurvesView())
    ]
    assert runs[0].history.step_loss == runs[1].history.step_loss


def test_several_seeds_are_their_mean_and_a_line():
    panel = make_panel()
    run = panel.run(seeds=3, num_epochs=2)
    finals = [h.val_accuracy[-1] for h in run.histories]
    assert len(finals) == 3
    assert points_of(panel.view)[run.id][1] == pytest.approx(np.mean(finals))
    assert min(finals) < max(finals)
    lines = [m for m in panel.view.scene["cost"].marks if m["kind"] == "line"]
    assert lines[0]["xy"][:, 1].tolist() == [min(finals), max(finals)]


def test_a_run_that_failed_has_no_point_and_breaks_nothing():
    def failing(width):
        net = build(width=width)
        if width == 13:
            net.append(nn.Linear(5, 2))  # does not fit
        return net

    panel = TuningPanel(failing, POINTS, view=CostView(), lr=LogSlider(0.01, 1),
                        width=IntSlider(1, 20, start=8),
                        num_epochs=IntSlider(1, 9, start=2))  # fmt: skip
    with pytest.raises(RuntimeError):
        panel.run(width=13)
    assert not points_of(panel.view)
    good = panel.run(width=8)
    assert list(points_of(panel.view)) == [good.id]
    panel.picture()


def test_a_first_run_and_a_function_by_hand_have_the_cost_that_is_known():
    net = build()
    history = train(net, POINTS.train, POINTS.val, num_epochs=2, lr=0.1)
    for known, points in (({"baseline": 32}, {"baseline"}), (None, set())):
        panel = make_panel(view=CostView(known), first_run=history)
        assert set(points_of(panel.view)) == points
        assert panel.view.scene["curve baseline"]["xy"].shape == (2, 2)
        said = re.search("with (.*?) multiplications[.] ", panel.view.sentence)[1]
        assert said == ("32" if points else "an unknown number of")

    def by_hand(width):
        W = torch.zeros(2, 2, requires_grad=True)
        return (lambda X: X @ W), [W]

    assert cost_of(by_hand(1)[0], (2,)) is None
    assert cost_of(nn.Linear(3, 2), (2,)) is None
    assert cost_of(nn.ReLU(), (2,)) is None
    assert cost_of(nn.Linear(2, 5), (2,)) == 10
    ranges = {"width": IntSlider(1, 2), "num_epochs": IntSlider(1, 9, start=2)}
    panel = TuningPanel(
        by_hand, POINTS, view=CostView(), lr=LogSlider(0.01, 1), **ranges
    )
    run = panel.run()
    assert not points_of(panel.view)
    assert panel.view.scene[f"curve {run.id}"]["xy"].shape == (2, 2)


def test_a_regression_has_no_accuracy():
    with pytest.raises(ValueError, match="regression has numbers as targets"):
        make_panel(lambda: nn.Linear(2, 1), make_regression(n_train=50))


# -- the sentence -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accuracies", "costs", "best", "cheapest"),
    [
        ((0.9, 0.95, 0.945), (100, 900, 300), 2, 3),
        ((0.94, 0.95, 0.92), (100, 900, 300), 2, 1),  # exactly a point below
        ((0.939, 0.95, 0.92), (100, 900, 300), 2, None),
        ((0.95, 0.9, 0.8), (100, 900, 300), 1, None),  # the best is the cheapest
        ((0.95, 0.95, 0.94), (900, 100, 100), 1, 2),
        ((0.95, 0.949, 0.1), (900, None, 100), 1, None),
        ((0.9, 0.95, 0.949), (100, None, 300), 2, 3),
    ],
)
def test_the_best_and_the_cheapest_within_a_point(accuracies, costs, best, cheapest):
    runs = [past(str(k), (0.5, a)) for k, a in enumerate(accuracies, 1)]
    view = shown(*runs, **{f"run_{k}": c for k, c in enumerate(costs, 1)})

    def said(k):
        cost = f"{costs[k - 1]:,}" if costs[k - 1] else "an unknown number of"
        return f"run {k}, {accuracies[k - 1]:.3f} with {cost} multiplications."

    assert view.sentence.startswith(f"Best validation accuracy: {said(best)}")
    if cheapest:
        assert view.sentence.endswith(f"Cheapest within 0.01 of it: {said(cheapest)}")
    else:
        assert view.sentence.endswith("No cheaper run is within 0.01 of it.")


# -- the picture --------------------------------------------------------------------


def test_no_run_at_all():
    for view in (CostView(), shown(), shown(past("1", (0.5, 0.9), hidden=True))):
        assert view.sentence.startswith("No run is shown")
        assert not points_of(view)
        figure_of(view.scene)
    panel = make_panel()
    assert not points_of(panel.view) and panel.picture()


def test_labels_of_points_at_one_place_are_apart():
    runs = [past(str(k), (0.5, 0.9 + 0.0005 * k)) for k in range(1, 6)]
    view = shown(*runs, **{f"run_{k}": 1000 for k in range(1, 6)})
    assert {cost for cost, _ in points_of(view).values()} == {1000}
    for pane in ("curves", "cost"):
        heights = [view.scene[f"{pane} mark run-{k}"]["xy"][0, 1] for k in range(1, 6)]
        low, high = view.scene[pane].ends[1]
        assert min(np.diff(heights)) > 0.069 * (high - low)
        assert low < min(heights) and max(heights) < high


def test_a_line_joins_the_last_accuracies_of_the_seeds():
    run = past("1", ((0.9, 0.6), (0.5, 0.8)))
    whole = [dataclasses.replace(h, train_loss=(1.0, 0.5)) for h in run.histories]
    view = shown(dataclasses.replace(run, histories=whole), run_1=1000)
    (line,) = [m for m in view.scene["cost"].marks if m["kind"] == "line"]
    assert line["xy"].tolist() == [[1000, 0.6], [1000, 0.8]]


def test_the_axis_is_about_as_wide_as_the_points():
    for costs, decades in (((1000,), 1.2), ((50, 10**6), 5.0)):
        runs = [past(str(k), (0.3, 0.9)) for k in range(1, len(costs) + 1)]
        view = shown(*runs, **{f"run_{k}": c for k, c in enumerate(costs, 1)})
        left, right = view.scene["cost"].ends[0]
        assert right - left < decades


@pytest.mark.parametrize("costs", [(1000,), (1000, 1100), (50, 10**9), (7, 8, 10**4)])
def test_all_points_lie_inside_and_have_ticks_around_them(costs):
    runs = [past(str(k), (0.3, 0.1 * k + 0.6)) for k in range(1, len(costs) + 1)]
    view = shown(*runs, **{f"run_{k}": c for k, c in enumerate(costs, 1)})
    pane = view.scene["cost"]
    (left, right), (low, high) = pane.ends
    assert right - left >= 1
    for cost, accuracy in points_of(view).values():
        assert left < np.log10(cost) < right and low < accuracy < high
    assert 2 <= len(pane.ticks[0]) <= 12
    for place, text in pane.ticks[0]:
        number, _, letter = text.partition(" ")
        unit = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[letter]
        assert float(number) * unit == pytest.approx(10**place)


def test_the_still_picture_is_the_same_scene():
    panel = make_panel()
    panel.run(width=4)
    hidden = panel.run(width=8)
    panel.toggle(hidden.id)
    figure = panel.picture()
    (ax,) = [a for a in figure.axes if any(
        t.get_text() == "accuracy against cost" for t in a.texts)]  # fmt: skip
    (alone,) = figure_of(panel.view.scene).axes
    assert len(ax.lines) == len(alone.lines) > 2
    for one, other in zip(ax.lines, alone.lines, strict=True):
        assert np.array_equal(one.get_xydata(), other.get_xydata(), equal_nan=True)
        assert one.get_color() == other.get_color()
    assert [t.get_text() for t in ax.texts] == [t.get_text() for t in alone.texts]
