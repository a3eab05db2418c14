"""The learning rate of a running optimizer: its schedule, and a hand that moves it."""

import math

from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from helpers.training.arguments import check_rate


class Rate:
    """Drives the learning rates of an optimizer.

    What a hand sets is a factor on the schedule: all parameter groups keep their
    ratios, and the schedule goes on as if nobody had touched it, times that factor. So
    the scheduler always finds the rates that it left, whatever it computes from them.

    Parameters
    ----------
    optimizer : of torch, or an object with an attribute ``lr``, or with neither.
    scheduler : one of torch.optim.lr_scheduler on this optimizer, or None.
    """

    def __init__(self, optimizer: object, scheduler: object | None = None):
        self._optimizer, self._scheduler = optimizer, scheduler
        self._groups = getattr(optimizer, "param_groups", [])
        self._factor = 1.0
        self._scheduled = self._read()  # as if no hand had moved them
        self._left = self._read()  # as they were written last

    def get(self) -> float:
        """The rate of the first parameter group; NaN if the optimizer has none."""
        if self._groups:
            return float(self._groups[0]["lr"])
        return getattr(self._optimizer, "lr", math.nan)

    def set(self, lr: float) -> None:
        """Use this rate for the first group, and all others by the same factor.

        Raises
        ------
        ValueError : lr is not a finite number of at least 0.
        """
        check_rate(lr)
        if not self._groups:
            self._optimizer.lr = lr  # an optimizer written in a chapter
            return
        self._follow()
        # A schedule that starts from 0 has no rate to compare with but its base.
        base = self._scheduled[0] or float(self._groups[0].get("initial_lr", 0))
        self._factor = lr / base if base else 1.0
        self._write([lr, *(self._factor * rate for rate in self._scheduled[1:])])

    def advance(self, loss: float) -> None:
        """Let the scheduler step; one that waits for a plateau sees ``loss``."""
        if self._scheduler is None:
            return
        self._follow()
        self._write(self._scheduled)
        if isinstance(self._scheduler, ReduceLROnPlateau):
            self._scheduler.step(loss)
        else:
            self._scheduler.step()
        self._scheduled = self._read()
        self._write([self._factor * rate for rate in self._scheduled])

    def _follow(self) -> None:
        """Take over what somebody else wrote into a group meanwhile."""
        for k, (now, left) in enumerate(zip(self._read(), self._left, strict=True)):
            if now != left:
                self._scheduled[k] = now / self._factor if self._factor else now

    def _read(self) -> list[float]:
        return [float(group["lr"]) for group in self._groups]

    def _write(self, rates: list[float]) -> None:
        for group, rate in zip(self._groups, rates, strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        self._left = self._read()
