"""The tuning panel: hyperparameters as controls, training live beside them."""

from collections.abc import Callable, Sequence

import ipywidgets
from matplotlib.figure import Figure
from torch.nn import functional as F

from helpers.data import DataError
from helpers.training.history import History
from helpers.tuning.dispatch import Data
from helpers.tuning.ranges import IntSlider, LogSlider, Range, Slider, label_of
from helpers.tuning.runs import KeptRuns, Run
from helpers.tuning.trial import Trial
from helpers.tuning.worker import Engine
from helpers.widgets.adjust import Adjustable
from helpers.widgets.curves_view import CurvesView
from helpers.widgets.data_source import DataSource
from helpers.widgets.dataset_menu import DataChoice
from helpers.widgets.interrupt import listen_to_interrupt, replace_in_cell
from helpers.widgets.keep import Keeper
from helpers.widgets.more import More
from helpers.widgets.panel_parts import Surface
from helpers.widgets.panel_picture import draw_panel
from helpers.widgets.picture import StillPicture
from helpers.widgets.sliders import control_of

MOST_SEEDS = 5
NOT_FOR_TRAINING = ("seeds", "data")  # settings of the panel, not of one training


class TuningPanel(Adjustable, Keeper, StillPicture, ipywidgets.VBox):
    """Train a network while its hyperparameters are in the learner's hands.

    Parameters
    ----------
    build : makes the network, or a pair (function, parameters) written by hand; the
        hyperparameters that are among its arguments go there.
    data : its ``train`` and ``val`` examples are used. The test set is not. Or a
        function that returns such data from hyperparameters: it gets those that are
        among its arguments, and is called anew for each run; if it has an argument
        ``seed``, anew for each seed. What it draws from torch's global generator
        depends on the run's first seed alone.
    first_run : a History to show as the first kept run, named "baseline".
    datasets : names of `load_images` to choose from, besides ``data``; they are loaded
        with as many images. A set that is not on this machine can be fetched there. A
        function of the data gets the chosen name as ``name``.
    view : how a training is shown; `CurvesView` by default.
    loss : as for `fit`; it gets the hyperparameters that are among its arguments, such
        as ``label_smoothing`` of cross_entropy. The validation loss is measured with
        the same loss, options included: only then does the distance between the two
        curves of a run say something about generalization. Runs whose losses differ
        are compared by their accuracies.
    hyperparameters : a `LogSlider`, `Slider`, `IntSlider` or `Choice` for each. Names
        that `fit` knows go to `fit`, those that ``build``, ``data`` or ``loss`` take
        go there, all others to the optimizer.

    In a notebook the buttons drive a training in the background; ``run`` trains in
    the calling thread, in the same way. With several seeds the same settings are
    trained once with each, one after the other. ``runs`` holds what was kept, ``net``
    the network that was trained last; ``settings_text`` and ``paste`` write the
    settings as a line and read one, ``csv`` and ``code`` write the runs down.

    Raises
    ------
    ValueError, TypeError : a declared range that cannot be.
    """

    def __init__(
        self,
        build: Callable,
        data: Data | Callable[..., Data],
        *,
        first_run: History | None = None,
        datasets: Sequence[str] = (),
        view=None,
        loss: Callable = F.cross_entropy,
        **hyperparameters: Range,
    ):
        for name, declared in hyperparameters.items():
            if not isinstance(declared, Range):
                raise TypeError(
                    f"{name} must be declared as Slider, LogSlider, IntSlider or "
                    f"Choice, got {declared!r}"
                )
        self._ranges = dict(hyperparameters)
        start = {name: declared.start for name, declared in self._ranges.items()}
        self._source = DataSource(data, datasets, start | {"seed": 0})
        self._ranges |= self._source.ranges
        self._ranges["seed"] = IntSlider(0, 99, start=0)
        self._ranges["seeds"] = IntSlider(1, MOST_SEEDS, start=1)
        self._build, self._loss = build, loss
        self._view = view or CurvesView()
        self._trial: Trial | None = None
        self._count = 0
        self.runs = KeptRuns()
        self._sets: dict[str, Data] = {}  # the set of every run, for its code
        self._controls = {name: control_of(name, r) for name, r in self._ranges.items()}
        for declared, control in zip(
            self._ranges.values(), self._controls.values(), strict=True
        ):
            if isinstance(declared, (Slider, LogSlider)):
                # Else the browser answers a value between two stops of the slider,
                # one that was pasted or loaded, with the nearest stop.
                control.continuous_update = False
        if datasets:
            self._source.offer(self._controls["data"], self._say, lambda: self.settings)
        self._more = More([self._choice.box] if self._choice else [])
        self._surface = Surface(
            self,
            self._controls,
            self._ranges,
            self._view.widget,
            self._source.metric,
        )
        super().__init__([*self._surface.parts, *self._more.parts])
        self.add_class("course-panel")
        self._surface.connect()
        self._more.connect(self._pasted, self.code, self.csv)
        for control in self._controls.values():
            control.observe(lambda _: self._more.follow(self.settings_text), "value")
        self._more.follow(self.settings_text)
        replace_in_cell(self, TuningPanel.stop)  # the cell's former panel goes unseen
        if first_run is not None:
            self._sets["baseline"] = first = self._source.first
            self.runs.append_history("baseline", first_run, first, self._source.start)
        self._source.show(self._view, self._controls, self._settings_at_rest)
        self._show_runs()
        self._surface.state(
            "ready", "Ready. Run starts a training with these settings."
        )

    # -- the buttons --------------------------------------------------------------

    def start(self) -> None:
        """Run: start a training in the background, or go on with the paused one."""
        if engine := self._ready():
            engine.resume()

    def step(self) -> None:
        """Step: train one minibatch, then pause."""
        if engine := self._ready():
            engine.step()

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
        active = self._engine is not None and self._engine.active
        if active:
            self._trial.discard = True
        self.stop()
        self.set(**{name: r.start for name, r in self._ranges.items()})
        if not active:
            self._surface.diagnosis(None)
            self._surface.state("ready", "Ready.")

    def run(self, **settings) -> Run:
        """Train here and now, to the end of the declared epochs; return the kept run.

        Raises
        ------
        ValueError : a setting outside its range. What the training raises is raised.
        DataError : the chosen data set is not on this machine.
        """
        self.set(**settings)
        if self._engine is not None:
            self._engine.stop()
            self._engine.join()
        self._new_trial().engine.run()
        return self.runs[-1]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a background training; return whether it ended, raise its error."""
        return self._engine is None or self._engine.wait(timeout)

    # -- the training -------------------------------------------------------------

    @property
    def net(self) -> Callable | None:
        """The network that was trained last."""
        return self._trial.net if self._trial else None

    @property
    def _engine(self) -> Engine | None:
        return self._trial.engine if self._trial else None

    def _ready(self) -> Engine | None:
        listen_to_interrupt()
        if self._engine is not None and self._engine.active:
            return self._engine
        try:
            return self._new_trial().engine
        except (DataError, ValueError) as error:  # the chosen set is not there
            self._say(f"No training was started: {error}", error=True)
            return None

    def _new_trial(self) -> Trial:
        data, settings = self._source.current, self.settings
        seeds = tuple(range(settings["seed"], settings["seed"] + settings["seeds"]))
        self._count += 1
        run = Run(
            id=f"run-{self._count}",
            name=f"run {self._count}",
            mark=str(self._count),
            index=self.runs.free_index(),
            settings={n: v for n, v in settings.items() if n not in NOT_FOR_TRAINING},
            num_epochs=settings.get("num_epochs", 10),
            num_examples=0,  # known when the data is made
            seeds=seeds,
            chosen=self._source.chosen,
        )
        # Building the network and the first optimizer take a moment: say so at once.
        self._surface.begin(run)
        self._trial = Trial(
            run,
            self._build,
            data,
            self._loss,
            self._view,
            self._surface,
            self._state_changed,
        )
        return self._trial

    def _state_changed(self, trial: Trial) -> None:
        if trial is not self._trial:
            return  # an older training ends while a new one is being set up
        engine, run = trial.engine, trial.run
        if engine.active:
            trial.push()
            self._surface.state(engine.state, trial.describe())
            return
        trial.close()
        if run.histories and not trial.discard:
            with self.runs.lock:
                self.runs.append(run)
                self._sets[run.id] = trial.data
        self._show_runs()
        if trial.discard:
            self._surface.diagnosis(None)
            self._surface.state("ready", "Ready. The training was dropped.")
        else:
            self._surface.state(engine.state, trial.describe())

    def rate_moved(self) -> None:
        """The learning rate's control moved; a live training follows at once.

        Not so with several seeds: they would no longer be the same training.
        """
        trial = self._trial
        if trial is None or not trial.engine.active or trial.discard:
            return
        if len(trial.run.seeds) > 1:
            self._say("With several seeds the learning rate holds for the next run.")
            return
        lr, last = self.settings["lr"], trial.recorder.last
        trial.engine.set_learning_rate(lr)
        trial.run.lr_changes.append((last.step if last else 0, lr))

    @property
    def _choice(self) -> DataChoice | None:
        return self._source.choice

    # -- what is shown ------------------------------------------------------------

    def _settings_at_rest(self) -> dict | None:
        active = self._engine is not None and self._engine.active
        return None if active else self.settings

    def _show_runs(self) -> None:
        with self.runs.lock:
            self._view.show(self.runs, self.runs.summary())
            self._surface.table(self.runs)
            self._more.show_runs(self.runs)

    def _say(self, sentence: str, error: bool = False) -> None:
        self._surface.say(sentence, error=error)

    def picture(self) -> Figure:
        """The panel as it stands: settings, curves of the kept runs, table."""
        values = {n: (self._ranges[n], v) for n, v in self.settings.items()}
        if values["seeds"][1] == 1:
            del values["seeds"]
        return draw_panel(values, self._view, self.runs)

    def __repr__(self) -> str:
        names = ", ".join(label_of(name) for name in self._ranges if name != "seeds")
        return f"TuningPanel({names})"
