"""A tuning session: trainings with settings, one after the other, and their runs.

All that the tuning panel does but for showing it. Tests, benches and searches drive a
session; the panel is one that is shown.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence

from torch.nn import functional as F

from helpers.data import DataError
from helpers.training import fit
from helpers.training.history import History
from helpers.tuning import settings_line
from helpers.tuning.diagnosis import Finding
from helpers.tuning.dispatch import Data, DataSource, defaults_of, made_data
from helpers.tuning.export import run_code, runs_csv
from helpers.tuning.ranges import IntSlider, Range, label_of
from helpers.tuning.runs import KeptRuns, Run
from helpers.tuning.telling import Message, tell_all
from helpers.tuning.trial import Progress, Trial
from helpers.tuning.view import View

MOST_SEEDS = 5
NOT_FOR_TRAINING = ("seeds", "data")  # settings of the session, not of one training


class Session:
    """Train a network with settings that may be changed, and keep the runs.

    Parameters
    ----------
    build : makes the network, or a pair (function, parameters) written by hand; the
        hyperparameters that are among its arguments go there.
    data : its ``train`` and ``val`` examples are used. The test set is not. Or a
        function that returns such data from hyperparameters: it gets those that are
        among its arguments, and is called anew for each run; if it has an argument
        ``seed``, anew for each seed. What it draws from torch's global generator
        depends on the run's first seed alone.
    loss : as for `fit`; it gets the hyperparameters that are among its arguments, such
        as ``label_smoothing`` of cross_entropy. The validation loss is measured with
        the same loss, options included: only then does the distance between the two
        curves of a run say something about generalization. Runs whose losses differ
        are compared by their accuracies.
    view : told of every training, as `View` says.
    datasets : names of `load_images` to choose from, besides ``data``; they are loaded
        with as many images. A function of the data gets the chosen name as ``name``.
    first_run : a History to keep as the first run, named "baseline".
    hyperparameters : a `LogSlider`, `Slider`, `IntSlider` or `Choice` for each. Names
        that `fit` knows go to `fit`, those that ``build``, ``data`` or ``loss`` take
        go there, all others to the optimizer.

    With several ``seeds`` the same settings are trained once with each, one after the
    other, from ``seed`` on.

    Attributes
    ----------
    ranges : the declared hyperparameters, with "seed", "seeds" and perhaps "data".
    runs : what was kept.
    state : "ready", "starting", "running", "paused", "finished", "stopped", "failed".
    message : the last sentence for the learner.
    progress, finding : of the last training, how far it is and what the doctor says.
    trial : the last training itself; None before the first.
    changed : functions that are called after a change with what has changed:
        "settings", "runs", "state" (with it message, progress, finding), "message" or
        "progress" (with it finding), the last at most ten times a second. While a
        training runs in the background, its thread is the one that calls.

    Raises
    ------
    ValueError, TypeError : a declared range that cannot be.
    """

    def __init__(
        self,
        build: Callable,
        data: Data | Callable[..., Data],
        *,
        loss: Callable = F.cross_entropy,
        view: View | None = None,
        datasets: Sequence[str] = (),
        first_run: History | None = None,
        **hyperparameters: Range,
    ):
        # The first optimizer imports it, for a second. Not when Run is clicked, in the
        # thread that trains: a cell's own import could meet it halfway.
        import torch._dynamo  # noqa: F401

        for name, declared in hyperparameters.items():
            if not isinstance(declared, Range):
                raise TypeError(
                    f"{name} must be declared as Slider, LogSlider, IntSlider or "
                    f"Choice, got {declared!r}"
                )
        start = {name: declared.start for name, declared in hyperparameters.items()}
        self.source = DataSource(data, datasets, start | {"seed": 0})
        self.ranges: dict[str, Range] = dict(hyperparameters)
        if self.source.sets is not None:
            self.ranges["data"] = self.source.sets
        self.ranges["seed"] = IntSlider(0, 99, start=0)
        self.ranges["seeds"] = IntSlider(1, MOST_SEEDS, start=1)
        self._settings = self._start = {n: r.start for n, r in self.ranges.items()}
        self._build, self._loss = build, loss
        self.view = view or View()
        self.runs = KeptRuns()
        # The training thread adds runs, buttons remove them: whoever changes them, or
        # walks over them to show them, holds it.
        self._lock = threading.RLock()
        self._count = 0
        self.trial: Trial | None = None
        self.changed: list[Callable[[str], None]] = []
        self.progress = Progress()
        self.finding: Finding | None = None
        self._enter("ready", "Ready. Run starts a training with these settings.")
        self.view.prepare(self.source.first)
        if first_run is not None:
            self.runs.append(self._baseline(first_run))
        self.view.show(self.runs, self.runs.summary())

    def _baseline(self, history: History) -> Run:
        """What was trained in a cell: with defaults, where it does not say more."""
        known: dict[str, object] = {}
        optimizer = history.settings.get("optimizer", defaults_of(fit)["optimizer"])
        for function in (optimizer, self._loss, self._build):
            known |= defaults_of(function)
        known = {n: v for n, v in known.items() if n in self.ranges}
        known |= self.source.start
        return Run.trained_elsewhere("baseline", history, self.source.first, 0, known)

    # -- settings -----------------------------------------------------------------

    @property
    def settings(self) -> dict[str, object]:
        """The settings of the next run."""
        return dict(self._settings)

    @property
    def settings_text(self) -> str:
        """The settings as one line, such as ``lr=0.1 num_epochs=10 seed=0``."""
        return settings_line.render(self.ranges, self._settings)

    def set(self, **values) -> None:
        """Change settings; all of them or, after an error, none.

        A training that goes on follows the learning rate at once, and nothing else.

        Raises
        ------
        ValueError : an unknown name, or a value outside its declared range.
        """
        for name, value in values.items():
            if name not in self.ranges:
                raise ValueError(
                    f"the panel has no {name!r}; it has {', '.join(self.ranges)}"
                )
            values[name] = self.ranges[name].check(name, value)
        now = self._settings
        moved = {n for n, v in values.items() if v is not now[n] and v != now[n]}
        if not moved:
            return
        self._settings = now | values
        self._tell("settings")
        if "data" in moved:
            self.load_data()
        if "lr" in moved:
            self._move_rate()
        if self.view.follows_data and moved & {"data", *self.source.names}:
            self._show_data()

    def paste(self, text: str) -> None:
        """Change the settings that a line like `settings_text` names.

        Raises
        ------
        ValueError : the line cannot be read, or a value is outside its range; then
            nothing has changed, and the message is one sentence.
        """
        self.set(**settings_line.parse(text, self.ranges))

    def load(self, run_id: str) -> None:
        """Take over the settings of a kept run."""
        if self.active:
            self.say("Stop the training first, then load other settings.")
            return
        run = self.runs.find(run_id)
        known = {n: v for n, v in run.settings.items() if n in self.ranges}
        known |= {"seeds": len(run.seeds)} if run.epoch_notes else {}
        known |= {"data": run.data} if self.source.sets else {}
        try:
            self.set(**known)
        except ValueError as error:
            self.say(f"{run.name} cannot be loaded: {error}.")
        else:
            missing = [
                label_of(n) for n in self.ranges if n not in known | {"seeds": 1}
            ]
            but = f", but nobody knows its {', '.join(missing)}" if missing else ""
            self.say(f"The controls show the settings of {run.name}{but}.")

    def load_data(self) -> None:
        """Load the chosen set, which may be there by now, or say why not."""
        source, name = self.source, self._settings["data"]
        source.chosen = name
        if source.loaded is None:
            self.say(f"Loading {name} …")
        source.load(self._settings)
        self.say(source.told, error=source.problem is not None)

    def _show_data(self) -> None:
        """Show the data of the new settings, unless something trains on the old."""
        if self.active:
            self.say("The picture shows what is trained on; the next run has new data.")
        else:  # what is wrong with the settings, a run will say
            with contextlib.suppress(DataError, TypeError, ValueError):
                settings = self._settings | self.source.named
                self.view.prepare(made_data(self.source.current, settings))

    def _move_rate(self) -> None:
        """Let a training follow the learning rate.

        Not so with several seeds: they would no longer be the same training.
        """
        trial = self.trial
        if not self.active or trial.discard:
            return
        if len(trial.run.seeds) > 1:
            self.say("With several seeds the learning rate holds for the next run.")
            return
        lr, last = self._settings["lr"], trial.recorder.last
        trial.worker.set_learning_rate(lr)
        trial.run.lr_changes.append((last.step if last else 0, lr))

    # -- training -----------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether a training goes on, or is paused."""
        return self.trial is not None and self.trial.worker.active

    @property
    def net(self) -> Callable | None:
        """The network that was trained last."""
        return self.trial.net if self.trial else None

    def run(self, **settings) -> Run:
        """Train here and now, to the end of the declared epochs; return the kept run.

        Raises
        ------
        ValueError : a setting outside its range. What the training raises is raised.
        DataError : the chosen data set is not on this machine.
        """
        self.set(**settings)
        if self.trial is not None:
            self.trial.worker.stop()
            self.trial.worker.join()
        self._begin().worker.run()
        return self.runs[-1]

    def start(self) -> None:
        """Start a training in the background, or go on with the paused one."""
        if trial := self._ready():
            trial.worker.resume()

    def step(self) -> None:
        """Train one minibatch, then pause."""
        if trial := self._ready():
            trial.worker.step()

    def pause(self) -> None:
        """Keep the training where it is."""
        if self.trial is not None:
            self.trial.worker.pause()

    def stop(self) -> None:
        """End the training and keep its run."""
        if self.trial is not None:
            self.trial.worker.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a background training; return whether it ended, raise its error."""
        return self.trial is None or self.trial.worker.wait(timeout)

    def reset(self) -> None:
        """Drop the training and put the settings back; kept runs stay."""
        active = self.active
        if active:
            self.trial.discard = True
        self.stop()
        self.set(**self._start)
        if not active:
            self.finding = None
            self._enter("ready", "Ready.")

    def _ready(self) -> Trial | None:
        """The training to go on with, or a new one; None if there can be none."""
        if self.active:
            return self.trial
        try:
            return self._begin()
        except (DataError, ValueError) as error:  # the chosen set is not there
            self.say(f"No training was started: {error}", error=True)
            return None

    def _begin(self) -> Trial:
        data, settings = self.source.current, self.settings
        self._count += 1
        run = Run(
            id=f"run-{self._count}",
            name=f"run {self._count}",
            mark=str(self._count),
            index=self.runs.free_index(),
            settings={n: v for n, v in settings.items() if n not in NOT_FOR_TRAINING},
            num_epochs=settings.get("num_epochs", 10),
            seeds=tuple(range(settings["seed"], settings["seed"] + settings["seeds"])),
            named=self.source.named,
        )
        # Building the network and the first optimizer take a moment: say so at once.
        self.progress, self.finding = Progress(), None
        name = run.name.capitalize()
        try:
            self._enter("starting", f"{name} is starting …")
        except Exception as error:  # of whoever is told
            with contextlib.suppress(Exception):
                self._enter("failed", f"{name} was not started: {error}", error=True)
            raise
        self.trial = Trial(run, self._build, data, self._loss, self.view, self._follow)
        return self.trial

    def _follow(self, trial: Trial) -> None:
        """A training moved on; called in its thread."""
        if trial is not self.trial:
            return  # an older training ends while a new one is being set up
        state, run = trial.worker.state, trial.run
        self.progress, self.finding = trial.progress, trial.finding
        if trial.worker.active:
            if state == self.state:
                self._tell("progress")
            else:
                self._enter(state, trial.describe())
            return
        try:
            with self._lock:
                is_new = all(kept is not run for kept in self.runs)
                if run.histories and not trial.discard and is_new:
                    self.runs.append(run)
                self.view.show(self.runs, self.runs.summary())
                self._tell("runs")
        finally:  # buttons and state follow, whatever cannot be shown
            if trial.discard:
                self.finding = None
                self._enter("ready", "Ready. The training was dropped.")
            else:
                self._enter(state, trial.describe(), error=state == "failed")

    # -- kept runs ----------------------------------------------------------------

    def toggle(self, run_id: str) -> None:
        """Hide a kept run, or show it again."""
        run = self.runs.find(run_id)
        run.hidden = not run.hidden
        self._show_hidden()

    def remove(self, run_id: str) -> None:
        """Forget a kept run."""
        with self._lock:
            self.runs.remove(self.runs.find(run_id))
            self._show_hidden()

    def csv(self) -> str:
        """All kept runs as CSV: one row for every run, seed and epoch."""
        with self._lock:
            return runs_csv(self.runs)

    def code(self, run_id: str) -> str:
        """Plain code that repeats a kept run without a widget."""
        run = self.runs.find(run_id)
        return run_code(run, self._build, self._loss, self.source.given)

    def _show_hidden(self) -> None:
        with self._lock:
            self.view.hide(self.runs)
            self._tell("runs")

    # -- what is told -------------------------------------------------------------

    def say(self, text: str, error: bool = False) -> None:
        """Tell the learner something."""
        self.message = Message(text, error)
        self._tell("message")

    def _enter(self, state: str, text: str, error: bool = False) -> None:
        self.state, self.message = state, Message(text, error)
        self._tell("state")

    def _tell(self, what: str) -> None:
        tell_all(self.changed, what)
