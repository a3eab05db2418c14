"""What training reports: one record per step and epoch, and the history of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from torch import Tensor

from helpers.words import many, number


@dataclass(frozen=True)
class Metrics:
    """Mean loss, and accuracy in 0..1 (None where targets are not classes)."""

    loss: float
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """After one minibatch: ``examples`` of ``total`` seen in ``seconds`` of training.

    ``epoch`` and ``step`` count from 1; ``lr`` is the rate this step was taken with.
    """

    epoch: int
    step: int
    examples: int
    total: int
    seconds: float
    lr: float
    loss_tensor: Tensor

    @property
    def loss(self) -> float:
        """Loss of the batch before the update; reading it waits for the device."""
        return self.loss_tensor.item()


@dataclass(frozen=True, slots=True)
class Epoch:
    """After one pass over the data.

    ``train`` is the running mean over the steps of the epoch, taken while the weights
    moved; ``val`` is measured at its end (None without validation examples).
    """

    epoch: int
    step: int
    examples: int
    total: int
    seconds: float
    lr: float
    train: Metrics
    val: Metrics | None


@dataclass(frozen=True)
class History:
    """What a run did, step by step and epoch by epoch; it does not change any more.

    The tuples per epoch have one entry for every finished epoch. Losses are means per
    example, accuracies lie in 0..1; without validation examples the val tuples are
    empty, for a regression the accuracies are.
    """

    step_examples: tuple[int, ...]
    step_loss: tuple[float, ...]
    epoch_examples: tuple[int, ...]
    train_loss: tuple[float, ...]
    train_accuracy: tuple[float, ...]
    val_loss: tuple[float, ...]
    val_accuracy: tuple[float, ...]
    seconds: float = field(compare=False)
    settings: Mapping[str, object]

    @property
    def num_epochs(self) -> int:
        """Number of finished epochs."""
        return len(self.train_loss)

    def __repr__(self) -> str:
        parts = [many(self.num_epochs, "epoch")]
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
            values = getattr(self, name)
            if values:
                parts.append(f"{name} {number(values[-1], 3)}")
        return f"History({', '.join(parts)})"


class Recorder:
    """Collects the records of `fit`; `history` may be asked for at any time."""

    def __init__(self, settings: Mapping[str, object] | None = None):
        self.settings = MappingProxyType(dict(settings or {}))
        self.last: Step | Epoch | None = None
        self._step_examples: list[int] = []
        self._pending: list[Tensor] = []
        self._losses: list[float] = []
        self._epochs: list[Epoch] = []

    def add(self, record: Step | Epoch) -> None:
        """Take one record; the loss is not read here, so no step waits for it."""
        self.last = record
        if isinstance(record, Step):
            self._step_examples.append(record.examples)
            self._pending.append(record.loss_tensor)
        else:
            self._epochs.append(record)

    def history(self) -> History:
        """Everything recorded so far."""
        if self._pending:
            self._losses += torch.stack(self._pending).tolist()
            self._pending.clear()
        train = [e.train for e in self._epochs]
        val = [e.val for e in self._epochs if e.val is not None]
        return History(
            tuple(self._step_examples),
            tuple(self._losses),
            tuple(e.examples for e in self._epochs),
            tuple(m.loss for m in train),
            tuple(m.accuracy for m in train if m.accuracy is not None),
            tuple(m.loss for m in val),
            tuple(m.accuracy for m in val if m.accuracy is not None),
            0.0 if self.last is None else self.last.seconds,
            self.settings,
        )
