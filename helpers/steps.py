"""The parts of one training step: update, running sums, learning rate."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from helpers.records import Metrics

LossFunction = Callable[[Tensor, Tensor], Tensor]


def set_learning_rate(optimizer, lr: float, scheduler=None) -> None:
    """Give a running optimizer a new learning rate.

    All parameter groups, and the base rates of the scheduler, change by the same
    factor, so groups keep their ratios and the schedule goes on from the new rate.
    """
    if not (math.isfinite(lr) and lr >= 0):
        raise ValueError(f"lr must be a finite number of at least 0, got {lr}")
    if not hasattr(optimizer, "param_groups"):
        optimizer.lr = lr  # an optimizer written in a chapter
        return
    old = optimizer.param_groups[0]["lr"]

    def moved(rate: float) -> float:
        return lr if rate == old or old == 0 else rate * lr / old

    for group in optimizer.param_groups:
        for key in ("lr", "initial_lr"):
            if key in group:
                group[key] = moved(group[key])
    if scheduler is not None and hasattr(scheduler, "base_lrs"):
        scheduler.base_lrs = [moved(base) for base in scheduler.base_lrs]


def learning_rate(optimizer) -> float:
    """Learning rate of the first parameter group (NaN if the optimizer has none)."""
    if hasattr(optimizer, "param_groups"):
        return optimizer.param_groups[0]["lr"]
    return getattr(optimizer, "lr", math.nan)


class Sums:
    """Running sums that stay on the device: no step waits for a number."""

    def __init__(self):
        self.loss, self.hits, self.n, self.labels = 0.0, 0, 0, True

    def add(self, y_hat: Tensor, y: Tensor, loss: Tensor) -> None:
        self.loss = self.loss + loss.detach() * len(y)
        self.n += len(y)
        self.labels = self.labels and not y.is_floating_point()
        if self.labels:
            self.hits = self.hits + (y_hat.detach().argmax(1) == y).sum()

    def metrics(self) -> Metrics:
        right = float(self.hits) / self.n if self.labels else None
        return Metrics(float(self.loss) / self.n, right)


@dataclass
class Trainer:
    """One gradient step: forward, backward, update."""

    net: Callable[[Tensor], Tensor]
    parameters: list[Tensor]
    optimizer: object
    loss: LossFunction
    clip_norm: float | None

    def step(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return (y_hat, loss) from before the update."""
        # Somebody may have looked at the paused network in evaluation mode.
        if isinstance(self.net, nn.Module) and not self.net.training:
            self.net.train()
        result = []

        def closure():
            self.optimizer.zero_grad()
            y_hat = self.net(X)
            loss = self.loss(y_hat, y)
            loss.backward()
            if self.clip_norm is not None:
                nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
            result.append((y_hat.detach(), loss.detach()))
            return loss

        with torch.enable_grad():  # the consumer may stand inside no_grad
            if isinstance(self.optimizer, torch.optim.LBFGS):
                self.optimizer.step(closure)  # it evaluates the loss several times
            else:
                closure()
                self.optimizer.step()
        return result[0]
