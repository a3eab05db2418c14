"""The axis of losses bears a run that diverges, and names at line ends lie apart."""

import math
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from helpers import History, plot_curves
from helpers.figures.described import described
from helpers.figures.scale import TOO_HIGH, LossScale, loss_scale, span_of, spread
from helpers.tuning.runs import Run
from helpers.widgets.curves_view import CurvesView
from tests.test_curves import DATA, titled

LEARNS = (0.4, 2.4)


def test_a_run_that_diverges_leaves_the_picture_and_it_is_said():
    scale = loss_scale({"run 1": LEARNS, "run 2": (0.3, 2.3), "run 3": (2.3, 31.2)})
    assert scale == LossScale(0, 3, False, ("run 3",), scale.says)
    assert scale.says == "run 3 leaves the picture, up to 31.2"
    two = loss_scale({"run 1": LEARNS, "run 2": (2, 1e9), "run 3": (2.3, 31.2)})
    assert two.high == 3 and two.says == "2 runs leave the picture, up to 1 × 10⁹"


def test_alone_it_is_shown_whole():
    assert loss_scale({"run": (2.0, 31.0)}) == LossScale(0, 1.05 * 31)
    wild = loss_scale({"run": (2.0, 3000.0)})
    assert wild.log and wild.high > 3000 and 1 < wild.low < 2
    assert loss_scale({"a": None}) == loss_scale({}) == LossScale()
    still = loss_scale({"a": (0.0, 0.0)})
    assert still.low < still.high


def test_a_run_that_rises_a_little_higher_stays():
    scale = loss_scale({"run 1": (0.4, 2.0), "run 2": (0.5, 2 * TOO_HIGH - 0.1)})
    assert not scale.leaving and scale.high > 2 * TOO_HIGH - 0.1


def test_a_regression_falls_by_powers_of_ten():
    scale = loss_scale({"a": (1e-4, 2.0), "b": (1e-2, 150.0)}, regression=True)
    assert scale.log and not scale.leaving and scale.high > 150
    scale = loss_scale({"a": (1e-4, 2.0), "b": (1e-2, 1e9)}, regression=True)
    assert scale.leaving == ("b",) and scale.high < 10
    assert not loss_scale({"a": (1e-4, 2.0)}).log


@pytest.mark.parametrize("regression", [False, True])
@pytest.mark.parametrize("seed", range(50))
def test_what_stays_is_whole_and_never_flattened(seed, regression):
    rng = np.random.default_rng(seed)
    ends = np.sort(10 ** rng.uniform(-3, rng.choice([1, 9]), (rng.integers(1, 7), 2)))
    named = {f"run {k}": tuple(map(float, span)) for k, span in enumerate(ends)}
    scale = loss_scale(named, regression)
    least = min(high for _, high in named.values())
    assert scale.low < scale.high and least <= scale.high
    for name, (low, high) in named.items():
        assert scale.low <= low
        assert (high > scale.high) == (name in scale.leaving)
    if not scale.log:
        assert scale.high <= 1.25 * TOO_HIGH * least * (1 + 1e-9)
    assert bool(scale.says) == bool(scale.leaving)


def test_what_is_no_number_has_no_span():
    assert span_of([None, math.nan, math.inf]) is None
    assert span_of([None, 2.0, math.inf, -1.0]) == (-1.0, 2.0)


@pytest.mark.parametrize("seed", range(50))
def test_names_lie_apart_in_their_order_and_inside(seed):
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, rng.choice([0.1, 1]), rng.integers(1, 10)).tolist()
    gap = rng.uniform(0.01, 0.1)
    moved = spread(places, gap, 0, 1)
    assert all(-1e-9 <= at <= 1 + 1e-9 for at in moved)
    at = np.array(moved)[np.argsort(places, kind="stable")]
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(at))
    if all(b - a >= gap for a, b in pairwise(sorted(places))):
        assert moved == pytest.approx(places)


def test_names_that_have_room_move_as_little_as_possible():
    assert spread([0.5, 0.5], 0.1, 0, 1) == pytest.approx([0.45, 0.55])
    assert spread([0.9, 0.5, 0.5, 0.52], 0.1, 0, 1) == pytest.approx(
        [0.9, 0.4067, 0.5067, 0.6067], abs=1e-4
    )
    assert spread([0, 0, 0], 0.1, 0, 1) == pytest.approx([0, 0.1, 0.2])
    assert spread([1] * 5, 0.5, 0, 1) == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def history(*val_loss: float) -> History:
    n = range(1, len(val_loss) + 1)
    accuracy = tuple(0.5 for _ in n)
    examples = tuple(60 * k for k in n)
    return History(
        *(examples, val_loss, examples, val_loss, accuracy),
        *(val_loss, accuracy, 1.0, {}),
    )


DIVERGES = {"run 1": history(2.4, 1, 0.5), "run 2": history(2.2, 30.5, 12)}


def test_the_figure_says_what_leaves_it_and_where():
    figure = plot_curves(DIVERGES)
    ax = titled(figure)["loss"]
    assert ax.get_ylim() == (0, 3)
    (said,) = [text.get_text() for text in ax.texts if "leaves" in text.get_text()]
    assert said == "▲ run 2 leaves the picture, up to 30.5"
    assert "run 2 leaves the picture" in described(figure)
    (mark,) = [line for line in ax.lines if line.get_marker() == "^"]
    assert list(mark.get_xdata()) == [2], "the first epoch that is out of it"
    assert mark.get_color() == ax.lines[2].get_color()
    heights = [text.xy[1] for text in ax.texts if text.get_text() in DIVERGES]
    assert heights == pytest.approx([0.5 / 3, 1])


def test_the_live_chart_has_the_axis_of_the_figure():
    view = CurvesView()
    kept = [
        Run.trained_elsewhere(name, history, DATA, k, {})
        for k, (name, history) in enumerate(DIVERGES.items())
    ]
    view.show(kept, "")
    axes = Figure().subplots(1, 2)
    view.draw(axes, kept)
    shown = view.widget.losses
    assert (shown["low"], shown["high"]) == axes[0].get_ylim() == (0, 3)
    assert shown["leaving"] == ("run 2",) and "up to 30.5" in shown["says"]
    kept[1].hidden = True
    view.hide(kept)
    assert not view.widget.losses["leaving"] and view.widget.losses["high"] < 2.6
    view.begin(Run("run-3", "run 3", "3", 2, {}, 3, dataset=DATA), None)
    view.push(DIVERGES["run 2"])
    assert view.widget.losses["leaving"] == ("run 3",), "while it trains, too"
