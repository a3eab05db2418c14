"""One training, or the same with several seeds, in the making."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

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
from helpers.tuning.view import View
from helpers.tuning.worker import Worker
from helpers.words import duration, number

PUSH_SECONDS = 0.1  # at most ten pictures a second
FINDING_SECONDS = 0.5  # between two looks at the numbers
DEAD_SHARE = 200  # times what it took passes before dead units are counted again
HOLD_SECONDS = 2.0  # a finding stays this long, so that nothing flickers


@dataclass(frozen=True)
class Progress:
    """How far a run is: ``share`` of all its seeds' examples, 0..1, and a line."""

    share: float = 0.0
    text: str = ""


class Trial:
    """Trains a run's seeds one after the other and collects what they do.

    Parameters
    ----------
    run : its settings and seeds; histories are added as the seeds end.
    build, data, loss : as for a session. A function that makes the data is called
        once for the run; one with an argument ``seed`` once for every seed.
    view : shown what happens; ``begin`` is called for every seed, and before it
        ``prepare`` with data that is new.
    changed : called with the trial after every change of its worker's state, and at
        most ten times a second while it trains.

    Attributes
    ----------
    worker : the training itself, to be resumed, paused, stopped.
    net : the network of the seed that trains.
    recorder : what this seed did so far.
    progress, finding : how far it is, and what the doctor says of it.
    discard : whether the run is to be dropped at its end.

    Everything but the constructor runs in the thread that trains.
    """

    def __init__(
        self,
        run: Run,
        build: Callable,
        data: Data | Callable[..., Data],
        loss: Callable,
        view: View,
        changed: Callable[["Trial"], None],
    ):
        self.run, self._data, self._view = run, data, view
        self._build, self._loss, self._changed = build, loss, changed
        self.net: Callable | None = None
        self.recorder = Recorder()
        self.progress, self.finding = Progress(), None
        self.discard = False
        self._dead: list[float | None] = []
        self._notes: list[tuple[float, float]] = []
        self._pushed = self._looked = self._shown = self._due = 0.0
        self.worker = Worker(make=self._records, take=self._take, changed=self._moved)

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
            source = self._data if callable(self._data) else None
            self.net, records = train_with(
                self._build, self.run.dataset, self._loss, settings, source
            )
            self.run.by_hand = not isinstance(self.net, nn.Module)
            self._view.begin(self.run, self.net)
            yield from records

    def _prepare(self, settings: dict) -> None:
        """Make the data, where this seed needs data of its own."""
        if self.run.dataset is None or "seed" in arguments_of(self._data):
            self.run.dataset = made_data(self._data, {**settings, **self.run.named})
            self._view.prepare(self.run.dataset)

    def _moved(self) -> None:
        """The worker's state changed."""
        try:
            if self.worker.active:
                self._push()
            else:
                self._close()
        finally:  # the state is told in any case
            self._changed(self)

    def _keep(self) -> None:
        """Add what the recorder holds to the run, if it holds anything."""
        if self._notes and self.worker.state != "failed":
            self._count_dead()
        if self.recorder.last is not None:
            self.run.histories.append(self.recorder.history())
            self.run.epoch_notes.append(self._notes)
        self.recorder, self._notes, self._due = Recorder(), [], 0.0

    def _close(self) -> None:
        """The training has ended: complete the run."""
        if self.recorder.last is not None:
            self._measure()
        self._keep()
        self.run.state = self.worker.state
        self._look(ended=self.worker.state == "finished")

    def _take(self, record) -> bool:
        self.recorder.add(record)
        if is_epoch := isinstance(record, Epoch):
            self._notes.append((record.seconds, record.lr))
            if time.perf_counter() >= self._due:
                self._count_dead()
        now = time.perf_counter()
        if now - self._pushed > PUSH_SECONDS:
            self._pushed = now
            self._push()
            self._changed(self)
        return not is_epoch

    def _count_dead(self) -> None:
        begin = time.perf_counter()
        if isinstance(self.net, nn.Module):
            weight = next(self.net.parameters(), None)
            X = (self.run.dataset.val or self.run.dataset.train).X[:IMAGES]
            X = X if weight is None else X.to(weight.device)
            self._dead[-1] = dead_relu_share(self.net, X)
        now = time.perf_counter()
        self._due = now + DEAD_SHARE * (now - begin)

    def _push(self) -> None:
        """Show how the training stands."""
        if self.recorder.last is None:
            return  # between two seeds
        self._view.push(self.recorder.history())
        if self.worker.state == "paused":
            self._view.settle()
        self._measure()
        now = time.perf_counter()
        if now - self._looked > FINDING_SECONDS:
            self._looked = now
            self._look(ended=False)

    def _measure(self) -> None:
        """Seed, epoch, examples per second and time left."""
        record, at, k = self.recorder.last, self.seed_number, len(self.run.seeds)
        rate = record.examples / max(record.seconds, 1e-9)
        left = ((k - at + 1) * record.total - record.examples) / rate
        parts = [
            *([f"seed {at}/{k}"] if k > 1 else []),
            f"epoch {record.epoch} of {self.run.num_epochs}",
            f"{number(rate)} examples/s",
            f"{duration(left)} left"
            if left and self.worker.active
            else duration(record.seconds),
        ]
        share = (at - 1 + record.examples / record.total) / k
        self.progress = Progress(share, " · ".join(parts))

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
            named = f"With seed {seed}: {finding.sentence}"
            finding = Finding(finding.state, named, finding.advice, seed)
        now = time.perf_counter()
        if finding is None and self.worker.active and now - self._shown < HOLD_SECONDS:
            return
        if finding is not None:
            self._shown = now
        self.finding = finding

    def describe(self) -> str:
        """The state of the training as a sentence."""
        worker, run, name = self.worker, self.run, self.run.name.capitalize()
        if worker.state == "running":
            return f"{name} is training."
        if worker.state == "paused":
            why = f", because {worker.reason}" if worker.reason else ""
            return (
                f"{name} is paused{why}. Run goes on, Step takes one minibatch, Stop "
                "ends it."
            )
        if worker.state == "failed":
            return (
                f"{name} failed: {type(worker.error).__name__}: {_text(worker.error)}"
            )
        if run.final() is None:
            return f"{name} {worker.state}."
        over = "" if run.spread() is None else f" over {len(run.complete)} seeds"
        return f"{name} {worker.state}: {run.metric_name()} {run.result()}{over}."

    def _num_classes(self) -> int | None:
        data = self.run.dataset
        if data is None or data.train.y.is_floating_point():
            return None
        return len(data.classes)


def _text(error: BaseException | None) -> str:
    try:
        return str(error)
    except Exception:  # its class was written by a learner
        return "it has no words"
