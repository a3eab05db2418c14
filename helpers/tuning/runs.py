"""The runs that a session keeps: settings, history, how they ended."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from helpers.training.history import History
from helpers.tuning.dispatch import Data
from helpers.tuning.ranges import Range
from helpers.words import many, number


@dataclass
class Run:
    """One training with its settings, or the same training with several seeds.

    ``index`` chooses color and line style, ``mark`` stands at the end of its curves.
    ``dataset`` is there when the training begins; a function may have to make it.
    ``state`` is "finished", "stopped" or "failed"; ``lr_changes`` lists (step, rate)
    for every move of the learning rate while it trained.

    ``histories`` has one entry for every seed that was begun, in the order of
    ``seeds``; ``history`` is their mean, over the seeds that came to the end if there
    are any. ``epoch_notes`` holds for every history (seconds, learning rate) at each
    of its epochs; it is empty for a run that was trained outside the panel.
    """

    id: str
    name: str
    mark: str
    index: int
    settings: dict[str, object]
    num_epochs: int
    seeds: tuple[int, ...] = (0,)
    named: Mapping[str, object] = field(default_factory=dict)  # to make the data from
    dataset: Data | None = field(default=None, repr=False)  # that of the last seed
    histories: list[History] = field(default_factory=list)
    epoch_notes: list[list[tuple[float, float]]] = field(default_factory=list)
    state: str = "ready"
    hidden: bool = False
    by_hand: bool = False  # a function and its parameters, not a module
    lr_changes: list[tuple[int, float]] = field(default_factory=list)
    _mean: tuple[int, History] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def trained_elsewhere(
        cls,
        name: str,
        history: History,
        dataset: Data,
        index: int,
        more: Mapping[str, object],
    ) -> "Run":
        """A training that was done in a cell, as a finished run.

        ``more`` holds settings that its history does not know.
        """
        return cls(
            id=name,
            name=name,
            mark=name[:4],
            index=index,
            settings={**more, **history.settings},
            num_epochs=history.num_epochs,
            seeds=(history.settings.get("seed", 0),),
            dataset=dataset,
            histories=[history],
            state="finished",
        )

    @property
    def data(self) -> str:
        """The name of its data."""
        return "" if self.dataset is None else self.dataset.name

    @property
    def num_examples(self) -> int:
        """Training examples in one epoch."""
        return 0 if self.dataset is None else len(self.dataset.train)

    @property
    def complete(self) -> list[History]:
        """The histories whose epochs are all there; all of them if none is."""
        whole = [h for h in self.histories if h.num_epochs >= self.num_epochs]
        return whole or self.histories[:1]

    @property
    def history(self) -> History | None:
        """The mean over the complete seeds; with one seed, that seed's history."""
        if not self.histories:
            return None
        if self._mean is None or self._mean[0] != len(self.histories):
            self._mean = len(self.histories), mean_history(self.complete)
        return self._mean[1]

    def final(self) -> float | None:
        """Last validation accuracy, or what comes nearest to it; None before any."""
        values = self._metric()
        return values[-1] if values else None

    def spread(self) -> float | None:
        """Standard deviation of that value over the seeds; None below two seeds."""
        finals = [v[-1] for h in self.complete if (v := self._metric(h))]
        return statistics.stdev(finals) if len(finals) > 1 else None

    def best(self) -> float | None:
        """Best value of that metric over the epochs."""
        values = self._metric()
        if not values:
            return None
        return max(values) if self.metric_name().endswith("accuracy") else min(values)

    def metric_name(self) -> str:
        """Which metric `final` and `best` speak of."""
        for name in ("val_accuracy", "train_accuracy", "val_loss", "train_loss"):
            if getattr(self.history, name, ()):
                return name.replace("_", " ")
        return "val accuracy"

    def text(self, value: float | None) -> str:
        """A value of that metric: an accuracy to 3 places, a loss to 3 digits.

        The loss of a regression may be far below a thousandth.
        """
        if value is None:
            return "–"
        return number(value, 3 if self.metric_name().endswith("accuracy") else None)

    def result(self) -> str:
        """The final value as text, with its spread over the seeds if there is one."""
        spread = self.spread()
        known = spread is not None and not math.isnan(spread)
        return self.text(self.final()) + (f" ± {self.text(spread)}" if known else "")

    def setting_text(self, name: str, declared: Range) -> str:
        """A setting as text; a learning rate that moved shows where it went."""
        if name == "data":
            return self.data
        if name == "seed":
            return self.seeds_text()
        if name not in self.settings:
            return "–"
        text = declared.text(self.settings[name])
        if name == "lr" and self.lr_changes:
            text += f" → {declared.text(self.lr_changes[-1][1])}"
        return text

    def seeds_text(self) -> str:
        """The seeds as they stand in tables: "3", or "0..4"."""
        first, last = self.seeds[0], self.seeds[-1]
        return str(first) if first == last else f"{first}..{last}"

    def _metric(self, history: History | None = None) -> tuple[float, ...]:
        name = self.metric_name().replace(" ", "_")
        return getattr(history or self.history, name, ())


def mean_history(histories: Sequence[History]) -> History:
    """The mean of histories of equal epochs, number by number; seconds are added.

    Where the number of steps differs, as the data of each seed may, steps have no mean.
    """
    first = histories[0]
    if len(histories) == 1:
        return first
    if len({len(h.step_loss) for h in histories}) > 1:
        nothing = {"step_loss": (), "step_examples": ()}
        histories = [replace(h, **nothing) for h in histories]
        first = histories[0]
    means = {
        name: tuple(
            sum(values) / len(histories)
            for values in zip(*(getattr(h, name) for h in histories), strict=True)
        )
        for name in (
            *("step_loss", "train_loss", "train_accuracy"),
            *("val_loss", "val_accuracy"),
        )
    }
    return History(
        step_examples=first.step_examples,
        epoch_examples=first.epoch_examples,
        seconds=sum(h.seconds for h in histories),
        settings=first.settings,
        **means,
    )


class KeptRuns(list[Run]):
    """A session's runs in their order."""

    def free_index(self) -> int:
        """The first color and line style that no kept run has."""
        used = {run.index for run in self}
        return next(k for k in range(len(used) + 1) if k not in used)

    def find(self, run_id: str) -> Run:
        """The run with this id; KeyError names those that there are."""
        for run in self:
            if run.id == run_id:
                return run
        raise KeyError(f"no kept run {run_id!r}; there are {[run.id for run in self]}")

    def summary(self) -> str:
        """The curves in words, for those who do not see them."""
        shown = [run for run in self if not run.hidden and run.final() is not None]
        return "Learning curves. " + " ".join(
            f"{run.name}: {run.metric_name()} {run.text(run.final())} after "
            f"{many(run.history.num_epochs, 'epoch')}."
            for run in shown
        )
