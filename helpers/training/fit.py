"""Training as a generator, `fit`, and as one call, `train`.

``fit`` yields a `Step` after every minibatch and an `Epoch` after every pass over the
data. Whoever consumes it is in charge: not asking for the next record is a pause,
closing the generator is a stop, asking once is a single step. Nothing here prints or
draws. `train` consumes the generator to its end and returns a `History`.
"""

import inspect
import os
import sys
import time
from collections.abc import Callable, Generator, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from helpers.data import Examples, minibatches
from helpers.devices import default_device, place
from helpers.seeds import OwnRandomness
from helpers.training.arguments import (
    as_examples,
    check_gradients,
    check_moves,
    check_options,
    check_rate,
    check_whole,
)
from helpers.training.evaluate import evaluate
from helpers.training.history import Epoch, History, Recorder, Step
from helpers.training.rate import Rate
from helpers.training.step import LossFunction, Sums, Trainer

DEFAULTS = {"num_epochs": 10, "lr": 0.1, "batch_size": 256, "seed": 0}


def fit(
    net: Callable[[Tensor], Tensor],
    train: Examples,
    val: Examples | None = None,
    *,
    num_epochs: int = DEFAULTS["num_epochs"],
    lr: float | None = None,
    batch_size: int = DEFAULTS["batch_size"],
    optimizer: Callable = torch.optim.SGD,
    schedule: Callable | None = None,
    schedule_every: str = "epoch",
    loss: LossFunction = F.cross_entropy,
    parameters: Iterable[Tensor] | None = None,
    clip_norm: float | None = None,
    seed: int = DEFAULTS["seed"],
    device: str | torch.device | None = None,
    **optimizer_options,
) -> Generator[Step | Epoch, float | None, None]:
    """Train ``net`` by minibatch descent, yielding a record after every step and epoch.

    Parameters
    ----------
    net : a module, or any function from X to y_hat together with its ``parameters``.
    train, val : training examples, and validation examples to evaluate per epoch;
        `Examples`, a pair (X, y), or a TensorDataset. Sequences with a target for each
        step have y (n, T), and the network puts out (n, K, T), as cross-entropy takes
        it. Batches are drawn in random order: no state goes from one to the next.
    num_epochs : passes over the training examples, at least 1.
    lr : learning rate, at least 0 (default 0.1). A consumer changes it while the
        training runs by ``generator.send(lr)``; a schedule goes on from there.
    batch_size : examples per step, at least 1; the last batch may be smaller.
    optimizer : a class of torch.optim, any function ``(parameters, lr=...)`` that
        returns an object with ``step`` and ``zero_grad``, or such an object itself
        (then it brings its own learning rate, and ``lr`` must not be given).
    schedule : a function from the optimizer to a scheduler of
        torch.optim.lr_scheduler, stepped after every ``schedule_every``
        ("epoch" or "step").
    loss : function (y_hat, y) -> mean loss of the batch, a 0-d tensor.
    clip_norm : greatest L2 norm of all gradients together; None leaves them alone.
    seed : of the order of the examples and of everything random in the model.
        The global random state is left as it was found, before and between steps.
    device : where to train; by default `default_device`. A module is moved there.
    optimizer_options : passed on to the optimizer (momentum, weight_decay, ...).

    Raises
    ------
    ValueError : a setting outside its range (at the call, not at the first step).
    TypeError : a function without its ``parameters``, an unknown option, or other data.

    Taught in chapters 1 and 2.
    """
    check_gradients()
    train = as_examples("train", train)
    val = None if val is None else as_examples("val", val)
    num_epochs = check_whole("num_epochs", num_epochs, 1)
    batch_size = check_whole("batch_size", batch_size, 1)
    seed = check_whole("seed", seed, 0)
    if lr is not None:
        check_rate(lr)
    if schedule_every not in ("epoch", "step"):
        raise ValueError(
            f"schedule_every must be 'epoch' or 'step', got {schedule_every!r}"
        )
    if clip_norm is not None and not clip_norm > 0:
        raise ValueError(f"clip_norm must be greater than 0, got {clip_norm}")
    if parameters is None:
        if not isinstance(net, nn.Module):
            raise TypeError(
                "net is a function, so its tensors must be named: parameters=[W, b]"
            )
    else:
        parameters = list(parameters)
        if not parameters:
            raise ValueError("parameters is empty: there is nothing to train")
    if device is None and parameters is not None:
        device = parameters[0].device
    device = torch.device(device or default_device())
    place(net, device)
    if parameters is None:
        parameters = list(net.parameters())

    if hasattr(optimizer, "step") and not isinstance(optimizer, type):
        if lr is not None or optimizer_options:
            raise ValueError(
                "the optimizer is already made: give lr and its other options there"
            )
        check_moves(optimizer, parameters)
    else:
        own = inspect.signature(fit).parameters
        check_options(optimizer, optimizer_options, own)
        rate = DEFAULTS["lr"] if lr is None else lr
        optimizer = optimizer(parameters, lr=rate, **optimizer_options)
    scheduler = schedule(optimizer) if schedule is not None else None
    return _run(
        Trainer(net, parameters, optimizer, loss, clip_norm, train.y),
        train.to(device),
        None if val is None else val.to(device),
        num_epochs,
        batch_size,
        Rate(optimizer, scheduler),
        schedule_every,
        OwnRandomness(seed, device),
        torch.Generator().manual_seed(seed),
    )


def train(net, train: Examples, val: Examples | None = None, **settings) -> History:
    """Run `fit` to its end, with a progress bar, and return the `History`.

    Takes the arguments of `fit`. The bar shows where somebody can see it, in
    JupyterLab or a terminal, and leaves nothing behind.
    """
    records = fit(net, train, val, **settings)
    recorder = Recorder(DEFAULTS | settings)
    train = as_examples("train", train)
    watched = "JPY_SESSION_NAME" in os.environ or sys.stdout.isatty()
    with tqdm(
        total=len(train) * recorder.settings["num_epochs"],
        file=sys.stdout,
        disable=not watched,
        leave=False,
        delay=0.5,
        unit=" examples",
        unit_scale=True,
    ) as bar:
        for record in records:
            recorder.add(record)
            bar.update(record.examples - bar.n)
    return recorder.history()


def _run(trainer, train, val, num_epochs, batch_size, rate, every, randomness, order):
    total = num_epochs * len(train)
    seconds, examples, step, begin = 0.0, 0, 0, time.perf_counter()

    for epoch in range(1, num_epochs + 1):
        sums = Sums()
        for X, y in minibatches(train, batch_size, order):
            lr = rate.get()
            with randomness:
                y_hat, loss = trainer.step(X, y)
            sums.add(y_hat, y, loss)
            if every == "step":
                rate.advance(loss)
            step, examples = step + 1, examples + len(y)
            # Only time spent in here counts: a pause does not make training slow.
            seconds += time.perf_counter() - begin
            wanted = yield Step(epoch, step, examples, total, seconds, lr, loss)
            begin = time.perf_counter()
            if wanted is not None:
                rate.set(wanted)
        on_train = sums.metrics()
        with randomness:
            on_val = None if val is None else evaluate(trainer.net, val, trainer.loss)
        if every == "epoch":
            rate.advance((on_val or on_train).loss)
        seconds += time.perf_counter() - begin
        wanted = yield Epoch(
            epoch, step, examples, total, seconds, lr, on_train, on_val
        )
        begin = time.perf_counter()
        if wanted is not None:
            rate.set(wanted)
