"""Accuracy against cost: a view for a panel in which networks are compared."""

import html
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from torch import nn

from helpers.figures import COLORS, DASHES
from helpers.figures.scale import spread
from helpers.models import layer_table
from helpers.training.history import History
from helpers.tuning.dispatch import Data
from helpers.tuning.runs import Run, mean_history
from helpers.tuning.view import View
from helpers.widgets.explorer import SceneView
from helpers.widgets.scene import Pane, Scene
from helpers.widgets.scene_figure import draw_scenes

WIDTH, HEIGHT = 540, 280  # pixels
SHAPES = ("o", "s", "^", "x")  # one for each dash pattern
NEAR = 0.01  # of the best accuracy: a point, in percent
LABEL_GAP = 0.07  # of the height of a pane, between two labels
BESIDE = 0.15  # of the width of a pane: closer points have their labels set apart


class Shown(NamedTuple):
    """A run as it is drawn.

    Parameters
    ----------
    run : whose color, line style and mark it has.
    accuracies : on validation data after each epoch; the mean, of several seeds.
    ends : lowest and highest of the seeds' last accuracies.
    cost : multiplications for one example; None where they are not known.
    """

    run: Run
    accuracies: Sequence[float]
    ends: tuple[float, float]
    cost: int | None

    @property
    def color(self) -> str:
        """That of the run everywhere in the panel."""
        return COLORS[self.run.index % len(COLORS)]


class CostView(View):
    """A view for `TuningPanel`: validation accuracy, and what each network costs.

    At the left stands the validation accuracy of all runs by epoch, at the right each
    run as a point: its last accuracy against the multiplications for one example, as
    `layer_table` counts them in the run's network. The point of a run that trains
    moves at every epoch. A run with several seeds is the mean of them, and a line goes
    from the lowest to the highest. A sentence names the best run, and the cheapest that
    comes as near as one point.

    Parameters
    ----------
    known : name of a run -> multiplications, for a `first_run`, whose network the panel
        never sees.

    Attributes
    ----------
    widget : what the panel shows.
    scene : the numbers of the picture.
    sentence : what it says of the kept runs.

    Taught in chapter 6.
    """

    def __init__(self, known: Mapping[str, int] | None = None):
        self.canvas, self._reading = SceneView(), ipywidgets.HTML()
        self.widget = ipywidgets.VBox([self.canvas, self._reading])
        self.canvas.layout.width = "100%"
        self._costs: dict[str, int | None] = dict(known or {})
        self._kept: list[Run] = []
        self._live: Run | None = None
        self._history: History | None = None
        self._shape: tuple[int, ...] = ()
        self._draw()

    def prepare(self, data: Data) -> None:
        """Know the shape of one example.

        Raises
        ------
        ValueError : a regression, which has no accuracy.
        """
        if data.train.y.is_floating_point():
            raise ValueError(
                f"{data.name} has numbers as targets: accuracy against cost is drawn "
                "for classes"
            )
        self._shape = tuple(data.train.X.shape[1:])

    def begin(self, run: Run, net) -> None:
        """Count what the run's network costs."""
        self._live, self._history = run, None
        if run.id not in self._costs:
            self._costs[run.id] = cost_of(net, self._shape)

    def push(self, history: History) -> None:
        """Move the point of the run that trains."""
        self._history = history
        self._draw()

    def show(self, runs: Iterable[Run], summary: str) -> None:
        """Draw the kept runs, without the live one."""
        self._live = None
        self.hide(runs)

    def hide(self, runs: Iterable[Run]) -> None:
        """Draw fewer runs or more; a live one stays."""
        self._kept = list(runs)
        self._draw()

    def draw(self, axes: Sequence[Axes], runs: Iterable[Run]) -> None:
        """Draw the same picture of these runs."""
        draw_scenes(axes[0], _scene(self._visible(runs)))

    def _visible(self, runs: Iterable[Run]) -> list[Shown]:
        found = []
        for run in runs:
            complete = [h for h in run.complete if h.val_accuracy]
            if run.hidden or not complete:
                continue
            finals = [h.val_accuracy[-1] for h in complete]
            ends = min(finals), max(finals)
            accuracies = mean_history(complete).val_accuracy
            found.append(Shown(run, accuracies, ends, self._costs.get(run.id)))
        return found

    def _draw(self) -> None:
        shown = self._visible(self._kept)
        self.sentence = _in_words(shown)
        if self._live is not None and self._history and self._history.val_accuracy:
            now, cost = self._history.val_accuracy, self._costs[self._live.id]
            shown.append(Shown(self._live, now, (now[-1], now[-1]), cost))
        self.scene = _scene(shown)
        with self.canvas.hold_sync():
            self.canvas.scene, self.canvas.says = self.scene.sent(), self.sentence
        self._reading.value = f"<p>{html.escape(self.sentence, quote=False)}</p>"


def cost_of(net: Callable, shape: tuple[int, ...]) -> int | None:
    """Multiplications for one example; None where `layer_table` cannot count them."""
    if not isinstance(net, nn.Module):
        return None
    try:
        return layer_table(net, *shape, depth=None).multiplications or None
    except (RuntimeError, TypeError):  # it computes with values, or takes no floats
        return None


