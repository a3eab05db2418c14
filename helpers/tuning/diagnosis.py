"""What the recorded numbers of a training say, and what to try: the doctor line.

`diagnose` is a function of numbers alone. The thresholds were chosen so that ordinary
runs (softmax regression and an MLP with their default settings, several seeds) are
never told of a fault that they do not have: a false alarm is worse than silence.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from helpers.training.history import History
from helpers.training.modes import evaluating
from helpers.words import number

WINDOW = 20  # steps whose mean loss counts as "now"
FAR_ABOVE = 2.0  # times the loss of the first step
NEAR_CHANCE = 0.05  # accuracy above 1/K that may still be luck
IMAGES = 64  # few, so that looking costs little; a unit is seldom 0 for all by chance
MANY_DEAD = 0.5  # share of ReLU units; ordinary runs stay far below
WIDE_GAP = 0.12  # of accuracy, over the last three epochs
STILL_FALLING = 0.08  # of the validation loss, over the last three epochs
FLAT = 0.006  # the same; at 0.015, twice the epochs still gained a point
# Before "at chance" is said while it trains: LeNet stays there for three epochs
# of 47 steps, and then learns.
MIN_STEPS, MIN_EPOCHS = 200, 4

# Gravest first; of several seeds the gravest finding is shown.
STATES = (
    "not a number",
    "diverging",
    "dead",
    "chance",
    "slow",
    "overfitting",
    "falling",
    "flat",
)


@dataclass(frozen=True)
class Finding:
    """A state from STATES, one sentence that says it, one that says what to try.

    ``seed`` is the one that the sentence names, where several were trained.
    """

    state: str
    sentence: str
    advice: str
    seed: int | None = None

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}"


def diagnose(
    history: History,
    *,
    num_classes: int | None = None,
    dead: float | None = None,
    ended: bool = False,
    lr: float | None = None,
) -> Finding | None:
    """Say what is wrong with a training, or how it stands at its end.

    Parameters
    ----------
    history : the numbers so far; its settings give the learning rate for the advice.
    lr : the learning rate now, if it was moved.
    num_classes : K; None (a regression) leaves out what is measured against chance.
    dead : share of the ReLU units that were 0 for a whole batch, 0..1.
    ended : whether the last epoch is over, so that "more epochs" may be advised.

    Returns
    -------
    The gravest finding; None where there is nothing worth saying.
    """
    rate = _rate(history) if lr is None else lr
    return (
        _not_a_number(history, rate)
        or _diverging(history, num_classes, rate)
        or _dead(history, dead, rate)
        or _chance(history, num_classes, ended, rate)
        or _overfitting(history)
        or _finished(history, ended)
    )


def gravest(findings: Sequence[Finding | None]) -> int | None:
    """Place of the gravest finding; None if there is none."""
    found = [(STATES.index(f.state), k) for k, f in enumerate(findings) if f]
    return min(found)[1] if found else None


def _rate(history: History) -> float | None:
    lr = history.settings.get("lr")
    return lr if isinstance(lr, (int, float)) and lr > 0 else None


def _round(rate: float) -> str:
    return number(float(f"{rate:.1g}"))


def _smaller(rate: float | None) -> str:
    return "a smaller one" if rate is None else f"one near {_round(rate / 10)}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _not_a_number(history, rate) -> Finding | None:
    losses = history.step_loss[-1:] + history.train_loss[-1:] + history.val_loss[-1:]
    if all(math.isfinite(loss) for loss in losses):
        return None
    return Finding(
        "not a number",
        "The loss is no longer a number: the steps were too large.",
        f"Stop, and lower the learning rate: try {_smaller(rate)}.",
    )


def _diverging(history, num_classes, rate) -> Finding | None:
    losses = history.step_loss
    if len(losses) < WINDOW:
        return None
    now, start = _mean(losses[-WINDOW:]), losses[0]
    # A network that begins well (fine-tuning) may lose much of a small first loss.
    guessing = math.log(num_classes) if num_classes and num_classes > 1 else 0.0
    if now <= max(FAR_ABOVE * start, 1.5 * guessing):
        return None
    return Finding(
        "diverging",
        f"The loss, {number(now)}, is far above its start, {number(start)}: the steps "
        "are too large.",
        f"Lower the learning rate: try {_smaller(rate)}.",
    )


def _dead(history, dead, rate) -> Finding | None:
    if dead is None or dead < MANY_DEAD or not history.train_loss:
        return None
    if max(history.step_loss) <= 1.1 * history.step_loss[0]:
        advice = "Look at the initial weights: were they all zero?"  # no step hit them
    else:
        advice = f"Begin again with a lower learning rate: try {_smaller(rate)}."
    return Finding(
        "dead",
        f"{dead:.0%} of the ReLU units are dead: 0 for every example of a batch.",
        advice,
    )


def _chance(history, num_classes, ended, rate) -> Finding | None:
    if not num_classes or num_classes < 2 or not history.train_accuracy:
        return None
    steps = len(history.step_loss)
    long = steps >= MIN_STEPS and history.num_epochs >= MIN_EPOCHS
    if not (long or ended and steps >= WINDOW):
        return None
    guessing = math.log(num_classes)
    accuracies = history.train_accuracy[-1:] + history.val_accuracy[-1:]
    loss = history.train_loss[-1]
    if max(accuracies) < 1 / num_classes + NEAR_CHANCE and loss > 0.95 * guessing:
        if loss > 1.1 * guessing:
            advice = f"Lower the learning rate: try {_smaller(rate)}."
        else:
            higher = "" if rate is None else f", such as {_round(10 * rate)}"
            advice = (
                f"Try a higher learning rate{higher}; if that changes nothing, look at "
                "the initial weights and the labels."
            )
        return Finding(
            "chance",
            f"The network still guesses: accuracy near 1/{num_classes}, loss near "
            f"ln {num_classes} = {guessing:.2f} or above.",
            advice,
        )
    return _slow(history, guessing, rate) if ended else None


def _slow(history, guessing, rate) -> Finding | None:
    """Above chance, but the loss has hardly left it and goes on falling."""
    first, now = history.step_loss[0], _mean(history.step_loss[-WINDOW:])
    if not (0.8 * guessing < now < first and now > 0.9 * first):
        return None
    higher = "a higher one" if rate is None else f"one near {_round(10 * rate)}"
    return Finding(
        "slow",
        f"The loss has hardly moved: from {number(first)} to {number(now)}.",
        f"Raise the learning rate: try {higher}.",
    )


def _overfitting(history) -> Finding | None:
    train, val = history.train_loss, history.val_loss
    if len(val) < 4:
        return None
    best = min(range(len(val)), key=val.__getitem__)
    since = len(val) - 1 - best
    rising = since >= 3 and val[-1] > 1.05 * val[best] and _mean(val[-2:]) > val[best]
    if rising and train[-1] < 0.95 * train[best]:
        return Finding(
            "overfitting",
            f"Overfitting: the validation loss was lowest after epoch {best + 1} and "
            "has risen since, while the training loss falls.",
            "Try fewer epochs, more training examples or more regularization.",
        )
    if not (history.train_accuracy and history.val_accuracy):
        return None
    gap = _mean(history.train_accuracy[-3:]) - _mean(history.val_accuracy[-3:])
    if gap < WIDE_GAP:
        return None
    return Finding(
        "overfitting",
        f"Overfitting: accuracy is {100 * gap:.0f} points higher on the training "
        "examples than on the validation examples.",
        "Try more training examples, more regularization or a smaller network.",
    )


def _finished(history, ended) -> Finding | None:
    losses = history.val_loss or history.train_loss
    if not ended or len(losses) < 4 or min(losses[-4:]) <= 0:
        return None
    fall = 1 - losses[-1] / losses[-4]  # over three epochs
    # A bad epoch before looks like a fall; the training loss is the steadier one.
    on_train = 1 - history.train_loss[-1] / history.train_loss[-4]
    if min(fall, on_train) > STILL_FALLING and losses[-1] == min(losses):
        return Finding(
            "falling",
            f"The {'validation' if history.val_loss else 'training'} loss was still "
            f"falling at the end, by {fall:.0%} over the last three epochs.",
            "More epochs would help, or a higher learning rate.",
        )
    if abs(fall) < FLAT and max(losses[-4:]) < (1 + 3 * FLAT) * min(losses[-4:]):
        return Finding(
            "flat",
            "The curves are flat: this training is done.",
            "More epochs would change little; change another setting.",
        )
    return None


@torch.no_grad()
def dead_relu_share(net, X: Tensor) -> float | None:
    """Share of the units behind an ``nn.ReLU`` that are 0 for the whole batch.

    Parameters
    ----------
    net : each module's mode is put back; it draws no random numbers in evaluation mode.
    X : (n, ...) inputs. Of a convolution, (n, c, h, w), a unit is a whole channel.

    Returns
    -------
    0..1; None for a function, and for a network without such a module.
    """
    if not isinstance(net, nn.Module):
        return None
    outputs: list[Tensor] = []
    hooks = [
        module.register_forward_hook(lambda _, __, y: outputs.append(_alive(y)))
        for module in net.modules()
        if isinstance(module, nn.ReLU)
    ]
    if not hooks:
        return None
    try:
        with evaluating(net):
            net(X)
    finally:
        for hook in hooks:
            hook.remove()
    return 1 - float(torch.cat(outputs).float().mean()) if outputs else None


def _alive(y: Tensor) -> Tensor:
    """Whether each unit of a layer's output is above 0 anywhere: (units,) bool."""
    units = 1 if y.ndim in (2, 4, 5) else -1  # (n, d), (n, c, h, w); else (n, t, d)
    return (y > 0).transpose(0, units).flatten(1).any(1)
