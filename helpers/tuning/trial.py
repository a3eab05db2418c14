"""One training, or the same with several seeds, in the making."""

import time
from collections.abc import Callable, Generator

from torch import nn

from helpers.training.history import Epoch, Recorder
from helpers.tuning.diagnosis import (
    IMAGES,
    Finding,
    dead_relu_share,
    diagnose,
    gravest,
)
from helpers.tuning.dispatch import Data, arguments_of, made_data, train_with
from helpers.tuning.runs import Run
from helpers.tuning.worker import Engine

PUSH_SECONDS = 0.1  # at most ten pictures a second
FINDING_SECONDS = 0.5  # between two looks at the numbers
DEAD_SHARE = 200  # times what it took passes before dead units are counted again
HOLD_SECONDS = 2.0  # a finding stays this long, so that nothing flickers


class Trial:
    """Trains a run's seeds one after the other and collects what they do.

    Parameters
    ----------
    run : its settings and seeds; histories are added as the seeds end.
    build, data, loss : as for the panel. A function that makes the data is called once
        for the run; one with an argument ``seed`` once for every seed.
    view : shown what happens; ``view.begin`` is called for every seed, and before it
        ``view.prepare``, if there is one, with data that is new.
    surface : shows progress and the doctor's finding.
    changed : called with the trial after every change of its engine's state.

    ``data`` is what the last seed was trained on. Everything but the constructor runs
    in the thread that trains.
    """

    def __init__(
        self,
        run: Run,
        build: Callable,
        data: Data | Callable,
        loss: Callable,
        view,
        surface,
        changed: Callable[["Trial"], None],
    ):
        self.run, self._source, self._view, self._surface = run, data, view, surface
        self._build, self._loss = build, loss
        self.data: Data | None = None
        self.net: Callable | None = None
        self.recorder = Recorder()
        self.discard = False  # Reset was pressed: the run is not kept
        self._dead: list[float | None] = []
        self._notes: list[tuple[float, float]] = []
        self._pushed = self._looked = self._shown = self._due = 0.0
        self.engine = Engine(
            make=self._records, take=self._take, changed=lambda: changed(self)
        )

    @property
    def seed_number(self) -> int:
        """Which of the seeds is training, counted from 1."""
        return max(1, len(self._dead))

    def _records(self) -> Generator:
        # Closing this generator, which Stop does, closes the one inside it.
        for seed in self.run.seeds:
            self._keep()
            settings = self.run.settings | {"seed": seed}
            self.recorder = Recorder(settings)
            self._dead.append(None)
            self._prepare(settings)
            source = self._source if callable(self._source) else None
            self.net, records = train_with(
                self._build, self.data, self._loss, settings, source
            )
            self.run.by_hand = not isinstance(self.net, nn.Module)
            self._view.begin(self.run, self.run.num_examples, self.net)
            yield from records

    def _prepare(self, settings: dict) -> None:
        """Make the data, where this seed needs data of its own."""
        if self.data is not None and "seed" not in arguments_of(self._source):
            return
        chosen = {"name": self.run.chosen} if self.run.chosen else {}
        self.data = made_data(self._source, settings | chosen)
        self.run.num_examples, self.run.data = len(self.data.train), self.data.name
        if prepare := getattr(self._view, "prepare", None):
            prepare(self.data)

    def _keep(self) -> None:
        """Add what the recorder holds to the run, if it holds anything."""
        if self._notes and self.engine.state != "failed":
            self._count_dead()
        if self.recorder.last is not None:
            self.run.histories.append(self.recorder.history())
            self.run.epoch_notes.append(self._notes)
        self.recorder, self._notes, self._due = Recorder(), [], 0.0

    def close(self) -> None:
        """The training has ended: complete the run."""
        last = self.recorder.last
        self._keep()
        self.run.state = self.engine.state
        if last is not None:
            self._surface.progress(last, self.run, self.seed_number)
        self._look(ended=self.engine.state == "finished")

    def _take(self, record) -> None:
        self.recorder.add(record)
        self._view.add(record)
        if isinstance(record, Epoch):
            self._notes.append((record.seconds, record.lr))
            if time.perf_counter() >= self._due:
                self._count_dead()
        now = time.perf_counter()
        if now - self._pushed > PUSH_SECONDS:
            self._pushed = now
            self.push()

    def _count_dead(self) -> None:
        begin = time.perf_counter()
        if isinstance(self.net, nn.Module):
            weight = next(self.net.parameters(), None)
            X = (self.data.val or self.data.train).X[:IMAGES]
            X = X if weight is None else X.to(weight.device)
            self._dead[-1] = dead_relu_share(self.net, X)
        now = time.perf_counter()
        self._due = now + DEAD_SHARE * (now - begin)

    def push(self) -> None:
        """Show how the training stands."""
        if self.recorder.last is None:
            return  # between two seeds
        self._view.push()
        if self.engine.state == "paused" and (
            settle := getattr(self._view, "settle", None)
        ):
            settle()
        self._surface.progress(self.recorder.last, self.run, self.seed_number)
        now = time.perf_counter()
        if now - self._looked > FINDING_SECONDS:
            self._looked = now
            self._look(ended=False)

    def _look(self, ended: bool) -> None:
        last = self.recorder.last
        if last is not None:
            looked = [(self.recorder.history(), self._dead[-1])]
        else:  # the training is over; a seed that was not begun has no history
            looked = list(zip(self.run.histories, self._dead, strict=False))
            looked = looked if ended else looked[-1:]
        moved = self.run.lr_changes[-1][1] if self.run.lr_changes else None
        classes = self._num_classes()
        findings = [
            diagnose(h, num_classes=classes, dead=share, ended=ended, lr=moved)
            for h, share in looked
        ]
        worst = gravest(findings)
        finding = None if worst is None else findings[worst]
        same = all(f is not None and f.state == finding.state for f in findings)
        if finding is not None and ended and not same:
            seed = self.run.seeds[worst]
            finding = Finding(
                finding.state, f"With seed {seed}: {finding.sentence}", finding.advice
            )
        now = time.perf_counter()
        if finding is None and self.engine.active and now - self._shown < HOLD_SECONDS:
            return
        if finding is not None:
            self._shown = now
        self._surface.diagnosis(finding)

    def describe(self) -> str:
        """The state of the training as a sentence."""
        engine, run, name = self.engine, self.run, self.run.name.capitalize()
        if engine.state == "running":
            return f"{name} is training."
        if engine.state == "paused":
            why = f", because {engine.reason}" if engine.reason else ""
            return (
                f"{name} is paused{why}. Run goes on, Step takes one minibatch, Stop "
                "ends it."
            )
        if engine.state == "failed":
            return f"{name} failed: {type(engine.error).__name__}: {engine.error}"
        final = run.final()
        result = "" if final is None else f": {run.metric_name()} {run.text(final)}"
        if (spread := run.spread()) is not None:
            result += f" ± {run.text(spread)} over {len(run.complete)} seeds"
        return f"{name} {engine.state}{result}."

    def _num_classes(self) -> int | None:
        if self.data is None or self.data.train.y.is_floating_point():
            return None
        return len(self.data.classes)