def _scene(shown: Sequence[Shown]) -> Scene:
    return Scene(
        _in_words(shown), [_curves_pane(shown), _cost_pane(shown)], WIDTH, HEIGHT
    )


def _curves_pane(shown: Sequence[Shown]) -> Pane:
    epochs = max((len(s.accuracies) for s in shown), default=1)
    ends = 0.5, epochs + 0.5 + 0.08 * epochs
    step = math.ceil(epochs / 6)
    pane = Pane(
        "validation accuracy", ends, _limits([a for s in shown for a in s.accuracies]),
        labels=("epoch", ""), name="curves",
        xticks={k: str(k) for k in range(step, epochs + 1, step)},
    )  # fmt: skip
    for s in shown:
        xy = np.c_[1 : len(s.accuracies) + 1, s.accuracies]
        dash = DASHES[s.run.index % len(DASHES)]
        pane.line(xy, color=s.color, dash=dash, name=f"curve {s.run.id}")
        pane.dots(xy, color=s.color, size=2.2)
    _label(pane, [(len(s.accuracies), s.accuracies[-1], s) for s in shown])
    return pane


def _cost_pane(shown: Sequence[Shown]) -> Pane:
    points = [(s.cost, s.accuracies[-1], s) for s in shown if s.cost]
    costs = [cost for cost, *_ in points] or [1e5, 1e7]
    low, high = 0.6 * min(costs), 1.7 * max(costs)
    middle = math.sqrt(low * high)
    low, high = min(low, middle / 3.2), max(high, middle * 3.2)  # a decade at least
    pane = Pane(
        "accuracy against cost", (low, high),
        _limits([a for *_, s in points for a in s.ends]), log="x",
        labels=("multiplications for one example", ""), xticks=_cost_ticks(low, high),
        name="cost",
    )  # fmt: skip
    for cost, accuracy, s in points:
        if s.ends[0] < s.ends[1]:
            pane.line([(cost, a) for a in s.ends], color=s.color, alpha=0.6)
        shape = SHAPES[s.run.index % len(SHAPES)]
        name = f"point {s.run.id}"
        pane.dots([(cost, accuracy)], color=s.color, size=5, shape=shape, name=name)
    _label(pane, points)
    return pane


def _label(pane: Pane, points: Sequence[tuple[float, float, Shown]]) -> None:
    """Write each run's mark beside its point, those of close points set apart."""
    (left, right), (low, high) = pane.ends
    places = [math.log10(x) if pane.log else x for x, *_ in points]
    groups: list[list[int]] = []
    for k in sorted(range(len(points)), key=places.__getitem__):
        near = groups and places[k] - places[groups[-1][-1]] < BESIDE * (right - left)
        groups[-1].append(k) if near else groups.append([k])
    for group in groups:
        gap = LABEL_GAP * (high - low)
        heights = spread(
            [points[k][1] for k in group], gap, low + gap / 2, high - gap / 2
        )
        for k, y in zip(group, heights, strict=True):
            x, _, s = points[k]
            look = {"color": s.color, "size": 11, "bold": True, "halo": True}
            look |= {"align": "left", "shift": (9, 4)}
            if not pane.log and places[k] < max(places):  # longer curves go on there
                look |= {"align": "center", "shift": (0, -6)}
            elif pane.log and places[k] > right - BESIDE * (right - left):
                look |= {"align": "right", "shift": (-9, 4)}
            pane.text((x, y), s.run.mark, name=f"{pane.name} mark {s.run.id}", **look)


def _limits(accuracies: Sequence[float]) -> tuple[float, float]:
    """Round ends of an axis with room around these accuracies."""
    if not accuracies:
        return 0.0, 1.0
    low, high = min(accuracies), max(accuracies)
    room = max(0.15 * (high - low), 0.02)
    return max(-0.02, 0.05 * math.floor(20 * (low - room))), min(1.02, high + room)


def _cost_ticks(low: float, high: float) -> dict[float, str]:
    steps = (1, 2, 5) if high / low < 30 else (1, 3) if high / low < 300 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [m * 10.0**p for p in powers for m in steps]
    units = ((1e9, " G"), (1e6, " M"), (1e3, " k"), (0, ""))
    return {
        v: f"{v / (unit or 1):g}{letter}"
        for v in ticks
        if low <= v <= high
        for unit, letter in [next(u for u in units if v >= u[0])]
    }


def _in_words(shown: Sequence[Shown]) -> str:
    """Name the best run, and the cheapest of those that are as good but for a point."""
    if not shown:
        return "No run is shown: each is a curve at the left and a point at the right."

    def said(s: Shown) -> str:
        cost = "an unknown number of" if s.cost is None else f"{s.cost:,}"
        return f"{s.run.name}, {s.accuracies[-1]:.3f} with {cost} multiplications"

    best = max(shown, key=lambda s: s.accuracies[-1])
    least = best.accuracies[-1] - NEAR - 1e-9
    near = [s for s in shown if s.accuracies[-1] >= least and s.cost]
    cheapest = min(near, key=lambda s: (s.cost, -s.accuracies[-1]), default=best)
    says = f"Best validation accuracy: {said(best)}."
    if cheapest is best:
        return f"{says} No cheaper run is within {NEAR} of it."
    return f"{says} Cheapest within {NEAR} of it: {said(cheapest)}."
