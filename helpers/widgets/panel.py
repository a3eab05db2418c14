"""The tuning panel: hyperparameters as controls, training live beside them."""

import time
from collections.abc import Callable

import ipywidgets
from matplotlib.figure import Figure
from torch.nn import functional as F

from helpers.data import ImageData
from helpers.records import History, Recorder
from helpers.widgets.chart import CurvesView
from helpers.widgets.controls import Range, Whole, label_of
from helpers.widgets.engine import Engine
from helpers.widgets.kernel import listen_to_interrupt, replace_in_cell
from helpers.widgets.run import KeptRuns, Run
from helpers.widgets.still import StillPicture
from helpers.widgets.still_panel import draw_panel
from helpers.widgets.surface import Surface
from helpers.widgets.wiring import train_with
from helpers.widgets.words import describe

PUSH_SECONDS = 0.1  # at most ten pictures a second


class TuningPanel(StillPicture, ipywidgets.VBox):
    """Train a network while its hyperparameters are in the learner's hands.

    Parameters
    ----------
    build : makes the network, or a pair (function, parameters) written by hand; the
        hyperparameters that are among its arguments go there.
    data : its ``train`` and ``val`` examples are used. The test set is not.
    first_run : a History to show as the first kept run, named "baseline".
    view : how a training is shown; `CurvesView` by default.
    loss : as for `fit`.
    hyperparameters : a `Log`, `Linear`, `Whole` or `Choice` for each. Names that
        `fit` knows go to `fit`, all others to the optimizer.

    In a notebook the buttons drive a training in the background; ``run`` trains in
    the calling thread, in the same way. ``runs`` holds what was kept, ``net`` the
    network that was trained last.

    Raises
    ------
    ValueError, TypeError : a declared range that cannot be.
    """

    def __init__(
        self,
        build: Callable,
        data: ImageData,
        *,
        first_run: History | None = None,
        view=None,
        loss: Callable = F.cross_entropy,
        **hyperparameters: Range,
    ):
        for name, declared in hyperparameters.items():
            if not isinstance(declared, Range):
                raise TypeError(
                    f"{name} must be declared as Log, Linear, Whole or Choice, "
                    f"got {declared!r}"
                )
        self._ranges = {**hyperparameters, "seed": Whole(0, 99, start=0)}
        self._build, self._data, self._loss = build, data, loss
        self._view = view or CurvesView()
        self._engine: Engine | None = None
        self._run: Run | None = None
        self._recorder = Recorder()
        self._pushed, self._count, self._discard = 0.0, 0, False
        self.runs = KeptRuns()
        self.net: Callable | None = None
        controls = {name: r.control(name) for name, r in self._ranges.items()}
        self._surface = Surface(self, controls, self._ranges, self._view.widget)
        super().__init__(self._surface.parts)
        self.add_class("course-panel")
        self._surface.connect()
        replace_in_cell(self, TuningPanel.stop)  # the cell's former panel goes unseen
        if first_run is not None:
            self.runs.append_history("baseline", first_run, len(data.train))
        self._show_runs()
        self._surface.state(
            "ready", "Ready. Run starts a training with these settings."
        )

    # -- settings -----------------------------------------------------------------

    @property
    def settings(self) -> dict[str, object]:
        """The values that the controls show now."""
        controls = self._surface.controls
        return {n: r.check(n, controls[n].value) for n, r in self._ranges.items()}

    def set(self, **values) -> None:
        """Move controls, as a person would; all of them or, after an error, none.

        Raises
        ------
        ValueError : an unknown name, or a value outside its declared range.
        """
        for name, value in values.items():
            if name not in self._ranges:
                raise ValueError(
                    f"the panel has no {name!r}; it has {', '.join(self._ranges)}"
                )
            self._ranges[name].check(name, value)
        for name, value in values.items():
            value = self._ranges[name].check(name, value)
            self._surface.controls[name].value = value

    # -- the buttons --------------------------------------------------------------

    def start(self) -> None:
        """Run: start a training in the background, or go on with the paused one."""
        self._ready().resume()

    def step(self) -> None:
        """Step: train one minibatch, then pause."""
        self._ready().step()

    def pause(self) -> None:
        """Pause: keep the training where it is."""
        if self._engine is not None:
            self._engine.pause()

    def stop(self) -> None:
        """Stop: end the training and keep its run."""
        if self._engine is not None:
            self._engine.stop()

    def reset(self) -> None:
        """Reset: drop the training and put the controls back; kept runs stay."""
        self._discard = self._engine is not None and self._engine.active
        self.stop()
        self.set(**{name: r.start for name, r in self._ranges.items()})
        if not self._discard:
            self._surface.state("ready", "Ready.")

    def run(self, **settings) -> Run:
        """Train here and now, to the end of the declared epochs; return the kept run.

        Raises
        ------
        ValueError : a setting outside its range. What the training raises is raised.
        """
        self.set(**settings)
        if self._engine is not None:
            self._engine.stop()
            self._engine.join()
        self._new_engine().run()
        return self.runs[-1]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a background training; return whether it ended, raise its error."""
        return self._engine is None or self._engine.wait(timeout)

    def load(self, run_id: str) -> None:
        """Put the settings of a kept run into the controls."""
        if self._engine is not None and self._engine.active:
            self._surface.say("Stop the training first, then load other settings.")
            return
        run = self.runs.find(run_id)
        known = {n: v for n, v in run.settings.items() if n in self._ranges}
        try:
            self.set(**known)
        except ValueError as error:
            self._surface.say(f"{run.name} cannot be loaded: {error}.")
        else:
            self._surface.say(f"The controls show the settings of {run.name}.")

    def toggle(self, run_id: str) -> None:
        """Hide a kept run, or show it again."""
        run = self.runs.find(run_id)
        run.hidden = not run.hidden
        self._runs_changed()

    def remove(self, run_id: str) -> None:
        """Forget a kept run."""
        run = self.runs.find(run_id)
        with self.runs.lock:
            self.runs.remove(run)
        self._runs_changed()

    # -- the training -------------------------------------------------------------

    def _ready(self) -> Engine:
        listen_to_interrupt()
        if self._engine is None or not self._engine.active:
            return self._new_engine()
        return self._engine

    def _new_engine(self) -> Engine:
        settings = self.settings
        self._count += 1
        self._run = Run(
            id=f"run-{self._count}",
            name=f"run {self._count}",
            mark=str(self._count),
            index=self.runs.free_index(),
            settings=settings,
            num_epochs=settings.get("num_epochs", 10),
            num_examples=len(self._data.train),
        )
        self._recorder, self._discard = Recorder(settings), False
        # Building the network and the first optimizer take a moment: say so at once.
        self._surface.begin(self._run)
        run = self._run
        self._engine = engine = Engine(
            make=lambda: self._records(run),
            take=self._take,
            changed=lambda: self._state_changed(engine, run),
        )
        return engine

    def _records(self, run: Run):
        self.net, records = train_with(
            self._build, self._data, self._loss, run.settings
        )
        self._view.begin(run, run.num_examples, self.net)
        return records

    def _take(self, record) -> None:
        self._recorder.add(record)
        self._view.add(record)
        now = time.perf_counter()
        if now - self._pushed > PUSH_SECONDS:
            self._pushed = now
            self._push()

    def _push(self) -> None:
        self._view.push()
        self._surface.progress(self._recorder.last, self._run)

    def _state_changed(self, engine: Engine, run: Run) -> None:
        if engine is not self._engine:
            return  # an older training ends while a new one is being set up
        if engine.active:
            if self._recorder.last is not None:
                self._push()
            self._surface.state(engine.state, describe(engine, run))
            return
        run.history, run.state = self._recorder.history(), engine.state
        keep = run.history.step_loss and not self._discard
        if keep:
            with self.runs.lock:
                self.runs.append(run)
        if self._recorder.last is not None:
            self._surface.progress(self._recorder.last, run)
        self._show_runs()
        if self._discard:
            self._surface.state("ready", "Ready. The training was dropped.")
        else:
            self._surface.state(engine.state, describe(engine, run))

    def rate_moved(self, lr: float) -> None:
        """The learning rate's control moved; a live training follows at once."""
        engine, last = self._engine, self._recorder.last
        if engine is None or not engine.active or self._discard:
            return
        engine.set_learning_rate(lr)
        self._run.lr_changes.append((last.step if last else 0, lr))

    # -- what is shown ------------------------------------------------------------

    def _show_runs(self) -> None:
        with self.runs.lock:
            self._view.show(self.runs, self.runs.summary())
            self._surface.table(self.runs)

    def _runs_changed(self) -> None:
        with self.runs.lock:
            self._view.hide(self.runs)
            self._surface.table(self.runs)

    def picture(self) -> Figure:
        """The panel as it stands: settings, curves of the kept runs, table."""
        values = {n: (self._ranges[n], v) for n, v in self.settings.items()}
        return draw_panel(values, self._view, self.runs)

    def __repr__(self) -> str:
        names = ", ".join(label_of(name) for name in self._ranges)
        return f"TuningPanel({names})"
