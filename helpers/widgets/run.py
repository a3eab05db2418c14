"""The runs that a panel keeps: settings, history, how they ended."""

import threading
from dataclasses import dataclass, field

from helpers.records import History


@dataclass
class Run:
    """One training with its settings.

    ``index`` chooses colour and line style, ``mark`` stands at the end of its curves.
    ``state`` is "finished", "stopped" or "failed"; ``lr_changes`` lists (step, rate)
    for every move of the learning rate while it trained.
    """

    id: str
    name: str
    mark: str
    index: int
    settings: dict[str, object]
    num_epochs: int
    num_examples: int
    history: History | None = None
    state: str = "ready"
    hidden: bool = False
    lr_changes: list[tuple[int, float]] = field(default_factory=list)

    def final(self) -> float | None:
        """Last validation accuracy, or what comes nearest to it; None before any."""
        values = self._metric()
        return values[-1] if values else None

    def best(self) -> float | None:
        """Best value of that metric over the epochs."""
        values = self._metric()
        if not values:
            return None
        return max(values) if self.metric_name().endswith("accuracy") else min(values)

    def metric_name(self) -> str:
        """Which metric `final` and `best` speak of."""
        for name in ("val_accuracy", "train_accuracy", "val_loss", "train_loss"):
            if getattr(self.history, name):
                return name.replace("_", " ")
        return "val accuracy"

    def _metric(self) -> tuple[float, ...]:
        return getattr(self.history, self.metric_name().replace(" ", "_"))


class KeptRuns(list[Run]):
    """A panel's runs in their order.

    The training thread adds to it, the buttons remove from it: whoever changes it
    or walks over it holds ``lock``.
    """

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def append_history(self, name: str, history: History, num_examples: int) -> None:
        """Keep a training that was done outside the panel, as a finished run."""
        self.append(
            Run(
                id=name,
                name=name,
                mark=name[:4],
                index=self.free_index(),
                settings=dict(history.settings),
                num_epochs=history.num_epochs,
                num_examples=num_examples,
                history=history,
                state="finished",
            )
        )

    def free_index(self) -> int:
        """The first colour and line style that no kept run has."""
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
            f"{run.name}: {run.metric_name()} {run.final():.3f} after "
            f"{run.history.num_epochs} epochs."
            for run in shown
        )
