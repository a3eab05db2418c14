"""Decision regions that move while a network trains on points in the plane."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets
from matplotlib.axes import Axes

from helpers.data import Examples, PointData
from helpers.figures import COLORS, draw_regions
from helpers.figures.plane import EVERY, SIDE, Regions, plane_of, regions_of
from helpers.training.history import History
from helpers.tuning.runs import Run
from helpers.tuning.view import View
from helpers.widgets.curves_view import CurvesView
from helpers.widgets.script import script
from helpers.words import many, number

MOST_POINTS = 1_000  # of each part that are drawn
CURVE_HEIGHT = 170  # pixels
REST = 15  # times what a picture took passes before the next one
_HERE = Path(__file__).parent


class DecisionMap(anywidget.AnyWidget):
    """The canvas that plane_view.js draws.

    ``points`` are float32 pairs, the first ``num_train`` of them training points;
    ``labels`` are bytes, a class or a level of a regression. ``picture`` holds bytes
    of `helpers.figures.plane.Regions`; it is empty before the first run.
    """

    _esm = script(_HERE / "plane_view.js")
    _css = _HERE / "panel.css"
    points = traitlets.Bytes().tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    num_train = traitlets.Int().tag(sync=True)
    limits = traitlets.List().tag(sync=True)
    classes = traitlets.List().tag(sync=True)
    colors = traitlets.List(list(COLORS)).tag(sync=True)
    picture = traitlets.Dict().tag(sync=True)
    summary = traitlets.Unicode("no run yet").tag(sync=True)


class DecisionView(View):
    """A view for `TuningPanel`: decision regions, hidden units and learning curves.

    The data must be points in the plane, X (n, 2). The large square shows what the
    network of the last run answers at every place: its most likely class, the fainter
    the less sure; training points are filled, validation points hollow. Small squares
    show how active each hidden unit is over the same plane, at most 16 units of the
    first three layers. Loss and accuracy stand below.

    Attributes
    ----------
    widget : what the panel shows.
    map : the canvas; its ``picture`` and ``summary`` are those of the last network.
    regions : the numbers of the last picture; None before the first run.
    rests_until : the time (`time.perf_counter`) before which `push` draws none.

    Taught in chapter 3.
    """

    follows_data = True

    def __init__(self):
        self._curves = CurvesView()
        self._curves.widget.height = CURVE_HEIGHT
        self.map = DecisionMap()
        self.widget = ipywidgets.VBox([self.map, self._curves.widget])
        self.widget.add_class("course-decision")
        self._data: PointData | None = None
        self.regions: Regions | None = None
        self._net = self._run = self._history = None
        self.rests_until = 0.0

    @property
    def num_axes(self) -> int:
        """The plane, and the learning curves."""
        return 1 + self._curves.num_axes

    def prepare(self, data: PointData) -> None:
        """Show these points; regions of a network of other points go away.

        Raises
        ------
        ValueError : the data are no points in the plane.
        """
        if self._data is not None and _same(data, self._data):
            return
        self._plane = plane_of(data)
        self._curves.prepare(data)
        self._data, self._net = data, None
        parts = [
            part.take(min(len(part), MOST_POINTS)) for part in (data.train, data.val)
        ]
        with self.map.hold_sync():
            self.map.points = b"".join(_floats(part) for part in parts)
            self.map.labels = b"".join(self._levels(part).tobytes() for part in parts)
            self.map.num_train = len(parts[0])
            self.map.limits = list(self._plane.limits)
            self.map.classes = list(data.classes)
            self._clear()

    def _levels(self, examples: Examples) -> np.ndarray:
        """A byte for each point: its class, or its target between the ends."""
        y = examples.y.cpu().numpy()
        if self._plane.span is None:
            return y.astype(np.uint8)
        low, high = self._plane.span
        level = (y.reshape(len(y), -1)[:, 0] - low) / ((high - low) or 1.0)
        return np.uint8(255 * level.clip(0, 1))

    def begin(self, run: Run, net) -> None:
        """The pictures to come are those of this network."""
        self._run, self._net, self._history, self.rests_until = run, net, None, 0.0
        self._seed_number = len(run.histories) + 1
        self._curves.begin(run, net)

    def push(self, history: History) -> None:
        """Draw curves and regions as they stand.

        A network so large that a picture of it takes long gets fewer of them.
        """
        self._history = history
        self._curves.push(history)
        if time.perf_counter() >= self.rests_until:
            self._draw_map()

    def settle(self) -> None:
        """Draw the regions, whatever that takes."""
        self._draw_map()

    def _draw_map(self) -> None:
        if self._net is None:
            return
        begin = time.perf_counter()
        self.regions = regions = regions_of(self._net, self._plane)
        picture = {
            "title": self._title(),
            "side": SIDE,
            "level": regions.level.tobytes(),
            "label": b"" if regions.label is None else regions.label.tobytes(),
            "small": SIDE // EVERY,
            "layers": [
                {
                    "name": layer.name,
                    "units": layer.units,
                    "shown": len(layer.cells),
                    "cells": layer.cells.tobytes(),
                }
                for layer in regions.layers
            ],
            "more": regions.more_layers,
        }
        with self.map.hold_sync():
            self.map.picture, self.map.summary = picture, self._words()
        now = time.perf_counter()
        self.rests_until = now + REST * (now - begin)

    def _title(self) -> str:
        seeds = self._run.seeds
        seed = f", seed {self._seed_number} of {len(seeds)}" if len(seeds) > 1 else ""
        n = self._history.num_epochs if self._history else 0
        after = f", after {many(n, 'epoch')}" if n else ""
        return f"{self._run.name}{seed}{after}"

    def _words(self) -> str:
        """The picture in words, for those who do not see it."""
        words = [f"Decision regions of {self._title()}."]
        if not self.regions.finite:
            words.append("Its output is not a number everywhere.")
        elif classes := self._data.classes:
            shares = zip(self.regions.shares(len(classes)), classes, strict=False)
            words.append(", ".join(f"{s:.0%} {name}" for s, name in shares) + ".")
        for part in ("val", "train"):
            losses = getattr(self._history, f"{part}_loss", ())
            if losses:
                name = {"val": "Validation", "train": "Training"}[part]
                accuracies = getattr(self._history, f"{part}_accuracy")
                words += [f"{name} accuracy {number(a, 3)}." for a in accuracies[-1:]]
                words.append(f"{name} loss {number(losses[-1])}.")
                break
        for k, layer in enumerate(self.regions.layers, 1):
            flat = int((np.ptp(layer.cells, (1, 2)) == 0).sum())
            text = f"Hidden layer {k}: {many(layer.units, 'unit')}, {layer.name}"
            if len(layer.cells) < layer.units:
                text += f", {len(layer.cells)} of them drawn"
            words.append(text + (f"; {flat} are constant." if flat else "."))
        if self.regions.more_layers:
            more = many(self.regions.more_layers, "more layer")
            words.append(f"Not drawn: {more}.")
        return " ".join(words)

    def _clear(self) -> None:
        self.regions = None
        self.map.picture = {}
        n = f"{len(self._data.train):,} training and {len(self._data.val):,}"
        self.map.summary = f"{n} validation points; no network has trained on them yet."

    def show(self, runs: Iterable[Run], summary: str) -> None:
        """Show the kept runs, and the last network if its run was kept."""
        runs = list(runs)
        self._curves.show(runs, summary)
        if self._net is None:
            return
        if any(run.id == self._run.id for run in runs):
            self._history = self._run.histories[-1]
            self._draw_map()
        else:
            self._net = None
            self._clear()

    def hide(self, runs: Iterable[Run]) -> None:
        """Draw fewer curves or more; the regions stay."""
        self._curves.hide(runs)

    def draw(self, axes: Sequence[Axes], runs: Iterable[Run]) -> None:
        """Draw regions and points on the first axes, curves on the others."""
        draw_regions(axes[0], self._data, self._plane, self.regions)
        axes[0].set_title("decision regions" if self._data.classes else "prediction")
        self._curves.draw(axes[1:], runs)


def _same(a: PointData, b: PointData) -> bool:
    pairs = [(a.train, b.train), (a.val, b.val)]
    return a.classes == b.classes and all(
        p is q or (p.X.equal(q.X) and p.y.equal(q.y)) for p, q in pairs
    )


def _floats(examples: Examples) -> bytes:
    return examples.X.cpu().numpy().astype("<f4").tobytes()
