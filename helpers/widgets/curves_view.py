"""Learning curves that grow while a network trains."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from statistics import fmean

import anywidget
import traitlets
from matplotlib.axes import Axes

from helpers.figures import COLORS, DASHES, draw_curves
from helpers.figures.scale import LossScale, loss_scale, span_of
from helpers.training.history import History
from helpers.tuning.dispatch import Data
from helpers.tuning.runs import Run
from helpers.tuning.view import View
from helpers.widgets.script import script

MAX_POINTS = 200  # of the training loss; more would not be seen
_HERE = Path(__file__).parent


class Chart(anywidget.AnyWidget):
    """The canvas of curves_view.js: ``runs`` that are kept and the ``live`` one.

    Without ``accuracy``, as in a regression, the loss has the whole width. ``losses``
    is the `LossScale` of what is visible.
    """

    _esm = script(_HERE / "curves_view.js")
    _css = _HERE / "panel.css"
    runs = traitlets.List().tag(sync=True)
    live = traitlets.Dict().tag(sync=True)
    accuracy = traitlets.Bool(True).tag(sync=True)
    losses = traitlets.Dict(asdict(LossScale())).tag(sync=True)
    height = traitlets.Int(260).tag(sync=True)  # pixels
    summary = traitlets.Unicode("no run yet").tag(sync=True)


def series_of(history: History, num_examples: int) -> dict:
    """The four curves as lists of epochs and values, ready for curves_view.js.

    The training loss is averaged over neighboring steps into at most MAX_POINTS
    points.
    """
    seen, losses = history.step_examples, history.step_loss
    width = 1  # steps in one point; it doubles, so that few points move as more come
    while len(losses) > width * MAX_POINTS:
        width *= 2
    starts = range(0, len(losses), width)
    x = [seen[min(k + width, len(seen)) - 1] / num_examples for k in starts]
    epochs = [n / num_examples for n in history.epoch_examples]
    return {
        "loss": _series(x, [fmean(losses[k : k + width]) for k in starts]),
        "val_loss": _series(epochs, history.val_loss),
        "accuracy": _series(epochs, history.train_accuracy),
        "val_accuracy": _series(epochs, history.val_accuracy),
    }


def band_of(seeds: Sequence[dict]) -> dict:
    """Lowest and highest validation value of several seeds' `series`, by epoch."""
    band = {}
    for key in ("val_loss", "val_accuracy"):
        columns = list(zip(*(series[key]["y"] for series in seeds), strict=True))
        # Where one seed is not a number there is no highest value: the band breaks.
        ends = [(None, None) if None in c else _ends(c) for c in columns]
        band[key] = {
            "x": seeds[0][key]["x"],
            "low": [low for low, _ in ends],
            "high": [high for _, high in ends],
        }
    return band


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _curves_and_band(run: Run) -> dict:
    drawn = series_of(run.history, run.num_examples)
    if len(run.complete) > 1:
        seeds = [series_of(h, run.num_examples) for h in run.complete]
        drawn["band"] = band_of(seeds)
    return drawn


class CurvesView(View):
    """The panel's usual view: loss and accuracy of all runs, loss for a regression.

    Attributes
    ----------
    widget : what the panel shows.
    chart : the curves; all of the widget, unless a view adds to it.
    """

    def __init__(self):
        self.widget = self.chart = Chart()
        self._run: Run | None = None
        self._earlier: list[dict] = []  # the seeds of this run that have ended
        self._spans: dict[str, tuple[float, float] | None] = {}  # of the kept runs

    @property
    def num_axes(self) -> int:
        """Loss and accuracy, or loss alone."""
        return 2 if self.chart.accuracy else 1

    def prepare(self, data: Data) -> None:
        """Show accuracies where the targets are classes."""
        self.chart.accuracy = not data.train.y.is_floating_point()

    def begin(self, run: Run, net) -> None:
        """A new curve; those of earlier seeds of the same run make a band."""
        self._run = run
        self._earlier = [series_of(h, run.num_examples) for h in run.histories]

    def push(self, history: History) -> None:
        """Draw the curve as it stands."""
        live = _head(self._run) | series_of(history, self._run.num_examples)
        band = {"band": band_of(self._earlier)} if self._earlier else {}
        with self.chart.hold_sync():
            self.chart.live = live | band
            self._rescale()

    def show(self, runs: Iterable[Run], summary: str) -> None:
        """Draw the kept runs, without the live one."""
        with self.chart.hold_sync():
            self.chart.runs = [_head(run) | _curves_and_band(run) for run in runs]
            self.chart.live = {}
            self.chart.summary = summary
            self._spans = {drawn["id"]: _span(drawn) for drawn in self.chart.runs}
            self._rescale()

    def hide(self, runs: Iterable[Run]) -> None:
        """Draw fewer runs or more; a live one stays."""
        hidden = {run.id: run.hidden for run in runs}
        with self.chart.hold_sync():
            self.chart.runs = [
                drawn | {"hidden": hidden[drawn["id"]]}
                for drawn in self.chart.runs
                if drawn["id"] in hidden
            ]
            self._rescale()

    def _rescale(self) -> None:
        """Choose the axis of losses for the visible runs and the live one."""
        visible = [drawn for drawn in self.chart.runs if not drawn["hidden"]]
        spans = {drawn["name"]: self._spans[drawn["id"]] for drawn in visible}
        if live := self.chart.live:
            spans[live["name"]] = _span(live)
        scale = loss_scale(spans, regression=not self.chart.accuracy)
        self.chart.losses = asdict(scale)

    def draw(self, axes: Sequence[Axes], runs: Iterable[Run]) -> None:
        """Draw loss and accuracy of the visible runs."""
        visible = [run for run in runs if not run.hidden and run.history.num_epochs]
        draw_curves(
            axes,
            {run.name: run.history for run in visible},
            [run.index for run in visible],
            {run.name: run.complete for run in visible},
        )


def _span(drawn: dict) -> tuple[float, float] | None:
    """Lowest and highest loss of a run that is drawn, its band included."""
    band = drawn.get("band", {}).get("val_loss", {})
    return span_of(
        chain(
            *(drawn["loss"]["y"], drawn["val_loss"]["y"]),
            *(band.get("low", ()), band.get("high", ())),
        )
    )


def _head(run: Run) -> dict:
    return {
        "id": run.id,
        "name": run.name,
        "mark": run.mark,
        "color": COLORS[run.index % len(COLORS)],
        "dash": list(DASHES[run.index % len(DASHES)]),
        "hidden": run.hidden,
        "num_epochs": run.num_epochs,
    }


def _series(x, y) -> dict:
    # JSON has no NaN and no infinity: null, where the line breaks
    clean = [v if math.isfinite(v) else None for v in y]
    return {"x": list(x)[: len(clean)], "y": clean}
