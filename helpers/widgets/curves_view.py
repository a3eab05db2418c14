"""Learning curves that grow while a network trains."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import anywidget
import torch
import traitlets
from matplotlib.axes import Axes

from helpers.figures import COLORS, DASHES, draw_curves
from helpers.training.history import Epoch, History, Step
from helpers.tuning.dispatch import Data
from helpers.tuning.runs import Run
from helpers.tuning.view import View
from helpers.widgets.script import script

MAX_POINTS = 200  # of the training loss; more would not be seen
_HERE = Path(__file__).parent


class Chart(anywidget.AnyWidget):
    """The canvas of curves_view.js: ``runs`` that are kept and the ``live`` one.

    Without ``accuracy``, as in a regression, the loss has the whole width.
    """

    _esm = script(_HERE / "curves_view.js")
    _css = _HERE / "panel.css"
    runs = traitlets.List().tag(sync=True)
    live = traitlets.Dict().tag(sync=True)
    accuracy = traitlets.Bool(True).tag(sync=True)
    height = traitlets.Int(260).tag(sync=True)  # pixels
    summary = traitlets.Unicode("no run yet").tag(sync=True)


class Curves:
    """The points of one run, kept up to date with little work per record.

    Parameters
    ----------
    num_examples : training examples in one epoch.

    The training loss is averaged over neighbouring steps into at most MAX_POINTS
    points; when there are more, neighbours are joined.
    """

    def __init__(self, num_examples: int):
        self.n = num_examples
        self.pending: list[tuple[int, torch.Tensor]] = []
        self.width = 1  # steps in one point
        self.points: list[list[float]] = []  # [epochs, sum of losses, steps]
        self.epochs: list[Epoch] = []

    def add(self, record: Step | Epoch) -> None:
        """Take a record without reading its loss from the device."""
        if isinstance(record, Step):
            self.pending.append((record.examples, record.loss_tensor))
        else:
            self.epochs.append(record)

    def add_losses(self, examples: Iterable[int], losses: Iterable[float]) -> None:
        """Take losses of steps that are already numbers."""
        for seen, loss in zip(examples, losses, strict=True):
            if not self.points or self.points[-1][2] >= self.width:
                self.points.append([0.0, 0.0, 0])
            last = self.points[-1]
            last[0], last[1], last[2] = seen / self.n, last[1] + loss, last[2] + 1
            if len(self.points) > MAX_POINTS:
                self.points = [
                    [b[0], a[1] + b[1], a[2] + b[2]]
                    for a, b in zip(self.points[::2], self.points[1::2], strict=False)
                ] + ([self.points[-1]] if len(self.points) % 2 else [])
                self.width *= 2

    def series(self) -> dict:
        """The four curves as lists of epochs and values, ready for curves_view.js."""
        if self.pending:
            seen, losses = zip(*self.pending, strict=True)
            self.add_losses(seen, torch.stack(losses).tolist())
            self.pending.clear()
        x = [e.examples / self.n for e in self.epochs]
        train = [e.train for e in self.epochs]
        val = [e.val for e in self.epochs if e.val is not None]
        return {
            "loss": _series(
                [p[0] for p in self.points], [p[1] / p[2] for p in self.points]
            ),
            "val_loss": _series(x, [m.loss for m in val]),
            "accuracy": _series(x, [m.accuracy for m in train]),
            "val_accuracy": _series(x, [m.accuracy for m in val]),
        }


def series_of(history: History, num_examples: int) -> dict:
    """The curves of a finished run."""
    curves = Curves(num_examples)
    curves.add_losses(history.step_examples, history.step_loss)
    x = [seen / num_examples for seen in history.epoch_examples]
    return curves.series() | {
        "val_loss": _series(x, history.val_loss),
        "accuracy": _series(x, history.train_accuracy),
        "val_accuracy": _series(x, history.val_accuracy),
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
    """

    def __init__(self):
        self.widget = Chart()
        self._curves: Curves | None = None
        self._earlier: list[dict] = []  # the seeds of this run that have ended
        self._head: dict = {}

    @property
    def num_axes(self) -> int:
        """Loss and accuracy, or loss alone."""
        return 2 if self.widget.accuracy else 1

    def prepare(self, data: Data) -> None:
        """Show accuracies where the targets are classes."""
        self.widget.accuracy = not data.train.y.is_floating_point()

    def begin(self, run: Run, net) -> None:
        """A new curve; that of an earlier seed of the same run enters the band."""
        if self._head.get("id") == run.id:
            self._earlier.append(self._curves.series())
        else:
            self._earlier = []
        self._curves = Curves(run.num_examples)
        self._head = _head(run)

    def add(self, record: Step | Epoch) -> None:
        """Put a record on the curve."""
        self._curves.add(record)

    def push(self) -> None:
        """Draw the curve as it stands."""
        band = {"band": band_of(self._earlier)} if self._earlier else {}
        self.widget.live = self._head | self._curves.series() | band

    def show(self, runs: Iterable[Run], summary: str) -> None:
        """Draw the kept runs, without the live one."""
        with self.widget.hold_sync():
            self.widget.runs = [_head(run) | _curves_and_band(run) for run in runs]
            self.widget.live = {}
            self.widget.summary = summary

    def hide(self, runs: Iterable[Run]) -> None:
        """Draw fewer runs or more; a live one stays."""
        hidden = {run.id: run.hidden for run in runs}
        self.widget.runs = [
            drawn | {"hidden": hidden[drawn["id"]]}
            for drawn in self.widget.runs
            if drawn["id"] in hidden
        ]

    def draw(self, axes: Sequence[Axes], runs: Iterable[Run]) -> None:
        """Draw loss and accuracy of the visible runs."""
        visible = [run for run in runs if not run.hidden and run.history.num_epochs]
        draw_curves(
            axes,
            {run.name: run.history for run in visible},
            [run.index for run in visible],
        )
        for ax, metric in zip(axes, ("val_loss", "val_accuracy"), strict=False):
            for run in visible:
                series = [s for h in run.complete if (s := getattr(h, metric))]
                if len(series) > 1:
                    low, high = zip(*map(_ends, zip(*series, strict=True)), strict=True)
                    color = COLORS[run.index % len(COLORS)]
                    ax.fill_between(
                        range(1, len(low) + 1), low, high, color=color, alpha=0.2
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
    clean = [v if v is not None and math.isfinite(v) else None for v in y]
    return {"x": list(x)[: len(clean)], "y": clean}
