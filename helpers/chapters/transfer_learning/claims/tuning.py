"""Claim of chapter 9 on what to train: nothing of the body, its last stages, or all."""

import math
from dataclasses import replace
from functools import partial

from torch import nn

from helpers.chapters.transfer_learning.claims.training import (
    EMOJI,
    PENALTIES,
    ask,
    over_grid,
)
from helpers.claims.homemade import PARTS, learn
from helpers.seeds import seeded
from helpers.training.features import featured, linear_probe, pick
from helpers.training.finetuning import (
    BATCH_SIZE,
    FROZEN,
    LR_BODY,
    LR_HEAD,
    Rest,
    fine_tune,
    fronted,
)
from helpers.widgets.predict import claim

LABELS = (2, 5, 10, 25)  # for each class
RATES = (LR_BODY / 3, LR_BODY, 3 * LR_BODY)  # of the body; the head's are 25 times them
SCRATCH_RATES = (0.001, 0.003, 0.01)
MORE = 3  # times as many steps from scratch: from nothing the way is longer
CHANNELS = (8, 16, 32)


def from_scratch(num_outputs, size, seed):
    """Three convolutions and a linear layer, 14,228 weights at 64 pixels.

    Input (n, 3, size, size), output (n, K).
    """
    layers, c_in = [], 3
    with seeded(seed):
        for c_out in CHANNELS:
            conv = nn.Conv2d(c_in, c_out, 3, padding=1)
            layers += [conv, nn.ReLU(), nn.MaxPool2d(2)]
            c_in = c_out
        num_inputs = c_in * (size // 2 ** len(CHANNELS)) ** 2
        last = nn.Linear(num_inputs, num_outputs)
        return nn.Sequential(*layers, nn.Flatten(), last)


def flattened(data):
    """The same set with pixels in a row, standardized over the training pictures."""
    X = {part: getattr(data, part).X.flatten(1) for part in PARTS}
    mean, sd = X["train"].mean(0), X["train"].std(0) + 1e-6
    new = {p: replace(getattr(data, p), X=(X[p] - mean) / sd) for p in PARTS}
    return replace(data, **new)


def ways(data, num_steps, seed):
    """Each way: its set, its grid, and a function (examples, value) -> network."""
    K, size = len(data.classes), data.train.X.shape[-1]

    def probe(examples, penalty):
        return linear_probe(examples, K, penalty)

    def scratch(examples, lr):
        per_epoch = math.ceil(len(examples) / BATCH_SIZE)
        num_epochs = round(MORE * num_steps / per_epoch)
        return learn(from_scratch(K, size, seed), examples, lr, num_epochs, seed)

    def tune(frozen, examples, lr):
        net = Rest(K, frozen, seed)
        lr_head = lr * LR_HEAD / LR_BODY
        return fine_tune(net, examples, lr, lr_head, num_steps, seed)

    return {
        "pixels": (flattened(data), PENALTIES, probe),
        "from scratch": (data, SCRATCH_RATES, scratch),
        "frozen": (featured(data, size=size), PENALTIES, probe),
        "last stages": (fronted(data, size=size), RATES, partial(tune, FROZEN)),
        "all": (fronted(data, 0, size), RATES, partial(tune, 0)),
    }


def against_frozen(way, labels, name):
    """Ask how much better a way is than the frozen body, with so many labels."""
    return ask(f"{way}, {labels}", f"frozen, {labels}", f"Test accuracy, {name} minus "
               f"frozen body, {labels} labels a class")  # fmt: skip


@claim(
    "Fine-tuning beats a frozen body.",
    against_frozen("all", 25, "all fine-tuned"),
    true="it is better",
    also=[
        against_frozen("all", 5, "all fine-tuned"),
        against_frozen("last stages", 25, "last stages fine-tuned"),
        ask("frozen, 5", "from scratch, 5",
            "Test accuracy, frozen body minus from scratch, 5 labels a class"),
    ],
    live=None,
    full=(25, 6, 5),
    sets=EMOJI,
    images=False,
    anew=("training pictures", "initial weights", "order"),
)  # fmt: skip
def fine_tuning(data, n_train, num_epochs, seed):
    """The same labels for five ways, at most n_train a class, at a knob of their own.

    Whoever trains the network takes as many steps as passes over the most pictures do,
    with fewer labels too. A frozen body has a linear probe on blocks 10 and 14.
    """
    num_steps = num_epochs * math.ceil(n_train * len(data.classes) / BATCH_SIZE)
    results = {}
    for way, (own, grid, train) in ways(data, num_steps, seed).items():
        for labels in LABELS:
            examples = pick(own.train, min(labels, n_train), seed)
            results[f"{way}, {labels}"] = over_grid(partial(train, examples), grid, own)
    return results
