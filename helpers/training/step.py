"""The parts of one training step: update and running sums."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.training.arguments import check_labels
from helpers.training.history import Metrics
from helpers.training.modes import modes_of, set_modes

LossFunction = Callable[[Tensor, Tensor], Tensor]


class Sums:
    """Mean loss and accuracy over many batches, without waiting for any of them.

    Results stay on the device and are added up once in a while: the small operations
    of every step would cost a small network some percent of its speed.
    """

    def __init__(self):
        self._batches: list[tuple[Tensor, Tensor, Tensor]] = []
        self._loss, self._n, self._labels = 0.0, 0, True
        self._hits, self._targets = 0, 0

    def add(self, y_hat: Tensor, y: Tensor, loss: Tensor) -> None:
        """Take a batch: outputs, targets and their mean loss, all detached.

        Outputs are (b, K) with targets (b,), or (b, K, T) with targets (b, T).
        """
        self._batches.append((y_hat, y, loss))
        if len(self._batches) == 64:
            self._add_up()

    def _add_up(self) -> None:
        if not self._batches:
            return
        outputs, targets, losses = zip(*self._batches, strict=True)
        self._batches.clear()
        sizes = torch.tensor([len(y) for y in targets], device=losses[0].device)
        self._loss = self._loss + (torch.stack(losses) * sizes).sum()
        self._n += sum(len(y) for y in targets)
        self._labels = not targets[0].is_floating_point()
        if self._labels:
            # of sequences (b, K, T), too, the classes last: argmax is faster there
            logits = torch.cat([y_hat.movedim(1, -1) for y_hat in outputs])
            hits = logits.argmax(-1) == torch.cat(targets)
            self._hits = self._hits + hits.sum()
            self._targets += hits.numel()

    def metrics(self) -> Metrics:
        """Return the means over all examples so far."""
        self._add_up()
        right = float(self._hits) / self._targets if self._labels else None
        return Metrics(float(self._loss) / self._n, right)


@dataclass
class Trainer:
    """One gradient step: forward, backward, update.

    ``targets`` are those of all examples, looked at before the first update: an
    accelerator tells only later of a label that has no output, and is lost by then.
    """

    net: Callable[[Tensor], Tensor]
    parameters: list[Tensor]
    optimizer: object
    loss: LossFunction
    clip_norm: float | None
    targets: Tensor | None
    _modes: dict[nn.Module, bool] | None = None  # of the last step

    def step(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return (y_hat, loss) from before the update."""
        self._train_mode()
        result = []

        def closure():
            self.optimizer.zero_grad()
            y_hat = self.net(X)
            if self.targets is not None and self.loss is F.cross_entropy:
                check_labels(y_hat, self.targets)
            self.targets = None
            try:
                loss = self.loss(y_hat, y)
            except IndexError:
                check_labels(y_hat, y)
                raise
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

    def _train_mode(self) -> None:
        """Train in the modes of the last step, though somebody called ``net.eval()``.

        In training mode a module may have its own: it is left as it stands.
        """
        if not isinstance(self.net, nn.Module):
            return
        if not self.net.training:
            self.net.train() if self._modes is None else set_modes(self._modes)
        self._modes = modes_of(self.net)
